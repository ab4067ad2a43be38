"""`homing erase` and `homing requests` on a deployed table: what will go, the second pass, and the answers."""

import json
from collections.abc import Iterator
from typing import TYPE_CHECKING

import boto3
import pytest
from typer.testing import CliRunner, Result

from homing.adapters.requests import TableRequests
from homing.adapters.table import Table
from homing.domain.ids import alias_id
from homing.domain.moments import DAY, HOUR
from homing.usecases.erase import LET_OTHERS_FINISH
from local.cli import app
from local.rights import commands
from local.rights.stack import Stack

if TYPE_CHECKING:
    from tests.workflows.conftest import Shop, Shopper


@pytest.fixture
def place(shop: "Shop", monkeypatch: pytest.MonkeyPatch) -> str:
    """The live table's name, with the shop's clock and stack behind the commands: sleeping lets its time pass."""
    cloud = shop.cloud
    stack = Stack(
        cloud.physical_id("Table"),
        cloud.physical_id("SigningSecret"),
        {"welcome": cloud.physical_id("WelcomeStateMachine"), "cart": cloud.physical_id("CartStateMachine")},
    )
    monkeypatch.setattr("local.rights.stack.find_stack", lambda _: stack)
    monkeypatch.setattr(commands, "now", lambda: shop.now)
    monkeypatch.setattr(commands, "_sleep", lambda seconds: shop.wait(int(seconds * 1000)))
    return f"table:{stack.table}"


@pytest.fixture
def ada(shop: "Shop") -> Iterator["Shopper"]:
    ada = shop.shopper()
    ada.signs_up()
    shop.wait(HOUR)
    yield ada
    shop.shoppers.remove(ada)  # who is to get no mail any more cannot decide so


def run(*arguments: str, answer: str | None = None) -> Result:
    return CliRunner().invoke(app, list(arguments), input=answer, env={"COLUMNS": "200"})


def held(shop: "Shop", shopper: "Shopper") -> int:
    table = Table(boto3.client("dynamodb"), shop.cloud.physical_id("Table"))
    return len(list(table.partition(f"P#{shopper.profile_id}")))


def test_it_shows_what_will_go_and_asks_and_no_is_no(shop: "Shop", place: str, ada: "Shopper") -> None:
    before = held(shop, ada)
    result = run("erase", ada.user_id, "--from", place, answer="n\n")
    assert result.exit_code == 1
    assert "contacts: one for each address" in result.output
    assert ada.email not in result.output
    assert held(shop, ada) == before


@pytest.mark.parametrize("by", ["user_id", "email", "profile_id"])
def test_an_erasure_takes_two_passes_and_is_done(shop: "Shop", place: str, ada: "Shopper", by: str) -> None:
    name, began = getattr(ada, by), shop.now
    result = run("erase", name, "--from", place, "--yes")
    assert result.exit_code == 0, result.output
    assert "Second pass done" in result.output
    assert all(left in result.output for left in ("exports in S3, under recompute/", "dead letters of feedback"))
    assert shop.now == began + LET_OTHERS_FINISH
    assert held(shop, ada) == 0
    again = run("erase", name, "--from", place, "--yes")
    assert (again.exit_code, again.stdout) == (0, "erased before: nothing is held\n")


def test_stopped_while_it_waits_it_goes_on_when_it_is_run_again(
    shop: "Shop", place: str, ada: "Shopper", monkeypatch: pytest.MonkeyPatch
) -> None:
    def stop(_: float) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as stopping:
        stopping.setattr(commands, "_sleep", stop)
        assert run("erase", ada.email, "--from", place, "--yes").exit_code != 0
    assert held(shop, ada) == 0
    shop.wait(DAY)
    result = run("erase", ada.email, "--from", place)
    assert result.exit_code == 0, result.output
    assert "First pass" not in result.output
    assert "Second pass done" in result.output


def test_who_is_erased_gets_no_mail_and_no_stranger_is_found(shop: "Shop", place: str, ada: "Shopper") -> None:
    assert len(ada.inbox) == 1
    run("erase", ada.user_id, "--from", place, "--yes")
    shop.wait(12 * DAY)
    assert len(ada.inbox) == 1
    result = run("erase", "nobody", "--from", place, "--yes")
    assert result.exit_code == 2
    assert "nobody is known as 'nobody'" in result.stderr


def test_who_was_erased_and_comes_back_is_let_in_by_a_persons_word_alone(
    shop: "Shop", place: str, ada: "Shopper"
) -> None:
    run("erase", ada.user_id, "--from", place, "--yes")
    ada.signs_up()
    assert held(shop, ada) == 0
    for name in (ada.email, ada.user_id):
        assert "let in again" in run("readmit", name, "--from", place).stdout
        assert "nothing to do" in run("readmit", name, "--from", place).stdout
    ada.signs_up()
    assert held(shop, ada) > 0


def test_requests_name_the_command_that_answers_them(shop: "Shop", place: str, ada: "Shopper") -> None:
    requests = TableRequests(Table(boto3.client("dynamodb"), shop.cloud.physical_id("Table")))
    requests.note("data", ada.profile_id, shop.now - 3 * DAY)
    requests.note("erasure", ada.profile_id, shop.now)
    told = json.loads(run("requests", "--from", place, "--json").stdout)["requests"]
    assert [(each["right"], each["days"]) for each in told] == [("data", 3), ("erasure", 0)]
    for each in told:
        assert ada.profile_id in each["answer"]
        assert place in each["answer"]
    assert run("requests", "--from", place, "--answered", ada.user_id).exit_code == 0
    assert [request.right for request in requests.open()] == ["erasure"]
    again = run("requests", "--from", place, "--answered", ada.user_id)
    assert (again.exit_code, "has not asked" in again.stderr) == (2, True)
    run("erase", ada.profile_id, "--from", place, "--yes")
    assert run("requests", "--from", place).stdout == "no open requests\n"


def test_an_export_of_a_live_table_holds_the_mails(place: str, ada: "Shopper") -> None:
    told = json.loads(run("export", ada.email, "--from", place).stdout)
    assert told["profile_id"] == alias_id("user", ada.user_id)
    assert [mail["step"] for mail in told["parts"]["mails"]["entries"]] == ["greeting"]
    assert told["parts"]["contacts"]["entries"][0]["consent"] is True
