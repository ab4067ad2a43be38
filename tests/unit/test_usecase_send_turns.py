"""When a mail goes: its turn, quiet hours, the cap, worthier mails, wishes, SES's pace, and a person's word."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import pytest

from homing.domain.ids import contact_id
from homing.domain.moments import DAY, HOUR, MINUTE, SECOND, parse_moment
from homing.domain.sending import Sending
from homing.domain.sends import Run
from homing.domain.turns import Turn
from homing.errors import MailRefused, MailUncertain, NotYet, RetryLater, RunEnded
from tests.fakes.ports import FakeContacts
from tests.fakes.stories import NOW, bought, happened, put_in_cart, signed_up, withdrew
from tests.fakes.world import ADA, ADDRESS, World

CONTACT = contact_id(ADDRESS)
NIGHT = parse_moment("2026-06-15T22:30:00Z")
MORNING = parse_moment("2026-06-16T07:00:00Z")
"""Eight o'clock in London, in summer."""


def world_with(**sending: Any) -> World:
    """A world whose shop sends so; at any hour unless told otherwise."""
    world = World()
    changed = Sending.model_validate({"timezone": "Europe/London", "best_hour": False, **sending})
    settings = world.shop.settings.model_copy(update={"sending": changed})
    world.shop = replace(world.shop, settings=settings)
    return world


def welcomed(world: World | None = None) -> tuple[World, Run]:
    world = world or world_with()
    world.tell(signed_up())
    return world, world.run("welcome")


def left_cart(world: World) -> Run:
    world.tell(bought(NOW - DAY), signed_up(NOW - DAY), put_in_cart(NOW - 2 * HOUR))
    return world.run("cart")


@contextmanager
def held(reason: str) -> Iterator[list[Turn]]:
    """The mail is not sent, for this reason; the turn to which it is put off."""
    turns: list[Turn] = []
    with pytest.raises(NotYet) as error:
        yield turns
    assert error.value.reason == reason
    turns.append(Turn.model_validate_json(str(error.value)))


# The next step's turn


def test_each_step_tells_when_the_next_one_is_due() -> None:
    world, run = welcomed()
    progress = world.attempt(run, "greeting")
    assert progress.next == Turn.now(NOW + 3 * DAY)
    assert world.attempt(run, "favourites", NOW + 3 * DAY, turn=progress.next).next == Turn.now(NOW + 10 * DAY)
    assert world.attempt(run, "last_call", NOW + 10 * DAY, turn=Turn.now(NOW + 10 * DAY)).next is None


def test_a_repeat_tells_the_same_turn_whenever_it_comes() -> None:
    world, run = welcomed()
    first = world.attempt(run, "greeting")
    assert world.attempt(run, "greeting", NOW + HOUR) == first


def test_a_mail_waits_for_its_turn() -> None:
    world, run = welcomed()
    with held("turn") as turns:
        world.send(run, "favourites", NOW, turn=Turn.now(NOW + DAY))
    assert turns == [Turn.now(NOW + DAY)]
    assert world.mailer.asked == 0
    assert world.sends.entries == []


def test_a_mail_that_need_not_be_prompt_waits_for_the_best_hour_and_is_then_sent() -> None:
    world = world_with(best_hour=True)
    world.tell(bought(NOW - 100 * DAY), signed_up(NOW - 100 * DAY))
    run = world.run("winback")
    with held("turn") as turns:
        world.send(run, "missing_you", NOW + 2 * HOUR)
    [turn] = turns
    assert (turn.due_at, NOW + 2 * HOUR < turn.at <= NOW + 26 * HOUR) == (NOW + 2 * HOUR, True)
    assert world.send(run, "missing_you", turn.at, turn=turn).outcome == "sent"


# Quiet hours


def test_in_quiet_hours_a_mail_waits_until_the_morning() -> None:
    world, run = welcomed()
    with held("quiet_hours") as turns:
        world.send(run, "favourites", NIGHT, turn=Turn.now(NIGHT))
    assert turns == [Turn(due_at=NIGHT, at=MORNING)]


def test_a_prompt_mail_waits_for_the_morning_as_all_do() -> None:
    world, run = welcomed()
    with held("turn") as turns:
        world.send(run, "greeting", NIGHT)
    assert turns == [Turn(due_at=NIGHT, at=MORNING)]
    assert world.send(run, "greeting", MORNING, turn=turns[0]).outcome == "sent"


