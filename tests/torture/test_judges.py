"""Each judge sees what it is there for: a chronicle is told in which its rule is broken."""

import json
import zlib
from base64 import b64encode
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, cast

import pytest

from homing.domain.moments import DAY, HOUR, WEEK, Moment
from local.cloud import Killed
from local.torture.greetings import judge_greetings
from local.torture.ledger_rules import LedgerRules
from local.torture.mail_rules import Wish
from local.torture.names import contact_of, mail_of, profile_of
from local.torture.parked import Parked
from local.torture.preferences import Page
from local.torture.shop import rules
from local.torture.stories import Shopper
from tests.torture.telling import ADA, CONTACT, PROFILE, Telling

if TYPE_CHECKING:
    from local.cloud import Mail

BOB = Shopper("zqbob2w", "de", "Europe/Berlin")
GREETING_RUN = f"welcome-{PROFILE}-once"
GREETING = {"run": {"run_id": GREETING_RUN, "journey": "welcome"}, "step": "greeting"}


@pytest.fixture
def telling() -> Telling:
    return Telling()


# The shopper's own wishes


def test_a_permit_within_the_shoppers_own_gap_is_seen(telling: Telling) -> None:
    telling.permits()
    telling.mails.wishes[CONTACT] = Wish(gap=WEEK, paused_until=None)
    telling.now += 6 * DAY
    telling.permits("favourites", recent_2={"N": str(telling.now - 6 * DAY)})
    assert telling.violated == {"wishes are kept"}


def test_a_permit_after_the_shoppers_own_gap_is_right(telling: Telling) -> None:
    telling.permits()
    telling.mails.wishes[CONTACT] = Wish(gap=WEEK, paused_until=None)
    telling.now += WEEK
    telling.permits("favourites", recent_2={"N": str(telling.now - WEEK)})
    assert telling.violated == set()


def test_a_permit_in_a_pause_is_seen(telling: Telling) -> None:
    telling.mails.wishes[CONTACT] = Wish(gap=None, paused_until=telling.now + DAY)
    telling.permits()
    assert telling.violated == {"wishes are kept"}


def test_a_permit_for_who_has_proven_nothing_is_seen(telling: Telling) -> None:
    telling.mails.proven.clear()
    telling.permits()
    assert telling.violated == {"proof first"}


def test_a_permit_after_all_purposes_were_taken_back_is_seen(telling: Telling) -> None:
    telling.mails.stopped.add(CONTACT)
    telling.permits()
    assert telling.violated == {"stop means stop"}


def test_a_browser_sends_the_form_back_with_one_change() -> None:
    html = '<input name="shown" value="purpose=marketing&amp;purpose=tracking&amp;frequency=all&amp;channel=">'
    page = Page.read(html)
    assert page is not None
    assert page.wants_marketing
    shown = "shown=purpose%3Dmarketing%26purpose%3Dtracking%26frequency%3Dall%26channel%3D"
    assert page.form("weekly") == f"{shown}&purpose=marketing&purpose=tracking&frequency=weekly&channel=&do=save"
    assert page.form("nothing") == f"{shown}&frequency=all&channel=&do=save"
    assert Page.read("<h1>Another address</h1>") is None


# What is told that ends runs

ORDER = {"type": "track", "name": "Order Completed", "order_id": "o1"}
REFUND = {"type": "track", "name": "Order Refunded", "order_id": "o1"}


@pytest.mark.parametrize(
    ("told", "waits", "violated"),
    [
        ([ORDER], 2 * DAY, {"a purchase ends it"}),
        ([ORDER], HOUR, set()),  # it may not have arrived
        ([ORDER, REFUND], 2 * DAY, set()),
        ([{"type": "identify", "consent": {"marketing": False}}], 2 * DAY, {"withdrawal stops"}),
        ([{"type": "identify", "consent": {"marketing": False}}], HOUR, set()),
    ],
)
def test_a_permit_after_what_ends_a_run_was_told_is_seen(
    telling: Telling, told: list[dict[str, Any]], waits: Moment, violated: set[str]
) -> None:
    telling.permits()
    telling.now += HOUR
    for message in told:
        telling.hears(**message)
    telling.now += waits
    telling.permits("favourites", recent_2={"N": str(telling.now - waits - HOUR)})
    assert telling.violated == violated


