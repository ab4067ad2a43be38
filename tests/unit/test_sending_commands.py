"""`homing resend` and `homing brake`: what they show, ask, do and refuse, over a table in moto."""

import io
import json
from collections.abc import Iterator
from typing import Any
from unittest.mock import patch

import boto3
import pytest
from moto import mock_aws
from typer.testing import CliRunner, Result

from homing.adapters.ledger import TableSends
from homing.adapters.pace import TablePace
from homing.adapters.table import Table
from homing.domain.moments import DAY
from homing.domain.sends import Run
from homing.domain.turns import Turn
from local.cli import app
from tests.fakes.tables import empty_table

NOON, NAME = 1_700_000_000_000, "homing-table"
RUN = Run(journey="welcome", profile_id="p", entry="once")
UNKNOWN = RUN.ledger_entry("greeting", "welcome-greeting", outcome="unknown", reason="no_answer", at=NOON)
SENT = RUN.ledger_entry("favourites", "welcome-favourites", outcome="sent", reason=None, at=NOON)


@pytest.fixture
def table(monkeypatch: pytest.MonkeyPatch) -> Iterator[Table]:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "local")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-central-1")
    with mock_aws():
        table = empty_table(boto3.client("dynamodb"), NAME)
        for send in (UNKNOWN, SENT):
            TableSends(table).record(send)
        yield table


def run(*arguments: str, answer: str | None = None) -> Result:
    runner = CliRunner(env={"COLUMNS": "200", "NO_COLOR": "1"})
    return runner.invoke(app, [*arguments, "--from", f"table:{NAME}"], input=answer)


class FakeLambda:
    """The send function: what it was asked, and what it answers."""

    def __init__(self, told: dict[str, Any], *, fails: bool = False) -> None:
        self.asked: list[Any] = []
        self.attempts: int | None = None
        """How often its client tries, where it was told."""
        self._told, self._fails = told, fails

    def invoke(self, **asked: Any) -> dict[str, Any]:
        self.asked.append((asked["FunctionName"], json.loads(asked["Payload"])))
        answer: dict[str, Any] = {"Payload": io.BytesIO(json.dumps(self._told).encode())}
        return {**answer, **({"FunctionError": "Unhandled"} if self._fails else {})}


def resend(send_id: str, function: FakeLambda, answer: str | None = "y\n") -> Result:
    client = boto3.client

    def made(service: Any, **options: Any) -> Any:
        if service != "lambda":
            return client(service, **options)
        function.attempts = options["config"].retries["total_max_attempts"]
        return function

    with patch("boto3.client", made):
        return run("resend", send_id, "--function", "send-it", answer=answer)


@pytest.mark.usefixtures("table")
def test_a_person_may_have_an_unknown_mail_sent_again() -> None:
    function = FakeLambda({"outcome": "sent", "reason": None})
    result = resend(UNKNOWN.send_id, function)
    assert (result.exit_code, result.stdout.splitlines()[-1]) == (0, "sent")
    told = {"run_id": RUN.run_id, "journey": "welcome", "profile_id": "p", "entry": "once"}
    assert function.asked == [("send-it", {"run": told, "step": "greeting", "again": True})]


@pytest.mark.usefixtures("table")
def test_what_stands_in_the_way_of_the_mail_is_told() -> None:
    function = FakeLambda({"errorType": "RunEnded", "errorMessage": "ordered"}, fails=True)
    result = resend(UNKNOWN.send_id, function)
    assert (result.exit_code, result.stdout.splitlines()[-1]) == (1, "not sent: RunEnded: ordered")


@pytest.mark.usefixtures("table")
def test_a_mail_that_may_not_go_yet_tells_when_to_ask_again() -> None:
    turn = Turn(due_at=NOON, at=NOON + DAY)
    function = FakeLambda({"errorType": "NotYet", "errorMessage": turn.text()}, fails=True)
    result = resend(UNKNOWN.send_id, function)
    assert result.exit_code == 1
    assert result.stdout.endswith("ask again at 2023-11-15T22:13:20Z\n")


@pytest.mark.usefixtures("table")
def test_the_send_function_is_asked_once() -> None:
    function = FakeLambda({"outcome": "unknown", "reason": "no_answer"})
    result = resend(UNKNOWN.send_id, function)
    assert (result.exit_code, result.stdout.splitlines()[-1]) == (1, "unknown: no_answer")
    assert function.attempts == 1


@pytest.mark.usefixtures("table")
def test_who_says_no_has_nothing_sent() -> None:
    function = FakeLambda({"outcome": "sent", "reason": None})
    assert resend(UNKNOWN.send_id, function, "n\n").exit_code == 1
    assert function.asked == []


@pytest.mark.usefixtures("table")
@pytest.mark.parametrize(
    ("send_id", "reason"),
    [
        (SENT.send_id, "only one that is unknown may be sent again"),
        ("nobodys", "--unknown` lists those that may be sent again"),
    ],
)
def test_a_mail_whose_fate_is_known_is_not_sent_again(send_id: str, reason: str) -> None:
    function = FakeLambda({"outcome": "sent", "reason": None})
    result = resend(send_id, function)
    assert (result.exit_code, function.asked) == (2, [])
    assert reason in result.stderr


GOES_ON = [
    "marketing goes on",
    "it stops where 4 % of the latest 10,000 mails bounce (4 at least), or readers complain of 0.08 % (2 at least)",
]


def test_the_brake_is_shown_and_released_by_a_person(table: Table) -> None:
    pace = TablePace(table, 14.0)
    assert run("brake").stdout.splitlines() == GOES_ON
    assert run("brake", "release").stdout.splitlines() == GOES_ON
    pace.brake("40 of the latest 1,000 mails bounced", NOON)
    stands = "marketing stands still since 2023-11-14T22:13:20Z: 40 of the latest 1,000 mails bounced"
    assert run("brake").stdout.splitlines() == [stands]
    assert run("brake", "release", answer="n\n").exit_code == 1
    assert pace.load().brake is not None
    assert run("brake", "release", "--yes").stdout.splitlines()[0] == stands
    assert pace.load().brake is None
    assert run("brake").stdout.startswith("marketing goes on; released last at ")


def test_what_is_left_of_the_daily_quota_is_told_where_it_has_an_end(table: Table) -> None:
    pace = TablePace(table, 14.0)
    pace.measure(14.0, 48_211, NOON)
    told = "SES takes 48,211 mails more of its daily quota, measured at 2023-11-14T22:13:20Z"
    assert run("brake").stdout.splitlines() == [*GOES_ON, told]
    pace.measure(14.0, None, NOON)
    assert run("brake").stdout.splitlines() == GOES_ON


def test_any_other_word_than_release_is_refused(table: Table) -> None:
    TablePace(table, 14.0).brake("reason", NOON)
    assert run("brake", "relase", "--yes").exit_code == 2
    assert TablePace(table, 14.0).load().brake == "reason"