def test_what_a_pause_has_held_into_the_night_waits_until_the_morning() -> None:
    world = world_with()
    run = left_cart(world)
    world.contacts.note_wishes(CONTACT, gap=None, paused_until=NIGHT + HOUR, at=NOW)
    with held("paused") as turns:
        world.send(run, "reminder", NOW)
    assert turns[0].at == MORNING


# The frequency cap, and whose mail goes first


def test_a_second_mail_within_a_day_waits_until_the_day_is_over() -> None:
    world, run = welcomed()
    world.send(run, "greeting")
    with held("frequency_cap") as turns:
        world.send(run, "favourites", NOW + HOUR, turn=Turn.now(NOW + HOUR))
    assert turns == [Turn(due_at=NOW + HOUR, at=NOW + DAY)]
    assert world.send(run, "favourites", NOW + DAY, turn=turns[0]).outcome == "sent"


@pytest.mark.parametrize("milliseconds", [1, 500, 999])
def test_a_mail_that_the_cap_holds_is_held_once_though_waits_know_no_milliseconds(milliseconds: int) -> None:
    world, run = welcomed()
    world.send(run, "greeting", NOW + milliseconds)
    with held("frequency_cap") as turns:
        world.send(run, "favourites", NOW + HOUR, turn=Turn.now(NOW + HOUR))
    wakes_at = turns[0].at // SECOND * SECOND
    assert world.send(run, "favourites", wakes_at, turn=turns[0]).outcome == "sent"


def test_what_the_cap_holds_for_longer_than_the_shops_patience_is_left_out_and_the_run_goes_on() -> None:
    world, run = welcomed(world_with(at_most={"7 days": 1}))
    world.send(run, "greeting")
    progress = world.attempt(run, "favourites", NOW + DAY, turn=Turn.now(NOW + DAY))
    assert (progress.send.outcome, progress.send.reason) == ("skipped", "frequency_cap")
    assert progress.next == Turn.now(NOW + 8 * DAY)
    assert world.contact().due == {run.run_id: NOW + 8 * DAY}
    assert world.attempt(run, "favourites", NOW + 2 * DAY) == progress
    assert world.send(run, "last_call", NOW + 8 * DAY, turn=progress.next).outcome == "sent"


def test_a_lesser_journey_yields_to_a_worthier_one_and_goes_after_it() -> None:
    world = world_with()
    cart = left_cart(world)
    winback = Run(journey="winback", profile_id=ADA, entry=str(NOW - DAY))
    world.contacts.add_run(CONTACT, winback.run_id, ADA, NOW)
    assert world.contact().due[cart.run_id] == NOW
    with held("frequency_cap") as turns:
        world.send(winback, "missing_you", NOW)
    assert turns == [Turn(due_at=NOW, at=NOW + HOUR)]
    assert world.send(cart, "reminder", NOW).outcome == "sent"
    with held("frequency_cap") as later:
        world.send(winback, "missing_you", NOW + HOUR, turn=turns[0])
    assert later == [Turn(due_at=NOW, at=NOW + DAY)]


def test_the_run_says_from_its_beginning_when_its_first_mail_is_due() -> None:
    world = world_with()
    world.tell(bought(NOW - DAY), signed_up(NOW - 10 * DAY, traits={"birthday": "1990-06-18"}))
    run = world.run("birthday")
    assert world.contact().due == {run.run_id: parse_moment("2026-06-18T09:00:00Z")}


# The shopper's own wishes


def test_a_pause_that_is_longer_than_patience_leaves_the_mail_out() -> None:
    world, run = welcomed()
    world.contacts.note_wishes(CONTACT, gap=None, paused_until=NOW + 30 * DAY, at=NOW)
    send = world.send(run, "greeting")
    assert (send.outcome, send.reason) == ("skipped", "paused")
    assert world.mailer.asked == 0


def test_who_wishes_one_mail_a_week_gets_no_more() -> None:
    world, run = welcomed(world_with(patience="30 days"))
    world.contacts.note_wishes(CONTACT, gap=7 * DAY, paused_until=None, at=NOW)
    world.send(run, "greeting")
    with held("frequency_cap") as turns:
        world.send(run, "favourites", NOW + 3 * DAY, turn=Turn.now(NOW + 3 * DAY))
    assert turns[0].at == NOW + 7 * DAY


