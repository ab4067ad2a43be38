"""EventBridge Scheduler's schedules, in virtual time."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

from homing.domain.moments import Moment, format_moment
from local.cloud.template import ACCOUNT
from local.timers import Timer, Timers

NextMoment = Callable[[Moment], Moment | None]
"""The first moment of a schedule after this one; None where there is none any more."""


@dataclass(frozen=True)
class Schedule:
    """A schedule of the template. `start` takes its event; `input` is None for Scheduler's own."""

    logical_id: str
    arn: str
    following: NextMoment
    start: Callable[[Any], object]
    input: str | None
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

    def fire(self, logical_id: str) -> None:
        """Fires now, whether or not it is switched on."""
        schedule = self._known(logical_id)
        schedule.start(self._event(schedule))

    def _known(self, logical_id: str) -> Schedule:
        if logical_id not in self.by_logical_id:
            raise KeyError(f"no schedule {logical_id}; there are {', '.join(self.by_logical_id) or 'none'}")
        return self.by_logical_id[logical_id]

    def _wait(self, schedule: Schedule, after: Moment) -> None:
        moment = schedule.following(after)
        if moment is not None:
            self._waiting[schedule.logical_id] = self._timers.call_at(moment, partial(self._come_due, schedule, moment))

    def _come_due(self, schedule: Schedule, moment: Moment) -> None:
        schedule.start(self._event(schedule))
        self._wait(schedule, moment)

    def _event(self, schedule: Schedule) -> Any:
        time = format_moment(self._timers.now() // 1_000 * 1_000)
        if schedule.input is not None:
            text = schedule.input.replace("<aws.scheduler.scheduled-time>", time)
            text = text.replace("<aws.scheduler.schedule-arn>", schedule.arn)
            return _json_or_text(text)
        event: Mapping[str, Any] = {
            "version": "0",
            "id": f"{schedule.logical_id}-{time}",
            "detail-type": "Scheduled Event",
            "source": "aws.scheduler",
            "account": ACCOUNT,
            "time": time,
            "region": self._region,
            "resources": [schedule.arn],
            "detail": "{}",
        }
        return event


def _json_or_text(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return text
