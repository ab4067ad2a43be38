"""From the data of a YAML file to a rule, or to all the faults in it."""

from collections.abc import Callable, Mapping
from typing import Final, NamedTuple, TypeAlias

from homing.domain.figures import top_key
from homing.domain.rules.birthdays import WithinNext
from homing.domain.rules.calendars import COUNTRIES, SEASONS, DayComing, InSeason
from homing.domain.rules.coming import Coming
from homing.domain.rules.conditions import (
    Compared,
    ContainsOneOf,
    FixedLimit,
    Known,
    LongerAgoThan,
    OneOf,
    Within,
)
from homing.domain.rules.definitions import Definitions
from homing.domain.rules.errors import Path, RuleError, or_similar, read_each
from homing.domain.rules.logic import All, AnyOf, InSegment, Not
from homing.domain.rules.population import Top
from homing.domain.rules.scores import Scored
from homing.domain.rules.values import (
    days_ahead,
    duration,
    folded,
    limit,
    mapping,
    number,
    percentage,
    text,
    texts,
    whole_number,
    yes_no,
)
from homing.domain.rules.verdict import Rule
from homing.domain.rules.vocabulary import FACTS, REMEMBERED_DAYS, REMEMBERED_EVENTS, Kind
from homing.domain.rules.windows import Amount, DailyHistory, EventsNamed, History, OnDays

SegmentNamed: TypeAlias = Callable[[str, Path], Rule]
"""Finds the rule of the segment that a condition at that path names, or raises RuleError."""

LOGIC: Final = ("all", "any", "not", "segment")
NO_DEFINITIONS: Final = Definitions()
RANKED: Final = ("orders.revenue", "orders.count", "orders.average")
"""The facts by which customers are ranked for `top`."""
BOUNDS: Final = ("at_least", "at_most", "more_than", "less_than")
LEAST_SCORE: Final = 0.001
DEEPEST: Final = 40
"""Longest path to a condition: far beyond what can be read aloud; an alias that contains itself ends here."""


class Terms(NamedTuple):
    """What the names in a rule stand for."""

    segment_named: SegmentNamed
    definitions: Definitions


def read_rule(data: object, path: Path, segment_named: SegmentNamed, definitions: Definitions = NO_DEFINITIONS) -> Rule:
    """The rule that `data` says: one condition, or one of all, any, not over conditions.

    Raises RuleError with all faults, of which each path begins with `path`.
    """
    return _read_rule(data, path, Terms(segment_named, definitions))


def _read_rule(data: object, path: Path, terms: Terms) -> Rule:
    if len(path) > DEEPEST:
        raise RuleError(path, "conditions are nested too deeply")
    conditions = mapping(data, path, "a condition, such as 'orders.count: {at_least: 1}'")
    if len(conditions) != 1:
        raise RuleError(path, "expected one condition; give each its own line with a dash, under all or any")
    ((word, argument),) = conditions.items()
    path = (*path, word)
    match word:
        case "all":
            return All(_read_rules(argument, path, terms))
        case "any":
            return AnyOf(_read_rules(argument, path, terms))
        case "not":
            return Not(_read_rule(argument, path, terms))
        case "segment":
            name = text(argument, path)
            return InSegment(name, terms.segment_named(name, path))
        case _:
            return _read_condition(word, argument, path, terms.definitions)


def _read_condition(word: str, argument: object, path: Path, definitions: Definitions) -> Rule:
    if word == "season":
        return _read_season(argument, path)
    if word == "event":
        return _read_events(argument, path)
    if word.startswith("calendar."):
        return _read_calendar(word, argument, path, definitions)
    if word.startswith("score."):
        return _read_score(word, argument, path, definitions)
    return _read_fact(word, argument, path, definitions)


def _read_rules(data: object, path: Path, terms: Terms) -> tuple[Rule, ...]:
    if not isinstance(data, list) or not data:
        raise RuleError(path, "expected a list of conditions, each with a dash before it")
    return tuple(read_each(range(len(data)), lambda index: _read_rule(data[index], (*path, index), terms)))


