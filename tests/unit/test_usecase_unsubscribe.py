"""The shopper says stop: at once at the contact, and soon after in the profile."""

from functools import partial
from itertools import count

import pytest

from homing.domain.ids import alias_id, contact_id
from homing.domain.moments import HOUR, Moment
from homing.domain.unsubscribe import Subscriber
from homing.usecases.unsubscribe import unsubscribe
from tests.fakes.crashes import Ambush, Crashed, Fuse
from tests.fakes.stories import NOW, happened, signed_up
from tests.fakes.world import ADA, ADDRESS, World

LATER = NOW + HOUR
ELSEWHERE = "ada@elsewhere.example"
LINK = Subscriber(contact_id(ADDRESS), ADA)


def welcomed() -> World:
    world = World()
    world.tell(signed_up(NOW - HOUR))
    return world


def stop(world: World, now: Moment, fuse: Fuse | None = None, link: Subscriber = LINK) -> None:
    fuse = fuse or Fuse()
    unsubscribe(
        link,
        profiles=fuse.guard(world.profiles),
        contacts=fuse.guard(world.contacts),
        events=fuse.guard(world.events),
        now=now,
    )


@pytest.mark.parametrize("killed_at", range(1, 7))
def test_a_stop_that_was_cut_off_stops_at_once_or_when_pressed_again(killed_at: int) -> None:
    world = welcomed()
    fuse = Fuse(killed_at)
    with pytest.raises(Crashed):
        stop(world, NOW, fuse)
    assert world.contact().consent == (killed_at <= 5)  # before the contact was told
    stop(world, LATER)
    assert not world.contact().consent
    world.tell(*world.events.all)
    assert world.run("welcome").reason == "unsubscribed"


@pytest.mark.parametrize("killed_at", [4, 5, 6])
def test_a_stop_that_is_on_record_stops_though_nobody_presses_again(killed_at: int) -> None:
    world = welcomed()
    fuse = Fuse(killed_at)
    with pytest.raises(Crashed):
        stop(world, NOW, fuse)
    world.tell(*world.events.all)
    assert not world.contact().consent


def test_who_stops_and_agrees_again_later_gets_mails_again_once_that_is_proven() -> None:
    world = welcomed()
    stop(world, NOW)
    world.tell(*world.events.all, signed_up(LATER))
    assert not world.contact().agrees
    world.tell(signed_up(LATER, confirmed_at=LATER))
    assert world.contact().agrees
    assert world.record().facts.agrees_to("marketing")


# Wherever the shopper reads their mails

MOVES = happened(at=NOW, traits={"email": ELSEWHERE})
JOINS = happened("Product Viewed", NOW, anonymous_id="browser")
"""The message by which the history of a browser becomes part of the profile."""


def moved_before() -> World:
    """Somebody who has come to another address since the mail with the link."""
    world = welcomed()
    world.tell(happened(at=NOW - 1, traits={"email": "ada@between.example"}))
    return world


def with_a_history() -> World:
    """Somebody whose browser has a history and an address of its own, at which it has got mails."""
    world = World()
    world.tell(signed_up(NOW - 2 * HOUR, user=None, anonymous_id="browser"), signed_up(NOW - HOUR, ELSEWHERE))
    return world


def test_a_stop_by_the_link_of_an_old_address_stops_mails_to_the_new_one_at_once() -> None:
    world = welcomed()
    world.tell(MOVES)
    assert world.contact(ELSEWHERE).agrees
    stop(world, LATER)
    assert not world.contact().consent
    assert not world.contact(ELSEWHERE).agrees


def test_a_stop_goes_with_the_shopper_to_an_address_that_comes_before_the_stop_is_folded() -> None:
    world = welcomed()
    stop(world, LATER)
    world.tell(MOVES)
    assert world.record().facts.agrees_to("marketing")  # it has not heard of the stop yet
    assert not world.contact(ELSEWHERE).agrees


def test_who_agrees_after_the_stop_is_not_held_to_it_at_the_next_address() -> None:
    world = welcomed()
    stop(world, NOW)
    world.tell(*world.events.all, signed_up(LATER, confirmed_at=LATER))
    world.tell(happened(at=LATER + 1, traits={"email": ELSEWHERE}))
    assert world.contact(ELSEWHERE).agrees


def test_no_address_is_left_open_by_a_stop_amid_a_move() -> None:
    for strikes_at in count(1):
        world = moved_before()
        ambush = Ambush(strikes_at, partial(stop, world, LATER))
        world.fold(ADA, [MOVES], fuse=ambush)
        if ambush.burns < strikes_at:
            return
        assert not world.contact(ELSEWHERE).agrees, strikes_at


def test_no_address_is_left_open_by_a_move_amid_a_stop() -> None:
    for strikes_at in count(1):
        world = moved_before()
        ambush = Ambush(strikes_at, partial(world.fold, ADA, [MOVES]))
        stop(world, LATER, ambush)
        if ambush.burns < strikes_at:
            return
        assert not world.contact(ELSEWHERE).agrees, strikes_at


@pytest.mark.parametrize("stop_is_first", [True, False])
def test_no_address_is_left_open_where_a_history_joins_meanwhile(*, stop_is_first: bool) -> None:
    link = Subscriber(contact_id(ADDRESS), alias_id("anonymous", "browser"))
    for strikes_at in count(1):
        world = with_a_history()
        if stop_is_first:
            ambush = Ambush(strikes_at, partial(world.fold, ADA, [JOINS]))
            stop(world, LATER, ambush, link)
        else:
            ambush = Ambush(strikes_at, partial(stop, world, LATER, link=link))
            world.fold(ADA, [JOINS], fuse=ambush)
        if ambush.burns < strikes_at:
            return
        assert world.record().facts.trait("email") == ELSEWHERE
        assert not world.contact(ELSEWHERE).agrees, strikes_at


def test_a_stop_brings_back_no_address_that_was_erased() -> None:
    world = welcomed()
    world.tell(MOVES)
    world.erasures.clear_contact(contact_id(ELSEWHERE))
    stop(world, LATER)
    assert world.contacts.load(contact_id(ELSEWHERE)) is None


def test_who_was_erased_is_not_brought_back_by_an_old_link() -> None:
    world = World()
    stop(world, NOW)
    assert (world.contacts.contacts, world.events.kept) == ({}, {})
