"""The judges of mails, contacts, runs and answers, each with a chronicle in which its rule is broken."""

import json
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, cast

import pytest

from homing.domain.moments import DAY, HOUR
from local.torture.client import Client
from local.torture.ledger_rules import LedgerRules
from local.torture.names import contact_of, mail_of
from local.torture.shop import rules
from local.torture.stories import Shopper, Story
from tests.torture.telling import ADA, BEGINS, CONTACT, PROFILE, Telling

if TYPE_CHECKING:
    from local.cloud import Cloud, Mail
    from local.torture.faults import Faults


@pytest.fixture
def telling() -> Telling:
    return Telling()


def _mail(address: str, journey: str = "welcome", step: str = "greeting") -> "Mail":
    run = f"{journey}-{PROFILE}-once"
    tags = {"journey": journey, "step": step, "send_id": mail_of(run, step), "run_id": run, "profile_id": PROFILE}
    told = {"subject": "Hello", "text": "", "html": "", "headers": [], "message_id": "m-1"}
    return cast("Mail", SimpleNamespace(tags=tags, to=[address], **told))


def _judged(telling: Telling) -> set[str]:
    LedgerRules(telling.chronicle, telling.mails, rules()).judge(telling.now)
    return telling.violated


# Mails and contacts


def test_a_mail_to_nobody_of_the_story_is_seen(telling: Telling) -> None:
    telling.permits()
    telling.mails._see_mail(_mail("who@post.example"))
    assert telling.violated == {"whose mail"}


def test_two_confirmations_within_a_day_are_seen(telling: Telling) -> None:
    for step, violated in (("ask", set()), ("ask_again", {"one confirmation a day"})):
        telling.mails._permits[mail_of(f"confirmation-{PROFILE}-once", step)] = 1
        telling.mails._see_mail(_mail(ADA.address(), "confirmation", step))
        assert telling.violated == violated
        telling.now += DAY - HOUR


def test_a_permit_that_is_given_again_is_seen(telling: Telling) -> None:
    mail = telling.permits()
    telling.now += 2 * DAY
    telling.writes(
        f"C#{CONTACT}",
        "CONTACT",
        consent={"BOOL": True},
        recent_1={"N": str(telling.now)},
        recent_2={"N": str(telling.now - 2 * DAY)},
        **{f"claim:{mail}": {"N": str(telling.now)}, f"run:welcome-{PROFILE}-once": {"S": PROFILE}},
    )
    assert telling.violated == {"one permit"}


def test_a_suppression_that_is_taken_away_is_seen(telling: Telling) -> None:
    telling.writes(f"C#{CONTACT}", "CONTACT", suppressed={"S": "complained"})
    telling.writes(f"C#{CONTACT}", "CONTACT", consent={"BOOL": True})
    assert telling.violated == {"suppression stays"}


def test_a_bounce_that_nobody_heard_is_seen(telling: Telling) -> None:
    bouncing = Shopper("zqada1w", "en", None, mailbox="bounce").address()
    telling.chronicle.mails.append(_mail(bouncing))
    telling.writes(f"C#{contact_of(bouncing)}", "CONTACT", consent={"BOOL": True})
    assert _judged(telling) == {"bounces and complaints are heard"}


# Runs


def _execution(telling: Telling, *, is_running: bool) -> None:
    told = {"run_id": f"cart-{PROFILE}-1", "journey": "cart", "profile_id": PROFILE, "entry": "1"}
    execution = SimpleNamespace(name="cart", started_at=BEGINS, ended_at=None if is_running else BEGINS)
    telling.executions.append(SimpleNamespace(execution=execution, input=json.dumps({"run": told})))


@pytest.mark.parametrize("is_running", [True, False])
def test_a_run_that_never_ends_or_whose_end_is_not_kept_is_seen(telling: Telling, *, is_running: bool) -> None:
    _execution(telling, is_running=is_running)
    assert _judged(telling) == {"everything ends"}


def test_a_run_that_ends_twice_is_seen(telling: Telling) -> None:
    LedgerRules(telling.chronicle, telling.mails, rules())
    for ended in ("exited", "failed"):
        telling.writes(f"P#{PROFILE}", "RUN#cart#1", ended={"S": ended})
    assert telling.violated == {"a run ends once"}


def test_a_licence_that_outlives_its_run_is_seen(telling: Telling) -> None:
    telling.writes(f"C#{CONTACT}", "CONTACT", **{f"run:cart-{PROFILE}-1": {"S": PROFILE}})
    assert _judged(telling) == {"no licence is left"}


def test_a_look_that_does_not_come_is_seen(telling: Telling) -> None:
    telling.writes("DUE#0", f"2026-03-01T10:00:00.000Z#{PROFILE}")
    assert _judged(telling) == {"looks come"}


# Answers


def _client(telling: Telling, status: int) -> Client:
    answer = SimpleNamespace(status=status, body=b"")
    cloud: Any = SimpleNamespace(http=lambda *_, **__: answer, timers=telling.chronicle.cloud.timers)
    faults: Any = SimpleNamespace(strikes=lambda _kind: False)
    story = Story(BEGINS, [ADA], [])
    return Client(cast("Cloud", cloud), story, cast("Faults", faults), telling.chronicle, telling.mails)


def test_a_good_request_that_is_refused_is_seen(telling: Telling) -> None:
    _client(telling, 400)._post([{"messageId": "message-1"}])
    assert telling.violated == {"good requests are taken"}


def test_an_acknowledged_message_that_is_not_kept_is_seen(telling: Telling) -> None:
    _client(telling, 200)._post([{"messageId": "message-1"}])
    assert telling.violated == {"durable before acknowledged"}


def test_an_acknowledged_message_that_goes_later_is_seen(telling: Telling) -> None:
    client = _client(telling, 200)
    telling.hears(type="track", name="Product Viewed")
    client._post([{"messageId": "message-1"}])
    client.judge()
    assert telling.violated == set()
    telling.removes(f"P#{PROFILE}", "EVENT#1")
    client.judge()
    assert telling.violated == {"nothing lost silently"}


def test_a_request_that_nobody_knows_of_is_seen(telling: Telling) -> None:
    client, path = _client(telling, 200), f"/preferences/{CONTACT}.{PROFILE}.proof"
    telling.writes("REQUEST", f"data#{PROFILE}")
    client._is_noted(ADA, "data", path)
    assert telling.violated == set()
    client._is_noted(ADA, "erasure", path)
    assert telling.violated == {"requests are kept"}
