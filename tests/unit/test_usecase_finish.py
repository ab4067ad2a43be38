"""Executions that have ended: their runs end with them, and give their licence back."""

from contextlib import suppress
from unittest.mock import patch

import pytest

from homing.domain.moments import DAY, HOUR, format_moment
from homing.domain.permit import Claim
from homing.domain.sends import SEND_TAGS
from homing.errors import RetryLater
from homing.usecases.finish import Finisher
from tests.fakes.crashes import Crashed, Fuse
from tests.fakes.stories import NOW, signed_up, withdrew
from tests.fakes.world import World

LATER = NOW + HOUR


def welcomed() -> World:
    world = World()
    world.tell(signed_up(NOW - HOUR))
    return world


@pytest.mark.parametrize(
    ("detail", "ended", "reason"),
    [
        ({"status": "SUCCEEDED"}, "completed", None),
        ({"status": "FAILED", "error": "SendFailed"}, "failed", "SendFailed"),
        ({"status": "FAILED", "error": None}, "failed", "failed"),
        ({"status": "TIMED_OUT"}, "failed", "timed_out"),
        ({"status": "ABORTED"}, "exited", "aborted"),
    ],
)
def test_the_run_ends_as_its_execution_did(detail: dict[str, str], ended: str, reason: str | None) -> None:
    world = welcomed()
    world.send(world.run("welcome"), "greeting")
    assert world.finisher().finish(world.run("welcome"), detail, LATER) == ended
    run = world.run("welcome")
    assert (run.ended, run.reason, run.ended_at) == (ended, reason, LATER)
    assert world.contact().runs == {}
    assert world.contact().claims == {}


def test_a_run_that_ended_before_its_execution_keeps_its_reason() -> None:
    world = welcomed()
    world.tell(withdrew())
    world.finisher().finish(world.run("welcome"), {"status": "ABORTED"}, LATER)
    assert (world.run("welcome").reason, world.run("welcome").ended_at) == ("consent_withdrawn", NOW)


@pytest.mark.parametrize("killed_at", range(1, 7))
def test_finishing_is_cut_off_anywhere_and_done_again(killed_at: int) -> None:
    world = welcomed()
    with pytest.raises(Crashed):
        world.finisher(Fuse(killed_at)).finish(world.run("welcome"), {"status": "SUCCEEDED"}, NOW)
    for _ in range(2):
        world.finisher().finish(world.run("welcome"), {"status": "SUCCEEDED"}, LATER)
    assert world.run("welcome").ended == "completed"
    assert world.contact().runs == {}


def test_a_journey_that_the_shop_has_taken_out_still_ends_its_runs() -> None:
    world = welcomed()
    finisher = Finisher(
        journeys={}, profiles=world.profiles, runs=world.runs, contacts=world.contacts, sends=world.sends
    )
    finisher.finish(world.run("welcome"), {"status": "SUCCEEDED"}, LATER)
    assert world.contact().runs == {}


def test_the_mail_at_which_a_run_failed_is_in_the_ledger() -> None:
    world = welcomed()
    world.send(world.run("welcome"), "greeting")
    run, due = world.run("welcome"), NOW + 4 * DAY
    for _ in range(2):
        world.finisher().finish(run, {"status": "FAILED", "error": "SendFailed"}, due)
    kept = world.sends.load(run.profile_id, run.send_id("favourites"))
    assert kept is not None
    assert (kept.outcome, kept.reason, kept.at) == ("failed", "gave_up", due)
    assert world.sends.load(run.profile_id, run.send_id("last_call")) is None


def test_a_mail_that_ses_would_not_take_until_the_run_failed_is_in_the_ledger() -> None:
    world = welcomed()
    with patch.object(world.mailer, "send", side_effect=RetryLater("ThrottlingException")), pytest.raises(RetryLater):
        world.send(world.run("welcome"), "greeting")
    run = world.run("welcome")
    world.finisher().finish(run, {"status": "FAILED", "error": "SendFailed"}, LATER)
    kept = world.sends.load(run.profile_id, run.send_id("greeting"))
    assert kept is not None
    assert (kept.outcome, kept.reason) == ("failed", "gave_up")


