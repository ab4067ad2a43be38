"""Schedules of EventBridge Scheduler, and rules of EventBridge that have a schedule, in virtual time."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Final

from homing.domain.moments import Moment, format_moment
from local.cloud.template import ACCOUNT
from local.timers import Timer, Timers

SCHEDULER: Final = "aws.scheduler"
EVENTS: Final = "aws.events"

NextMoment = Callable[[Moment], Moment | None]
"""The first moment of a schedule after this one; None where there is none any more."""


@dataclass(frozen=True)
class Target:
    """What a schedule starts, by giving it something. `input` is None for the event of the schedule's own service."""

    id: str
    give: Callable[[Any], None]
    input: str | None


@dataclass(frozen=True)
class Schedule:
    """A schedule of the template; `source` is the service that its own events come from."""

    logical_id: str
    arn: str
    source: str
    following: NextMoment
    targets: Sequence[Target]
    enabled: bool


class Schedules:
    """All schedules of a stack; each waits on the timers until it is switched off."""

    def __init__(self, timers: Timers, region: str) -> None:
        self.by_logical_id: dict[str, Schedule] = {}
        self._timers = timers
        self._region = region
        self._waiting: dict[str, Timer] = {}

    def add(self, schedule: Schedule) -> None:
        """A rate counts from the moment at which its schedule is made."""
        self.by_logical_id[schedule.logical_id] = schedule
        if schedule.enabled:
            self._wait(schedule, self._timers.now())

    def disable(self, logical_id: str) -> None:
        """Never fires by itself again."""
        self._known(logical_id)
        if timer := self._waiting.pop(logical_id, None):
            timer.cancel()

    def fire(self, logical_id: str, target_id: str | None = None) -> None:
        """Fires now, whether or not it is switched on: all its targets, or the one of that id."""
        schedule = self._known(logical_id)
        targets = [target for target in schedule.targets if target_id in (None, target.id)]
        if not targets:
            raise KeyError(f"{logical_id} has no target {target_id}")
        self._start(schedule, targets)

    def _known(self, logical_id: str) -> Schedule:
        if logical_id not in self.by_logical_id:
            raise KeyError(f"no schedule {logical_id}; there are {', '.join(self.by_logical_id) or 'none'}")
        return self.by_logical_id[logical_id]

    def _wait(self, schedule: Schedule, after: Moment) -> None:
        moment = schedule.following(after)
        if moment is not None:
            self._waiting[schedule.logical_id] = self._timers.call_at(moment, partial(self._come_due, schedule, moment))

    def _come_due(self, schedule: Schedule, moment: Moment) -> None:
        self._start(schedule, schedule.targets)
        self._wait(schedule, moment)

    def _start(self, schedule: Schedule, targets: Sequence[Target]) -> None:
        for target in targets:
            target.give(self._event(schedule, target))

    def _event(self, schedule: Schedule, target: Target) -> Any:
        time = format_moment(self._timers.now() // 1_000 * 1_000)
        if target.input is not None:
            text = target.input
            if schedule.source == SCHEDULER:
                text = text.replace("<aws.scheduler.scheduled-time>", time)
                text = text.replace("<aws.scheduler.schedule-arn>", schedule.arn)
            return _json_or_text(text)
        event: Mapping[str, Any] = {
            "version": "0",
            "id": f"{schedule.logical_id}-{time}",
            "detail-type": "Scheduled Event",
            "source": schedule.source,
            "account": ACCOUNT,
            "time": time,
            "region": self._region,
            "resources": [schedule.arn],
            "detail": "{}" if schedule.source == SCHEDULER else {},
        }
        return event


def _json_or_text(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return text
