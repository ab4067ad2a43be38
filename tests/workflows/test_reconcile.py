"""No mail is silently lost: its fate is known, or it is counted, alarmed and listed as unknown, within an hour."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import boto3
import pytest
from typer.testing import CliRunner

from homing.adapters.contacts import TableContacts
from homing.adapters.ledger import TableSends
from homing.adapters.pace import TablePace
from homing.adapters.table import Table
from homing.domain.ids import contact_id
from homing.domain.moments import DAY, HOUR, MINUTE
from local.cli import app
from local.cloud import Killed, Refusal
from local.simulation.deployment import RECONCILE_SCHEDULE
from local.simulation.snapshot import write_snapshot

if TYPE_CHECKING:
    from pathlib import Path

    from homing.domain.sends import Send
    from tests.workflows.conftest import Shop, Shopper

QUARTER = 15 * MINUTE


def table(shop: "Shop") -> Table:
    return Table(boto3.client("dynamodb"), shop.cloud.physical_id("Table"))


def ledger(shop: "Shop", shopper: "Shopper") -> dict[str, "Send"]:
    """The shopper's mails by their steps."""
    with shop.cloud.seam.unseen():
        return {send.step: send for send in TableSends(table(shop)).of_profile(shopper.profile_id)}


def wait_on_schedule(shop: "Shop", duration: int) -> None:
    """Time in which the reconciliation comes as often as it is deployed to."""
    until = shop.now + duration
    while shop.now < until:
        shop.wait(min(QUARTER, until - shop.now))
        shop.cloud.fire_schedule(RECONCILE_SCHEDULE)
        shop.cloud.settle()


@contextmanager
def send_function_dies_for_good(shop: "Shop", *, after_ses: bool) -> Iterator[None]:
    """Each invocation dies as it asks SES, before or after SES has taken the mail; a retry dies at its first call."""
    dead: list[bool] = []

    def dies(_service: str, operation: str, phase: str) -> None:
        running = shop.cloud.functions.running
        if running is None or running.logical_id != "SendFunction":
            return
        if dead or (operation, phase) == ("SendEmail", "after" if after_ses else "before"):
            dead.append(True)
            raise Killed

    with shop.faulted(dies):
        yield


@contextmanager
def ses_is_silent(shop: "Shop", *kinds: str) -> Iterator[None]:
    """Of these events nothing reaches the topic."""
    publish = shop.cloud.ses._publish

    def publish_some(configuration_set: str, event: Any) -> None:
        if event["eventType"] not in kinds:
            publish(configuration_set, event)

    shop.cloud.ses._publish = publish_some  # type: ignore[method-assign]
    try:
        yield
    finally:
        shop.cloud.ses._publish = publish  # type: ignore[method-assign]


def told_by_the_sweep(shop: "Shop") -> Iterator[dict[str, Any]]:
    for line in shop.cloud.logs("ReconcileFunction"):
        yield json.loads(line)


@pytest.mark.parametrize("after_ses", [False, True])
def test_a_mail_whose_function_dies_for_good_is_unknown_within_an_hour_and_never_sent_again(
    shop: "Shop", *, after_ses: bool
) -> None:
    ada = shop.shopper()
    with send_function_dies_for_good(shop, after_ses=after_ses), ses_is_silent(shop, "Send", "Delivery"):
        ada.signs_up()
        assert ledger(shop, ada) == {}
        wait_on_schedule(shop, HOUR)
    (greeting,) = ledger(shop, ada).values()
    assert (greeting.step, greeting.outcome, greeting.reason) == ("greeting", "unknown", "interrupted")
    assert any(line.get("send_id") == greeting.send_id for line in told_by_the_sweep(shop))
    shop.wait(DAY)
    assert len(ada.inbox) == int(after_ses)


def test_a_mail_whose_function_dies_is_sent_where_ses_tells_of_it(shop: "Shop") -> None:
    ada = shop.shopper()
    with send_function_dies_for_good(shop, after_ses=True):
        ada.signs_up()
        wait_on_schedule(shop, HOUR)
    (greeting,) = ledger(shop, ada).values()
    assert (greeting.outcome, greeting.delivery, greeting.subject) == ("sent", "delivered", None)


