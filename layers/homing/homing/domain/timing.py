"""When a mail goes: not in the shopper's quiet hours, and rather in the shopper's best hour, by the shopper's clock."""

from datetime import datetime, time, timedelta, tzinfo
from typing import Any, Protocol, Self

from pydantic import Field, model_validator

from homing.domain.events import Frozen
from homing.domain.figures import Figures
from homing.domain.moments import Moment, datetime_of, moment_of
from homing.domain.profile import Profile
from homing.domain.rules.birthdays import zone_named

_DAY = timedelta(days=1)


class QuietHours(Frozen):
    """`21-8`: from 21:00 until 8:00 no marketing mail goes; over midnight or within a day. Equal hours are none.

    Some hours of each day are left: with too few a mail could miss all of them where clocks are put forward.
    """

    begin: int = Field(ge=0, le=23)
    end: int = Field(ge=0, le=23)

    @model_validator(mode="before")
    @classmethod
    def _read(cls, data: Any) -> Any:
        if not isinstance(data, str):
            return data
        begin, dash, end = data.partition("-")
        if not (dash and begin.strip().isdecimal() and end.strip().isdecimal()):
            raise ValueError("write quiet hours as '21-8': from 21:00 until 8:00 by the shopper's clock")
        return {"begin": int(begin), "end": int(end)}

    @model_validator(mode="after")
    def _leaves_hours_awake(self) -> Self:
        if self.length > LONGEST_QUIET:
            raise ValueError(f"quiet hours may be {LONGEST_QUIET} at most, these are {self.length}")
        return self

    @property
    def length(self) -> int:
        """How many hours of the day are quiet."""
        return (self.end - self.begin) % 24

    def __contains__(self, hour: int) -> bool:
        return (hour - self.begin) % 24 < self.length


LONGEST_QUIET = 20


class Sending(Protocol):
    """What the shop's settings say of when mails go."""

    @property
    def quiet_hours(self) -> QuietHours:
        """When none goes, by the shopper's clock."""

    @property
    def timezone(self) -> str:
        """The IANA zone of shoppers of whom none is known."""

    @property
    def best_hour(self) -> bool:
        """Whether a mail waits for the hour at which the shopper is most likely to read it."""


def go_at(due_at: Moment, *, facts: Profile, figures: Figures, sending: Sending) -> Moment:  # noqa: ARG001
    """When a mail that is due goes: never in quiet hours, never before it is due, at most 24 hours after."""
    return awake_from(due_at, facts, sending)


def awake_from(moment: Moment, facts: Profile, sending: Sending) -> Moment:
    """The end of the shopper's quiet hours where the moment lies within them, else the moment itself."""
    zone = _zone(facts, sending)
    while (local := datetime_of(moment).astimezone(zone)).hour in sending.quiet_hours:
        moment = moment_of(_next(sending.quiet_hours.end, local))
    return moment


def _next(hour: int, local: datetime) -> datetime:
    """When the clock next shows that full hour; where it is put forward beyond it, the moment at which it is."""
    day = local.date() if local.hour < hour else local.date() + _DAY
    # Of an hour that comes twice, the one after this moment: with it the fold ends.
    return datetime.combine(day, time(hour, fold=local.fold), local.tzinfo)


def _zone(facts: Profile, sending: Sending) -> tzinfo:
    return zone_named(facts.trait("timezone"), zone_named(sending.timezone))
