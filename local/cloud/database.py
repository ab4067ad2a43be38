"""Watches every DynamoDB call: counts what it costs, and puts what it changed on the tables' streams.

The streams are made here, of the items as they were before and after a call. moto's own would be wrong (a
record for a write that changes nothing, two for an update that makes an item), dearer, and kept for ever.
"""

import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from functools import partial
from itertools import count
from typing import Any, Final, TypeAlias

import boto3

from local.cloud import units
from local.cloud.errors import Unsupported
from local.cloud.expiry import DELETED_BY_TTL, Expiry
from local.cloud.inside_moto import Attributes, Table
from local.timers import Timers

StreamRecord: TypeAlias = dict[str, Any]
"""A record as Lambda gives it to a function."""

_FIRST_SEQUENCE_NUMBER: Final = 100_000_000_000_000_000_000
_IMAGES: Final[Mapping[str, frozenset[str]]] = {
    "KEYS_ONLY": frozenset(),
    "NEW_IMAGE": frozenset({"NewImage"}),
    "OLD_IMAGE": frozenset({"OldImage"}),
    "NEW_AND_OLD_IMAGES": frozenset({"NewImage", "OldImage"}),
}
_NARROWING: Final = frozenset({"FilterExpression", "ProjectionExpression", "Select"})
_EXPRESSION_NAME: Final = re.compile(r"[#:][\w-]+")
_REFUSED_CONDITION: Final = {"ConditionalCheckFailedException", "TransactionCanceledException"}
_UNBILLED: Final = frozenset(
    {
        "DescribeTable",
        "CreateTable",
        "UpdateTimeToLive",
        "DescribeTimeToLive",
        "UpdateContinuousBackups",
        # An export is billed by the gigabyte, and takes no units.
        "ExportTableToPointInTime",
        "DescribeExport",
    }
)


@dataclass
class Stream:
    """A table and its stream, as the template declares them. `view` is the stream's view type.

    `size` is that of all items, in bytes, as far as calls have written them.
    """

    table: Table
    arn: str
    view: str
    size: int = 0
    listeners: list[Callable[[StreamRecord], None]] = field(default_factory=list)
    expiry: Expiry | None = None


@dataclass(frozen=True, slots=True)
class _Write:
    stream: Stream
    key: Mapping[str, Any]
    before: Attributes | None