def test_who_withdraws_and_agrees_again_may_be_written_to(telling: Telling) -> None:
    for wish in (False, True):
        telling.hears(type="identify", consent={"marketing": wish})
        telling.now += DAY
    telling.permits()
    assert telling.violated == set()


# Runs


def _run(telling: Telling, profile: str, entry: str, *, ended: bool = False) -> None:
    told = {"run_id": f"cart-{profile}-{entry}", "journey": "cart", "profile_id": profile, "entry": entry}
    execution = SimpleNamespace(ended_at=telling.now if ended else None, name="")
    telling.executions.append(SimpleNamespace(execution=execution, input=json.dumps({"run": told})))
    telling.writes(f"P#{profile}", f"RUN#cart#{entry}", contact_id={"S": CONTACT})


def test_two_runs_of_a_journey_at_one_address_are_seen(telling: Telling) -> None:
    _run(telling, "a", "1")
    _run(telling, "b", "2")
    assert telling.violated == set()
    _run(telling, "b", "1")
    assert telling.violated == {"one run"}


def test_a_run_may_follow_one_that_has_ended(telling: Telling) -> None:
    _run(telling, "a", "1", ended=True)
    _run(telling, "b", "1")
    assert telling.violated == set()


@pytest.mark.parametrize(("after", "violated"), [(DAY, set()), (6 * DAY, {"settled by its deadline"})])
def test_a_mail_that_is_settled_late_is_seen(telling: Telling, after: Moment, violated: set[str]) -> None:
    with telling.invokes("SendFunction", GREETING):
        pass
    telling.now += after
    telling.writes(f"P#{PROFILE}", f"SEND#{mail_of(GREETING_RUN, 'greeting')}", outcome={"S": "skipped"})
    telling.runs.judge()
    assert telling.violated == violated


def test_a_mail_that_a_run_came_to_and_nobody_tells_of_is_seen(telling: Telling) -> None:
    with telling.invokes("SendFunction", GREETING):
        pass
    telling.now += 6 * DAY
    telling.runs.judge()
    assert telling.violated == {"settled by its deadline"}


# Whose mail it is


@pytest.mark.parametrize(
    ("html", "violated"),
    [
        (f"<a href='/preferences/{CONTACT}.{PROFILE}.proof'>", set()),
        (f"<a href='/preferences/{contact_of(BOB.address())}.{PROFILE}.proof'>", {"whose data"}),
        (f"<a href='/preferences/{CONTACT}.{profile_of(BOB.user_id)}.proof'>", {"whose data"}),
        (f"Dear {BOB.marker}", {"whose data"}),
    ],
)
def test_a_mail_with_anything_of_somebody_else_is_seen(telling: Telling, html: str, violated: set[str]) -> None:
    telling.mails.shoppers = [ADA, BOB]
    mail = telling.permits()
    tags = {"journey": "welcome", "step": "greeting", "send_id": mail, "run_id": GREETING_RUN, "profile_id": PROFILE}
    told = {"subject": "Hello", "text": "", "html": html, "headers": []}
    telling.mails._see_mail(cast("Mail", SimpleNamespace(tags=tags, to=[ADA.address()], **told)))
    assert telling.violated == violated


# Messages and profiles


def test_a_profile_that_is_written_over_is_seen(telling: Telling) -> None:
    for version in (1, 2):
        telling.writes(f"P#{PROFILE}", "PROFILE", version={"N": str(version)})
    assert telling.violated == set()
    telling.writes(f"P#{PROFILE}", "PROFILE", version={"N": "2"})
    assert telling.violated == {"a version for each write"}


# Erasure


def test_a_permit_after_an_erasure_is_seen(telling: Telling) -> None:
    telling.mails.erasures.erased(ADA, frozenset({PROFILE}))
    telling.permits()
    assert "erasure stops" in telling.violated


