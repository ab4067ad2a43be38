"""The best hour: told by a shopper's own days and the shop's rhythm, the same in whatever order they are told."""

from collections.abc import Iterable
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from homing.domain.events import Event
from homing.domain.hours import A_DAY, AN_OPENING, NO_HOURS, PRIOR_DAYS, Hours, best_hour, hours_of, hours_of_both
from homing.domain.moments import DAY, HOUR, MINUTE, Moment, moment_of
from homing.domain.orders import REMEMBERED_DAYS as REMEMBERED_ORDER_DAYS
from homing.domain.profile import REMEMBERED_DAYS
from tests.fakes.stories import bought, happened, profile_of

MIDNIGHT = moment_of(datetime(2026, 1, 1, tzinfo=UTC))
LONDON = ZoneInfo("Europe/London")
CLICK, OPENING, VISIT = "Email Link Clicked", "Email Opened", "Product Viewed"
ANY = range(24)
SHOP: Hours = (1, 0, 0, 0, 0, 0, 1, 3, 8, 20, 40, 60, 70, 80, 70, 60, 50, 40, 30, 20, 15, 10, 5, 2)
"""A shop to which people come at 13:00 rather than at any other hour, and to which hardly anybody comes at night."""

weights = st.lists(st.integers(0, 400), min_size=24, max_size=24).map(tuple)
some_hours = st.sets(st.integers(0, 23), min_size=1)


def on_day(day: int, hour: int, minute: int = 0) -> Moment:
    return MIDNIGHT + day * DAY + hour * HOUR + minute * MINUTE


def each_day(name: str, hour: int, days: int) -> list[Event]:
    return [happened(name, on_day(day, hour)) for day in range(days)]


def best(events: Iterable[Event], shop: Hours = SHOP, awake: Iterable[int] = ANY) -> int | None:
    return best_hour(hours_of(profile_of(*events), UTC), shop, tuple(awake))


# What a profile tells


@given(st.data())
def test_any_order_and_repetition_of_events_tells_the_same(data: st.DataObject) -> None:
    names = st.sampled_from([CLICK, OPENING, VISIT, "Order Completed"])
    moments = st.builds(on_day, st.integers(0, 40), st.integers(0, 23))
    events = [happened(name, at) for name, at in data.draw(st.lists(st.tuples(names, moments), max_size=12))]
    again = data.draw(
        st.permutations(events + data.draw(st.lists(st.sampled_from(events), max_size=4) if events else st.just([])))
    )
    assert hours_of(profile_of(*again), LONDON) == hours_of(profile_of(*events), LONDON)


def test_clicks_visits_and_orders_weigh_a_day_each_and_openings_hardly_anything() -> None:
    for event in (happened(CLICK, on_day(0, 20)), happened(VISIT, on_day(0, 20)), bought(on_day(0, 20))):
        assert hours_of(profile_of(event), UTC)[20] == A_DAY
    assert hours_of(profile_of(happened(OPENING, on_day(0, 20))), UTC)[20] == AN_OPENING


def test_a_day_counts_once_at_its_latest_moment() -> None:
    """A program that follows every link of a mail at once tells no more than a reader who follows one."""
    clicks = [happened(CLICK, on_day(0, hour)) for hour in (7, 9, 20, 20)]
    assert hours_of(profile_of(*clicks), UTC) == hours_of(profile_of(happened(CLICK, on_day(0, 20))), UTC)


def test_hours_are_those_of_the_shoppers_clock_on_the_day() -> None:
    """In London 19:00 UTC is seven in the evening in January, and eight in July."""
    july = MIDNIGHT + 190 * DAY + 19 * HOUR
    told = hours_of(profile_of(happened(CLICK, on_day(0, 19)), happened(CLICK, july)), LONDON)
    assert (told[19], told[20]) == (A_DAY, A_DAY)
    assert hours_of(profile_of(happened(CLICK, on_day(0, 19))), ZoneInfo("Asia/Kolkata"))[0] == A_DAY


def test_the_memory_is_bounded() -> None:
    """By the days that a profile remembers anyway: it keeps nothing for the sake of hours."""
    most = A_DAY * (REMEMBERED_DAYS["clicked"] + REMEMBERED_DAYS["visits"] + REMEMBERED_ORDER_DAYS)
    busy = [event for name in (CLICK, OPENING, VISIT) for event in each_day(name, 20, 60)]
    busy += [bought(on_day(day, 20)) for day in range(60)]
    assert sum(hours_of(profile_of(*busy), UTC)) == most + AN_OPENING * REMEMBERED_DAYS["opened"]


