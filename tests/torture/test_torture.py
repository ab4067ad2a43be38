"""The simulator of faults: it replays exactly, finds nothing in the product, and finds what is planted."""

import os
from typing import TYPE_CHECKING

import pytest

from local.torture.forks import ChildFailed, in_children
from local.torture.plants import MOST_SEEDS, PLANTS
from local.torture.stories import draw
from local.torture.sweep import LIVES, SWEEP_BOUND, sweep

if TYPE_CHECKING:
    from local.cloud import Cloud
    from tests.torture.conftest import TrySeeds


def test_a_seed_always_tells_the_same_story() -> None:
    assert draw(7) == draw(7)
    assert draw(7) != draw(8)


def test_a_seed_run_twice_is_the_very_same_run(try_seeds: "TrySeeds") -> None:
    first, second = try_seeds(3, 3)
    assert first.digest == second.digest
    assert sum(first.faults.values()) > 0


def test_nothing_is_violated_among_a_few_faults(try_seeds: "TrySeeds") -> None:
    assert [verdict.violations for verdict in try_seeds(0, 1) if verdict.violations] == []


def test_a_mail_sent_without_a_permit_is_seen(try_seeds: "TrySeeds") -> None:
    rules = {
        violation.rule for verdict in try_seeds(0, plant=PLANTS["claim_dropped"]) for violation in verdict.violations
    }
    assert rules == {"permit first"}


def test_a_child_that_hangs_is_ended_and_told_of() -> None:
    def hangs(_task: int) -> int:
        while True:
            os.sched_yield()

    ((_, told),) = in_children([1], hangs, workers=1, bound=0.2)
    assert isinstance(told, ChildFailed)


def test_what_a_child_does_stays_in_it() -> None:
    held = [1]

    def changes(task: int) -> list[int]:
        held.append(task)
        return held

    assert dict(in_children([2, 3], changes, workers=2, bound=10)) == {2: [1, 2], 3: [1, 3]}
    assert held == [1]


def test_every_plant_says_what_a_peer_did_wrong() -> None:
    assert len(PLANTS) >= 20
    assert all(plant.told.endswith(".") and "\n" not in plant.told for plant in PLANTS.values())


@pytest.mark.torture
def test_nothing_is_violated_among_many_faults(try_seeds: "TrySeeds") -> None:
    violated = {verdict.seed: verdict.violations for verdict in try_seeds(*range(100)) if verdict.violations}
    assert violated == {}


@pytest.mark.torture
@pytest.mark.parametrize("name", list(PLANTS))
def test_a_planted_bug_is_found_by_a_rule_that_it_breaks(try_seeds: "TrySeeds", name: str) -> None:
    plant = PLANTS[name]
    seen: set[str] = set()
    for verdict in try_seeds(*range(plant.seed, plant.seed + MOST_SEEDS), plant=plant):
        seen |= {violation.rule for violation in verdict.violations}
        if plant.is_found_in(verdict):
            return
    pytest.fail(f"none of {sorted(plant.breaks)} was seen to be broken, but {sorted(seen) or 'nothing'}")


@pytest.mark.torture
@pytest.mark.parametrize("journey", list(LIVES))
def test_a_death_at_any_call_violates_nothing(stage: "Cloud", journey: str) -> None:
    ((_, swept),) = in_children([journey], lambda each: sweep(stage, each), workers=1, bound=SWEEP_BOUND)
    assert not isinstance(swept, ChildFailed), str(swept)
    assert swept.violations == []
    assert swept.deaths.total() > 100
