"""The yearly test: days that end with a birthday, as the shopper's own calendar counts them."""

from dataclasses import dataclass
from datetime import MAXYEAR, UTC, date, datetime, timedelta, tzinfo
from functools import lru_cache
from typing import Final
from zoneinfo import ZoneInfo

from homing.domain.moments import Moment, datetime_of, moment_of
from homing.domain.rules.verdict import NEVER, SETTLED, Verdict, fails, holds
from homing.domain.rules.vocabulary import Facts

MOST_DAYS_AHEAD: Final = 363
"""So that every year has days outside the window, and one year's window ends before the next begins."""

_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class WithinNext:
    """`birthday: {within_next: 7 days}`: from the local midnight seven days before until the day ends."""

    fact: str
    days: int

    def evaluate(self, facts: Facts, at: Moment) -> Verdict:
        """Whether the day is at hand in the time zone of the fact `timezone`; UTC where that names none."""
        month_and_day: tuple[int, int] | None = facts.get(self.fact)
        if month_and_day is None:
            return NEVER
        return before_yearly_date(month_and_day, self.days, zone_named(facts.get("timezone")), at)

    def settles_at(self, _facts: Facts, /) -> Moment:
        """At once: all that moves it is the calendar."""
        return SETTLED


def before_yearly_date(month_and_day: tuple[int, int], days: int, zone: tzinfo, at: Moment) -> Verdict:
    """Whether the date is at most so many days ahead, or today, on the clocks of the zone."""
    # A window that ends on 31 December west of Greenwich is still open on 1 January in UTC.
    year = datetime_of(at).year - 1
    while year < MAXYEAR:
        day = day_in_year(*month_and_day, year)
        end = start_of_day(day + _DAY, zone)
        if at < end:
            start = start_of_day(day - days * _DAY, zone)
            return holds(until=end) if at >= start else fails(until=start)
        year += 1
    return NEVER


def day_in_year(month: int, day: int, year: int) -> date:
    """The day on which a yearly date falls; 29 February falls on 1 March where the year has none."""
    try:
        return date(year, month, day)
    except ValueError:
        if (month, day) != (2, 29):
            raise
        return date(year, 3, 1)


@lru_cache(maxsize=1 << 14)
def start_of_day(day: date, zone: tzinfo) -> Moment:
    """The moment at which the zone's clocks first show the day; where they skip midnight, the skip itself."""
    return moment_of(datetime(day.year, day.month, day.day, tzinfo=zone))


@lru_cache(maxsize=1024)
def zone_named(name: str | None, otherwise: tzinfo = UTC) -> tzinfo:
    """The IANA zone of that name, or the other one: a shopper's odd setting must not stop the shop's segments."""
    if not name:
        return otherwise
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        return otherwise
