"""The one place that looks inside moto.

What is asked of it here a million times a year would cost a millisecond each through its API.
"""

import base64
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, TypeAlias

from botocore.awsrequest import AWSPreparedRequest
from moto.backends import get_backend
from moto.core.models import botocore_stubber
from moto.dynamodb.models.dynamo_type import DynamoType
from moto.moto_api._internal import mock_random
from moto.sqs.models import Message as _Message

from homing.domain.moments import SECOND, Duration
from local.cloud.errors import Unsupported
from local.cloud.template import ACCOUNT

Attributes: TypeAlias = dict[str, dict[str, Any]]
"""A DynamoDB item in wire form: name ─▶ {type: value}; binary values are base64 text."""


def seed_identifiers(seed: int) -> None:
    """Makes moto's identifiers the same in every run."""
    mock_random.seed(seed)


def listen(*, to_botocore: bool) -> None:
    """Lets moto answer what botocore is about to send, or leave it to others."""
    botocore_stubber.enabled = to_botocore


def answer(request: AWSPreparedRequest) -> tuple[int, Mapping[str, str], bytes]:
    """Moto's answer to a request: status, headers and body."""
    answered = botocore_stubber.process_request(request)
    if answered is None:
        raise Unsupported(f"moto does not answer {request.url}")
    status, headers, body = answered
    return status, headers, body.encode() if isinstance(body, str) else body


class Table:
    """The stored items of one of moto's tables."""

    def __init__(self, name: str, region: str) -> None:
        self.name = name
        self._table = get_backend("dynamodb")[ACCOUNT][region].get_table(name)
        self._hash: str = self._table.hash_key_attr
        self._range: str | None = self._table.range_key_attr
        self._key_names = [name for name in (self._hash, self._range) if name]

    def image(self, key: Mapping[str, Any]) -> Attributes | None:
        """The item as it is stored, by a mapping that holds its key; None where there is none."""
        if not all(name in key for name in self._key_names):
            return None  # moto will refuse the call that gave it
        partition = self._table.items.get(DynamoType(key[self._hash]))
        if not partition:
            return None
        item: Any = partition.get(DynamoType(key[self._range])) if self._range else partition
        if item is None:
            return None
        return {name: _wire(value) for name, value in item.to_json()["Attributes"].items()}

    def keys(self) -> Iterator[Attributes]:
        """The primary keys of all items, in no order."""
        for partition in self._table.items.values():
            items: Iterable[Any] = partition.values() if self._range else [partition]
            for item in items:
                yield {name: item.attrs[name].to_json() for name in self._key_names}

    def key(self, item: Attributes) -> Attributes:
        """The attributes of an item that are its primary key."""
        return {name: item[name] for name in self._key_names}

    def put(self, item: Mapping[str, Any]) -> None:
        """Puts an item there as it is, as no caller's call does."""
        self._table.put_item(dict(item), overwrite=True)

    def delete(self, key: Attributes) -> None:
        """Takes an item away, as no caller's call does."""
        self._table.delete_item(DynamoType(key[self._hash]), DynamoType(key[self._range]) if self._range else None)


def _wire(value: dict[str, Any]) -> dict[str, Any]:
    """A value in wire form; moto keeps binary ones as bytes."""
    ((kind, content),) = value.items()
    match kind:
        case "B":
            return {kind: base64.b64encode(content).decode()}
        case "BS":
            return {kind: [base64.b64encode(each).decode() for each in content]}
        case "L":
            return {kind: [_wire(each) for each in content]}
        case "M":
            return {kind: {name: _wire(each) for name, each in content.items()}}
    return value


class Queue:
    """One of moto's SQS queues, asked without the price of its API."""

    def __init__(self, name: str, region: str) -> None:
        self.name = name
        self._backend = get_backend("sqs")[ACCOUNT][region]
        self._queue = self._backend.get_queue(name)
        self._visibility_timeout = int(self._queue.attributes["VisibilityTimeout"])

    def send(self, body: str) -> None:
        self._backend.send_message(self.name, body)

    def receive(self, count: int) -> list[_Message]:
        """Up to `count` visible messages, hidden for the visibility timeout; redrives those spent."""
        messages: list[_Message] = self._backend.receive_message(self.name, count, 0, self._visibility_timeout, ["All"])
        return messages

    def hide(self, message: _Message, duration: Duration) -> None:
        """Lets nobody receive the message for so long from now."""
        message.change_visibility(duration // SECOND)

    def delete(self, message: _Message) -> None:
        self._backend.delete_message(self.name, str(message.receipt_handle))
        # moto remembers every message that was ever deleted, and reads that only for a queue's metrics.
        self._queue.deleted_messages.clear()

    def next_visible(self) -> int | None:
        """The first moment at which a message can be received; None where there is none."""
        moments = [
            max(int(message.visible_at) + 1 if message.visible_at else 0, int(message.delayed_until))
            for message in self._queue._messages
        ]
        return min(moments, default=None)

    def bodies(self) -> list[str]:
        """Every message in the queue, oldest first."""
        return [message.body for message in self._queue._messages]


class Topic:
    """One of moto's SNS topics."""

    def __init__(self, arn: str, region: str) -> None:
        self._topic = get_backend("sns")[ACCOUNT][region].topics[arn]

    def publish(self, message: str) -> None:
        self._topic.publish(message)
        self._topic.sent_notifications.clear()  # moto would keep them all
