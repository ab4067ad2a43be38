"""Tasks that ask an AWS service itself: `arn:aws:states:::aws-sdk:<service>:<action>`.

Source: https://docs.aws.amazon.com/step-functions/latest/dg/supported-services-awssdk.html
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, Final

from botocore.loaders import create_loader
from botocore.model import ServiceModel

from local.asl.errors import InvalidDefinition, UnsupportedFeature
from local.asl.expressions import JSON, Template
from local.asl.frame import Frame
from local.asl.requests import AskService, Running
from local.asl.tasks import Worker

SDK_PREFIX: Final = "arn:aws:states:::aws-sdk:"
ERROR_PREFIXES: Final[Mapping[str, str]] = {"dynamodb": "DynamoDb", "s3": "S3"}
"""The services that are known here, each with what Step Functions puts before the names of its errors.

Their parameters and answers are in Pascal case already; those of most others Step Functions would have to rename.
"""


@dataclass(frozen=True, slots=True)
class Action:
    """One operation of a service, as a Resource names it."""

    service: str
    name: str
    parameters: frozenset[str]


def read_action(resource: str, where: str) -> Action:
    """The action of a Resource that begins with SDK_PREFIX."""
    service, _, name = resource.removeprefix(SDK_PREFIX).partition(":")
    if service not in ERROR_PREFIXES:
        raise UnsupportedFeature(where, f"the service {service}")
    operation = name[:1].upper() + name[1:]
    model = _model(service)
    if name[:1].isupper() or operation not in model.operation_names:
        raise InvalidDefinition(where, f"{service} has no action {name!r}")
    return Action(service, name, frozenset(model.operation_model(operation).input_shape.members))


def error_name(service: str, code: str) -> str:
    """A service's error as Retry and Catch have to name it."""
    return f"{ERROR_PREFIXES[service]}.{code.removesuffix('Exception')}Exception"


@dataclass(frozen=True, slots=True)
class ServiceTask(Worker):
    """A Task whose Resource is an action of a service."""

    action: Action
    arguments: Mapping[str, Template]

    def work(self, frame: Frame, data: JSON) -> Running:
        names = frame.names(data)
        arguments = {name: template.evaluate(names) for name, template in self.arguments.items()}
        return (yield AskService(self.action.service, self.action.name, arguments))


@cache
def _model(service: str) -> Any:
    return ServiceModel(create_loader().load_service_model(service, "service-2"), service)
