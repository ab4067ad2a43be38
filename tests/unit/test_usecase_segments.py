"""The scheduled look: at those whose membership changes now, at no others, and safe to stop anywhere."""

from collections.abc import Callable
from dataclasses import dataclass
from itertools import count
from unittest.mock import patch

import pytest

from homing.domain.generation import Generation
from homing.domain.ids import alias_id, due_shard
from homing.domain.moments import DAY, HOUR
from homing.domain.record import ProfileRecord
from homing.errors import Conflict
from homing.usecases.segments import PAGE, Refreshed
from tests.fakes.crashes import Crashed, Fuse
from tests.fakes.ports import FakeProfiles
from tests.fakes.stories import NOW, bought, put_in_cart, signed_up
from tests.fakes.world import ADA, World

RULES: dict[str, dict[str, object]] = {
    "first_time": {"orders.count": {"at_least": 1, "at_most": 1}, "orders.last_at": {"within": "30 days"}},
    "one_time": {"orders.count": {"at_least": 1, "at_most": 1}, "orders.last_at": {"longer_ago_than": "30 days"}},
    "lapsed": {"orders.last_at": {"longer_ago_than": "90 days"}},
    "cart_abandoners": {"cart.changed_at": {"longer_ago_than": "1 hour", "within": "30 days"}},
}
FIRST_CHANGE = NOW + 30 * DAY
USERS_OF_ONE_SHARD = [
    user for user in (f"shopper {n}" for n in range(5 * PAGE)) if due_shard(alias_id("user", user)) == 1
]


def shop() -> World:
    """Nobody yet, and these rules."""
    rules = {name: {"all": [{fact: tests} for fact, tests in rule.items()]} for name, rule in RULES.items()}
    return World(own=Generation(number=0, rules={"segments": rules}))


def first_time_buyers(number: int) -> World:
    """Shoppers of one shard who bought at NOW; each ceases to be a first-time customer after thirty days."""
    world = shop()
    for user in USERS_OF_ONE_SHARD[:number]:
        event = bought(user=user)
        world.fold(event.alias, [event])
    return world


def members(world: World, segment: str) -> int:
    return sum(segment in record.segments for record in world.profiles.records.values())


def test_before_the_moment_nothing_is_read_and_nothing_changes() -> None:
    world = first_time_buyers(3)
    assert world.refresh(FIRST_CHANGE - 1) == Refreshed()
    assert world.due.read == []
    assert members(world, "first_time") == 3


def test_at_the_moment_memberships_change_and_the_next_moment_is_arranged() -> None:
    world = first_time_buyers(3)
    assert world.refresh(FIRST_CHANGE) == Refreshed(due_rows=3, profiles=3, changed=3)
    assert (members(world, "first_time"), members(world, "one_time")) == (0, 3)
    assert {moment for moment, _ in world.due.armed} == {NOW + 90 * DAY}


def test_profiles_are_written_in_the_order_of_the_index_so_that_every_process_does_the_same() -> None:
    world = first_time_buyers(40)
    written: list[str] = []

    def keep(profiles: FakeProfiles, record: ProfileRecord) -> None:
        written.append(record.profile_id)
        save(profiles, record)

    save = FakeProfiles.save
    with patch.object(FakeProfiles, "save", keep):
        world.refresh(FIRST_CHANGE)
    assert written == sorted(alias_id("user", user) for user in USERS_OF_ONE_SHARD[:40])


def test_only_those_who_are_due_are_read() -> None:
    world = first_time_buyers(1)
    later = bought(NOW + DAY, user="later")
    world.fold(later.alias, [later], NOW + DAY)
    world.refresh(FIRST_CHANGE)
    assert {profile_id for _, profile_id in world.due.read} == {alias_id("user", USERS_OF_ONE_SHARD[0])}


def test_looking_late_comes_to_what_looking_in_time_would_have_come_to() -> None:
    in_time, late = first_time_buyers(1), first_time_buyers(1)
    for day in range(120):
        in_time.refresh(NOW + day * DAY)
    late.refresh(NOW + 119 * DAY)
    [early_record], [late_record] = in_time.profiles.records.values(), late.profiles.records.values()
    assert late_record.segments.keys() == {"one_time", "lapsed"}
    assert late_record.segments == early_record.segments
    assert late_record.due_at == early_record.due_at
    assert late.due.armed == in_time.due.armed


def test_a_stale_moment_is_taken_away_and_writes_nothing() -> None:
    world = first_time_buyers(1)
    [record] = world.profiles.records.values()
    world.due.arm([(NOW + 1, record.profile_id)])
    assert world.refresh(NOW + 1) == Refreshed(due_rows=1, profiles=1)
    assert list(world.profiles.records.values()) == [record]
    assert world.due.armed == {(FIRST_CHANGE, record.profile_id)}


def test_a_moment_of_nobody_is_taken_away() -> None:
    world = shop()
    world.due.arm([(NOW, "nobody")])
    assert world.refresh(NOW) == Refreshed(due_rows=1)
    assert world.due.armed == set()
    assert world.profiles.records == {}


def test_more_than_a_page_is_looked_at_in_one_go() -> None:
    world = first_time_buyers(PAGE + 5)
    assert world.refresh(FIRST_CHANGE) == Refreshed(PAGE + 5, PAGE + 5, PAGE + 5)


def test_what_is_over_the_limit_waits_for_the_next_schedule() -> None:
    world = first_time_buyers(PAGE + 5)
    assert world.refresh(FIRST_CHANGE, limit=PAGE) == Refreshed(PAGE, PAGE, PAGE, more=True)
    assert world.refresh(FIRST_CHANGE) == Refreshed(5, 5, 5)


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
    assert world.refresh(FIRST_CHANGE).changed == 1
    [record] = world.profiles.records.values()
    assert record.facts.cart.size == 2
    assert "one_time" in record.segments


