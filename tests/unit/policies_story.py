"""A short story in which Homing does everything that it does for shoppers, once."""

import base64
import json
from pathlib import Path
from typing import Any

import boto3

from homing.adapters.contacts import TableContacts
from homing.adapters.erasure import TableErasures
from homing.adapters.open_sends import TableOpenSends
from homing.adapters.table import Table
from homing.domain.ids import alias_id, contact_id
from homing.domain.moments import DAY, HOUR, MINUTE, format_moment
from homing.domain.permit import Claim
from homing.domain.sends import Run
from local.cloud import Cloud
from local.simulation.deployment import FIGURES_SCHEDULE, RECONCILE_SCHEDULE, SCHEDULE
from tests.unit.policies_witness import RECOMPUTE_MACHINE

TEAPOT = {"product_id": "TC-101", "name": "Kyusu teapot", "category": "Teapots", "price": 42.5}
HEADERS = {"authorization": f"Basic {base64.b64encode(b'local:').decode()}", "content-type": "application/json"}


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
    # And reads their mails elsewhere from now on.
    cloud.advance_to(cloud.timers.now() + MINUTE)
    tell(cloud, "grace", "identify", traits={"email": "grace@elsewhere.example"})
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
