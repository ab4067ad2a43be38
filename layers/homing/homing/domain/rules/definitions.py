"""What a shop defines for its rules beside them: days of the calendar, scores, and how long its products last."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from homing.domain.figures import Figures
from homing.domain.moments import DAY, Duration
from homing.domain.rules.calendars import CalendarDay, ListedDays, YearlyDay
from homing.domain.rules.errors import Path, RuleError, or_similar, read_each
from homing.domain.rules.scores import FadingScore
from homing.domain.rules.values import day_of_calendar, duration, mapping, number
from homing.domain.rules.vocabulary import FACTS, Kind

NAME: Final = re.compile(r"[a-z][a-z0-9_]{0,63}")
LONGEST_HALF_LIFE: Final = 3650 * DAY
"""Beyond it a score falls by less in a millisecond than its number can tell."""
MOST_POINTS: Final = 1_000_000
MOST_DATES: Final = 100

_YEARLY: Final = re.compile(r"(\d\d)-(\d\d)")


@dataclass(frozen=True, slots=True)
class Definitions:
    """What rules may name besides facts and segments, by name, and the figures of all profiles."""

    calendar: Mapping[str, CalendarDay] = field(default_factory=dict)
    scores: Mapping[str, FadingScore] = field(default_factory=dict)
    figures: Figures = field(default_factory=Figures)


def read_calendar(data: object, path: Path) -> dict[str, CalendarDay]:
    """The days of `calendar: {christmas: 12-25, lunar_new_year: [2026-02-17, 2027-02-06]}`. Raises RuleError."""
    days = mapping(data, path, "days by name, such as 'christmas: 12-25'")
    return dict(read_each(days, lambda name: _named_day(name, days[name], (*path, name))))


def read_scores(data: object, path: Path) -> dict[str, FadingScore]:
    """The scores of `scores: {engagement: {half_life: 30 days, points: {visits: 5}}}`. Raises RuleError."""
    scores = mapping(data, path, "scores by name, each with a half_life and points")
    return {score.name: score for score in read_each(scores, lambda name: _score(name, scores[name], (*path, name)))}


def read_life_spans(data: object, path: Path) -> dict[str, Duration]:
    """The durations of `life_spans: {Green tea: 45 days}` by their keys, case-folded. Raises RuleError."""
    spans = mapping(data, path, "durations by category or product, such as 'Green tea: 45 days'")
    read = read_each(spans, lambda thing: (thing.casefold(), duration(spans[thing], (*path, thing))))
    if len(dict(read)) < len(read):
        raise RuleError(path, "two names differ in nothing but capitals")
    return dict(read)


def checked_name(name: str, path: Path, whose: str) -> str:
    """The name, or RuleError."""
    if not NAME.fullmatch(name):
        raise RuleError(path, f"{whose} name is made of a-z, 0-9 and _, and begins with a letter")
    return name


def _named_day(name: str, data: object, path: Path) -> tuple[str, CalendarDay]:
    return checked_name(name, path, "a day's"), _day(data, path)


def _day(data: object, path: Path) -> CalendarDay:
    yearly = _YEARLY.fullmatch(data) if isinstance(data, str) else None
    if yearly:
        month, day = map(int, yearly.groups())
        day_of_calendar(f"2024-{month:02}-{day:02}", path)  # a leap year, for 29 February returns too
        return YearlyDay(month, day)
    if not isinstance(data, list):
        return ListedDays((day_of_calendar(data, path),))
    if not 1 <= len(data) <= MOST_DATES:
        raise RuleError(path, f"expected from 1 to {MOST_DATES} dates")
    dates = read_each(range(len(data)), lambda index: day_of_calendar(data[index], (*path, index)))
    if len(set(dates)) < len(dates):
        raise RuleError(path, "a date stands here twice")
    return ListedDays(tuple(sorted(dates)))


def _score(name: str, data: object, path: Path) -> FadingScore:
    checked_name(name, path, "a score's")
    parts = mapping(data, path, "a half_life and points")
    for part in ("half_life", "points"):
        if part not in parts:
            raise RuleError(path, f"'{part}' is missing")
    for part in parts:
        if part not in {"half_life", "points"}:
            raise RuleError((*path, part), f"'{part}' is no part of a score{or_similar(part, ('half_life', 'points'))}")
    half_life = duration(parts["half_life"], (*path, "half_life"))
    if half_life > LONGEST_HALF_LIFE:
        raise RuleError((*path, "half_life"), f"expected at most {LONGEST_HALF_LIFE // DAY} days")
    path = (*path, "points")
    points = mapping(parts["points"], path, "points by fact, such as 'visits: 5'")
    if not points:
        raise RuleError(path, "expected at least one fact that gives points")
    given = read_each(points, lambda fact: (fact, _points(fact, points[fact], (*path, fact))))
    return FadingScore(name, half_life, tuple(sorted(given)))


def _points(fact: str, data: object, path: Path) -> float:
    if FACTS.get(fact) not in {Kind.HISTORY, Kind.MOMENT}:
        fitting = tuple(name for name, kind in FACTS.items() if kind in {Kind.HISTORY, Kind.MOMENT})
        raise RuleError(path, f"'{fact}' is no history and no moment, to give points{or_similar(fact, fitting)}")
    points = number(data, path)
    if not 0 < points <= MOST_POINTS:
        raise RuleError(path, f"expected a number above 0 and up to {MOST_POINTS}, not {data!r}")
    return points
