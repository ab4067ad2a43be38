"""The segments' schedule without its delay: fired at each moment that comes due."""

from typing import Any

from homing.adapters.due import PARTITION as DUE_PARTITION
from homing.adapters.due import read_due_key
from homing.domain.moments import Moment
from local.cloud import Cloud
from local.simulation.deployment import SCHEDULE


def look_exactly_when_due(cloud: Cloud) -> None:
    """Fire the segments' schedule at each moment that comes due, instead of every few minutes.

    The outcome is that of a schedule with no delay, and years of looking at nothing are saved.
    """
    cloud.disable_schedule(SCHEDULE)
    armed: set[Moment] = set()

    def fire(moment: Moment) -> None:
        armed.discard(moment)
        cloud.fire_schedule(SCHEDULE)

    def see(_table: str, record: dict[str, Any]) -> None:
        keys = record["dynamodb"]["Keys"]
        if record["eventName"] == "INSERT" and keys["pk"]["S"] == DUE_PARTITION:
            moment, _ = read_due_key(keys["sk"]["S"])
            if moment not in armed:
                armed.add(moment)
                cloud.timers.call_at(moment, lambda: fire(moment))

    cloud.observe_table(see)
