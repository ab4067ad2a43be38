"""From the data of a YAML file to a rule."""

import math
from collections.abc import Callable, Mapping, Sequence
from difflib import get_close_matches
from typing import Final, TypeAlias

from homing.domain.moments import DAY, Duration, parse_duration
from homing.domain.rules.birthdays import MOST_DAYS_AHEAD, WithinNext
from homing.domain.rules.conditions import (
    Compared,
    FixedLimit,
    Known,
    Limit,
    LongerAgoThan,
    OneOf,
    RelativeLimit,
    Within,
)
from homing.domain.rules.logic import All, AnyOf, InSegment, Not
from homing.domain.rules.verdict import Rule
from homing.domain.rules.vocabulary import FACTS, Kind

Path: TypeAlias = tuple[str | int, ...]
"""The keys and indices that lead to a place in a file."""

SegmentNamed: TypeAlias = Callable[[str, Path], Rule]
"""Finds the rule of the segment that a condition at that path names, or raises RuleError."""

LOGIC: Final = ("all", "any", "not", "segment")
DEEPEST: Final = 40
"""Longest path to a condition: far beyond what can be read aloud; an alias that contains itself ends here."""
MOST_TIMES: Final = 100


class RuleError(ValueError):
    """A rule that cannot be read: `path` leads from the root of the file to the place, `message` says why."""

    def __init__(self, path: Path, message: str) -> None:
        super().__init__(path, message)
        self.path = path
        self.message = message

    def __str__(self) -> str:
        """`segments.lapsed.all[1].orders.last_at: ...`."""
        place = "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in self.path)
        return f"{place.removeprefix('.')}: {self.message}"


def read_rule(data: object, path: Path, segment_named: SegmentNamed) -> Rule:
    """The rule that `data` says: one condition, or one of all, any, not over conditions.

    Raises RuleError with a path that begins with `path`.
    """
    if len(path) > DEEPEST:
        raise RuleError(path, "conditions are nested too deeply")
    conditions = mapping(data, path, "a condition, such as 'orders.count: {at_least: 1}'")
    if len(conditions) != 1:
        raise RuleError(path, "expected one condition; give each its own line with a dash, under all or any")
    ((word, argument),) = conditions.items()
    path = (*path, word)
    match word:
        case "all":
            return All(_read_rules(argument, path, segment_named))
        case "any":
            return AnyOf(_read_rules(argument, path, segment_named))
        case "not":
            return Not(read_rule(argument, path, segment_named))
        case "segment":
            name = _text(argument, path)
            return InSegment(name, segment_named(name, path))
        case _:
            return _read_tests(word, argument, path)


def mapping(data: object, path: Path, expected: str) -> Mapping[str, object]:
    """`data` as a mapping with text for keys, or RuleError."""
    if not isinstance(data, dict):
        raise RuleError(path, f"expected {expected}")
    for key in data:
        if not isinstance(key, str):
            raise RuleError(path, f"{key!r} is no name; YAML reads it as a value unless it is quoted")
    return data


def or_similar(word: str, words: Sequence[str]) -> str:
    """A hint for a word that is not among those known."""
    similar = get_close_matches(word, words, n=1)
    return f"; did you mean '{similar[0]}'?" if similar else f"; there are {', '.join(words)}"


def _read_rules(data: object, path: Path, segment_named: SegmentNamed) -> tuple[Rule, ...]:
    if not isinstance(data, list) or not data:
        raise RuleError(path, "expected a list of conditions, each with a dash before it")
    return tuple(read_rule(item, (*path, index), segment_named) for index, item in enumerate(data))


def _read_tests(fact: str, data: object, path: Path) -> Rule:
    kind = FACTS.get(fact)
    if kind is None:
        raise RuleError(path, f"'{fact}' is no fact{or_similar(fact, (*LOGIC, *FACTS))}")
    if not isinstance(data, dict):
        return _PLAIN[kind](fact, data, path)
    tests = mapping(data, path, "tests")
    if not tests:
        raise RuleError(path, "expected a test")
    rules = tuple(_read_test(fact, kind, word, tests[word], (*path, word)) for word in tests)
    return rules[0] if len(rules) == 1 else All(rules)


def _read_test(fact: str, kind: Kind, word: str, argument: object, path: Path) -> Rule:
    if word == "known":
        return Known(fact, _yes_no(argument, path))
    read = _TESTS[kind].get(word)
    if read is None:
        raise RuleError(path, f"'{word}' does not fit {fact}, a {kind}; {_fitting(kind)}")
    return read(fact, argument, path)


def _fitting(kind: Kind) -> str:
    return f"tests that fit: {', '.join((*_TESTS[kind], 'known'))}"


# Readers of what stands after a fact, or after a test of it.


def _read_yes_no(fact: str, data: object, path: Path) -> Rule:
    return Compared(fact, "equals", _yes_no(data, path))