def test_a_profile_that_others_keep_writing_stays_due() -> None:
    world = first_time_buyers(1)
    world.profiles = Contended(records=world.profiles.records, times=100)
    with pytest.raises(Conflict):
        world.refresh(FIRST_CHANGE)
    world.profiles = FakeProfiles(records=world.profiles.records)
    assert world.refresh(FIRST_CHANGE).changed == 1


def test_stopping_anywhere_and_starting_again_is_safe() -> None:
    kills = 0
    for killed_at in range(1, 60):
        world = first_time_buyers(2)
        try:
            world.refresh(FIRST_CHANGE, fuse=Fuse(killed_at))
        except Crashed:
            kills += 1
        world.refresh(FIRST_CHANGE + HOUR)
        assert members(world, "one_time") == 2
        assert world.due.armed == {(NOW + 90 * DAY, record) for record in world.profiles.records}
    assert 12 < kills < 59


def test_an_event_that_puts_the_change_off_needs_no_look_at_the_old_moment_but_bears_one() -> None:
    world = shop()
    world.tell(signed_up(), put_in_cart(NOW), now=NOW)
    world.tell(put_in_cart(NOW + HOUR // 2), now=NOW + HOUR // 2)
    world.refresh(NOW + HOUR)
    assert "cart_abandoners" not in world.record(ADA).segments
    world.refresh(NOW + HOUR + HOUR // 2)
    assert "cart_abandoners" in world.record(ADA).segments


def cart_touched_again() -> World:
    """A cart that would have been left since NOW + HOUR, had it not been touched half an hour later."""
    world = shop()
    for at in (NOW, NOW + HOUR // 2):
        world.tell(put_in_cart(at), now=at)
    assert world.record().due_at == NOW + HOUR
    return world


PUT_OFF_TO = NOW + HOUR + HOUR // 2


def test_a_moment_that_has_been_put_off_is_arranged_anew_and_the_profile_is_not_written() -> None:
    world = cart_touched_again()
    before = world.record()
    assert world.refresh(NOW + HOUR) == Refreshed(due_rows=1, profiles=1)
    assert world.record() == before
    assert world.due.armed == {(PUT_OFF_TO, ADA)}
    assert world.refresh(PUT_OFF_TO).changed == 1
    assert world.record().segments["cart_abandoners"] == PUT_OFF_TO


def test_an_event_after_a_moment_was_put_off_arranges_its_own() -> None:
    world = cart_touched_again()
    world.refresh(NOW + HOUR)
    at = NOW + HOUR + HOUR // 4
    world.tell(put_in_cart(at), now=at)
    assert world.record().due_at == at + HOUR
    world.refresh(PUT_OFF_TO)
    assert "cart_abandoners" not in world.record().segments
    world.refresh(at + HOUR)
    assert world.record().segments["cart_abandoners"] == at + HOUR
    assert len(world.due.armed) == 1


def test_an_event_that_comes_again_after_a_moment_was_put_off_writes_nothing() -> None:
    world = shop()
    event = put_in_cart(NOW + HOUR // 2)
    world.tell(put_in_cart(NOW), event, now=NOW + HOUR // 2)
    world.refresh(NOW + HOUR)
    before, armed = world.record(), set(world.due.armed)
    world.tell(event, now=NOW + HOUR)
    assert (world.record(), world.due.armed) == (before, armed)


def kill_everywhere(make: Callable[[], World], now: int) -> list[World]:
    """The worlds in which a look at `now` was killed before or after each of its calls, and then tried again."""
    worlds = []
    for killed_at in count(1):
        world = make()
        try:
            world.refresh(now, fuse=Fuse(killed_at))
        except Crashed:
            world.refresh(now + 1)
            worlds.append(world)
        else:
            return worlds
    raise AssertionError


def test_a_look_that_only_puts_off_may_be_stopped_anywhere() -> None:
    worlds = kill_everywhere(cart_touched_again, NOW + HOUR)
    assert len(worlds) > 8
    for world in worlds:
        assert world.due.armed == {(PUT_OFF_TO, ADA)}
        world.refresh(PUT_OFF_TO)
        assert world.record().segments["cart_abandoners"] == PUT_OFF_TO


def test_two_moments_of_one_profile_are_one_look() -> None:
    world = cart_touched_again()
    world.due.arm([(NOW + HOUR + 1, ADA)])
    assert world.refresh(PUT_OFF_TO) == Refreshed(due_rows=2, profiles=1, changed=1)
    assert world.record().segments["cart_abandoners"] == PUT_OFF_TO


def test_rows_read_are_twice_those_that_change_where_the_moments_are_true() -> None:
    result = first_time_buyers(PAGE + 5).refresh(FIRST_CHANGE)
    assert result.due_rows + result.profiles == 2 * result.changed


def test_a_rule_that_fails_is_parked_and_stops_neither_other_segments_nor_other_profiles() -> None:
    world = first_time_buyers(2)
    failing = world.own.segments.by_name["first_time"].rule
    assert members(world, "first_time") == 2
    with patch.object(type(failing), "evaluate", side_effect=RuntimeError):
        parked = world.refresh(FIRST_CHANGE).parked
    assert parked["first_time"] == 2
    assert members(world, "first_time") == 2
    assert {record.parked for record in world.profiles.records.values()} == {tuple(sorted(parked))}