def _read_fact(fact: str, data: object, path: Path, definitions: Definitions) -> Rule:
    kind = FACTS.get(fact)
    if kind is None:
        words = (*LOGIC, *FACTS, "season", *_calendar_words(definitions), *_score_words(definitions))
        raise RuleError(path, f"'{fact}' is no fact{or_similar(fact, words)}")
    if not isinstance(data, dict):
        return _PLAIN[kind](fact, data, path)
    tests = _some_tests(data, path)
    if kind is Kind.HISTORY and "known" not in tests:
        return _read_window(DailyHistory(fact), tests, path)
    rule = _both(read_each(tests, lambda word: _read_test(fact, kind, word, tests[word], (*path, word), definitions)))
    _refuse_what_never_holds(rule, path)
    return rule


def _read_test(
    fact: str, kind: Kind, word: str, argument: object, path: Path, definitions: Definitions = NO_DEFINITIONS
) -> Rule:
    if word == "known":
        return Known(fact, yes_no(argument, path))
    if word == "top" and fact in RANKED:
        percent = percentage(argument, path)
        return Top(fact, percent, definitions.figures.tops.get(top_key(fact, percent)))
    read = _TESTS[kind].get(word)
    if read is None:
        raise RuleError(path, f"'{word}' does not fit {fact}, a {kind}; {_fitting(fact, kind)}")
    return read(fact, argument, path)


def _some_tests(data: object, path: Path) -> Mapping[str, object]:
    tests = mapping(data, path, "tests")
    if not tests:
        raise RuleError(path, "expected a test")
    return tests


def _both(rules: list[Rule]) -> Rule:
    return rules[0] if len(rules) == 1 else All(tuple(rules))


def _fitting(fact: str, kind: Kind) -> str:
    windows = (*BOUNDS, "on_days", "within") if kind in {Kind.HISTORY, Kind.EVENTS} else ()
    tests = (*_TESTS[kind], *windows, *(("top",) if fact in RANKED else ()), "known")
    return f"tests that fit: {', '.join(tests)}"


# What stands after a fact, or after a test of it


def _read_yes_no(fact: str, data: object, path: Path) -> Rule:
    return Compared(fact, "equals", yes_no(data, path))


def _read_equal(fact: str, data: object, path: Path) -> Rule:
    return Compared(fact, "equals", number(data, path))


def _read_one_of(fact: str, data: object, path: Path) -> Rule:
    told = texts(data, path)
    if fact == "country":
        for code in told:
            if code.upper() not in COUNTRIES:
                raise RuleError(path, f"'{code}' is no ISO code of a country, such as DE for Germany")
    return OneOf(fact, told, folded(told))


def _read_contains(fact: str, data: object, path: Path) -> Rule:
    told = texts(data, path)
    return ContainsOneOf(fact, told, folded(told))


def _refuse_plain(fact: str, _data: object, path: Path) -> Rule:
    kind = FACTS[fact]
    raise RuleError(path, f"{fact} is a {kind} and needs a test; {_fitting(fact, kind)}")


def _read_within(fact: str, data: object, path: Path) -> Rule:
    return Within(fact, limit(data, path))


def _read_longer_ago_than(fact: str, data: object, path: Path) -> Rule:
    return LongerAgoThan(fact, limit(data, path))


def _read_coming(fact: str, data: object, path: Path) -> Rule:
    return Coming(fact, duration(data, path))


def _read_birthday_coming(fact: str, data: object, path: Path) -> Rule:
    return WithinNext(fact, days_ahead(data, path))


def _number_test(comparison: str) -> "_TestReader":
    return lambda fact, data, path: Compared(fact, comparison, number(data, path))


def _duration_test(comparison: str) -> "_TestReader":
    return lambda fact, data, path: Compared(fact, comparison, duration(data, path))


