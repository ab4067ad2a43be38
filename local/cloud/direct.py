"""The short road to moto: what would answer is called, and no HTTP request is made of a call and taken apart again.

A simulated year makes half a million calls, of which moto's work is the smaller part: signing, headers, URL matching
and serialising are the larger. botocore lets a `before-call` handler give the answer itself, which saves all that.
It is taken by the calls that functions make most: those of DynamoDB, and the reading of a secret. Whatever is not plain
(a refusal, sets of binary values, other operations) takes the long road, and the answers are the same.
"""

import json
from base64 import b64decode
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, Final

import boto3
from moto.backends import get_backend
from moto.core.responses import ActionResult
from moto.dynamodb.models.dynamo_type import DynamoType
from moto.dynamodb.responses import DynamoHandler
from moto.secretsmanager.models import SecretsManagerBackend

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

_READING: Final = "before-call.secrets-manager.GetSecretValue"


class _Answered:
    """What botocore wants to see of an HTTP response that there was none of."""

    status_code = 200


def take_short_road(session: boto3.Session, region: str) -> None:
    """Let the session's clients (those made after it) reach moto directly."""
    handler = DynamoHandler()
    handler.region = region
    handler.current_account = ACCOUNT
    secrets = get_backend("secretsmanager")[ACCOUNT][region]

    def answer(event_name: str, params: dict[str, Any], context: dict[str, Any], **_: Any) -> Any:
        if "homing.disturbed" in context:
            return None
        try:
            if operation := _OPERATIONS.get(event_name):
                parsed = _dynamodb(handler, operation, params["body"])
            elif event_name == _READING:
                parsed = _secret(secrets, params["body"])
            else:
                return None
        except Exception:  # noqa: BLE001 - a refusal changed nothing: the long road refuses it in botocore's words
            return None
        parsed["ResponseMetadata"] = {"HTTPStatusCode": 200, "HTTPHeaders": {}, "RetryAttempts": 0}
        return _Answered(), parsed

    # For all services, as the seam is: botocore asks the handlers of a narrower event before those of a wider one.
    session.events.register_last("before-call", answer)


def _dynamodb(handler: DynamoHandler, operation: Callable[[DynamoHandler], ActionResult], body: bytes) -> Any:
    if b'"BS":' in body:
        raise ValueError("moto and its callers write sets of binary values each in their own way")
    handler.body = json.loads(body, object_hook=_bytes if b'"B":' in body else None)
    parsed = _plain(operation(handler).result)
    parsed.pop("ConsumedCapacityUnits", None)  # no part of any answer of DynamoDB's today
    return parsed


def _secret(secrets: SecretsManagerBackend, body: bytes) -> Any:
    asked = json.loads(body)
    told = secrets.get_secret_value(asked["SecretId"], asked.get("VersionId"), asked.get("VersionStage"))
    if "SecretString" not in told:
        raise ValueError("moto keeps binary secrets as it got them off the wire")
    return told | {"CreatedDate": datetime.fromtimestamp(told["CreatedDate"], UTC)}


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