def test_of_nobody_nothing_is_told() -> None:
    assert hours_of(profile_of(), UTC) == NO_HOURS


# The best hour


def test_who_clicks_at_20h_gets_20h() -> None:
    assert best(each_day(CLICK, 20, days=8)) == 20
    assert best(each_day(CLICK, 20, days=2), shop=NO_HOURS) == 20


def test_one_visit_does_not_overturn_the_shops_rhythm() -> None:
    for hour in range(24):
        shops = best([])
        own = best(each_day(VISIT, hour, days=1))
        assert shops == 13
        assert own is not None
        assert abs(own - 13) <= 1


def test_openings_alone_hardly_move_it() -> None:
    """All that are remembered weigh no more than one visit."""
    for hour in range(24):
        opened = best(each_day(OPENING, hour, days=30))
        assert opened == best(each_day(VISIT, hour, days=1))


def test_openings_do_not_outweigh_clicks() -> None:
    assert best([*each_day(OPENING, 4, days=30), *each_day(CLICK, 20, days=8)]) == 20


@pytest.mark.parametrize("minutes", [(9 * 60 + 59, 10 * 60 + 1), (23 * 60 + 59, 1)])
def test_moments_on_both_sides_of_a_full_hour_are_one_habit(minutes: tuple[int, int]) -> None:
    """They outweigh a scattered hour with as many days as either of them alone, and one more."""
    habit = [happened(CLICK, on_day(day, 0, minutes[day % 2])) for day in range(6)]
    elsewhere = each_day(VISIT, 15, days=4)
    assert best([*habit, *elsewhere], shop=NO_HOURS) in {minute // 60 for minute in minutes}


def test_of_hours_that_are_equally_good_the_first_of_the_day_is_taken() -> None:
    assert best([happened(CLICK, on_day(0, 18)), happened(CLICK, on_day(1, 9))], shop=NO_HOURS) == 9


def test_the_shops_rhythm_counts_as_much_as_a_dozen_days_of_the_shoppers_own() -> None:
    """Of a shop to which everybody comes at noon."""
    noon: Hours = tuple(1 if hour == 12 else 0 for hour in ANY)
    evenings: Hours = tuple(A_DAY if hour == 20 else 0 for hour in ANY)
    assert best_hour(tuple((PRIOR_DAYS - 1) * weight for weight in evenings), noon, ANY) == 12
    assert best_hour(tuple((PRIOR_DAYS + 1) * weight for weight in evenings), noon, ANY) == 20


def test_nothing_known_of_shopper_nor_shop_is_no_best_hour() -> None:
    assert best([], shop=NO_HOURS) is None
    assert best([happened(CLICK, on_day(0, 3))], shop=NO_HOURS, awake=range(8, 21)) is None


@given(weights, weights, some_hours)
def test_the_best_hour_is_one_of_those_awake(own: Hours, shop: Hours, awake: set[int]) -> None:
    found = best_hour(own, shop, awake)
    assert found in awake or found is None
    if sum(own) and sum(shop) and len(awake) == 24:
        assert found is not None


@given(weights, weights, st.integers(1, 50))
def test_only_the_shares_of_the_shop_matter_not_its_size(own: Hours, shop: Hours, size: int) -> None:
    assert best_hour(own, shop, ANY) == best_hour(own, tuple(size * weight for weight in shop), ANY)


@given(weights, st.integers(0, 23))
def test_midnight_is_an_hour_like_any_other(own: Hours, turn: int) -> None:
    """Turned around the clock, the weights have the same greatest likelihood, at the hour turned as far."""
    turned = own[turn:] + own[:turn]
    first, second = best_hour(own, NO_HOURS, ANY), best_hour(turned, NO_HOURS, ANY)
    if first is not None and second is not None:
        assert best_hour(own, NO_HOURS, [first, (second + turn) % 24]) == min(first, (second + turn) % 24)


@given(weights, st.integers(0, 23))
def test_own_days_grow_into_the_place_of_the_shops(shop: Hours, hour: int) -> None:
    """A hundred times the prior at one hour leave no other."""
    own = tuple(100 * PRIOR_DAYS * A_DAY if at == hour else 0 for at in range(24))
    assert best_hour(own, shop, ANY) == hour


@given(weights, weights)
def test_hours_of_both_are_the_sums(ours: Hours, theirs: Hours) -> None:
    assert sum(hours_of_both(ours, theirs)) == sum(ours) + sum(theirs)
    assert hours_of_both(ours, theirs) == hours_of_both(theirs, ours)
