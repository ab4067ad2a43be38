"""AWS services as state machines ask them: by name, with answers in plain JSON."""

import re
from datetime import datetime
from typing import Any

import boto3
from botocore.exceptions import ClientError

from homing.domain.moments import format_moment, moment_of
from local.asl import TaskFailed
from local.asl.services import error_name


def call_service(service: str, action: str, arguments: dict[str, Any]) -> Any:
    """What the service answers. Raises TaskFailed where it refuses, under the name that Step Functions gives that."""
    client: Any = boto3.client(service)  # type: ignore[call-overload] # the name is known at run time only
    try:
        answer: dict[str, Any] = getattr(client, _method(action))(**arguments)
    except ClientError as error:
        told = error.response["Error"]
        raise TaskFailed(error_name(service, told["Code"]), told["Message"]) from error
    answer.pop("ResponseMetadata")
    return _plain(answer)


def _method(action: str) -> str:
    """boto3's name for an action: `listObjectsV2` is `list_objects_v2`."""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", action).lower()


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return format_moment(moment_of(value))
    if isinstance(value, dict):
        return {name: _plain(part) for name, part in value.items()}
    if isinstance(value, list):
        return [_plain(part) for part in value]
    return value