def test_a_wish_that_comes_between_reading_and_claiming_is_not_passed_over() -> None:
    world, run = welcomed()

    class Wishing(FakeContacts):
        def claim(self, *args: Any) -> Any:
            self.note_wishes(CONTACT, gap=7 * DAY, paused_until=None, at=NOW)
            return super().claim(*args)

    world.contacts = Wishing(world.contacts.contacts, world.contacts.owners)
    with pytest.raises(RetryLater, match="changed"):
        world.send(run, "greeting")
    assert world.mailer.asked == 0


# SES's pace


def test_a_mail_for_which_ses_has_no_place_yet_waits_for_its_own_and_takes_no_other() -> None:
    world, run = welcomed()
    world.pace.next_at = NOW + 5 * SECOND
    with held("rate") as turns:
        world.send(run, "greeting")
    [turn] = turns
    assert turn == Turn(due_at=NOW, at=NOW + 5 * SECOND, slot=NOW + 5 * SECOND)
    assert world.contact().claims == {}
    assert world.send(run, "greeting", turn.at, turn=turn).outcome == "sent"
    assert world.pace.reserved == 1


def test_who_misses_the_place_takes_another() -> None:
    world, run = welcomed()
    turn = Turn(due_at=NOW, at=NOW, slot=NOW)
    assert world.send(run, "greeting", NOW + MINUTE, turn=turn).outcome == "sent"
    assert world.pace.reserved == 1


def test_a_used_up_quota_drops_nothing_however_long_it_lasts() -> None:
    world, run = welcomed()
    for day in range(6):
        now = NOW + day * DAY
        world.pace.measure(14, 0, now)
        with held("quota") as turns:
            world.send(run, "greeting", now, turn=Turn.now(NOW))
        assert now < turns[0].at <= now + 30 * MINUTE
    world.pace.measure(14, 1, NOW + 6 * DAY)
    assert world.send(run, "greeting", NOW + 6 * DAY, turn=Turn.now(NOW)).outcome == "sent"


def test_a_brake_holds_marketing_ever_longer_and_then_leaves_it_out() -> None:
    world, run = welcomed()
    world.pace.brake("bounces", NOW)
    turn, waited = Turn.now(NOW), []
    while turn.at < NOW + 3 * DAY - HOUR:
        with held("braked") as turns:
            world.send(run, "greeting", turn.at, turn=turn)
        waited.append(turns[0].at - turn.at)
        turn = turns[0]
    assert waited == sorted(waited)
    assert len(waited) < 8
    send = world.send(run, "greeting", turn.at, turn=turn)
    assert (send.outcome, send.reason, send.at) == ("skipped", "braked", NOW + 3 * DAY)


def test_a_released_brake_lets_the_mail_go() -> None:
    world, run = welcomed()
    world.pace.brake("bounces", NOW)
    with held("braked") as turns:
        world.send(run, "greeting")
    world.pace.release(NOW + MINUTE)
    assert world.send(run, "greeting", turns[0].at, turn=turns[0]).outcome == "sent"


def test_a_throttled_mail_gives_its_place_under_the_cap_back() -> None:
    world, run = welcomed()
    world.mailer.answers = [RetryLater("TooManyRequestsException")]
    with pytest.raises(RetryLater):
        world.send(run, "greeting")
    assert (world.contact().claims, world.contact().recent) == ({}, ())
    assert world.send(run, "greeting", NOW + MINUTE).outcome == "sent"


# Before the claim, every mail is noted as open


def test_a_mail_is_noted_as_open_before_it_is_claimed_and_only_then() -> None:
    world, run = welcomed()
    world.send(run, "greeting")
    assert [entry.send.send_id for entry in world.open_sends.kept.values()] == [run.send_id("greeting")]
    with held("frequency_cap"):
        world.send(run, "favourites", NOW + HOUR, turn=Turn.now(NOW + HOUR))
    assert len(world.open_sends.kept) == 1


# Definitions from before there were turns


def test_an_old_definition_sends_at_once_in_its_own_time() -> None:
    world, run = welcomed()
    assert world.send(run, "favourites", NIGHT, can_wait=False).outcome == "sent"


