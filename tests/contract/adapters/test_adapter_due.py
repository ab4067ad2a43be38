"""The due index: what is due first comes first, and nothing before its moment."""

from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from homing.adapters.due import TableDue
from homing.adapters.table import Table
from homing.domain.moments import DAY

NOON = 1_700_000_000_000
NEAR = st.one_of(st.integers(NOON - 3, NOON + 3), st.integers(0, 4 * NOON))
PROFILES = st.text("abcxyz234567", min_size=16, max_size=16)


@pytest.fixture
def due(table: Table) -> TableDue:
    return TableDue(table)


def test_what_is_armed_is_due_at_its_moment_and_not_before(due: TableDue) -> None:
    due.arm(NOON, "p")
    assert due.until(NOON - 1, 10) == []
    assert due.until(NOON, 10) == [(NOON, "p")]


def test_arming_and_disarming_twice_is_as_once(due: TableDue) -> None:
    for _ in range(2):
        due.arm(NOON, "p")
    assert due.until(NOON, 10) == [(NOON, "p")]
    for _ in range(2):
        due.disarm(NOON, "p")
    assert due.until(NOON + DAY, 10) == []


def test_disarming_one_moment_leaves_the_profiles_others(due: TableDue) -> None:
    due.arm(NOON, "p")
    due.arm(NOON + 1, "p")
    due.arm(NOON, "q")
    due.disarm(NOON, "p")
    assert due.until(NOON + 1, 10) == [(NOON, "q"), (NOON + 1, "p")]


@settings(max_examples=50)
@given(armed=st.sets(st.tuples(NEAR, PROFILES), max_size=6), moment=NEAR, limit=st.integers(1, 7))
def test_the_earliest_come_first_up_to_the_limit(
    new_table: Callable[[], Table], armed: set[tuple[int, str]], moment: int, limit: int
) -> None:
    due = TableDue(new_table())
    for entry in armed:
        due.arm(*entry)
    assert due.until(moment, limit) == sorted(entry for entry in armed if entry[0] <= moment)[:limit]
