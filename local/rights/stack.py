"""The deployed stack behind a live table: what an erasure needs beside the table itself."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from homing.adapters.contacts import TableContacts
from homing.adapters.erasure import TableErasures
from homing.adapters.executions import StepFunctionsExecutions
from homing.adapters.requests import TableRequests
from homing.adapters.table import Table
from homing.usecases.erase import Eraser
from local.segments.sources import LIVE, SourceUnreadable, asking_aws

_JOURNEY = "StateMachine"
_SECRET = "SigningSecret"  # noqa: S105 - the resource's name in template.yaml


@dataclass(frozen=True, slots=True)
class Stack:
    """A table, with the signing secret and the journeys' state machines of the stack that it belongs to."""

    table: str
    secret: str
    machines: Mapping[str, str]


def find_stack(place: str) -> Stack:
    """The stack of `table:NAME`, as CloudFormation knows it. Raises SourceUnreadable."""
    table = live_table(place)
    with asking_aws(f"stack of the table '{table}'"):
        import boto3

        names = _physical_ids(boto3.client("cloudformation"), table)
    if _SECRET not in names:
        raise SourceUnreadable(f"the stack of {table} has no {_SECRET}: is it Homing's?")
    machines = {name.removesuffix(_JOURNEY).lower(): arn for name, arn in names.items() if name.endswith(_JOURNEY)}
    return Stack(table, names[_SECRET], machines)


def live_table(place: str) -> str:
    """The name of the table that `table:NAME` means. Raises SourceUnreadable for any other place."""
    name = place.removeprefix(LIVE)
    if not place.startswith(LIVE) or not name:
        raise SourceUnreadable(
            f"{place}: name a live table, as --from table:NAME; the stack's output TableName tells it"
        )
    return name


def open_requests(table: str) -> TableRequests:
    """What shoppers have asked for, in that table."""
    import boto3

    return TableRequests(Table(boto3.client("dynamodb"), table))


def open_eraser(stack: Stack) -> Eraser:
    """Who erases people from that stack. Raises SourceUnreadable."""
    import boto3

    with asking_aws(f"stack of the table '{stack.table}'"):
        table = Table(boto3.client("dynamodb"), stack.table)
        secret = boto3.client("secretsmanager").get_secret_value(SecretId=stack.secret)["SecretString"].encode()
        executions = StepFunctionsExecutions(boto3.client("stepfunctions"), stack.machines)
    return Eraser(TableErasures(table, lambda: secret), TableContacts(table), TableRequests(table), executions)


def _physical_ids(client: Any, table: str) -> dict[str, str]:
    """The ids of the stack's resources, by their names in template.yaml."""
    (first, *_) = client.describe_stack_resources(PhysicalResourceId=table)["StackResources"]
    pages = client.get_paginator("list_stack_resources").paginate(StackName=first["StackName"])
    return {
        resource["LogicalResourceId"]: resource.get("PhysicalResourceId", "")
        for page in pages
        for resource in page["StackResourceSummaries"]
    }
