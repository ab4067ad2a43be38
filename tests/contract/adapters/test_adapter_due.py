"""The due index: what is due first comes first, and nothing before its moment."""

from collections import Counter
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from homing.adapters.due import TableDue
from homing.adapters.table import Table
from homing.domain.ids import DUE_SHARDS, alias_id, due_shard
from homing.domain.moments import DAY
from homing.ports import Look

NOON = 1_700_000_000_000
NEAR = st.one_of(st.integers(NOON - 3, NOON + 3), st.integers(0, 4 * NOON))
PROFILES = st.text("abcxyz234567", min_size=16, max_size=16)


@pytest.fixture
def due(table: Table) -> TableDue:
    return TableDue(table)


def test_what_is_armed_is_due_at_its_moment_and_not_before(due: TableDue) -> None:
    due.arm([(NOON, "p")])
    assert due.until(due_shard("p"), NOON - 1, 10) == []
    assert due.until(due_shard("p"), NOON, 10) == [(NOON, "p")]


def test_arming_and_disarming_twice_is_as_once(due: TableDue) -> None:
    for _ in range(2):
        due.arm([(NOON, "p")])
    assert due.until(due_shard("p"), NOON, 10) == [(NOON, "p")]
    for _ in range(2):
        due.disarm([(NOON, "p")])
    assert due.until(due_shard("p"), NOON + DAY, 10) == []


def test_disarming_one_moment_leaves_the_profiles_others(due: TableDue) -> None:
    other = next(name for name in "qrstuv" if due_shard(name) == due_shard("p"))
    due.arm([(NOON, "p"), (NOON + 1, "p"), (NOON, other)])
    due.disarm([(NOON, "p")])
    assert due.until(due_shard("p"), NOON + 1, 10) == [(NOON, other), (NOON + 1, "p")]


def test_nothing_is_written_for_nobody(due: TableDue) -> None:
    due.arm([])
    due.disarm([])


@settings(max_examples=50)
@given(armed=st.sets(st.tuples(NEAR, PROFILES), max_size=30), moment=NEAR, limit=st.integers(1, 7))
def test_the_earliest_of_a_shard_come_first_up_to_the_limit(
    new_table: Callable[[], Table], armed: set[Look], moment: int, limit: int
) -> None:
    due = TableDue(new_table())
    due.arm(armed)
    for shard in range(DUE_SHARDS):
        looks = sorted(look for look in armed if due_shard(look[1]) == shard and look[0] <= moment)
        assert due.until(shard, moment, limit) == looks[:limit]


def test_the_shards_are_about_equally_full() -> None:
    shards = Counter(due_shard(alias_id("user", str(number))) for number in range(4_000))
    assert sorted(shards) == list(range(DUE_SHARDS))
    assert all(900 < profiles < 1_100 for profiles in shards.values())
