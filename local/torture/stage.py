"""The deployed cloud on which every trial begins: made once, warmed, and then forked."""

import gc
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from homing.domain.moments import MINUTE, Duration
from local.cloud import Cloud
from local.simulation.deployment import FIGURES_SCHEDULE, RECONCILE_SCHEDULE, SCHEDULE, SHARD_TARGET, deployed
from local.timers import Timers, VirtualClock
from local.torture.looks import look_only_where_due
from local.torture.stories import OPENING
from local.torture.warming import WRITE_KEY, live_a_life

_SHARDS: Final = 3
_SPARES: Final = 8
_PARAMETERS: Final = {"DoubleOptIn": "yes"}


@contextmanager
def opened() -> Iterator[Cloud]:
    """The cloud with the project's template in it: streams in shards, schedules that fire where they find
    something, and every function warm.
    """
    with (
        VirtualClock(OPENING) as clock,
        deployed(Timers(clock), write_key=WRITE_KEY, metrics=True, parameters=_PARAMETERS) as cloud,
    ):
        _look_where_due(cloud, SCHEDULE, "DUE", 5 * MINUTE)
        _look_where_due(cloud, RECONCILE_SCHEDULE, "OPEN", 15 * MINUTE)
        cloud.disable_schedule(FIGURES_SCHEDULE)
        for mapping in cloud.stream_mappings:
            mapping.split(_SHARDS)
        live_a_life(cloud)
        cloud.functions.compile_all()
        cloud.functions.load_spares(_SPARES)
        gc.collect()
        gc.freeze()  # what is frozen is not looked at, so its pages stay shared after a fork
        yield cloud


def _look_where_due(cloud: Cloud, schedule: str, index: str, every: Duration) -> None:
    """Each shard of an index is looked at by a target of its own."""
    look_only_where_due(cloud, schedule, {f"{index}#{n}": f"{SHARD_TARGET}{n}" for n in range(4)}, every)