# Windows


def _read_events(data: object, path: Path) -> Rule:
    if not isinstance(data, dict):
        return _refuse_plain("event", data, path)
    tests = dict(_some_tests(data, path))
    if "known" in tests:
        return _both(read_each(tests, lambda word: _read_test("event", Kind.EVENTS, word, tests[word], (*path, word))))
    if "name" not in tests:
        raise RuleError(path, "'name' is missing; write it like {name: Quiz Finished, within: 30 days}")
    history = EventsNamed(text(tests.pop("name"), (*path, "name")))
    return _read_window(history, tests, path)


def _read_window(history: History, tests: Mapping[str, object], path: Path) -> Rule:
    """`{at_least: 5, on_days: 2, within: 30 days}`; a window alone asks for anything in it."""
    if "within" not in tests:
        raise RuleError(path, "'within' is missing: in which time? Write it like {at_least: 5, within: 30 days}")
    window = limit(tests["within"], (*path, "within"))

    def read(word: str) -> Rule:
        place = (*path, word)
        if word == "on_days":
            return OnDays(history, whole_number(tests[word], place, _days_of(history)), window)
        if word not in BOUNDS:
            kind = Kind.HISTORY if isinstance(history, DailyHistory) else Kind.EVENTS
            raise RuleError(place, f"'{word}' does not fit a {kind}; {_fitting('', kind)}")
        bound = number(tests[word], place)
        _refuse_pointless_amount(history, word, bound, place)
        return Amount(history, word, bound, window)

    rules = read_each([word for word in tests if word != "within"], read)
    rule = _both(rules or [OnDays(history, 1, window)])
    _refuse_what_never_holds(rule, path)
    return rule


def _days_of(history: History) -> int:
    return REMEMBERED_DAYS[history.fact] if isinstance(history, DailyHistory) else REMEMBERED_EVENTS


def _refuse_pointless_amount(history: History, comparison: str, bound: float, path: Path) -> None:
    """Refuse what holds always or never, whatever happens."""
    if bound < 0 or (bound == 0 and comparison in {"at_least", "less_than"}):
        raise RuleError(path, "expected a number above 0: nothing is ever less than 0")
    single = not isinstance(history, DailyHistory) or history.fact == "visits"
    reach = bound + 1 if comparison in {"more_than", "at_most"} else bound
    if single and reach > _days_of(history):
        raise RuleError(path, f"only the latest {_days_of(history)} are remembered, so this is never reached")


# The calendar, the seasons, and scores


def _read_season(data: object, path: Path) -> Rule:
    seasons = texts(data, path)
    for season in seasons:
        if season.casefold() not in SEASONS:
            raise RuleError(path, f"'{season}' is no season{or_similar(season, SEASONS)}")
    return InSeason(folded(seasons))


def _read_calendar(word: str, data: object, path: Path, definitions: Definitions) -> Rule:
    name = word.removeprefix("calendar.")
    if name not in definitions.calendar:
        raise RuleError(path, f"'{name}' is not in the calendar{or_similar(word, _calendar_words(definitions))}")
    if not isinstance(data, dict) or data.keys() != {"within_next"}:
        raise RuleError(path, f"{word} is a day of the calendar and needs its test: {{within_next: 7 days}}")
    return DayComing(name, definitions.calendar[name], days_ahead(data["within_next"], (*path, "within_next")))


def _read_score(word: str, data: object, path: Path, definitions: Definitions) -> Rule:
    name = word.removeprefix("score.")
    if name not in definitions.scores:
        raise RuleError(path, f"'{name}' is no score{or_similar(word, _score_words(definitions))}")
    if not isinstance(data, dict):
        raise RuleError(path, f"{word} is a score and needs a test; tests that fit: {', '.join(BOUNDS)}")
    tests = _some_tests(data, path)

    def read(comparison: str) -> Rule:
        place = (*path, comparison)
        if comparison not in BOUNDS:
            raise RuleError(place, f"'{comparison}' does not fit a score; tests that fit: {', '.join(BOUNDS)}")
        bound = number(tests[comparison], place)
        if bound < LEAST_SCORE:
            raise RuleError(place, "expected a number above 0: a score that fades comes near 0 and never reaches it")
        return Scored(definitions.scores[name], comparison, bound)

    rule = _both(read_each(tests, read))
    _refuse_what_never_holds(rule, path)
    return rule


