"""What happened by the day comes out the same in whatever order it is told, and reaches back a number of days."""

from collections.abc import Iterable

from hypothesis import given
from hypothesis import strategies as st

from homing.domain.daily import Days, merged
from homing.domain.moments import DAY, HOUR

LIMIT = 3

moments = st.integers(0, 30).map(lambda step: step * 6 * HOUR)
happenings = st.lists(st.tuples(moments, st.integers(0, 9), st.integers(0, 9)), max_size=10)


def told(happened: Iterable[tuple[int, ...]], days: Days = ()) -> Days:
    for entry in happened:
        days = merged(days, (entry,), LIMIT)
    return days


@given(happenings, st.data())
def test_the_order_makes_no_difference(happened: list[tuple[int, ...]], data: st.DataObject) -> None:
    assert told(data.draw(st.permutations(happened))) == told(happened)


@given(happenings, happenings)
def test_two_histories_that_were_cut_give_what_one_would_have_given(
    ours: list[tuple[int, ...]], theirs: list[tuple[int, ...]]
) -> None:
    assert merged(told(ours), told(theirs), LIMIT) == told(ours + theirs)


@given(happenings)
def test_each_of_the_latest_days_has_its_latest_moment_and_the_sums_of_all_that_happened(
    happened: list[tuple[int, ...]],
) -> None:
    latest = sorted({moment // DAY for moment, _, _ in happened})[-LIMIT:]
    on = [[entry for entry in happened if entry[0] // DAY == day] for day in latest]
    sums = [(max(at for at, _, _ in day), sum(a for _, a, _ in day), sum(b for _, _, b in day)) for day in on]
    assert told(happened) == tuple(sums)


def test_what_is_remembered_by_its_moment_alone_has_no_sums() -> None:
    assert told([(HOUR,), (DAY + HOUR,), (DAY,)]) == ((HOUR,), (DAY + HOUR,))
