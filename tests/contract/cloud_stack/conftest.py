"""A whole small template, deployed and run: what AWS would do, the local cloud does."""

from collections.abc import Iterator

import pytest

from local.cloud import Cloud
from local.timers import Timers, VirtualClock
from tests.contract.cloud_stack.things import FIXTURE, START


@pytest.fixture
def timers() -> Iterator[Timers]:
    with VirtualClock(START) as clock:
        yield Timers(clock)


@pytest.fixture
def cloud(timers: Timers) -> Iterator[Cloud]:
    with Cloud.deploy(FIXTURE, timers=timers, seed=7) as deployed:
        deployed.disable_schedule("TickEveryHour")
        yield deployed
