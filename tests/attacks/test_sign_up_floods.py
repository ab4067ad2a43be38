"""A sign-up form is open to everybody: what floods of it may do to those whose addresses are typed into it."""

from contextlib import suppress
from itertools import pairwise, product

import pytest

from homing.domain.events import Event
from homing.domain.ids import alias_id
from homing.domain.moments import DAY, HOUR, MINUTE, SECOND, Moment
from homing.errors import RunEnded
from tests.fakes.stories import NOW, happened, signed_up, withdrew
from tests.fakes.world import World

VICTIM = "victim@example.com"
SPELLINGS = [
    "victim@example.com",
    "Victim@example.com",
    "VICTIM@EXAMPLE.COM",
    "victim@Example.Com",
    "  victim@example.com ",
    "vIcTiM@eXaMpLe.CoM",
]


def let_go(world: World, now: Moment) -> None:
    """Every confirmation that goes on tries to send its mail, and ends."""
    for run in [run for run in world.runs.kept.values() if run.ended is None]:
        with suppress(RunEnded):
            world.send(run, "ask", now)
        world.finisher().finish(run, {"status": "SUCCEEDED"}, now)


def asks(email: str, at: Moment, user: str) -> Event:
    return signed_up(at, email=email, user=user).with_proof_wanted()


def mails_to(world: World, address: str = VICTIM) -> int:
    return sum(mail.to.strip().casefold() == address for mail in world.mailer.sent)


@pytest.mark.parametrize("after_each", [True, False], ids=["one-by-one", "all-at-once"])
def test_five_hundred_sign_ups_of_one_address_bring_it_one_mail(*, after_each: bool) -> None:
    world = World()
    for number in range(500):
        at = NOW + number * SECOND
        world.tell(asks(SPELLINGS[number % len(SPELLINGS)], at, f"user-{number}"), now=at)
        if after_each:
            let_go(world, at)
    let_go(world, NOW + HOUR)
    assert mails_to(world) == 1


def test_a_flood_costs_one_execution_a_day() -> None:
    world = World()
    for number in range(50):
        at = NOW + number * SECOND
        world.tell(asks(VICTIM, at, f"user-{number}"), now=at)
        let_go(world, at)
    assert len(world.executions.inputs) == 1


def test_a_flood_that_goes_on_for_days_brings_one_mail_a_day_at_most() -> None:
    world = World()
    for day, number in product(range(5), range(20)):
        at = NOW + day * DAY + number * MINUTE
        world.tell(asks(VICTIM, at, f"user-{day}-{number}"), now=at)
        let_go(world, at)
    moments = sorted(send.at for send in world.sends.kept.values() if send.outcome == "sent")
    assert mails_to(world) == len(moments) == 5
    assert all(later - earlier >= DAY for earlier, later in pairwise(moments))


def newcomer(number: int, at: Moment) -> Event:
    """One device signs up another address each time."""
    address = {"email": f"victim.{number}@example.com"}
    event = happened(at=at, user=None, anonymous_id="device", traits=address, consent={"marketing": True})
    return event.with_proof_wanted()


def test_two_hundred_addresses_in_one_name_bring_the_question_and_that_to_a_corrected_address() -> None:
    world = World()
    for number in range(200):
        at = NOW + number * SECOND
        world.tell(newcomer(number, at), now=at)
        let_go(world, at)
    assert len(world.mailer.sent) == 2


def test_an_address_a_day_in_one_name_is_corrected_twice_in_all() -> None:
    world = World()
    for number in range(20):
        at = NOW + number * DAY
        world.tell(newcomer(number, at), now=at)
        let_go(world, at)
    assert len(world.mailer.sent) == 3


def test_two_hundred_addresses_in_one_name_each_newly_agreed_to_bring_no_more_than_two_mails_a_day() -> None:
    world = World()
    for number in range(200):
        at = NOW + number * MINUTE
        world.tell(asks(f"victim.{number}@example.com", at, "ada").model_copy(update={"agreed_at": at}), now=at)
        let_go(world, at)
    assert len(world.mailer.sent) <= 2


def test_one_address_newly_agreed_to_every_hour_is_asked_once_a_day() -> None:
    world = World()
    for hour in range(3 * 24):
        at = NOW + hour * HOUR
        world.tell(asks(VICTIM, at, "ada").model_copy(update={"agreed_at": at}), now=at)
        let_go(world, at)
    assert mails_to(world) == 3


def test_withdrawing_between_two_hundred_addresses_brings_no_more_than_two_mails_a_day() -> None:
    world = World()
    for number in range(200):
        at = NOW + number * MINUTE
        world.tell(withdrew(at), now=at)
        world.tell(asks(f"victim.{number}@example.com", at + SECOND, "ada"), now=at + SECOND)
        let_go(world, at + SECOND)
    assert len(world.mailer.sent) <= 2


def test_an_address_that_has_confirmed_is_asked_by_nobody_elses_sign_up() -> None:
    world = World()
    world.tell(signed_up(NOW, email=VICTIM, user="victim", confirmed_at=NOW).with_proof_wanted())
    for number in range(20):
        world.tell(asks(VICTIM, NOW + number * HOUR, f"user-{number}"), now=NOW + number * HOUR)
    let_go(world, NOW + DAY)
    assert mails_to(world) <= 1
    assert world.contacts.contacts
    assert world.record(alias_id("user", "victim")).facts.agrees_to("marketing")


@pytest.mark.parametrize("reason", ["bounced", "complained"])
def test_a_suppressed_address_is_never_asked(reason: str) -> None:
    world = World()
    world.tell(asks(VICTIM, NOW, "first"))
    for contact in list(world.contacts.contacts):
        world.contacts.suppress(contact, reason)
    world.tell(asks(VICTIM, NOW + HOUR, "second"), now=NOW + HOUR)
    let_go(world, NOW + HOUR)
    assert mails_to(world) == 0