def _calendar_words(definitions: Definitions) -> tuple[str, ...]:
    return tuple(f"calendar.{name}" for name in definitions.calendar)


def _score_words(definitions: Definitions) -> tuple[str, ...]:
    return tuple(f"score.{name}" for name in definitions.scores)


# Tests of one fact that exclude each other


def _refuse_what_never_holds(rule: Rule, path: Path) -> None:
    """Refuse two tests of one fact of which never both hold."""
    if not isinstance(rule, All):
        return
    if any(isinstance(part, Known) and not part.known for part in rule.rules):
        raise RuleError(path, "this can never hold: what is not known fails every other test")
    bounds = [part for part in rule.rules if isinstance(part, Compared | Amount | Scored)]
    lower = max((_edge(part) for part in bounds if part.comparison in {"at_least", "more_than"}), default=None)
    upper = min((_edge(part) for part in bounds if part.comparison in {"at_most", "less_than"}), default=None)
    if lower is not None and upper is not None and lower > upper:
        raise RuleError(path, "this can never hold: no number is as great and as small as it asks for")
    begins = [part.limit for part in rule.rules if isinstance(part, LongerAgoThan)]
    ends = [part.limit for part in rule.rules if isinstance(part, Within)]
    for begin in begins:
        if any(isinstance(part, Coming) for part in rule.rules):
            raise RuleError(path, "this can never hold: what is yet to come was not longer ago than anything")
        for end in ends:
            if isinstance(begin, FixedLimit) and isinstance(end, FixedLimit) and begin.length >= end.length:
                raise RuleError(path, "this can never hold: longer_ago_than has to be shorter than within")


def _edge(part: Compared | Amount | Scored) -> tuple[float, int]:
    """Where a bound lies, so that bounds compare: those that exclude the number itself lie beside it."""
    value = part.value if isinstance(part, Compared) else part.bound
    return value, {"more_than": 1, "less_than": -1}.get(part.comparison, 0)


_TestReader: TypeAlias = Callable[[str, object, Path], Rule]

_PLAIN: Final[Mapping[Kind, _TestReader]] = {
    Kind.YES_NO: _read_yes_no,
    Kind.NUMBER: _read_equal,
    Kind.TEXT: _read_one_of,
    Kind.TEXTS: _read_contains,
    Kind.MOMENT: _refuse_plain,
    Kind.MOMENTS: _refuse_plain,
    Kind.DURATION: _refuse_plain,
    Kind.YEARLY_DATE: _refuse_plain,
    Kind.HISTORY: _refuse_plain,
    Kind.EVENTS: _refuse_plain,
}
_TESTS: Final[Mapping[Kind, Mapping[str, _TestReader]]] = {
    Kind.YES_NO: {},
    Kind.NUMBER: {bound: _number_test(bound) for bound in BOUNDS},
    Kind.TEXT: {"one_of": _read_one_of},
    Kind.TEXTS: {"one_of": _read_contains},
    Kind.MOMENT: {
        "within": _read_within,
        "longer_ago_than": _read_longer_ago_than,
        "within_next": _read_coming,
    },
    Kind.MOMENTS: {"within_next": _read_coming},
    Kind.DURATION: {bound: _duration_test(bound) for bound in BOUNDS},
    Kind.YEARLY_DATE: {"within_next": _read_birthday_coming},
    Kind.HISTORY: {},
    Kind.EVENTS: {},
}
