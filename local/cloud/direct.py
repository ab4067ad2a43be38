"""The short road to moto's DynamoDB: the handler is called, and no HTTP request is made of it and taken apart again.

A simulated year makes half a million calls, of which moto's work is the smaller part: signing, headers, URL matching
and serialising are the larger. botocore lets a `before-call` handler give the answer itself, which saves all that.
Whatever is not plain (a refusal, sets of binary values, other operations) takes the long road, and the answers are
the same.
"""

import json
from base64 import b64decode
from typing import Any, Final

import boto3
from moto.dynamodb.models.dynamo_type import DynamoType
from moto.dynamodb.responses import DynamoHandler

from local.cloud.template import ACCOUNT

_OPERATIONS: Final = {
    "before-call.dynamodb.GetItem": DynamoHandler.get_item,
    "before-call.dynamodb.BatchGetItem": DynamoHandler.batch_get_item,
    "before-call.dynamodb.PutItem": DynamoHandler.put_item,
    "before-call.dynamodb.UpdateItem": DynamoHandler.update_item,
    "before-call.dynamodb.DeleteItem": DynamoHandler.delete_item,
    "before-call.dynamodb.BatchWriteItem": DynamoHandler.batch_write_item,
    "before-call.dynamodb.Query": DynamoHandler.query,
    "before-call.dynamodb.Scan": DynamoHandler.scan,
}


class _Answered:
    """What botocore wants to see of an HTTP response that there was none of."""

    status_code = 200


def take_short_road(session: boto3.Session, region: str) -> None:
    """Let the session's DynamoDB clients (those made after it) reach moto directly."""
    handler = DynamoHandler()
    handler.region = region
    handler.current_account = ACCOUNT

    def answer(event_name: str, params: dict[str, Any], context: dict[str, Any], **_: Any) -> Any:
        operation = _OPERATIONS.get(event_name)
        body = params["body"]
        if operation is None or b'"BS":' in body or "homing.disturbed" in context:
            return None
        handler.body = json.loads(body, object_hook=_bytes if b'"B":' in body else None)
        try:
            result = operation(handler).result
        except Exception:  # noqa: BLE001 - a refusal changed nothing: the long road refuses it in botocore's words
            return None
        parsed: dict[str, Any] = _plain(result)
        parsed.pop("ConsumedCapacityUnits", None)  # no part of any answer of DynamoDB's today
        parsed["ResponseMetadata"] = {"HTTPStatusCode": 200, "HTTPHeaders": {}, "RetryAttempts": 0}
        return _Answered(), parsed

    # For all services, as the seam is: botocore asks the handlers of a narrower event before those of a wider one.
    session.events.register_last("before-call", answer)


def _bytes(value: dict[str, Any]) -> dict[str, Any]:
    """Binary values as moto keeps them, out of the wire's base64."""
    if len(value) == 1 and isinstance(value.get("B"), str):
        return {"B": b64decode(value["B"])}
    return value


def _plain(value: Any) -> Any:
    """The answer without moto's own types."""
    if isinstance(value, DynamoType):
        return {value.type: _plain(value.value)}
    if isinstance(value, dict):
        return {name: _plain(part) for name, part in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(part) for part in value]
    return value
