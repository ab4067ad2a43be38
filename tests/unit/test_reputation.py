"""The brake: on at 4 % bounces or 0.08 % complaints of a representative volume, and only then."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from homing.domain.moments import MINUTE
from homing.domain.reputation import REPRESENTATIVE, Statistics, reason_to_brake

QUARTER, NOON = 15 * MINUTE, 1_700_000_000_000


def quarters(*counted: tuple[int, int, int]) -> list[Statistics]:
    """One quarter of an hour after the other: mails, bounces and complaints."""
    return [Statistics(NOON + number * QUARTER, *each) for number, each in enumerate(counted)]


@pytest.mark.parametrize(
    ("counted", "reason"),
    [
        ([(100, 4, 0)], "4 of the latest 100 mails bounced"),
        ([(100, 3, 0)], None),
        ([(1_000, 39, 0)], None),
        ([(1_000, 40, 0)], "40 of the latest 1,000 mails bounced"),
        ([(10_000, 0, 8)], "readers complained of 8 of the latest 10,000 mails"),
        ([(10_000, 0, 7)], None),
        ([(500, 10, 1), (500, 29, 0)], None),
        ([(500, 10, 0), (500, 30, 0)], "40 of the latest 1,000 mails bounced"),
    ],
)
def test_the_brake_is_on_at_the_limit_and_not_below(counted: list[tuple[int, int, int]], reason: str | None) -> None:
    assert reason_to_brake(quarters(*counted), 0) == reason


@pytest.mark.parametrize("counted", [[], [(0, 0, 0)], [(1, 1, 0)], [(3, 3, 0)], [(2, 0, 1)], [(1_250, 0, 1)]])
def test_a_few_mails_make_no_rate(counted: list[tuple[int, int, int]]) -> None:
    assert reason_to_brake(quarters(*counted), 0) is None


def test_what_lies_behind_a_representative_volume_is_past() -> None:
    assert reason_to_brake(quarters((5_000, 2_000, 0), (REPRESENTATIVE, 0, 0)), 0) is None
    assert reason_to_brake(quarters((5_000, 2_000, 0), (REPRESENTATIVE - 1, 0, 0)), 0) is not None


def test_after_the_release_only_what_was_counted_since_counts() -> None:
    counted = quarters((1_000, 900, 0), (1_000, 0, 0))
    assert reason_to_brake(counted, NOON) is not None
    assert reason_to_brake(counted, NOON + 1) is None


@given(
    counted=st.lists(st.tuples(st.integers(0, 4_000), st.integers(0, 90), st.integers(0, 4)), max_size=6),
    data=st.data(),
)
def test_the_order_in_which_ses_tells_makes_no_difference(
    counted: list[tuple[int, int, int]], data: st.DataObject
) -> None:
    told = quarters(*counted)
    assert reason_to_brake(data.draw(st.permutations(told)), 0) == reason_to_brake(told, 0)
