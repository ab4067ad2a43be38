"""Each role allows what its function does and nothing else.

A short story is lived through in the local cloud while every AWS call of every function is noted: each call must be
allowed by the function's role, key by key, and each permission must be used, or be one that AWS itself uses.
"""

import base64
import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from email.utils import parseaddr
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any, NamedTuple
from unittest.mock import patch

import boto3
import pytest
from samtranslator.yaml_helper import yaml_parse

from homing.adapters.contacts import TableContacts
from homing.adapters.erasure import TableErasures
from homing.adapters.open_sends import TableOpenSends
from homing.adapters.table import Table
from homing.domain.ids import alias_id, contact_id
from homing.domain.moments import DAY, HOUR, MINUTE, format_moment
from homing.domain.permit import Claim
from homing.domain.sends import Run
from local.cloud import Cloud
from local.cloud.services import call_service
from local.cloud.template import ACCOUNT
from local.simulation.deployment import FIGURES_SCHEDULE, RECONCILE_SCHEDULE, SCHEDULE, deployed
from local.timers import Timers, VirtualClock

TEMPLATE: dict[str, Any] = yaml_parse((Path(__file__).parents[2] / "template.yaml").read_text("utf-8"))
RESOURCES: dict[str, Any] = TEMPLATE["Resources"]
FUNCTIONS = [name for name, resource in RESOURCES.items() if resource["Type"] == "AWS::Serverless::Function"]
RECOMPUTE_MACHINE = "RecomputeStateMachine"
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

START = 1_700_000_000_000
TEAPOT = {"product_id": "TC-101", "name": "Kyusu teapot", "category": "Teapots", "price": 42.5}
HEADERS = {"authorization": f"Basic {base64.b64encode(b'local:').decode()}", "content-type": "application/json"}


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


# The story


def tell(cloud: Cloud, user: str, kind: str, event: str | None = None, **more: Any) -> None:
    """One message of the shop's client, now, and all that follows from it now."""
    now = cloud.timers.now()
    message = {
        "type": kind,
        "messageId": f"{user}-{event or kind}-{now}",
        "userId": user,
        "timestamp": format_moment(now),
        **({"event": event} if event else {}),
        **more,
    }
    answer = cloud.http("POST", "/v1/batch", headers=HEADERS, body=json.dumps({"batch": [message]}))
    assert (answer.status, answer.json()["accepted"]) == (200, 1)
    cloud.settle()


def sign_up(cloud: Cloud, user: str, email: str) -> None:
    consent = {"consent": {"categoryPreferences": {"marketing": True}}}
    tell(cloud, user, "identify", traits={"email": email, "firstName": "Ada"}, context=consent)


def look_at_segments(cloud: Cloud) -> None:
    cloud.fire_schedule(SCHEDULE)
    cloud.settle()


def bring_rule(cloud: Cloud, name: str, rule: Any) -> None:
    """Another segment in the shop layer, as a deploy brings it."""
    path = Path(cloud.functions._environment["SHOP_DIR"]) / "shop.json"
    files = json.loads(path.read_text("utf-8"))
    files["segments"]["segments"][name] = rule
    path.write_text(json.dumps(files), "utf-8")
    cloud.functions.cool()


def let_recompute(cloud: Cloud) -> None:
    cloud.advance_to(cloud.timers.now() + HOUR)
    (run,) = [run for run in cloud.executions if run.state_machine.logical_id == RECOMPUTE_MACHINE][-1:]
    assert run.execution.status.value == "SUCCEEDED", run.execution


def claim_and_die(cloud: Cloud, user: str) -> None:
    """An attempt at the shopper's second mail that leaves nothing but its claim."""
    table, now = Table(boto3.client("dynamodb"), cloud.physical_id("Table")), cloud.timers.now()
    run = Run(journey="welcome", profile_id=alias_id("user", user), entry="once")
    contact = contact_id(f"{user}@customer.example")
    send = run.ledger_entry("favourites", "welcome-favourites", outcome="unknown", reason="interrupted", at=now)
    TableContacts(table).note_consent(contact, run.profile_id, granted=True, at=now)
    TableContacts(table).add_run(contact, run.run_id, run.profile_id)
    TableOpenSends(table).note(send, contact)
    assert TableContacts(table).claim(contact, Claim(run_id=run.run_id, send_id=send.send_id, at=now)) is None


def fail_at_second_mail(cloud: Cloud, user: str) -> None:
    """The mail is due, and its step has failed for the last time."""
    run = Run(journey="welcome", profile_id=alias_id("user", user), entry="once")
    contacts = TableContacts(Table(boto3.client("dynamodb"), cloud.physical_id("Table")))
    contacts.note_due(contact_id(f"{user}@customer.example"), run.run_id, cloud.timers.now())
    told = {"run": {"journey": run.journey, "profile_id": run.profile_id, "entry": run.entry}}
    detail = {"status": "FAILED", "error": "SendFailed", "input": json.dumps(told)}
    assert cloud.invoke("FinishFunction", {"detail": detail}).error is None


