"""DynamoDB's exports to S3, in virtual time and in the layout that AWS documents.

https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/S3DataExport.Output.html
The checksum files beside the manifests are left out.
"""

import gzip
import hashlib
import json
from base64 import b64encode
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from random import Random
from typing import Any, Final

import boto3

from homing.domain.moments import MINUTE, Moment, format_moment
from local.cloud.database import Database
from local.cloud.errors import Unsupported
from local.cloud.inside_moto import Table
from local.cloud.seam import Refusal, Seam
from local.timers import Timers

TAKES: Final = 5 * MINUTE
"""How long an export is in progress; AWS promises nothing, and small tables take about this long."""

_PARTITIONS: Final = 4
"""What a new on-demand table begins with; an export has at least one file for each."""

_PARAMETERS: Final = {"TableArn", "S3Bucket", "S3Prefix", "ClientToken", "ExportFormat"}
_LETTERS: Final = "abcdefghijklmnopqrstuvwxyz234567"


@dataclass(slots=True)
class Export:
    """One export. `files` hold the table as it was when the export was asked for, by their keys."""

    arn: str
    table_arn: str
    bucket: str
    prefix: str
    started_at: Moment
    files: dict[str, list[bytes]]
    completed_at: Moment | None = None

    @property
    def folder(self) -> str:
        """Where all that the export writes lies."""
        return "/".join(filter(None, (self.prefix, "AWSDynamoDB", self.arn.rpartition("/")[2])))

    def description(self) -> dict[str, Any]:
        """As DescribeExport tells it."""
        done = self.completed_at is not None
        description = {
            "ExportArn": self.arn,
            "ExportStatus": "COMPLETED" if done else "IN_PROGRESS",
            "StartTime": self.started_at / 1_000,
            "EndTime": None if self.completed_at is None else self.completed_at / 1_000,
            "ExportManifest": f"{self.folder}/manifest-summary.json" if done else None,
            "TableArn": self.table_arn,
            "ExportTime": self.started_at / 1_000,
            "S3Bucket": self.bucket,
            "S3Prefix": self.prefix,
            "ExportFormat": "DYNAMODB_JSON",
            "ExportType": "FULL_EXPORT",
            "ItemCount": sum(map(len, self.files.values())) if done else None,
        }
        return {name: value for name, value in description.items() if value is not None}


class Exports:
    """All exports of a stack's tables."""

    def __init__(self, database: Database, timers: Timers, seam: Seam, seed: int) -> None:
        self.recoverable: dict[str, str] = {}
        """The tables with point-in-time recovery, without which there is no export: ARN ─▶ name."""
        self._database = database
        self._timers = timers
        self._seam = seam
        self._random = Random(f"exports {seed}")
        self._by_arn: dict[str, Export] = {}
        self._by_token: dict[str, Export] = {}

    def answer_at(self, seam: Seam) -> None:
        """Answers DynamoDB's operations of exports at the seam: moto's run in threads of their own."""
        seam.answer("dynamodb", "ExportTableToPointInTime", self.start)
        seam.answer("dynamodb", "DescribeExport", self.describe)

    def start(self, request: Mapping[str, Any]) -> dict[str, Any]:
        """ExportTableToPointInTime, of the table as it is now; one client token stands for one export."""
        if unknown := set(request) - _PARAMETERS or {request.get("ExportFormat", "DYNAMODB_JSON")} - {"DYNAMODB_JSON"}:
            raise Unsupported(f"an export with {', '.join(sorted(unknown))}")
        export = self._by_token.get(request.get("ClientToken", ""))
        if export is None:
            export = self._new(request)
            self._by_arn[export.arn] = export
            self._by_token[request.get("ClientToken", export.arn)] = export
            self._timers.call_at(self._timers.now() + TAKES, partial(self._complete, export))
        return {"ExportDescription": export.description()}

    def describe(self, request: Mapping[str, Any]) -> dict[str, Any]:
        """DescribeExport."""
        export = self._by_arn.get(request["ExportArn"])
        if export is None:
            raise Unsupported(f"an export that was not made here: {request['ExportArn']}")
        return {"ExportDescription": export.description()}

    def _new(self, request: Mapping[str, Any]) -> Export:
        table_arn = request["TableArn"]
        if table_arn not in self.recoverable:
            raise Refusal("PointInTimeRecoveryUnavailableException", "Point in time recovery is not enabled")
        now = self._timers.now()
        export = Export(
            arn=f"{table_arn}/export/{now:014d}-{self._random.getrandbits(32):08x}",
            table_arn=table_arn,
            bucket=request["S3Bucket"],
            prefix=request.get("S3Prefix", ""),
            started_at=now,
            files={},
        )
        table = self._database.streams[self.recoverable[table_arn]].table
        names = ["".join(self._random.choices(_LETTERS, k=26)) for _ in range(_PARTITIONS)]
        lines = _by_partition(table)
        export.files = {f"{export.folder}/data/{name}.json.gz": lines[place] for place, name in enumerate(names)}
        self._put(export, f"{export.folder}/_started", b"")
        return export

    def _complete(self, export: Export) -> None:
        manifest = []
        for key, lines in export.files.items():
            packed = gzip.compress(b"".join(lines), mtime=0)
            self._put(export, key, packed)
            digest = hashlib.md5(packed, usedforsecurity=False)
            checksums = {"md5Checksum": b64encode(digest.digest()).decode(), "etag": f"{digest.hexdigest()}-1"}
            manifest.append({"itemCount": len(lines), **checksums, "dataFileS3Key": key})
        export.completed_at = self._timers.now()
        files_key = f"{export.folder}/manifest-files.json"
        self._put(export, files_key, "".join(json.dumps(line) + "\n" for line in manifest).encode())
        summary = {
            "version": "2023-08-01",
            "exportArn": export.arn,
            "startTime": format_moment(export.started_at),
            "endTime": format_moment(export.completed_at),
            "tableArn": export.table_arn,
            "exportTime": format_moment(export.started_at),
            "s3Bucket": export.bucket,
            "s3Prefix": export.prefix,
            "s3SseAlgorithm": "AES256",
            "manifestFilesS3Key": files_key,
            "itemCount": sum(map(len, export.files.values())),
            "outputFormat": "DYNAMODB_JSON",
            "exportType": "FULL_EXPORT",
        }
        self._put(export, f"{export.folder}/manifest-summary.json", json.dumps(summary).encode())

    def _put(self, export: Export, key: str, body: bytes) -> None:
        with self._seam.unseen():
            boto3.client("s3").put_object(Bucket=export.bucket, Key=key, Body=body)


def _by_partition(table: Table) -> list[list[bytes]]:
    """The lines of all items, by the partition that each one's partition key falls into."""
    lines: list[list[bytes]] = [[] for _ in range(_PARTITIONS)]
    for key in table.keys():  # noqa: SIM118 - a table is no mapping
        line = json.dumps({"Item": table.image(key)}, separators=(",", ":"), ensure_ascii=False).encode() + b"\n"
        partition_key = json.dumps(next(iter(key.values()))).encode()
        place = hashlib.md5(partition_key, usedforsecurity=False).digest()[0] % _PARTITIONS
        lines[place].append(line)
    return lines
