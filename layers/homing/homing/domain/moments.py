"""Moments and durations: whole milliseconds, so that they compare, add and serialise without surprises."""

import re
from datetime import UTC, datetime, timedelta
from typing import Final, TypeAlias

Moment: TypeAlias = int
"""Milliseconds since 1970-01-01T00:00:00Z."""

Duration: TypeAlias = int
"""Milliseconds."""

SECOND: Final[Duration] = 1_000
MINUTE: Final[Duration] = 60 * SECOND
HOUR: Final[Duration] = 60 * MINUTE
DAY: Final[Duration] = 24 * HOUR
WEEK: Final[Duration] = 7 * DAY

EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)

_MILLISECOND = timedelta(milliseconds=1)
_UNITS = {"second": SECOND, "minute": MINUTE, "hour": HOUR, "day": DAY, "week": WEEK}
_DURATION = re.compile(r"([0-9]{1,9}) (second|minute|hour|day|week)s?")


def parse_moment(text: str) -> Moment:
    """The moment that ISO 8601 `text` names, cut to the millisecond.

    Raises ValueError where `text` is no date with a time, or says neither `Z` nor an offset.
    """
    local = datetime.fromisoformat(text)
    if local.tzinfo is None:
        raise ValueError(f"{text!r} has no time zone: end it with Z or an offset such as +01:00")
    try:
        return moment_of(local.astimezone(UTC))
    except OverflowError as error:
        raise ValueError(f"{text!r} lies outside the years 1 to 9999 in UTC") from error


def format_moment(moment: Moment) -> str:
    """`2026-01-02T03:04:05Z`; with milliseconds (`05.123Z`) only where there are any."""
    precision = "milliseconds" if moment % SECOND else "seconds"
    return datetime_of(moment).isoformat(timespec=precision).replace("+00:00", "Z")


def moment_of(time: datetime) -> Moment:
    """The moment of an aware datetime, cut to the millisecond."""
    return (time - EPOCH) // _MILLISECOND


def datetime_of(moment: Moment) -> datetime:
    """The moment as an aware datetime in UTC."""
    return EPOCH + moment * _MILLISECOND


def parse_duration(text: str) -> Duration:
    """The milliseconds of `90 days`, `1 hour`, `30 minutes`, `2 weeks` or `10 seconds`; else ValueError."""
    match = _DURATION.fullmatch(text)
    if match is None:
        raise ValueError(f"{text!r} is no duration: write '90 days', '2 weeks', '1 hour' or '30 minutes'")
    count, unit = match.groups()
    return int(count) * _UNITS[unit]
