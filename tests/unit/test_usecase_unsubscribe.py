"""The shopper says stop: at once at the contact, and soon after in the profile."""

import pytest

from homing.domain.ids import contact_id
from homing.domain.moments import HOUR, Moment
from homing.domain.unsubscribe import Subscriber
from homing.usecases.unsubscribe import unsubscribe
from tests.fakes.crashes import Crashed, Fuse
from tests.fakes.stories import NOW, happened, signed_up
from tests.fakes.world import ADA, ADDRESS, World

LATER = NOW + HOUR
LINK = Subscriber(contact_id(ADDRESS), ADA)


def welcomed() -> World:
    world = World()
    world.tell(signed_up(NOW - HOUR))
    return world


def stop(world: World, now: Moment, fuse: Fuse | None = None) -> None:
    fuse = fuse or Fuse()
    unsubscribe(
        LINK,
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


def test_a_stop_by_the_link_of_an_old_address_stops_mails_to_the_new_one_at_once() -> None:
    world = welcomed()
    world.tell(happened(at=NOW, traits={"email": "ada@elsewhere.example"}))
    assert world.contact("ada@elsewhere.example").consent
    stop(world, LATER)
    assert not world.contact().consent
    assert not world.contact("ada@elsewhere.example").consent


def test_who_stops_and_agrees_again_later_gets_mails_again() -> None:
    world = welcomed()
    stop(world, NOW)
    world.tell(*world.events.all, signed_up(LATER))
    assert world.contact().consent
    assert world.record().facts.consent["marketing"].granted


def test_who_was_erased_is_not_brought_back_by_an_old_link() -> None:
    world = World()
    stop(world, NOW)
    assert (world.contacts.contacts, world.events.kept) == ({}, {})
