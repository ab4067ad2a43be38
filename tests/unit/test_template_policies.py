"""Each role allows what its function does and nothing else.

A short story is lived through in the local cloud while every AWS call of every function is noted: each call must be
allowed by the function's role, key by key, and each permission must be used, or be one that AWS itself uses.
"""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from samtranslator.yaml_helper import yaml_parse

from local.simulation.deployment import deployed
from local.timers import Timers, VirtualClock
from tests.unit.policies_story import live
from tests.unit.policies_witness import RECOMPUTE_MACHINE, Call, Grant, Witness, grants_of, listed, statements

TEMPLATE: dict[str, Any] = yaml_parse((Path(__file__).parents[2] / "template.yaml").read_text("utf-8"))
RESOURCES: dict[str, Any] = TEMPLATE["Resources"]
FUNCTIONS = [name for name, resource in RESOURCES.items() if resource["Type"] == "AWS::Serverless::Function"]
ROLES = [name for name, resource in RESOURCES.items() if resource["Type"] == "AWS::IAM::Role"]

LOG_DELIVERY = {
    "logs:CreateLogDelivery",
    "logs:GetLogDelivery",
    "logs:UpdateLogDelivery",
    "logs:DeleteLogDelivery",
    "logs:ListLogDeliveries",
    "logs:PutResourcePolicy",
    "logs:DescribeResourcePolicies",
    "logs:DescribeLogGroups",
}
"""Log delivery knows no resources: https://docs.aws.amazon.com/step-functions/latest/dg/cw-logs.html"""

OF_THE_ACCOUNT = {"ses:GetAccount", "ses:GetSendStatistics", "ses:ListSuppressedDestinations"}
"""Nor do these: https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonsesv2.html"""

USED_BY_AWS = {
    "logs:CreateLogStream": "Lambda writes the function's log",
    "logs:PutLogEvents": "Lambda writes the function's log",
    "dynamodb:DescribeStream": "Lambda reads the stream for the function",
    "dynamodb:GetRecords": "Lambda reads the stream for the function",
    "dynamodb:GetShardIterator": "Lambda reads the stream for the function",
    "dynamodb:ListStreams": "Lambda looks for the stream when the mapping is made",
    "sqs:ReceiveMessage": "Lambda reads the queue for the function",
    "sqs:DeleteMessage": "Lambda takes from the queue what the function has handled",
    "sqs:GetQueueAttributes": "Lambda asks how full the queue is",
    "sqs:SendMessage": "Lambda parks what failed",
    "lambda:InvokeFunction": "Step Functions calls the function",
} | dict.fromkeys(LOG_DELIVERY, "Step Functions sets up the state machine's log")
"""Permissions that no call of a function's own code uses, with the service that does."""

USED_FOR_ROLES = {
    ("SchedulerRole", "states:StartExecution"): "Scheduler starts the recompute",
    ("RecomputeMachineRole", "states:StartExecution"): "Step Functions begins a Map's children",
    ("RecomputeMachineRole", "states:DescribeExecution"): "Step Functions follows a Map's children",
    ("RecomputeMachineRole", "states:StopExecution"): "Step Functions ends a Map's children",
    ("RecomputeMachineRole", "s3:PutObject"): "DynamoDB writes an export with the rights of who asks for it",
    ("RecomputeMachineRole", "s3:AbortMultipartUpload"): "DynamoDB gives up a part of an export",
}
"""The same, where the action is one that functions use as well."""

WITHOUT_KEYS = {
    "dynamodb:Scan": "a scan reads all partitions",
    "dynamodb:DescribeTable": "tells of the table, and nothing of its items",
    "dynamodb:ExportTableToPointInTime": "an export has all partitions",
}
"""What IAM cannot narrow to some of a table's partitions."""

SMALL_TABLE_ITEMS = "25"
"""Between what the table holds at the story's beginning and what it holds at its end."""

START = 1_699_956_000_000
"""2023-11-14, 10:00 in London: nobody's quiet hours."""

pytestmark = pytest.mark.usefixtures("built_shop")


class Lived(NamedTuple):
    """What was allowed, and what was done."""

    grants: list[Grant]
    role_of: dict[str, str]
    calls: set[Call]
    table_arn: str


