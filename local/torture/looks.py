"""The template's schedules, fired only where they would find something to do: a month of them would take most of the
time."""

from typing import TYPE_CHECKING, Any

from homing.domain.moments import WEEK, Duration, Moment, parse_moment
from local.cloud import Cloud
from local.simulation.deployment import RECONCILE_SCHEDULE

if TYPE_CHECKING:
    from local.timers import Timer


class Looks:
    """Fires one target of a schedule at the next turn at which an index's partition holds something that is due.

    As long as anything due is left there, it fires again every turn, as the schedule does.
    """

    def __init__(self, cloud: Cloud, schedule: str, target: str | None, partition: str, every: Duration) -> None:
        self._cloud = cloud
        self._schedule = schedule
        self._target = target
        self._partition = partition
        self._every = every
        self._waiting: dict[str, Moment] = {}
        self._timer: Timer | None = None
        cloud.observe_table(self._see)

    def _see(self, _table: str, record: dict[str, Any]) -> None:
        keys = record["dynamodb"]["Keys"]
        if keys["pk"]["S"] != self._partition:
            return
        sk = keys["sk"]["S"]
        if record["eventName"] == "REMOVE":
            self._waiting.pop(sk, None)
        else:
            self._waiting[sk] = parse_moment(sk.partition("#")[0])
            self._wait()

    def _wait(self) -> None:
        if not self._waiting:
            return
        now = self._cloud.timers.now()
        turn = max(-(-min(self._waiting.values()) // self._every), now // self._every + 1) * self._every
        if self._timer is not None and self._timer.waits:
            if self._timer.moment <= turn:
                return
            self._timer.cancel()
        self._timer = self._cloud.timers.call_at(turn, self._look)

    def _look(self) -> None:
        if self._waiting and min(self._waiting.values()) <= self._cloud.timers.now():
            self._cloud.fire_schedule(self._schedule, self._target)
        self._wait()


def look_at_the_account(cloud: Cloud) -> None:
    """Now, and every four weeks from now on: what SES says of the account does not change here."""
    cloud.fire_schedule(RECONCILE_SCHEDULE, "Account")
    cloud.timers.call_at(cloud.timers.now() + 4 * WEEK, lambda: look_at_the_account(cloud))


def look_only_where_due(cloud: Cloud, schedule: str, partitions: dict[str, str | None], every: Duration) -> None:
    """Replaces a schedule's turns: `partitions` maps each partition of the index to the target that looks at it."""
    cloud.disable_schedule(schedule)
    for partition, target in partitions.items():
        Looks(cloud, schedule, target, partition, every)
