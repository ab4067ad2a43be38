"""The segments' schedule without its delay: fired at each moment that comes due."""

from typing import Any

from homing.adapters.due import DUE_PREFIX, read_due_key
from homing.domain.moments import Moment
from local.cloud import Cloud
from local.simulation.deployment import SCHEDULE, SHARD_TARGET


def look_exactly_when_due(cloud: Cloud) -> None:
    """Fire the segments' schedule at each moment that comes due, for its shard alone, instead of every few minutes.

    The outcome is that of a schedule with no delay, and years of looking at nothing are saved.
    """
    cloud.disable_schedule(SCHEDULE)
    armed: set[tuple[Moment, str]] = set()

    def fire(moment: Moment, shard: str) -> None:
        armed.discard((moment, shard))
        cloud.fire_schedule(SCHEDULE, SHARD_TARGET + shard)

    def see(_table: str, record: dict[str, Any]) -> None:
        keys = record["dynamodb"]["Keys"]
        pk = keys["pk"]["S"]
        if record["eventName"] == "INSERT" and pk.startswith(DUE_PREFIX):
            moment, _ = read_due_key(keys["sk"]["S"])
            shard = pk.removeprefix(DUE_PREFIX)
            if (moment, shard) not in armed:
                armed.add((moment, shard))
                cloud.timers.call_at(moment, lambda: fire(moment, shard))

    cloud.observe_table(see)
