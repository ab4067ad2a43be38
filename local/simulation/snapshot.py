"""The table as a run leaves it, in the form of DynamoDB's own exports: the commands read either."""

import gzip
import json
from pathlib import Path

from local.cloud import Cloud

SNAPSHOT = "table.jsonl.gz"


def write_snapshot(cloud: Cloud, out_dir: Path) -> None:
    """Write every item to table.jsonl.gz, a line `{"Item": {...}}` each, in the order of their keys.

    The bytes are those of the items: no name and no time of the packing.
    """
    (table,) = (stream.table for stream in cloud.database.streams.values())
    keys = sorted(table.keys(), key=lambda key: [value["S"] for value in key.values()])
    with (
        (out_dir / SNAPSHOT).open("wb") as file,
        gzip.GzipFile(filename="", mode="wb", fileobj=file, mtime=0) as packed,
    ):
        for key in keys:
            line = json.dumps({"Item": table.image(key)}, sort_keys=True, separators=(",", ":"))
            packed.write(line.encode() + b"\n")