@pytest.mark.parametrize(("pk", "sk"), [(f"P#{PROFILE}", "PROFILE"), (f"C#{CONTACT}", "CONTACT")])
def test_who_comes_back_after_an_erasure_is_seen(telling: Telling, pk: str, sk: str) -> None:
    telling.mails.erasures.erased(ADA, frozenset())
    telling.mails.erasures.finished(ADA)
    telling.writes(pk, sk, version={"N": "1"})
    assert telling.violated == {"nobody is revived"}


def test_a_late_event_may_come_and_go(telling: Telling) -> None:
    telling.mails.erasures.erased(ADA, frozenset())
    telling.mails.erasures.finished(ADA)
    telling.writes(f"P#{PROFILE}", "EVENT#late", body={"S": json.dumps({"message_id": "late"})})
    telling.removes(f"P#{PROFILE}", "EVENT#late")
    telling.mails.erasures.judge()
    assert telling.violated == set()


@pytest.mark.parametrize(
    ("pk", "sk", "body"),
    [
        (f"P#{PROFILE}", "EVENT#late", "{}"),
        ("DUE#1", f"2026-03-02T10:00:00Z#{PROFILE}", "{}"),
        ("REQUEST", f"erasure#{PROFILE}", "{}"),
        ("P#somebody", "EVENT#1", f'{{"email": "{ADA.address()}"}}'),
    ],
)
def test_a_trace_of_the_erased_is_seen(telling: Telling, pk: str, sk: str, body: str) -> None:
    telling.mails.erasures.erased(ADA, frozenset())
    telling.mails.erasures.finished(ADA)
    telling.writes(pk, sk, body={"S": body})
    telling.mails.erasures.judge()
    assert telling.violated == {"nothing of the erased is left"}


def test_a_late_event_that_was_given_up_waits_for_a_person(telling: Telling) -> None:
    telling.mails.erasures.erased(ADA, frozenset())
    telling.mails.erasures.finished(ADA)
    telling.hears(type="track", name="Product Viewed")
    batch = {"startSequenceNumber": "1", "endSequenceNumber": "1"}
    telling.letters.append(SimpleNamespace(queue="q", body=json.dumps({"DDBStreamBatchInfo": batch})))
    telling.mails.erasures.judge()
    assert telling.violated == set()


def test_an_erasure_that_never_ends_is_seen(telling: Telling) -> None:
    telling.mails.erasures.erased(ADA, frozenset())
    telling.mails.erasures.judge()
    assert telling.violated == {"erasures end"}


# Counters


def test_a_register_that_forgets_a_mail_is_seen(telling: Telling) -> None:
    telling.permits()
    telling.now += 2 * DAY
    telling.permits("favourites")
    assert telling.violated == {"counters equal the ledger"}


def test_a_register_that_counts_a_mail_that_never_was_is_seen(telling: Telling) -> None:
    telling.permits(recent_2={"N": str(telling.now - HOUR)})
    assert telling.violated == {"counters equal the ledger"}


def test_a_register_that_is_changed_later_is_seen_at_the_end(telling: Telling) -> None:
    telling.permits()
    telling.writes(f"C#{CONTACT}", "CONTACT", recent_1={"N": "0"})
    assert telling.violated == set()
    telling.mails.judge()
    assert telling.violated == {"counters equal the ledger"}


def test_mails_beyond_the_daily_quota_are_seen(telling: Telling) -> None:
    telling.writes("PACE", "PACE", next_at={"N": "1"}, room={"N": "0"})
    assert telling.violated == set()
    telling.writes("PACE", "PACE", next_at={"N": "2"}, room={"N": "-1"})
    assert telling.violated == {"the quota is kept"}


def test_a_place_in_the_rate_that_is_given_again_is_seen(telling: Telling) -> None:
    telling.writes("PACE", "PACE", next_at={"N": "2"})
    telling.writes("PACE", "PACE", next_at={"N": "1"})
    assert telling.violated == {"each its own place"}


# The ledger


def _judged(telling: Telling) -> set[str]:
    LedgerRules(telling.chronicle, telling.mails, rules()).judge(telling.now)
    return telling.violated


