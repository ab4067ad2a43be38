"""From the data of a YAML file to single values, or to an error that names their place."""

import math
import re
from collections.abc import Mapping
from datetime import date, datetime
from typing import Final

from homing.domain.moments import DAY, Duration, parse_duration
from homing.domain.rules.birthdays import MOST_DAYS_AHEAD
from homing.domain.rules.conditions import FixedLimit, Limit, RelativeLimit
from homing.domain.rules.errors import Path, RuleError, or_similar, read_each
from homing.domain.rules.vocabulary import FACTS, Kind

MOST_TIMES: Final = 100
GREATEST: Final = 10**15
"""Up to here the hundredths of a sum of money are exact in binary floating point."""

_DATE: Final = re.compile(r"\d{4}-\d\d-\d\d")


def mapping(data: object, path: Path, expected: str) -> Mapping[str, object]:
    """`data` as a mapping with text for keys, or RuleError."""
    if not isinstance(data, dict):
        raise RuleError(path, f"expected {expected}")
    for key in data:
        if not isinstance(key, str):
            raise RuleError(path, f"{key!r} is no name; YAML reads it as a value unless it is quoted")
    return data


def yes_no(data: object, path: Path) -> bool:
    """`yes` or `no`: YAML 1.1 reads a bare yes as true, YAML 1.2 as text."""
    match data:
        case True | "yes":
            return True
        case False | "no":
            return False
        case _:
            raise RuleError(path, f"expected yes or no, not {data!r}")


def number(data: object, path: Path) -> int | float:
    """A number that is finite, and no longer than money or counts can be."""
    if isinstance(data, bool) or not isinstance(data, int | float) or not abs(data) <= GREATEST:
        raise RuleError(path, f"expected a number, not {data!r}")
    return data


def whole_number(data: object, path: Path, at_most: int) -> int:
    """A whole number from 1 on."""
    if isinstance(data, bool) or not isinstance(data, int) or not 1 <= data <= at_most:
        raise RuleError(path, f"expected a whole number from 1 to {at_most}, not {data!r}")
    return data


def percentage(data: object, path: Path) -> float:
    """`10 %`: above 0 and below 100."""
    if isinstance(data, str) and data.endswith("%"):
        try:
            percent = float(data.removesuffix("%"))
        except ValueError:
            percent = math.nan
        if 0 < percent < 100:
            return percent
    raise RuleError(path, f"expected a share between 0 % and 100 %, such as '10 %', not {data!r}")


def text(data: object, path: Path) -> str:
    """A text of at least one character."""
    if isinstance(data, str) and data:
        return data
    raise RuleError(path, f"expected a text, not {data!r}: put it in quotes, for YAML reads a bare NO as 'no'")


def texts(data: object, path: Path) -> tuple[str, ...]:
    """A text or a list of them."""
    if not isinstance(data, list):
        return (text(data, path),)
    if not data:
        raise RuleError(path, "expected at least one text")
    return tuple(read_each(range(len(data)), lambda index: text(data[index], (*path, index))))


def folded(told: tuple[str, ...]) -> frozenset[str]:
    """The texts as they compare: capitals make no difference."""
    return frozenset(map(str.casefold, told))


def duration(data: object, path: Path) -> Duration:
    """`90 days`."""
    if not isinstance(data, str):
        raise RuleError(path, f"expected a duration such as '90 days' or '1 hour', not {data!r}")
    try:
        length = parse_duration(data)
    except ValueError as error:
        raise RuleError(path, str(error)) from error
    if length == 0:
        raise RuleError(path, "a duration must be longer than nothing")
    return length


def days_ahead(data: object, path: Path) -> int:
    """So many whole days before a date, fewer than a year."""
    days, rest = divmod(duration(data, path), DAY)
    if rest or days > MOST_DAYS_AHEAD:
        raise RuleError(path, f"expected whole days, from 1 day to {MOST_DAYS_AHEAD} days")
    return days


def day_of_calendar(data: object, path: Path) -> date:
    """`2026-02-17`, which some readers of YAML have made a date already."""
    if isinstance(data, date) and not isinstance(data, datetime):
        return data
    try:
        if isinstance(data, str) and _DATE.fullmatch(data):
            return date.fromisoformat(data)
    except ValueError as error:
        raise RuleError(path, f"'{data}' is no day that exists") from error
    raise RuleError(path, f"expected a date such as 2026-02-17, not {data!r}")


def limit(data: object, path: Path) -> Limit:
    """A duration, or one that follows the shopper's own rhythm."""
    if not isinstance(data, dict):
        return FixedLimit(duration(data, path))
    parts = _relative_parts(data, path)
    times = number(parts["times"], (*path, "times"))
    if not 0 < times <= MOST_TIMES:
        raise RuleError((*path, "times"), f"expected a number above 0 and up to {MOST_TIMES}")
    own = text(parts["of"], (*path, "of"))
    if FACTS.get(own) is not Kind.DURATION:
        durations = tuple(fact for fact, kind in FACTS.items() if kind is Kind.DURATION)
        raise RuleError((*path, "of"), f"'{own}' is no duration of a profile{or_similar(own, durations)}")
    at_least, at_most, if_unknown = (
        duration(parts[part], (*path, part)) if part in parts else None
        for part in ("at_least", "at_most", "if_unknown")
    )
    if at_least is not None and at_most is not None and at_least > at_most:
        raise RuleError((*path, "at_most"), "at_most is shorter than at_least")
    return RelativeLimit(times, own, at_least or 0, at_most, if_unknown)


def _relative_parts(data: object, path: Path) -> Mapping[str, object]:
    known = ("times", "of", "at_least", "at_most", "if_unknown")
    parts = mapping(data, path, "a duration")
    for part in parts:
        if part not in known:
            raise RuleError((*path, part), f"'{part}' is no part of a duration{or_similar(part, known)}")
    for part in ("times", "of"):
        if part not in parts:
            raise RuleError(path, f"'{part}' is missing; write it like {{times: 2, of: orders.median_gap}}")
    return parts
