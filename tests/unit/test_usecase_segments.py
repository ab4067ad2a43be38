"""The scheduled look: at those whose membership changes now, at no others, and safe to stop anywhere."""

from dataclasses import dataclass

import pytest

from homing.domain.ids import alias_id
from homing.domain.moments import DAY, HOUR
from homing.domain.record import ProfileRecord
from homing.errors import Conflict
from homing.usecases.segments import PAGE, Refreshed, refresh
from tests.fakes.crashes import Crashed, Fuse
from tests.fakes.ports import FakeProfiles
from tests.fakes.stories import NOW, bought, put_in_cart, signed_up
from tests.fakes.world import ADA, World

FIRST_CHANGE = NOW + 30 * DAY


def first_time_buyers(count: int) -> World:
    """Shoppers who bought at NOW; each ceases to be a first-time customer after thirty days."""
    world = World()
    for number in range(count):
        event = bought(user=f"shopper {number}")
        world.fold(event.alias, [event])
    return world


def look(world: World, now: int, limit: int = 1_000, fuse: Fuse | None = None) -> Refreshed:
    fuse = fuse or Fuse()
    return refresh(
        due=fuse.guard(world.due),
        profiles=fuse.guard(world.profiles),
        generation=world.generation,
        now=now,
        limit=limit,
    )


def members(world: World, segment: str) -> int:
    return sum(segment in record.segments for record in world.profiles.records.values())


def test_before_the_moment_nothing_is_read_and_nothing_changes() -> None:
    world = first_time_buyers(3)
    assert look(world, FIRST_CHANGE - 1) == Refreshed()
    assert world.due.read == []
    assert members(world, "first_time") == 3


def test_at_the_moment_memberships_change_and_the_next_moment_is_arranged() -> None:
    world = first_time_buyers(3)
    assert look(world, FIRST_CHANGE) == Refreshed(looked_at=3, changed=3)
    assert (members(world, "first_time"), members(world, "one_time")) == (0, 3)
    assert {moment for moment, _ in world.due.armed} == {NOW + 90 * DAY}


def test_only_those_who_are_due_are_read() -> None:
    world = first_time_buyers(1)
    later = bought(NOW + DAY, user="later")
    world.fold(later.alias, [later], NOW + DAY)
    look(world, FIRST_CHANGE)
    assert {profile_id for _, profile_id in world.due.read} == {alias_id("user", "shopper 0")}


def test_looking_late_comes_to_what_looking_in_time_would_have_come_to() -> None:
    in_time, late = first_time_buyers(1), first_time_buyers(1)
    for day in range(120):
        look(in_time, NOW + day * DAY)
    look(late, NOW + 119 * DAY)
    [early_record], [late_record] = in_time.profiles.records.values(), late.profiles.records.values()
    assert late_record.segments.keys() == early_record.segments.keys() == {"one_time", "lapsed"}
    assert late_record.due_at == early_record.due_at
    assert late.due.armed == in_time.due.armed


def test_a_stale_moment_is_taken_away_and_writes_nothing() -> None:
    world = first_time_buyers(1)
    [record] = world.profiles.records.values()
    world.due.arm(NOW + 1, record.profile_id)
    assert look(world, NOW + 1) == Refreshed(looked_at=1)
    assert list(world.profiles.records.values()) == [record]
    assert world.due.armed == {(FIRST_CHANGE, record.profile_id)}


def test_a_moment_of_nobody_is_taken_away() -> None:
    world = World()
    world.due.arm(NOW, "nobody")
    assert look(world, NOW) == Refreshed(looked_at=1)
    assert world.due.armed == set()
    assert world.profiles.records == {}


def test_more_than_a_page_is_looked_at_in_one_go() -> None:
    world = first_time_buyers(PAGE + 5)
    assert look(world, FIRST_CHANGE) == Refreshed(looked_at=PAGE + 5, changed=PAGE + 5)


def test_what_is_over_the_limit_waits_for_the_next_schedule() -> None:
    world = first_time_buyers(PAGE + 5)
    assert look(world, FIRST_CHANGE, limit=PAGE) == Refreshed(looked_at=PAGE, changed=PAGE, more=True)
    assert look(world, FIRST_CHANGE) == Refreshed(looked_at=5, changed=5)


@dataclass
class Contended(FakeProfiles):
    """Somebody else writes the profile just before each of the next saves."""

    times: int = 0

    def save(self, record: ProfileRecord) -> None:
        if self.times:
            self.times -= 1
            other = self.load(record.profile_id)
            super().save(other.model_copy(update={"facts": other.facts.after(put_in_cart(NOW + 1), NOW)}))
        super().save(record)


def test_a_profile_that_somebody_writes_meanwhile_is_read_again() -> None:
    world = first_time_buyers(1)
    world.profiles = Contended(records=world.profiles.records, times=2)
    assert look(world, FIRST_CHANGE).changed == 1
    [record] = world.profiles.records.values()
    assert record.facts.cart.size == 2
    assert "one_time" in record.segments


def test_a_profile_that_others_keep_writing_stays_due() -> None:
    world = first_time_buyers(1)
    world.profiles = Contended(records=world.profiles.records, times=100)
    with pytest.raises(Conflict):
        look(world, FIRST_CHANGE)
    world.profiles = FakeProfiles(records=world.profiles.records)
    assert look(world, FIRST_CHANGE).changed == 1


def test_stopping_anywhere_and_starting_again_is_safe() -> None:
    kills = 0
    for killed_at in range(1, 40):
        world = first_time_buyers(2)
        try:
            look(world, FIRST_CHANGE, fuse=Fuse(killed_at))
        except Crashed:
            kills += 1
        look(world, FIRST_CHANGE + HOUR)
        assert members(world, "one_time") == 2
        assert world.due.armed == {(NOW + 90 * DAY, record) for record in world.profiles.records}
    assert 12 < kills < 40


def test_an_event_that_puts_the_change_off_needs_no_look_at_the_old_moment_but_bears_one() -> None:
    world = World()
    world.tell(signed_up(), put_in_cart(NOW), now=NOW)
    world.tell(put_in_cart(NOW + HOUR // 2), now=NOW + HOUR // 2)
    look(world, NOW + HOUR)
    assert "cart_abandoners" not in world.record(ADA).segments
    look(world, NOW + HOUR + HOUR // 2)
    assert "cart_abandoners" in world.record(ADA).segments