class Database:
    """The observer of DynamoDB's calls. Units are counted since the start."""

    def __init__(
        self,
        timers: Timers,
        region: str,
        unseen: Callable[[], AbstractContextManager[None]],
        caller: Callable[[], str],
    ) -> None:
        self.streams: dict[str, Stream] = {}
        self.observers: list[Callable[[str, StreamRecord], None]] = []
        self.write_units: Counter[str] = Counter()
        """Units by the logical id of the function that wrote; the empty name for writes from outside."""
        self.read_units = 0.0
        self._caller = caller
        self._timers = timers
        self._region = region
        self._unseen = unseen
        self._sequence = count(_FIRST_SEQUENCE_NUMBER)

    def add(self, name: str, stream_arn: str, view: str, ttl_attribute: str | None = None) -> None:
        """Makes a table known that moto has."""
        stream = self.streams[name] = Stream(Table(name, self._region), stream_arn, view)
        if ttl_attribute is not None:
            stream.expiry = Expiry(ttl_attribute, self._timers, partial(self._expire, stream))

    def before(self, operation: str, parameters: dict[str, Any]) -> list[_Write]:
        """Notes the items that are about to be written, as they are."""
        return [
            _Write(stream, key, stream.table.image(key))
            for table, key in _written(operation, parameters)
            if (stream := self.streams.get(_name(table))) is not None
        ]

    def after(self, operation: str, parameters: dict[str, Any], result: Mapping[str, Any], noted: list[_Write]) -> None:
        """Counts the call's units and puts what it changed on the tables' streams."""
        error = result.get("Error", {}).get("Code")
        if error is not None and error not in _REFUSED_CONDITION:
            return
        for write in noted:
            after = write.before if error else write.stream.table.image(write.key)
            sizes = units.item_size(write.before), units.item_size(after)
            write.stream.size += sizes[1] - sizes[0]
            self.write_units[self._caller()] += units.write_units(
                *sizes, transactional=operation == "TransactWriteItems"
            )
            if after != write.before:
                self._publish(write.stream, write.before, after)
        if not noted and not error and operation not in _UNBILLED:
            self.read_units += self._read(operation, parameters, result)

    def _expire(self, stream: Stream, key: Attributes) -> None:
        image = stream.table.image(key)
        if image is not None and stream.expiry is not None and stream.expiry.expired(image):
            stream.table.delete(key)
            stream.size -= units.item_size(image)
            self._publish(stream, image, None, **DELETED_BY_TTL)

    def _publish(self, stream: Stream, before: Attributes | None, after: Attributes | None, **more: Any) -> None:
        record = self._record(stream, before, after) | more
        if stream.expiry is not None and after is not None:
            stream.expiry.note(record["dynamodb"]["Keys"], after)
        for observer in self.observers:
            observer(stream.table.name, record)
        for listener in stream.listeners:
            listener(record)

    def _record(self, stream: Stream, before: Attributes | None, after: Attributes | None) -> StreamRecord:
        sequence_number = str(next(self._sequence))
        keys = stream.table.key(after or before or {})
        images = {name: image for name, image in (("NewImage", after), ("OldImage", before)) if image is not None}
        return {
            "eventID": f"{int(sequence_number):032x}",
            "eventName": "INSERT" if before is None else "REMOVE" if after is None else "MODIFY",
            "eventVersion": "1.1",
            "eventSource": "aws:dynamodb",
            "awsRegion": self._region,
            "dynamodb": {
                "ApproximateCreationDateTime": self._timers.now() // 1_000,
                "Keys": keys,
                **{name: image for name, image in images.items() if name in _IMAGES[stream.view]},
                "SequenceNumber": sequence_number,
                "SizeBytes": sum(map(units.item_size, [keys, *images.values()])),
                "StreamViewType": stream.view,
            },
            "eventSourceARN": stream.arn,
        }

    def _stream(self, table: str) -> Stream:
        return self.streams[_name(table)]

    def _read(self, operation: str, parameters: dict[str, Any], result: Mapping[str, Any]) -> float:
        match operation:
            case "GetItem":
                return self._read_item(
                    parameters["TableName"],
                    parameters["Key"],
                    consistent=parameters.get("ConsistentRead", False),
                )
            case "BatchGetItem":
                return sum(
                    self._read_item(table, key, consistent=request.get("ConsistentRead", False))
                    for table, request in parameters["RequestItems"].items()
                    for key in request["Keys"]
                )
            case "TransactGetItems":
                return sum(
                    self._read_item(item["Get"]["TableName"], item["Get"]["Key"], transactional=True)
                    for item in parameters["TransactItems"]
                )
            case "Scan" if "FilterExpression" in parameters:
                # Filters take nothing off the bill, and the last page is reached: all of it is billed with the first.
                size = 0 if "ExclusiveStartKey" in parameters else self._stream(parameters["TableName"]).size
                return units.read_units(size, consistent=parameters.get("ConsistentRead", False)) if size else 0
            case "Query" | "Scan":
                size = sum(map(units.item_size, self._evaluated(operation, parameters, result)))
                return units.read_units(size, consistent=parameters.get("ConsistentRead", False))
        raise Unsupported(f"counting the units of dynamodb:{operation}")

    def _read_item(
        self, table: str, key: Mapping[str, Any], *, consistent: bool = False, transactional: bool = False
    ) -> float:
        image = self._stream(table).table.image(key)
        return units.read_units(units.item_size(image), consistent=consistent, transactional=transactional)

    def _evaluated(self, operation: str, parameters: dict[str, Any], result: Mapping[str, Any]) -> Iterable[Attributes]:
        """The items that a query or scan read, whole: filters and projections take nothing off the bill."""
        whole = {name: value for name, value in parameters.items() if name not in _NARROWING}
        if whole == parameters:
            items: list[Attributes] = result["Items"]
            return items
        used = set(_EXPRESSION_NAME.findall(whole.get("KeyConditionExpression", "")))
        for table in ("ExpressionAttributeNames", "ExpressionAttributeValues"):
            if kept := {name: value for name, value in whole.pop(table, {}).items() if name in used}:
                whole[table] = kept
        with self._unseen():
            client = boto3.client("dynamodb")
            read: Any = client.query if operation == "Query" else client.scan
            again: list[Attributes] = read(**whole)["Items"]
        return again


def _written(operation: str, parameters: dict[str, Any]) -> Iterable[tuple[str, Mapping[str, Any]]]:
    """The tables and keys that a call writes, or checks in a transaction."""
    match operation:
        case "PutItem":
            yield parameters["TableName"], parameters["Item"]
        case "UpdateItem" | "DeleteItem":
            yield parameters["TableName"], parameters["Key"]
        case "BatchWriteItem":
            for table, requests in parameters["RequestItems"].items():
                for request in requests:
                    (body,) = request.values()
                    yield table, body.get("Item") or body["Key"]
        case "TransactWriteItems":
            for item in parameters["TransactItems"]:
                (body,) = item.values()
                yield body["TableName"], body.get("Item") or body["Key"]


def _name(table: str) -> str:
    """A table's name; calls may give its ARN."""
    return table.rpartition("/")[2]
