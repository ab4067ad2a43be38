"""Scheduler's expressions: `rate(5 minutes)`, `cron(0 9 ? * MON-FRI *)`, `at(2026-12-01T09:00:00)`.

https://docs.aws.amazon.com/scheduler/latest/UserGuide/schedule-types.html
"""

import re
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from homing.domain.moments import Moment, datetime_of, moment_of, parse_duration
from local.cloud.errors import TemplateError, Unsupported
from local.cloud.schedules import NextMoment

_FORM: Final = re.compile(r"(rate|cron|at)\((.+)\)")
_MONTHS: Final = ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")
_WEEKDAYS: Final = ("SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT")
_LAST_YEAR: Final = 2199


def parse_expression(expression: str, zone: str = "UTC") -> NextMoment:
    """From a moment to the schedule's first moment after it."""
    match = _FORM.fullmatch(expression.strip())
    if match is None:
        raise TemplateError(f"not a schedule expression: {expression}")
    kind, text = match.groups()
    if kind == "rate":
        return _rate(expression, text)
    if kind == "at":
        moment = moment_of(datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone)))
        return lambda after: moment if moment > after else None
    return _Cron(expression, text.split(), ZoneInfo(zone))


def _rate(expression: str, text: str) -> NextMoment:
    try:
        period = parse_duration(text)
    except ValueError:
        raise TemplateError(f"not a schedule expression: {expression}") from None
    return lambda after: after + period


class _Cron:
    """Minutes, hours, day of month, month, day of week, year; the days as either, the other being `?`."""

    def __init__(self, expression: str, fields: Sequence[str], zone: ZoneInfo) -> None:
        if len(fields) != 6:
            raise TemplateError(f"a cron expression has six fields: {expression}")
        if special := re.search(r"[LW#](?![A-Z])", " ".join(fields[2:5:2])):
            raise Unsupported(f"{special[0]} in {expression}")
        minutes, hours, days, months, weekdays, years = fields
        self._expression = expression
        self._zone = zone
        self._minutes = self._values(minutes, 0, 59)
        self._hours = self._values(hours, 0, 23)
        self._days = self._values(days, 1, 31)
        self._months = self._values(months, 1, 12, _MONTHS, first_name=1)
        self._weekdays = self._values(weekdays, 1, 7, _WEEKDAYS, first_name=1)
        self._years = self._values(years, 1970, _LAST_YEAR)

    def __call__(self, after: Moment) -> Moment | None:
        """Searches day by day in the schedule's zone. A local time that does not exist is passed over."""
        day = datetime_of(after).astimezone(self._zone).date()
        while day.year <= max(self._years):
            if day.year in self._years and day.month in self._months and self._is_on(day.day, day.isoweekday()):
                for hour in sorted(self._hours):
                    for minute in sorted(self._minutes):
                        local = datetime(day.year, day.month, day.day, hour, minute, tzinfo=self._zone)
                        moment = moment_of(local)
                        exists = local.astimezone(UTC).astimezone(self._zone).hour == hour
                        if exists and moment > after:
                            return moment
            day += timedelta(days=1)
        return None

    def _is_on(self, day: int, iso_weekday: int) -> bool:
        return day in self._days and iso_weekday % 7 + 1 in self._weekdays

    def _values(
        self, field: str, low: int, high: int, names: Sequence[str] = (), *, first_name: int = 0
    ) -> frozenset[int]:
        values: set[int] = set()
        for part in field.split(","):
            span, _, step = part.partition("/")
            first, _, last = span.partition("-")
            if span in {"*", "?"}:
                start, end = low, high
            else:
                start = self._number(first, names, first_name)
                end = self._number(last, names, first_name) if last else (high if step else start)
            if not low <= start <= end <= high:
                raise TemplateError(f"{part} is out of range in {self._expression}")
            values |= set(range(start, end + 1, int(step or 1)))
        return frozenset(values)

    def _number(self, text: str, names: Sequence[str], first_name: int) -> int:
        if text.upper() in names:
            return names.index(text.upper()) + first_name
        if not text.isdecimal():
            raise TemplateError(f"{text} is not a number in {self._expression}")
        return int(text)