def test_a_reason_outside_the_closed_list_is_seen(telling: Telling) -> None:
    telling.writes(f"P#{PROFILE}", "SEND#1", outcome={"S": "skipped"}, reason={"S": "a whim"})
    assert _judged(telling) == {"a reason for each"}


def test_an_unknown_mail_that_never_had_a_permit_is_seen(telling: Telling) -> None:
    telling.writes(f"P#{PROFILE}", "SEND#1", outcome={"S": "unknown"}, reason={"S": "interrupted"})
    assert _judged(telling) == {"counters equal the ledger"}


@pytest.mark.parametrize("moment", ["2026-03-02T08:00:00Z", "2026-03-05T11:00:00Z"])
def test_an_open_mail_that_nobody_looks_at_in_time_is_seen(telling: Telling, moment: str) -> None:
    telling.writes("OPEN#0", f"{moment}#1")
    assert _judged(telling) == {"fates are settled"}


def test_a_log_that_names_somebody_is_seen(telling: Telling) -> None:
    telling.log.append(f"sending to {ADA.address()}")
    assert _judged(telling) == {"opaque ids only"}


def test_a_final_line_that_becomes_another_is_seen(telling: Telling) -> None:
    LedgerRules(telling.chronicle, telling.mails, rules())
    telling.writes(f"P#{PROFILE}", "SEND#1", outcome={"S": "failed"}, reason={"S": "gave_up"})
    telling.writes(f"P#{PROFILE}", "SEND#1", outcome={"S": "skipped"}, reason={"S": "ordered"})
    assert telling.violated == {"the ledger stays"}


# Metrics

SENT = {"outcome": "sent"}


def _measured(telling: Telling) -> set[str]:
    telling.metrics.judge()
    return telling.violated


def test_a_metric_that_says_what_was_answered_and_kept_is_right(telling: Telling) -> None:
    with telling.invokes("SendFunction", GREETING, SENT):
        telling.writes(f"P#{PROFILE}", "SEND#1", journey={"S": "welcome"}, outcome={"S": "sent"})
        telling.counts("Emails", journey="welcome", outcome="sent")
    assert _measured(telling) == set()


@pytest.mark.parametrize("counted", [[], ["skipped"], ["sent", "sent"]])
def test_a_metric_that_says_something_else_than_the_answer_is_seen(telling: Telling, counted: list[str]) -> None:
    with telling.invokes("SendFunction", GREETING, SENT):
        for outcome in counted:
            telling.counts("Emails", journey="welcome", outcome=outcome)
    assert _measured(telling) == {"metrics equal the ledger"}


def test_an_answer_that_the_ledger_contradicts_is_seen_in_its_metric(telling: Telling) -> None:
    with telling.invokes("SendFunction", GREETING, SENT):
        telling.writes(f"P#{PROFILE}", "SEND#1", journey={"S": "welcome"}, outcome={"S": "failed"})
        telling.counts("Emails", journey="welcome", outcome="sent")
    assert _measured(telling) == {"metrics equal the ledger"}


def test_a_death_may_lose_a_count(telling: Telling) -> None:
    with telling.invokes("SendFunction", GREETING):
        telling.writes(f"P#{PROFILE}", "SEND#1", journey={"S": "welcome"}, outcome={"S": "sent"})
    assert _measured(telling) == set()


def test_what_the_dead_write_is_not_heard(telling: Telling) -> None:
    with telling.invokes("SendFunction", GREETING):
        with pytest.raises(Killed):
            telling.invocations.die()
        telling.counts("Emails", journey="welcome", outcome="sent")
        with pytest.raises(Killed):
            telling.invocations.hold_the_dead()
    assert not telling.invocations.all[0].counted()


@pytest.mark.parametrize(("counted", "violated"), [(1, set()), (0, {"metrics equal the ledger"})])
def test_a_mail_of_unknown_fate_is_counted_before_nobody_looks_at_it_any_more_even_by_the_dying(
    telling: Telling, counted: int, violated: set[str]
) -> None:
    fate = {"profile_id": {"S": PROFILE}, "send_id": {"S": "1"}}
    telling.writes("OPEN#0", "2026-03-02T10:00:00.000Z#1", **fate)
    telling.writes(f"P#{PROFILE}", "SEND#1", outcome={"S": "unknown"}, reason={"S": "interrupted"})
    with telling.invokes("ReconcileFunction", {"shard": 0}):
        telling.counts("EmailsUnknown", counted)
        telling.removes("OPEN#0", "2026-03-02T10:00:00.000Z#1")
    assert _measured(telling) == violated


