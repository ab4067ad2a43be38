"""The active generation is one item, which the next one alone replaces."""

import pytest

from homing.adapters.generations import TableGenerations
from homing.adapters.table import Table
from homing.domain.figures import Figures
from homing.domain.generation import Generation
from homing.errors import Conflict
from local.cloud.units import WRITE_UNIT, item_size
from tests.fakes.stories import default_generation

NOON = 1_700_000_000_000
FIRST = Generation(number=1, rules={"segments": {"buyers": {"orders.count": {"at_least": 1}}}}, switched_at=NOON)
SECOND = Generation(number=2, rules={"segments": {}}, figures=Figures(computed_at=NOON, launches={"TC-1": NOON}))


@pytest.fixture
def generations(table: Table) -> TableGenerations:
    return TableGenerations(table)


def test_before_the_first_there_is_none(generations: TableGenerations) -> None:
    assert generations.active() is None


def test_a_generation_reads_back_as_it_was_switched_to(generations: TableGenerations) -> None:
    for generation in (FIRST, SECOND):
        generations.switch(generation)
        assert generations.active() == generation


@pytest.mark.parametrize("number", [0, 1, 3])
def test_only_the_next_one_replaces_the_active_one(generations: TableGenerations, number: int) -> None:
    generations.switch(FIRST)
    with pytest.raises(Conflict):
        generations.switch(Generation(number=number, rules={}))
    assert generations.active() == FIRST


def test_none_but_the_first_can_be_the_first(generations: TableGenerations) -> None:
    with pytest.raises(Conflict):
        generations.switch(SECOND)
    assert generations.active() is None


def test_another_process_reads_what_this_one_switched_to(table: Table) -> None:
    ours, theirs = TableGenerations(table), TableGenerations(table)
    ours.switch(FIRST)
    assert theirs.active() == FIRST
    ours.switch(SECOND)
    assert theirs.active() == SECOND


def test_the_default_shops_generation_is_a_small_item(generations: TableGenerations, table: Table) -> None:
    generations.switch(Generation(number=1, rules=default_generation().rules))
    item = table.get("SHOP", "GENERATION")
    assert item is not None
    assert item_size(item) <= 4 * WRITE_UNIT
