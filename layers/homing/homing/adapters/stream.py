"""Batches of the table's stream: taken partition by partition, with partial failures."""

from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

from homing.observability import logger

Record: TypeAlias = dict[str, Any]


def by_partition(event: Mapping[str, Any]) -> dict[str, list[Record]]:
    """The records of a batch by the id in their partition key, each partition's in its order."""
    partitions: dict[str, list[Record]] = {}
    for record in event["Records"]:
        profile_id = record["dynamodb"]["Keys"]["pk"]["S"].partition("#")[2]
        partitions.setdefault(profile_id, []).append(record)
    return partitions


def each_partition(partitions: Mapping[str, list[Record]], take: Callable[[str, list[Record]], None]) -> dict[str, Any]:
    """Take each partition's records; the answer names the first record of each partition that failed.

    Lambda goes on from the earliest failure, so later records of other partitions come again: taking must bear that.
    """
    failures = []
    for partition, records in partitions.items():
        try:
            take(partition, records)
        except Exception:  # noqa: BLE001 - whatever it is, the other partitions go on, and this one comes again or is parked
            logger.exception("records failed", extra={"partition": partition, "count": len(records)})
            failures.append({"itemIdentifier": records[0]["dynamodb"]["SequenceNumber"]})
    return {"batchItemFailures": failures}