# Dead letters


def test_a_dead_letter_that_no_alarm_sees_is_seen(telling: Telling) -> None:
    telling.letters.append(SimpleNamespace(queue="forgotten", body="{}"))
    Parked(telling.chronicle).judge()
    assert telling.violated == {"parked where an alarm sees it"}


def test_what_a_streams_letter_gave_up_is_known_by_its_numbers(telling: Telling) -> None:
    for pk in ("P#a", "P#b", "P#c"):
        telling.writes(pk, "PROFILE")
    batch = {"startSequenceNumber": "2", "endSequenceNumber": "2"}
    telling.letters.append(SimpleNamespace(queue="q", body=json.dumps({"DDBStreamBatchInfo": batch})))
    assert Parked(telling.chronicle).partitions == {"P#b"}


def test_events_without_a_profile_are_seen_though_others_were_given_up(telling: Telling) -> None:
    for pk in ("P#a", "P#b"):
        telling.writes(pk, f"EVENT#{pk}", body={"S": json.dumps({"message_id": pk})})
    batch = {"startSequenceNumber": "2", "endSequenceNumber": "2"}
    telling.letters.append(SimpleNamespace(queue="q", body=json.dumps({"DDBStreamBatchInfo": batch})))
    _judged(telling)
    lost = [each.what for each in telling.chronicle.violations if each.rule == "nothing lost silently"]
    assert lost == ["the events of P#a made no profile"]


# Greetings


def _signs_up(telling: Telling, *, ago: Moment = 0) -> None:
    told = {
        "message_id": "1",
        "at": telling.now - ago,
        "traits": {"email": ADA.address()},
        "consent": {"marketing": True},
        "confirmed_at": telling.now - ago,
    }
    _hears(telling, told)
    state: dict[str, Any] = {"facts": {}}
    telling.writes(f"P#{PROFILE}", "PROFILE", version={"N": "1"}, state={"B": _packed(state)})


def _hears(telling: Telling, told: dict[str, Any]) -> None:
    body, received_at = {"S": json.dumps(told)}, {"N": str(telling.now)}
    telling.writes(f"P#{PROFILE}", f"EVENT#{told['message_id']}", body=body, received_at=received_at)


def _packed(state: dict[str, Any]) -> str:
    return b64encode(zlib.compress(json.dumps(state).encode())).decode()


def _greeted(telling: Telling) -> bool:
    telling.now += 30 * DAY
    judge_greetings(telling.chronicle, [ADA], Parked(telling.chronicle))
    return telling.violated == set()


def test_a_proven_sign_up_that_is_never_greeted_is_seen(telling: Telling) -> None:
    _signs_up(telling)
    assert not _greeted(telling)


def test_a_greeting_may_be_left_out_for_a_reason_that_the_ledger_tells(telling: Telling) -> None:
    _signs_up(telling)
    mail = telling.permits()
    telling.writes(f"P#{PROFILE}", f"SEND#{mail}", at={"N": str(telling.now)}, outcome={"S": "skipped"})
    assert _greeted(telling)


def test_a_greeting_that_comes_weeks_late_is_seen(telling: Telling) -> None:
    _signs_up(telling)
    mail = telling.permits()
    telling.writes(f"P#{PROFILE}", f"SEND#{mail}", at={"N": str(telling.now + WEEK)}, outcome={"S": "sent"})
    assert not _greeted(telling)


def test_who_agreed_long_ago_or_changes_their_mind_is_owed_no_greeting(telling: Telling) -> None:
    _signs_up(telling, ago=9 * DAY)
    assert _greeted(telling)
    other = Telling()
    _signs_up(other)
    _hears(other, {"message_id": "2", "at": other.now, "consent": {"marketing": False}})
    assert _greeted(other)