def test_an_unknown_mail_is_listed_and_goes_out_again_by_a_persons_word_alone(shop: "Shop", tmp_path: "Path") -> None:
    ada = shop.shopper()
    with ses_that_gives_no_answer(shop):
        ada.signs_up()
    wait_on_schedule(shop, HOUR)
    write_snapshot(shop.cloud, tmp_path)
    (tmp_path / "summary.json").write_text(json.dumps({"ended_at": "2030-01-01T00:00:00Z"}), encoding="utf-8")
    listed = CliRunner().invoke(app, ["sends", "--from", str(tmp_path), "--unknown", "--json"])
    told = [mail for mail in json.loads(listed.stdout)["sends"] if mail["profile_id"] == ada.profile_id]
    assert [(mail["step"], mail["outcome"], mail["reason"]) for mail in told] == [("greeting", "unknown", "no_answer")]

    run = {"run_id": told[0]["run_id"], "journey": "welcome", "profile_id": ada.profile_id, "entry": "once"}
    shop.wait(DAY)  # the first try has its place in the frequency cap
    assert ada.inbox == []
    answer = shop.cloud.invoke("SendFunction", {"run": run, "step": "greeting", "again": True})
    assert answer.error is None, answer.error
    shop.cloud.settle()
    assert ledger(shop, ada)["greeting"].outcome == "sent"
    assert len(ada.inbox) == 1


@contextmanager
def ses_that_gives_no_answer(shop: "Shop") -> Iterator[None]:
    def fails(_request: dict[str, Any]) -> dict[str, str]:
        raise Refusal("InternalFailure", "The request processing has failed.", 500)

    with shop.ses_answers(fails):
        yield


def test_a_mail_of_whose_delivery_ses_is_silent_for_a_day_is_told_of_once(shop: "Shop") -> None:
    ada = shop.shopper()
    with ses_is_silent(shop, "Delivery"):
        ada.signs_up()
        wait_on_schedule(shop, DAY + HOUR)
    greeting = ledger(shop, ada)["greeting"]
    assert (greeting.outcome, greeting.delivery) == ("sent", None)
    assert sum(line.get("send_id") == greeting.send_id for line in told_by_the_sweep(shop)) == 1


@pytest.mark.parametrize(
    ("mailbox", "delivery", "suppressed"),
    [
        ("success", "delivered", None),
        ("delay", "delivered", None),
        ("ooto", "delivered", None),
        ("softbounce", "bounced_softly", None),
        ("bounce", "bounced", "bounced"),
        ("complaint", "complained", "complained"),
    ],
)
def test_what_became_of_a_mail_is_in_the_ledger_at_once(
    shop: "Shop", mailbox: str, delivery: str, suppressed: str | None
) -> None:
    ada = shop.shopper(email=f"{mailbox}+{shop.now}@simulator.amazonses.com")
    ada.signs_up()
    assert ledger(shop, ada)["greeting"].delivery == delivery
    with shop.cloud.seam.unseen():
        contact = TableContacts(table(shop)).load(contact_id(ada.email))
    assert contact is not None
    assert contact.suppressed == suppressed


def test_three_mails_into_a_full_mailbox_are_the_last(shop: "Shop") -> None:
    ada = shop.shopper(email=f"softbounce+{shop.now}@simulator.amazonses.com")
    ada.signs_up()
    shop.wait(20 * DAY)
    ada.adds("teapot")
    shop.wait(3 * DAY)
    assert len(ada.inbox) == 3
    with shop.cloud.seam.unseen():
        contact = TableContacts(table(shop)).load(contact_id(ada.email))
    assert contact is not None
    assert (contact.suppressed, contact.consent) == ("bounced", False)


def test_too_many_bounces_stop_marketing_until_a_person_lets_it_go_on(shop: "Shop") -> None:
    account = shop.cloud.ses.account
    for _ in range(900):
        account.count("Bounce")
    shop.cloud.fire_schedule(RECONCILE_SCHEDULE)
    shop.cloud.settle()
    ada = shop.shopper()
    ada.signs_up()
    assert ada.inbox == []
    shop.wait(2 * HOUR)
    assert ada.inbox == []
    with shop.cloud.seam.unseen():
        TablePace(table(shop), 1.0).release(shop.now)
    shop.wait(2 * HOUR)
    assert len(ada.inbox) == 1


def test_what_became_of_a_mail_costs_the_profile_no_write(shop: "Shop") -> None:
    ada = shop.shopper()
    ada.signs_up()
    folded: list[str] = []
    shop.cloud.observe_table(lambda _table, record: folded.append(record["dynamodb"]["Keys"]["sk"]["S"]))
    with ses_is_silent(shop, "Send"):
        shop.wait(20 * DAY)
    assert len(ada.inbox) == 3
    assert folded.count("PROFILE") <= 3
