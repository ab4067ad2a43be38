"""The pace: no second holds more places than SES's rate, the quota is kept, and the brake stops marketing alone."""

from collections import Counter
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from homing.adapters.pace import MEASURED_EVERY, TablePace
from homing.adapters.table import Table
from homing.domain.moments import HOUR, SECOND
from homing.ports import NoSlot, Pacing, Slot

NOON = 1_700_000_000_000


@pytest.fixture
def pace(table: Table) -> TablePace:
    return TablePace(table, rate=10)


def places(pace: TablePace, moments: list[int]) -> list[int]:
    taken = [pace.reserve(moment, marketing=True) for moment in moments]
    assert all(isinstance(place, Slot) for place in taken)
    return [place.at for place in taken if isinstance(place, Slot)]


def test_half_a_second_of_mails_goes_at_once_and_the_others_at_the_beginning_of_seconds_to_come(
    pace: TablePace,
) -> None:
    """Wait states know no milliseconds. The half of the next second is left out, for this one may end in a rush."""
    taken = places(pace, [NOON + 700] * 25)
    assert taken == [NOON + 700] * 5 + [NOON + SECOND] * 5 + [NOON + 2 * SECOND] * 10 + [NOON + 3 * SECOND] * 5


def test_who_comes_while_there_is_a_queue_joins_its_end(pace: TablePace) -> None:
    places(pace, [NOON] * 25)
    assert places(pace, [NOON + 1_500] * 6) == [NOON + 3 * SECOND] * 5 + [NOON + 4 * SECOND]


def test_once_the_queue_has_gone_mails_go_at_once_again(pace: TablePace) -> None:
    places(pace, [NOON] * 12)
    assert places(pace, [NOON + 2_400] * 4) == [NOON + 2_400] * 3 + [NOON + 3 * SECOND]


def test_a_place_that_nobody_took_is_not_kept_for_later(pace: TablePace) -> None:
    assert places(pace, [NOON, *[NOON + HOUR] * 6]) == [NOON, *[NOON + HOUR] * 5, NOON + HOUR + SECOND]


def test_two_functions_never_get_the_same_place(table: Table) -> None:
    one, other = TablePace(table, rate=10), TablePace(table, rate=10)
    taken = [place for _ in range(11) for pace in (one, other) for place in places(pace, [NOON])]
    assert taken == [NOON] * 5 + [NOON + SECOND] * 5 + [NOON + 2 * SECOND] * 10 + [NOON + 3 * SECOND] * 2


def test_one_mail_a_second_is_one_in_whatever_second(table: Table) -> None:
    pace = TablePace(table, rate=1)
    assert places(pace, [NOON + 900] * 3) == [NOON + SECOND, NOON + 2 * SECOND, NOON + 3 * SECOND]


@settings(max_examples=20, deadline=None)
@given(rate=st.sampled_from([1, 2, 3, 14, 15, 500]), pauses=st.lists(st.integers(0, 400), min_size=1, max_size=60))
def test_no_second_holds_more_places_than_the_rate(
    new_table: Callable[[], Table], rate: int, pauses: list[int]
) -> None:
    pace = TablePace(new_table(), rate)
    moments = [NOON + sum(pauses[: number + 1]) for number in range(len(pauses))]
    taken = places(pace, moments)
    assert all(place >= moment for place, moment in zip(taken, moments, strict=True))
    assert all(sum(start <= at < start + SECOND for at in taken) <= rate for start in taken)


@pytest.mark.parametrize("rate", [14, 500])
def test_under_pressure_every_second_of_a_queue_is_used_to_at_least_95_percent(pace: TablePace, rate: int) -> None:
    pace.measure(rate, None, NOON)
    taken = Counter(places(pace, [NOON] * (2 * rate + 1)))
    assert rate * 0.95 <= taken[NOON + 2 * SECOND] <= rate
    assert taken.total() == 2 * rate + 1


def test_the_measured_rate_takes_the_place_of_the_configured_one(pace: TablePace) -> None:
    places(pace, [NOON - HOUR])
    pace.measure(2, None, NOON)
    assert places(pace, [NOON] * 4) == [NOON, NOON + SECOND, NOON + 2 * SECOND, NOON + 2 * SECOND]


def test_an_earlier_measurement_that_comes_late_changes_nothing(pace: TablePace) -> None:
    pace.measure(2, 7, NOON)
    pace.measure(100, 900, NOON - 1)
    assert pace.load() == Pacing(room=7, measured_at=NOON)


def test_the_quota_is_used_up_and_waits_for_the_next_measurement(pace: TablePace) -> None:
    pace.measure(10, 2, NOON)
    assert len(places(pace, [NOON] * 2)) == 2
    assert pace.reserve(NOON, marketing=True) == NoSlot("quota", NOON + MEASURED_EVERY)
    assert pace.reserve(NOON, marketing=False) == NoSlot("quota", NOON + MEASURED_EVERY)
    pace.measure(10, 1, NOON + HOUR)
    assert places(pace, [NOON + HOUR]) == [NOON + HOUR]


def test_where_the_measurement_is_overdue_one_asks_again_soon_and_not_at_once(pace: TablePace) -> None:
    pace.measure(10, 0, NOON)
    held = pace.reserve(NOON + HOUR, marketing=True)
    assert isinstance(held, NoSlot)
    assert NOON + HOUR < held.until <= NOON + HOUR + MEASURED_EVERY


def test_a_quota_without_an_end_is_never_used_up(pace: TablePace) -> None:
    pace.measure(1000, None, NOON)
    places(pace, [NOON] * 30)
    assert pace.load().room is None


def test_the_brake_stops_marketing_and_nothing_else(pace: TablePace) -> None:
    pace.brake("bounces", NOON)
    assert pace.reserve(NOON, marketing=True) == NoSlot("braked", NOON + HOUR)
    assert pace.reserve(NOON, marketing=False) == Slot(NOON)


def test_the_first_reason_of_a_brake_stays_until_a_person_releases_it(pace: TablePace) -> None:
    pace.brake("bounces", NOON)
    pace.brake("complaints", NOON + 1)
    assert pace.load() == Pacing(brake="bounces", braked_at=NOON)
    pace.release(NOON + 2)
    assert pace.load() == Pacing(released_at=NOON + 2)
    assert pace.reserve(NOON + 2, marketing=True) == Slot(NOON + 2)


def test_a_measurement_releases_no_brake(pace: TablePace) -> None:
    pace.brake("complaints", NOON)
    pace.measure(14, 100, NOON + 1)
    assert pace.load() == Pacing(room=100, measured_at=NOON + 1, brake="complaints", braked_at=NOON)


def test_nothing_is_known_before_anybody_has_measured(pace: TablePace) -> None:
    assert pace.load() == Pacing()
    places(pace, [NOON])
    assert pace.load() == Pacing()