@pytest.fixture(scope="module")
def lived() -> Iterator[Lived]:
    parameters = {"SmallTableItems": SMALL_TABLE_ITEMS, "DoubleOptIn": "no"}
    with VirtualClock(START) as clock, deployed(Timers(clock), parameters=parameters) as cloud:
        witness = Witness(cloud)
        with witness.watching():
            live(cloud)
        yield Lived(
            grants=[
                grant
                for role in ROLES
                for grant in grants_of(role, cloud._resolver.resolve(dict(cloud.template.resources[role].properties)))
            ],
            role_of={
                name: RESOURCES[name]["Properties"]["Role"]["Fn::GetAtt"][0] for name in [*FUNCTIONS, RECOMPUTE_MACHINE]
            },
            calls=witness.calls,
            table_arn=cloud.identity("Table")[1]["Arn"],
        )


# The rules


def test_no_policy_allows_an_action_by_a_wildcard() -> None:
    actions = [
        (name, action)
        for name, resource in RESOURCES.items()
        for statement in policy_statements(resource.get("Properties"))
        for action in listed(statement["Action"])
    ]
    assert actions
    assert [(name, action) for name, action in actions if "*" in action or ":" not in action] == []


def test_only_what_knows_no_resources_is_allowed_on_every_one() -> None:
    everywhere = {
        action
        for role in ROLES
        for statement in statements(RESOURCES[role]["Properties"])
        if "*" in listed(statement["Resource"])
        for action in listed(statement["Action"])
    }
    assert everywhere == LOG_DELIVERY | OF_THE_ACCOUNT


def test_no_policy_lets_everybody_in() -> None:
    for name, resource in RESOURCES.items():
        for statement in policy_statements(resource.get("Properties")):
            assert statement["Effect"] == "Allow", name
            assert "NotAction" not in statement, name
            assert "NotResource" not in statement, name
            if "Principal" in statement and statement["Action"] != "sts:AssumeRole":
                assert "Service" in statement["Principal"], name
                assert statement.get("Condition"), name


def test_each_function_has_a_role_of_its_own_that_only_lambda_takes() -> None:
    roles = [RESOURCES[name]["Properties"]["Role"]["Fn::GetAtt"][0] for name in FUNCTIONS]
    assert len(set(roles)) == len(FUNCTIONS)
    for role in roles:
        (trust,) = RESOURCES[role]["Properties"]["AssumeRolePolicyDocument"]["Statement"]
        assert trust["Principal"] == {"Service": "lambda.amazonaws.com"}, role


def test_the_table_is_open_to_functions_by_leading_keys_only(lived: Lived) -> None:
    open_to = {
        grant for grant in lived.grants if lived.table_arn in grant.resources and grant.action not in WITHOUT_KEYS
    }
    assert open_to
    assert {grant for grant in open_to if not grant.leading_keys or "*" in grant.leading_keys} == set()


def test_the_story_leaves_no_function_out(lived: Lived) -> None:
    assert {call.function for call in lived.calls} == {*FUNCTIONS, RECOMPUTE_MACHINE}


@pytest.mark.parametrize("function", [*FUNCTIONS, RECOMPUTE_MACHINE])
def test_a_function_may_do_what_it_does(lived: Lived, function: str) -> None:
    own = [grant for grant in lived.grants if grant.role == lived.role_of[function]]
    done = [call for call in lived.calls if call.function == function]
    assert [call for call in done if not any(grant.covers(call) for grant in own)] == []


@pytest.mark.parametrize("role", ROLES)
def test_a_role_allows_nothing_that_is_not_used(lived: Lived, role: str) -> None:
    done = [call for call in lived.calls if lived.role_of[call.function] == role]
    unused = [
        f"{grant.sid}: {grant.action}"
        for grant in lived.grants
        if grant.role == role
        and not any(grant.covers(call) for call in done)
        and grant.action not in USED_BY_AWS
        and (role, grant.action) not in USED_FOR_ROLES
    ]
    assert unused == []


def test_what_is_said_to_be_used_by_aws_is_not_used_by_a_function(lived: Lived) -> None:
    assert {call.action for call in lived.calls} & set(USED_BY_AWS) == set()
    assert {grant.action for grant in lived.grants} >= set(USED_BY_AWS)
    assert {(grant.role, grant.action) for grant in lived.grants} >= set(USED_FOR_ROLES)
    assert {(lived.role_of[call.function], call.action) for call in lived.calls} & set(USED_FOR_ROLES) == set()


def policy_statements(properties: Any) -> Iterator[Mapping[str, Any]]:
    """The statements of all policies below, a role's, its trust's or a resource's."""
    if isinstance(properties, dict):
        if "Statement" in properties:
            yield from properties["Statement"]
        for part in properties.values():
            yield from policy_statements(part)
    elif isinstance(properties, list):
        for part in properties:
            yield from policy_statements(part)