def tell_late_of_somebody_erased(cloud: Cloud, user: str) -> None:
    """Somebody has been erased, and an event of theirs comes late."""
    table, key = Table(boto3.client("dynamodb"), cloud.physical_id("Table")), signing_key(cloud)
    TableErasures(table, lambda: key).mark([alias_id("user", user)], cloud.timers.now())
    sign_up(cloud, user, f"{user}@customer.example")


def live(cloud: Cloud) -> None:
    """Everything that Homing does for shoppers, once."""
    cloud.disable_schedule(SCHEDULE)
    cloud.disable_schedule(FIGURES_SCHEDULE)
    cloud.disable_schedule(RECONCILE_SCHEDULE)
    # One address bounces, and is suppressed, here and by SES; one is full.
    sign_up(cloud, "gone", "bounce@simulator.amazonses.com")
    sign_up(cloud, "full", "softbounce@simulator.amazonses.com")
    # A send function dies for good, having claimed its mail: the next look at the open mails finds it.
    claim_and_die(cloud, "full")
    cloud.advance_to(cloud.timers.now() + HOUR)
    cloud.fire_schedule(RECONCILE_SCHEDULE)
    cloud.settle()
    # The first look lets the rules count. Then a deploy brings a rule that concerns everybody so far, for a while:
    # the next look starts the recompute, of a table that is small.
    look_at_segments(cloud)
    bring_rule(cloud, "fresh", {"signed_up_at": {"within": "2 days"}})
    look_at_segments(cloud)
    let_recompute(cloud)
    # One shopper signs up, fills a cart, is reminded of it by the schedule, and buys: both runs end.
    sign_up(cloud, "ada", "ada@customer.example")
    tell(cloud, "ada", "track", "Product Added", properties=TEAPOT)
    cloud.advance_to(cloud.timers.now() + HOUR + MINUTE)
    look_at_segments(cloud)
    cloud.advance_to(cloud.timers.now() + HOUR)
    tell(cloud, "ada", "track", "Order Completed", properties={"order_id": "o-1", "total": 42.5, "products": [TEAPOT]})
    # A step that was under way meanwhile finds the run ended.
    run = {"journey": "welcome", "profile_id": alias_id("user", "ada"), "entry": "once"}
    late = cloud.invoke("SendFunction", {"run": run, "step": "last_call"})
    assert late.error is not None
    assert late.error["errorType"] == "RunEnded"
    # One follows the link in the mail.
    sign_up(cloud, "grace", "grace@customer.example")
    link = dict(cloud.outbox[-1].headers)["List-Unsubscribe"].strip("<>")
    assert cloud.http("GET", link.partition(".amazonaws.com")[2]).status == 200
    assert cloud.http("POST", link.partition(".amazonaws.com")[2]).status == 200
    cloud.settle()
    # Then they choose to get them once a week, and ask what is held of them.
    preferences = link.partition(".amazonaws.com")[2].replace("unsubscribe", "preferences")
    form = {"content-type": "application/x-www-form-urlencoded"}
    save = "do=save&shown=frequency%3Dall&purpose=marketing&frequency=weekly"
    for body in (save, "do=data"):
        assert cloud.http("POST", preferences, headers=form, body=body).status == 200
    cloud.settle()
    # One gets all mails of a journey, and the execution ends by itself.
    sign_up(cloud, "mary", "mary@customer.example")
    cloud.advance_to(cloud.timers.now() + 12 * DAY)
    look_at_segments(cloud)
    # One run fails at its second mail.
    sign_up(cloud, "kim", "kim@customer.example")
    claim_and_die(cloud, "kim")
    fail_at_second_mail(cloud, "kim")
    # The table has grown, and is exported; somebody in the export is erased before they are brought up to date.
    bring_rule(cloud, "newcomers", {"signed_up_at": {"within": "60 days"}})
    cloud.fire_schedule(FIGURES_SCHEDULE)
    cloud.advance_to(cloud.timers.now() + 25 * MINUTE)
    Table(boto3.client("dynamodb"), cloud.physical_id("Table")).delete(f"P#{alias_id('user', 'mary')}", "PROFILE")
    let_recompute(cloud)
    tell_late_of_somebody_erased(cloud, "gone-for-good")
    assert cloud.dead_letters() == []


def signing_key(cloud: Cloud) -> bytes:
    secret = cloud.physical_id("SigningSecret")
    return boto3.client("secretsmanager").get_secret_value(SecretId=secret)["SecretString"].encode()


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
