"""Schedules of every few minutes, for years: segments are looked at when they are due, mails and account once a day."""

from typing import Any

from homing.adapters.due import DUE_PREFIX, read_due_key
from homing.domain.moments import DAY, Moment
from local.cloud import Cloud
from local.simulation.deployment import RECONCILE_SCHEDULE, SCHEDULE, SHARD_TARGET


def look_exactly_when_due(cloud: Cloud) -> None:
    """Look at segments exactly when they change, and reconcile once a day.

    Where SES tells of every mail at once, the reconciliation finds nothing to do.
    """
    _reconcile_daily(cloud)
    look_at_segments_when_due(cloud)


def look_at_segments_when_due(cloud: Cloud) -> None:
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


def _reconcile_daily(cloud: Cloud) -> None:
    cloud.disable_schedule(RECONCILE_SCHEDULE)

    def fire() -> None:
        cloud.fire_schedule(RECONCILE_SCHEDULE)
        cloud.timers.call_at(cloud.timers.now() + DAY, fire)

    cloud.timers.call_at(cloud.timers.now() + DAY, fire)
