"""What a shopper wishes for, and which mails they have got, goes with them from address to address."""

from functools import partial
from itertools import count

import pytest

from homing.domain.ids import contact_id
from homing.domain.moments import DAY, HOUR, WEEK, Duration, Moment
from homing.domain.permit import Claim
from homing.domain.preferences import PAUSE
from homing.domain.sending import Cap
from homing.domain.unsubscribe import Subscriber
from homing.usecases.preferences import Preferences
from tests.fakes.crashes import Ambush, Fuse
from tests.fakes.stories import NOW, happened, signed_up
from tests.fakes.world import ADA, ADDRESS, World

ELSEWHERE = "ada@elsewhere.example"
LINK = Subscriber(contact_id(ADDRESS), ADA)
DAILY = Cap(1, DAY)
MOVES = happened(at=NOW, traits={"email": ELSEWHERE})


@pytest.fixture
def world() -> World:
    world = World()
    world.tell(signed_up(NOW - HOUR))
    return world


def move(world: World, to: str = ELSEWHERE, at: Moment = NOW) -> None:
    world.fold(ADA, [happened(at=at, traits={"email": to})])


def pause(world: World, fuse: Fuse | None = None) -> None:
    fuse = fuse or Fuse()
    preferences = Preferences(fuse.guard(world.profiles), fuse.guard(world.contacts), world.events)
    standing = preferences.standing(LINK)
    if standing is not None:
        preferences.pause(LINK, standing, NOW)


def wish(world: World, address: str, at: Moment, gap: Duration | None) -> None:
    world.contacts.note_wishes(contact_id(address), gap=gap, paused_until=None, at=at)


def get_mail(world: World, address: str, at: Moment) -> bool:
    """Whether a mail may go to the address then."""
    contact = contact_id(address)
    world.contacts.add_run(contact, "run", ADA)
    return (
        world.contacts.claim(contact, Claim(run_id="run", send_id=f"s{at}", at=at, caps=(DAILY, Cap(3, WEEK)))) is None
    )


def test_a_pause_goes_with_the_shopper(world: World) -> None:
    pause(world)
    move(world)
    assert world.contact(ELSEWHERE).paused_until == NOW + PAUSE


def test_how_often_goes_with_the_shopper_and_so_does_that_it_was_taken_back(world: World) -> None:
    wish(world, ADDRESS, NOW, WEEK)
    move(world)
    assert world.contact(ELSEWHERE).gap == WEEK
    wish(world, ELSEWHERE, NOW + 2, None)
    move(world, "ada@third.example", NOW + 3)
    assert world.contact("ada@third.example").gap is None


def test_the_later_wish_counts_where_the_shopper_comes_back_to_an_address(world: World) -> None:
    wish(world, ADDRESS, NOW + 2, WEEK)
    move(world)
    wish(world, ELSEWHERE, NOW + 1, 30 * DAY)
    move(world, ADDRESS, NOW + 3)
    assert world.contact().gap == WEEK


def test_a_mail_to_the_old_address_counts_against_the_caps_at_the_new_one(world: World) -> None:
    assert get_mail(world, ADDRESS, NOW)
    move(world)
    assert not get_mail(world, ELSEWHERE, NOW + HOUR)
    assert get_mail(world, ELSEWHERE, NOW + DAY)


def test_mails_to_both_are_in_one_register_the_latest_first_and_each_once(world: World) -> None:
    assert get_mail(world, ADDRESS, NOW - 2 * DAY)
    move(world)
    assert get_mail(world, ELSEWHERE, NOW - DAY)
    move(world, ADDRESS, NOW + 1)
    assert get_mail(world, ADDRESS, NOW)
    move(world, ELSEWHERE, NOW + 2)
    assert world.contact(ELSEWHERE).recent == (NOW, NOW - DAY, NOW - 2 * DAY)


def test_an_erased_address_hands_nothing_over(world: World) -> None:
    pause(world)
    assert get_mail(world, ADDRESS, NOW + PAUSE)
    world.erasures.clear_contact(contact_id(ADDRESS))
    move(world)
    moved = world.contact(ELSEWHERE)
    assert (moved.paused_until, moved.recent) == (None, ())


def test_nobody_is_written_to_in_a_pause_that_was_asked_for_amid_a_move() -> None:
    for strikes_at in count(1):
        world = World()
        world.tell(signed_up(NOW - HOUR))
        ambush = Ambush(strikes_at, partial(pause, world))
        world.fold(ADA, [MOVES], fuse=ambush)
        if ambush.burns < strikes_at:
            return
        assert world.contact(ELSEWHERE).paused_until == world.contact().paused_until, strikes_at


def test_nor_in_one_amid_which_the_shopper_moves() -> None:
    for strikes_at in count(1):
        world = World()
        world.tell(signed_up(NOW - HOUR))
        ambush = Ambush(strikes_at, partial(world.fold, ADA, [MOVES]))
        pause(world, ambush)
        if ambush.burns < strikes_at:
            return
        assert world.contact(ELSEWHERE).paused_until == world.contact().paused_until, strikes_at
