"""Why a rule holds for a profile, or does not: its conditions in words, with what is known and when they turn."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from homing.domain.moments import DAY, Moment
from homing.domain.rules import wording
from homing.domain.rules.birthdays import WithinNext, zone_named
from homing.domain.rules.calendars import DayComing, InSeason, ListedDays, YearlyDay, season_at
from homing.domain.rules.coming import Coming
from homing.domain.rules.conditions import (
    Compared,
    ContainsOneOf,
    FixedLimit,
    Known,
    Limit,
    LongerAgoThan,
    OneOf,
    RelativeLimit,
    Within,
)
from homing.domain.rules.logic import All, AnyOf, InSegment, Not
from homing.domain.rules.population import Top
from homing.domain.rules.scores import Scored
from homing.domain.rules.verdict import Rule
from homing.domain.rules.vocabulary import FACTS, Facts, Kind
from homing.domain.rules.windows import Amount, DailyHistory, EventsNamed, History, OnDays
from homing.domain.rules.wording import COMPARED, WORDS, counted, length, moment_seen_from, one_of


@dataclass(frozen=True, slots=True)
class Explained:
    """A condition in words, whether or not it holds.

    `value` is what is known of the profile, None where nothing is; `member` whether the condition holds, `changes_at`
    when that turns next with no new event, as in Verdict; `parts` the conditions that it is made of.
    """

    words: str
    value: str | None
    member: bool
    changes_at: Moment | None
    parts: tuple["Explained", ...] = ()


def explain(rule: Rule, facts: Facts, at: Moment) -> Explained:
    """The rule in words, for a profile at a moment."""
    member, changes_at = rule.evaluate(facts, at)
    words, value = _TELLING[type(rule)](rule, facts, at)
    parts = tuple(explain(part, facts, at) for part in _parts(rule))
    return Explained(words, value, member, changes_at, parts)


def _parts(rule: Rule) -> tuple[Rule, ...]:
    match rule:
        case All(rules) | AnyOf(rules):
            return rules
        case Not(part) | InSegment(_, part):
            return (part,)
        case _:
            return ()


_Told = tuple[str, str | None]


def _known(rule: Known, facts: Facts, at: Moment) -> _Told:
    words = f"{WORDS[rule.fact]}: {'known' if rule.known else 'not known'}"
    return words, wording.known(rule.fact, facts.get(rule.fact), at)


def _compared(rule: Compared, facts: Facts, at: Moment) -> _Told:
    value = wording.known(rule.fact, facts.get(rule.fact), at)
    match FACTS[rule.fact]:
        case Kind.YES_NO:
            return f"{WORDS[rule.fact]}: {'yes' if rule.value else 'no'}", value
        case Kind.DURATION:
            bound = length(int(rule.value))
        case _:
            bound = counted(rule.value)
    return f"{WORDS[rule.fact]} is {COMPARED[rule.comparison]}{bound}", value


def _one_of(rule: OneOf, facts: Facts, at: Moment) -> _Told:
    return f"{WORDS[rule.fact]} is {one_of(rule.texts)}", wording.known(rule.fact, facts.get(rule.fact), at)


def _contains(rule: ContainsOneOf, facts: Facts, at: Moment) -> _Told:
    return f"among {WORDS[rule.fact]}: {one_of(rule.texts)}", wording.known(rule.fact, facts.get(rule.fact), at)


def _within(rule: Within, facts: Facts, at: Moment) -> _Told:
    words = f"{WORDS[rule.fact]} was within {_limit(rule.limit, facts)}"
    return words, wording.known(rule.fact, facts.get(rule.fact), at)


def _longer_ago(rule: LongerAgoThan, facts: Facts, at: Moment) -> _Told:
    words = f"{WORDS[rule.fact]} was longer ago than {_limit(rule.limit, facts)}"
    return words, wording.known(rule.fact, facts.get(rule.fact), at)


def _limit(limit: Limit, facts: Facts) -> str:
    """`60 days (2 times their median gap of 20 days, but at least 60 days)`."""
    match limit:
        case FixedLimit(duration):
            return length(duration)
        case RelativeLimit(times, of, at_least, at_most, _):
            whose = f"{counted(times)} times {WORDS[of].replace('the ', 'their ', 1)}"
            own, duration_of_profile = facts.get(of), limit.duration(facts)
            if own is None:
                told = "a time that is not known" if duration_of_profile is None else length(duration_of_profile)
                return f"{told} ({whose}, which is not known)"
            scaled = round(times * own)
            bound = f", but at least {length(at_least)}" if scaled < at_least else ""
            bound = f", but at most {length(at_most)}" if at_most is not None and scaled > at_most else bound
            return f"{length(duration_of_profile or 0)} ({whose} of {length(own)}{bound})"
        case _:
            raise TypeError(f"no words for {limit!r}")


def _coming(rule: Coming, facts: Facts, at: Moment) -> _Told:
    words = f"{WORDS[rule.fact]} comes within the next {length(rule.length)}"
    return words, wording.known(rule.fact, facts.get(rule.fact), at)


def _birthday(rule: WithinNext, facts: Facts, at: Moment) -> _Told:
    words = f"{WORDS[rule.fact]} comes within the next {_days(rule.days)}, or is today"
    return words, wording.known(rule.fact, facts.get(rule.fact), at)


def _day_coming(rule: DayComing, _facts: Facts, _at: Moment) -> _Told:
    words = f"{rule.name.replace('_', ' ')} comes within the next {_days(rule.days)}, or is today"
    match rule.day:
        case YearlyDay(month, day):
            return words, f"{month:02}-{day:02}"
        case ListedDays(dates):
            return words, ", ".join(map(str, dates))
        case _:
            raise TypeError(f"no words for {rule.day!r}")


def _season(rule: InSeason, facts: Facts, at: Moment) -> _Told:
    words = f"it is {one_of(sorted(rule.seasons))} where they live"
    return words, season_at(facts.get("country"), zone_named(facts.get("timezone")), at)


def _amount(rule: Amount, facts: Facts, at: Moment) -> _Told:
    words = f"{COMPARED[rule.comparison]}{counted(rule.bound)} {_history(rule.history)} within "
    inside = _inside(rule, facts, at)
    return words + _limit(rule.limit, facts), _seen(counted(sum(amount for _, amount in inside)), inside, at)


def _on_days(rule: OnDays, facts: Facts, at: Moment) -> _Told:
    history, window = _history(rule.history), _limit(rule.limit, facts)
    words = (
        f"{history} on at least {_days(rule.days)} within {window}"
        if rule.days > 1
        else f"any {history} within {window}"
    )
    inside = _inside(rule, facts, at)
    return words, _seen(f"on {_days(len({moment // DAY for moment, _ in inside}))}", inside, at)


def _inside(rule: Amount | OnDays, facts: Facts, at: Moment) -> list[tuple[Moment, float]]:
    """The entries that are in the window at `at`, the latest first."""
    window = rule.limit.duration(facts) or 0
    return [(moment, amount) for moment, amount in rule.history.latest_first(facts) if moment + window > at]


def _seen(told: str, inside: list[tuple[Moment, float]], at: Moment) -> str:
    return f"{told}, the latest {moment_seen_from(inside[0][0], at)}" if inside else told


def _history(history: History) -> str:
    match history:
        case DailyHistory(fact):
            return WORDS[fact]
        case EventsNamed(name):
            return f"'{name}'"
        case _:
            raise TypeError(f"no words for {history!r}")


def _days(number: int) -> str:
    return f"{number} day{'' if number == 1 else 's'}"


def _scored(rule: Scored, facts: Facts, at: Moment) -> _Told:
    shares = ((fact, rule.score.only(fact).of(facts).value(at)) for fact, _ in rule.score.points)
    told = ", ".join(f"{WORDS[fact].removeprefix('the ')} {counted(share, 1)}" for fact, share in shares if share)
    value = counted(rule.score.of(facts).value(at), 1)
    words = f"the score '{rule.score.name}' is {COMPARED[rule.comparison]}{counted(rule.bound)}"
    return words, f"{value} ({told})" if told else value


def _top(rule: Top, facts: Facts, at: Moment) -> _Told:
    least = "not counted yet" if rule.least is None else f"from {counted(rule.least)} on"
    words = f"{WORDS[rule.fact]} is among the top {counted(rule.percent)} % of all customers ({least})"
    return words, wording.known(rule.fact, facts.get(rule.fact), at)


def _joined(words: str) -> Callable[[Any, Facts, Moment], _Told]:
    return lambda _rule, _facts, _at: (words, None)


def _in_segment(rule: InSegment, _facts: Facts, _at: Moment) -> _Told:
    return f"is in the segment '{rule.name}'", None


_TELLING: Final[dict[type, Callable[[Any, Facts, Moment], _Told]]] = {
    Known: _known,
    Compared: _compared,
    OneOf: _one_of,
    ContainsOneOf: _contains,
    Within: _within,
    LongerAgoThan: _longer_ago,
    Coming: _coming,
    Amount: _amount,
    OnDays: _on_days,
    WithinNext: _birthday,
    DayComing: _day_coming,
    InSeason: _season,
    Scored: _scored,
    Top: _top,
    All: _joined("all of these"),
    AnyOf: _joined("at least one of these"),
    Not: _joined("not this"),
    InSegment: _in_segment,
}