def test_an_old_definition_cannot_wait_for_the_cap_and_leaves_the_mail_out() -> None:
    world, run = welcomed()
    world.send(run, "greeting", can_wait=False)
    send = world.send(run, "favourites", NOW + HOUR, can_wait=False)
    assert (send.outcome, send.reason) == ("skipped", "frequency_cap")
    assert world.send(run, "last_call", NOW + DAY, can_wait=False).outcome == "sent"


def test_an_old_definition_is_retried_where_ses_has_no_place() -> None:
    world, run = welcomed()
    world.pace.next_at = NOW + MINUTE
    with pytest.raises(RetryLater):
        world.send(run, "greeting", can_wait=False)
    world.pace.measure(14, 0, NOW)
    with pytest.raises(RetryLater):
        world.send(run, "greeting", can_wait=False)
    assert world.mailer.asked == 0


# A person's word


def unknown() -> tuple[World, Run]:
    world, run = welcomed()
    world.mailer.answers = [MailUncertain("ReadTimeoutError")]
    assert world.send(run, "greeting").outcome == "unknown"
    return world, run


@pytest.mark.parametrize("run_goes_on", [True, False])
def test_an_unknown_mail_is_sent_once_more_on_a_persons_word(*, run_goes_on: bool) -> None:
    world, run = unknown()
    if not run_goes_on:
        world.contacts.remove_run(CONTACT, run.run_id, [run.send_id("greeting")])
    assert world.send(run, "greeting", NOW + 2 * DAY, again=True).outcome == "sent"
    assert world.send(run, "greeting", NOW + 4 * DAY, again=True).outcome == "sent"
    assert world.mailer.asked == 2
    assert world.sends.kept[run.send_id("greeting")].outcome == "sent"


def test_two_persons_words_at_once_send_one_mail() -> None:
    world, run = unknown()

    class Twice(FakeContacts):
        claimed = 0

        def claim(self, *args: Any) -> Any:
            self.claimed += 1
            if self.claimed == 1:
                assert world.send(run, "greeting", NOW + 2 * DAY, again=True).outcome == "sent"
            return super().claim(*args)

    world.contacts = Twice(world.contacts.contacts, world.contacts.owners)
    with pytest.raises(MailRefused, match="interrupted"):
        world.send(run, "greeting", NOW + 2 * DAY, again=True)
    assert world.mailer.asked == 2
    assert world.sends.kept[run.send_id("greeting")].outcome == "sent"


@pytest.mark.parametrize("answer", [MailRefused("MessageRejected"), MailUncertain("ReadTimeoutError")])
def test_where_ses_does_not_take_it_again_the_mail_stays_unknown(answer: Exception) -> None:
    world, run = unknown()
    world.mailer.answers = [answer]
    with pytest.raises(MailRefused):
        world.send(run, "greeting", NOW + 2 * DAY, again=True)
    assert world.sends.kept[run.send_id("greeting")].outcome == "unknown"


def test_a_persons_word_keeps_to_the_cap_and_changes_nothing() -> None:
    world, run = unknown()
    with held("frequency_cap"):
        world.send(run, "greeting", NOW + HOUR, again=True)
    assert world.sends.kept[run.send_id("greeting")].outcome == "unknown"


def test_a_persons_word_keeps_to_the_quiet_hours_and_hears_when_they_end() -> None:
    world, run = unknown()
    with held("quiet_hours") as turns:
        world.send(run, "greeting", NIGHT + 2 * DAY, can_wait=False, again=True)
    assert turns[0].at == MORNING + 2 * DAY
    assert world.sends.kept[run.send_id("greeting")].outcome == "unknown"
    assert world.send(run, "greeting", turns[0].at, can_wait=False, again=True).outcome == "sent"


@pytest.mark.parametrize("story", [withdrew(NOW + 1), bought(NOW + 1)])
def test_a_persons_word_goes_against_no_end_of_the_run(story: Any) -> None:
    world, run = unknown()
    world.tell(story)
    with pytest.raises(RunEnded):
        world.send(run, "greeting", NOW + 2 * DAY, again=True)
    assert world.mailer.asked == 1
    assert world.sends.kept[run.send_id("greeting")].outcome == "unknown"


# Tracking, and service mails


@pytest.mark.parametrize("agrees", [True, False])
def test_opens_and_clicks_are_told_only_of_who_agrees(*, agrees: bool) -> None:
    world, run = welcomed()
    world.tell(happened(at=NOW, consent={"tracking": agrees}))
    world.send(run, "greeting")
    assert world.mailer.sent[0].tracked is agrees
