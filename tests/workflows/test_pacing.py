"""Mails keep to SES's rate and use it up, through the deployed state machine; and the bench of that can tell."""

import pytest

from bench.pacing import Pacing, paced
from homing.domain.moments import SECOND

RATE = 14


def test_a_crowd_is_greeted_at_the_rate_of_ses_and_nobody_is_left_out() -> None:
    found = paced(RATE, mails=5 * RATE)
    assert found.lost == 0
    assert found.busiest == RATE
    assert found.used >= 0.95
    assert found.holds


@pytest.mark.parametrize(
    ("moments", "busiest"),
    [([], 0), ([0, 999], 2), ([0, 1_000], 1), ([900, 950, 1_000, 1_899, 1_900], 4)],
)
def test_the_busiest_second_may_begin_at_any_moment(moments: list[int], busiest: int) -> None:
    assert Pacing(RATE, len(moments), moments).busiest == busiest


def test_the_share_that_is_used_is_that_of_the_seconds_of_the_queue() -> None:
    moments = [second * SECOND for second, mails in enumerate([1, 1, 2, 1, 2, 1]) for _ in range(mails)]
    assert Pacing(2, len(moments), moments).used == pytest.approx(5 / 6)


def test_a_mail_that_never_came_is_lost() -> None:
    assert Pacing(RATE, 3, [0, 1]).lost == 1
