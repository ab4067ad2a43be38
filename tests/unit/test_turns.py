"""Turns: what a state machine carries from a send step to the wait before the next."""

import json

from hypothesis import given
from hypothesis import strategies as st

from homing.domain.moments import SECOND
from homing.domain.turns import SLOT_KEPT, Turn

NOON = 1_700_000_000_123
MOMENTS = st.integers(0, 4_000_000_000_000)


@given(due_at=MOMENTS, at=MOMENTS, slot=st.one_of(st.none(), MOMENTS))
def test_a_turn_comes_back_as_it_was_told(due_at: int, at: int, slot: int | None) -> None:
    turn = Turn(due_at=due_at, at=at, slot=slot)
    assert at <= turn.at < at + SECOND
    assert Turn.model_validate(turn.told()) == turn
    assert Turn.model_validate(json.loads(turn.text())) == turn


def test_moments_are_told_as_wait_states_take_them() -> None:
    assert Turn.now(NOON).told() == {"due_at": "2023-11-14T22:13:20.123Z", "at": "2023-11-14T22:13:21Z"}


def test_what_is_due_now_may_be_tried_now_though_its_moment_is_rounded_up() -> None:
    turn = Turn.now(NOON)
    assert turn.has_come(NOON)
    assert not turn.has_come(NOON - SECOND)


def test_a_place_is_kept_for_who_comes_a_little_early_or_late_and_no_longer() -> None:
    turn = Turn.now(NOON).later(NOON, slot=NOON)
    assert [turn.holds_slot(NOON + off) for off in (-SECOND, 0, SLOT_KEPT - 1)] == [True] * 3
    assert [turn.holds_slot(NOON + off) for off in (-SECOND - 1, SLOT_KEPT)] == [False] * 2
    assert not Turn.now(NOON).holds_slot(NOON)


def test_a_mail_that_is_tried_later_is_due_as_before_and_loses_its_place() -> None:
    turn = Turn.now(NOON).later(NOON + 5, slot=NOON + 5).later(NOON + 9)
    assert turn == Turn(due_at=NOON, at=NOON + 9)
    assert turn.slot is None