def _read_equal(fact: str, data: object, path: Path) -> Rule:
    return Compared(fact, "equals", _number(data, path))


def _read_one_of(fact: str, data: object, path: Path) -> Rule:
    if not isinstance(data, list):
        return OneOf(fact, frozenset({_text(data, path).casefold()}))
    if not data:
        raise RuleError(path, "expected at least one text")
    return OneOf(fact, frozenset(_text(item, (*path, i)).casefold() for i, item in enumerate(data)))


def _refuse_plain(fact: str, _data: object, path: Path) -> Rule:
    kind = FACTS[fact]
    raise RuleError(path, f"{fact} is a {kind} and needs a test; {_fitting(kind)}")


def _read_within(fact: str, data: object, path: Path) -> Rule:
    return Within(fact, _limit(data, path))


def _read_longer_ago_than(fact: str, data: object, path: Path) -> Rule:
    return LongerAgoThan(fact, _limit(data, path))


def _read_within_next(fact: str, data: object, path: Path) -> Rule:
    days, rest = divmod(_duration(data, path), DAY)
    if rest or days > MOST_DAYS_AHEAD:
        raise RuleError(path, f"expected whole days, from 1 day to {MOST_DAYS_AHEAD} days")
    return WithinNext(fact, days)


def _number_test(comparison: str) -> "_TestReader":
    return lambda fact, data, path: Compared(fact, comparison, _number(data, path))


def _duration_test(comparison: str) -> "_TestReader":
    return lambda fact, data, path: Compared(fact, comparison, _duration(data, path))


def _limit(data: object, path: Path) -> Limit:
    if not isinstance(data, dict):
        return FixedLimit(_duration(data, path))
    parts = _relative_parts(data, path)
    times = _number(parts["times"], (*path, "times"))
    if not 0 < times <= MOST_TIMES:
        raise RuleError((*path, "times"), f"expected a number above 0 and up to {MOST_TIMES}")
    own = _text(parts["of"], (*path, "of"))
    if FACTS.get(own) is not Kind.DURATION:
        durations = tuple(fact for fact, kind in FACTS.items() if kind is Kind.DURATION)
        raise RuleError((*path, "of"), f"'{own}' is no duration of a profile{or_similar(own, durations)}")
    at_least, at_most, if_unknown = (
        _duration(parts[part], (*path, part)) if part in parts else None
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


# Readers of single values.


def _yes_no(data: object, path: Path) -> bool:
    # YAML 1.1 reads a bare yes as true, YAML 1.2 as text.
    match data:
        case True | "yes":
            return True
        case False | "no":
            return False
        case _:
            raise RuleError(path, f"expected yes or no, not {data!r}")


def _number(data: object, path: Path) -> int | float:
    if isinstance(data, bool) or not isinstance(data, int | float) or not math.isfinite(data):
        raise RuleError(path, f"expected a number, not {data!r}")
    return data


def _text(data: object, path: Path) -> str:
    if isinstance(data, str) and data:
        return data
    raise RuleError(path, f"expected a text, not {data!r}: put it in quotes, for YAML reads a bare NO as 'no'")


def _duration(data: object, path: Path) -> Duration:
    if not isinstance(data, str):
        raise RuleError(path, f"expected a duration such as '90 days' or '1 hour', not {data!r}")
    try:
        duration = parse_duration(data)
    except ValueError as error:
        raise RuleError(path, str(error)) from error
    if duration == 0:
        raise RuleError(path, "a duration must be longer than nothing")
    return duration


_TestReader: TypeAlias = Callable[[str, object, Path], Rule]

_PLAIN: Final[Mapping[Kind, _TestReader]] = {
    Kind.YES_NO: _read_yes_no,
    Kind.NUMBER: _read_equal,
    Kind.TEXT: _read_one_of,
    Kind.MOMENT: _refuse_plain,
    Kind.DURATION: _refuse_plain,
    Kind.YEARLY_DATE: _refuse_plain,
    Kind.MOMENTS: _refuse_plain,
    Kind.TEXTS: _refuse_plain,
    Kind.HISTORY: _refuse_plain,
    Kind.EVENTS: _refuse_plain,
}
_BOUNDS: Final = ("at_least", "at_most", "more_than", "less_than")
_TESTS: Final[Mapping[Kind, Mapping[str, _TestReader]]] = {
    Kind.YES_NO: {},
    Kind.NUMBER: {bound: _number_test(bound) for bound in _BOUNDS},
    Kind.TEXT: {"one_of": _read_one_of},
    Kind.MOMENT: {"within": _read_within, "longer_ago_than": _read_longer_ago_than},
    Kind.DURATION: {bound: _duration_test(bound) for bound in _BOUNDS},
    Kind.YEARLY_DATE: {"within_next": _read_within_next},
    Kind.MOMENTS: {},
    Kind.TEXTS: {},
    Kind.HISTORY: {},
    Kind.EVENTS: {},
}