def test_a_mail_that_was_claimed_when_the_run_failed_may_have_gone_out() -> None:
    world = welcomed()
    run = world.run("welcome")
    world.contacts.claim(run.contact_id, Claim(run_id=run.run_id, send_id=run.send_id("greeting"), at=NOW))
    world.finisher().finish(run, {"status": "FAILED", "error": "SendFailed"}, LATER)
    kept = world.sends.load(run.profile_id, run.send_id("greeting"))
    assert kept is not None
    assert (kept.outcome, kept.reason) == ("unknown", "interrupted")


def test_a_mail_that_was_claimed_after_one_that_was_interrupted_may_have_gone_out_too() -> None:
    world = welcomed()
    run = world.run("welcome")
    world.contacts.claim(run.contact_id, Claim(run_id=run.run_id, send_id=run.send_id("greeting"), at=NOW))
    world.send(run, "greeting")
    world.contacts.claim(run.contact_id, Claim(run_id=run.run_id, send_id=run.send_id("favourites"), at=NOW))
    world.finisher().finish(run, {"status": "FAILED", "error": "SendFailed"}, LATER)
    assert [(send.step, send.outcome, send.reason) for send in world.sends.kept.values()] == [
        ("greeting", "unknown", "interrupted"),
        ("favourites", "unknown", "interrupted"),
    ]


def test_the_mail_at_which_a_run_failed_after_one_that_was_interrupted_is_in_the_ledger_once() -> None:
    """And none is that was yet to come: the next mail's own time tells how far the run had come."""
    world = welcomed()
    run = world.run("welcome")
    claim = Claim(run_id=run.run_id, send_id=run.send_id("greeting"), at=NOW, next_due=NOW + 3 * DAY)
    world.contacts.claim(run.contact_id, claim)
    world.send(run, "greeting")
    for killed_at in (*range(1, 11), None):
        with suppress(Crashed):
            world.finisher(Fuse(killed_at)).finish(run, {"status": "FAILED", "error": "SendFailed"}, NOW + 3 * DAY)
    assert [(send.step, send.outcome, send.reason) for send in world.sends.kept.values()] == [
        ("greeting", "unknown", "interrupted"),
        ("favourites", "failed", "gave_up"),
    ]


@pytest.mark.parametrize(
    ("claimed", "line"),
    [(False, ("greeting", "skipped", "run_ended")), (True, ("greeting", "unknown", "interrupted"))],
)
def test_the_mail_at_which_somebody_has_stopped_the_execution_is_in_the_ledger(
    *, claimed: bool, line: tuple[str, str, str]
) -> None:
    world = welcomed()
    run = world.run("welcome")
    if claimed:
        world.contacts.claim(run.contact_id, Claim(run_id=run.run_id, send_id=run.send_id("greeting"), at=NOW))
    for killed_at in (*range(1, 11), None):
        with suppress(Crashed):
            world.finisher(Fuse(killed_at)).finish(run, {"status": "ABORTED"}, LATER)
    assert [(send.step, send.outcome, send.reason) for send in world.sends.kept.values()] == [line]


def sent_by_a_function_that_fails_for_ever_after() -> World:
    """SES has taken the greeting and told of it; its function never came to write the ledger."""
    world = welcomed()
    with patch.object(world.sends, "record", side_effect=Crashed), pytest.raises(Crashed):
        world.send(world.run("welcome"), "greeting")
    (mail,) = world.mailer.sent
    tags = {name: [getattr(mail, name)] for name in SEND_TAGS}
    mailed = {"messageId": "m-1", "timestamp": format_moment(NOW), "tags": tags}
    world.feedback().take({"eventType": "Send", "mail": mailed}, NOW)
    return world


@pytest.mark.parametrize("killed_at", [None, *range(1, 11)])
def test_a_run_that_failed_after_ses_took_a_mail_has_not_failed_at_the_next(killed_at: int | None) -> None:
    world = sent_by_a_function_that_fails_for_ever_after()
    run, failed = world.run("welcome"), {"status": "FAILED", "error": "SendFailed"}
    with suppress(Crashed):
        world.finisher(Fuse(killed_at)).finish(run, failed, LATER)
    for _ in range(2):
        world.finisher().finish(run, failed, LATER)
    assert [(send.step, send.outcome) for send in world.sends.kept.values()] == [("greeting", "sent")]
    assert (world.run("welcome").ended, world.contact().runs) == ("failed", {})
