"""What the roles of the template allow, and what functions do: each AWS call, with the keys that IAM would look at."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from email.utils import parseaddr
from fnmatch import fnmatchcase
from typing import Any, NamedTuple
from unittest.mock import patch

import boto3

from local.cloud import Cloud
from local.cloud.services import call_service
from local.cloud.template import ACCOUNT

RECOMPUTE_MACHINE = "RecomputeStateMachine"


# What is allowed


class Grant(NamedTuple):
    """One action that a statement of a role allows; `leading_keys` is None where any will do."""

    role: str
    sid: str
    action: str
    resources: tuple[str, ...]
    leading_keys: tuple[str, ...] | None

    def covers(self, call: "Call") -> bool:
        """Whether IAM would let the call pass by this grant alone."""
        return (
            call.action == self.action
            and all(_matches(resource, self.resources) for resource in call.resources)
            and (self.leading_keys is None or all(_matches(key, self.leading_keys) for key in call.leading_keys))
        )


def _matches(value: str, patterns: Iterable[str]) -> bool:
    return any(fnmatchcase(value, pattern) for pattern in patterns)


def statements(role: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    for policy in role["Policies"]:
        yield from policy["PolicyDocument"]["Statement"]


def listed(value: Any) -> list[Any]:
    """IAM takes one or a list of them."""
    return value if isinstance(value, list) else [value]


def grants_of(role: str, properties: Mapping[str, Any]) -> Iterator[Grant]:
    for statement in statements(properties):
        keys = statement.get("Condition", {}).get("ForAllValues:StringLike", {}).get("dynamodb:LeadingKeys")
        for action in listed(statement["Action"]):
            yield Grant(
                role=role,
                sid=statement.get("Sid", ""),
                action=action,
                resources=tuple(listed(statement["Resource"])),
                leading_keys=None if keys is None else tuple(keys),
            )


# What is done


class Call(NamedTuple):
    """One AWS call of a function's code, or of a state machine."""

    function: str
    action: str
    resources: tuple[str, ...]
    leading_keys: tuple[str, ...]


@dataclass
class Witness:
    """Notes the calls that are made inside functions."""

    cloud: Cloud
    calls: set[Call] = field(default_factory=set)
    inside: list[str] = field(default_factory=list)

    @contextmanager
    def watching(self) -> Iterator[None]:
        """Watch all clients that are made from here on."""
        invoke = self.cloud.functions.invoke

        def invoke_watched(function: Any, event: Any) -> Any:
            self.inside.append(function.logical_id)
            try:
                return invoke(function, event)
            finally:
                self.inside.pop()

        session = boto3.DEFAULT_SESSION
        assert session is not None
        session.events.register("before-parameter-build", self.note)
        with (
            patch.object(self.cloud.functions, "invoke", invoke_watched),
            patch.object(self.cloud.workflows._interpreter, "_call_service", self._as_machine(call_service)),
        ):
            yield

    def _as_machine(self, call: Callable[..., Any]) -> Callable[..., Any]:
        """What a state machine asks of services itself; there is one that does."""

        def watched(*asked: Any) -> Any:
            self.inside.append(RECOMPUTE_MACHINE)
            try:
                return call(*asked)
            finally:
                self.inside.pop()

        return watched

    def note(self, params: dict[str, Any], model: Any, **_: Any) -> None:
        if self.inside and not self.cloud.seam._unseen:
            service = model.service_model.signing_name
            resources, keys = _ASKED[service](params, self.cloud.region)
            action = _ACTIONS.get(model.name, model.name)
            self.calls.add(Call(self.inside[-1], f"{service}:{action}", tuple(resources), tuple(keys)))


def _asked_of_dynamodb(params: dict[str, Any], region: str) -> tuple[list[str], list[str]]:
    if arn := params.get("TableArn") or params.get("ExportArn"):
        return [arn], []
    batches = params.get("RequestItems", {})
    names = [params["TableName"]] if "TableName" in params else list(batches)
    asked = [batch for batch in batches.values() if isinstance(batch, dict)]
    keys = [key["pk"]["S"] for batch in asked for key in batch["Keys"]]
    written = [
        body for batch in batches.values() if isinstance(batch, list) for each in batch for body in each.values()
    ]
    keys += [(body.get("Item") or body["Key"])["pk"]["S"] for body in written]
    keys += [params[place]["pk"]["S"] for place in ("Key", "Item") if place in params]
    if "KeyConditionExpression" in params:
        keys.append(params["ExpressionAttributeValues"][":pk"]["S"])
    assert keys or params.keys() <= _OF_WHOLE_TABLES, f"no leading key in {params}"
    return [f"arn:aws:dynamodb:{region}:{ACCOUNT}:table/{name}" for name in names], keys


def _asked_of_ses(params: dict[str, Any], region: str) -> tuple[list[str], list[str]]:
    if "FromEmailAddress" not in params:
        return ["*"], []
    domain = parseaddr(params["FromEmailAddress"])[1].partition("@")[2]
    parts = [f"identity/{domain}", f"configuration-set/{params['ConfigurationSetName']}"]
    return [f"arn:aws:ses:{region}:{ACCOUNT}:{part}" for part in parts], []


def _asked_of_states(params: dict[str, Any], _region: str) -> tuple[list[str], list[str]]:
    return [params.get("stateMachineArn") or params["executionArn"]], []


def _asked_of_secrets(params: dict[str, Any], _region: str) -> tuple[list[str], list[str]]:
    return [params["SecretId"]], []


def _asked_of_s3(params: dict[str, Any], _region: str) -> tuple[list[str], list[str]]:
    bucket = f"arn:aws:s3:::{params['Bucket']}"
    return [f"{bucket}/{params['Key']}" if "Key" in params else bucket], []


_OF_WHOLE_TABLES = {"TableName", "FilterExpression", "ExpressionAttributeValues", "ExclusiveStartKey"}
_ACTIONS = {"ListObjectsV2": "ListBucket"}
"""Operations that IAM knows by another name."""

_ASKED = {
    "dynamodb": _asked_of_dynamodb,
    "s3": _asked_of_s3,
    "ses": _asked_of_ses,
    "states": _asked_of_states,
    "secretsmanager": _asked_of_secrets,
}
