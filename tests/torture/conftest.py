"""The stage of the torture, deployed and warmed once, on which each trial runs in a child of its own."""

from collections.abc import Callable, Iterator

import pytest

from local.cloud import Cloud
from local.torture.forks import ChildFailed, in_children
from local.torture.plants import Plant
from local.torture.stage import opened
from local.torture.trial import Verdict, case_of, try_case

TrySeeds = Callable[..., Iterator[Verdict]]


@pytest.fixture(scope="module")
def stage() -> Iterator[Cloud]:
    with opened() as cloud:
        yield cloud


@pytest.fixture
def try_seeds(stage: Cloud) -> TrySeeds:
    """The verdicts on seeds, two at a time, with a bug planted or without."""

    def tried(*numbers: int, plant: Plant | None = None) -> Iterator[Verdict]:
        def work(number: int) -> Verdict:
            if plant is None:
                return try_case(stage, case_of(number))
            stage.functions.alter(plant)
            return try_case(stage, plant.case_of(number))

        for number, told in in_children(numbers, work, workers=2, bound=300):
            assert not isinstance(told, ChildFailed), f"seed {number}: {told}"
            yield told

    return tried
