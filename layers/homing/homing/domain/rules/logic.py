"""Rules made of rules."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from homing.domain.moments import DAY, Moment
from homing.domain.rules.remembering import Remembering
from homing.domain.rules.verdict import ALWAYS, NEVER, Rule, Verdict, fails
from homing.domain.rules.vocabulary import Facts

CALENDARS_TURN: Final = (8 * 366 + 3) * DAY
"""In this span all that the calendar can do is done: leap years are at most eight years apart, as around 2100."""


@dataclass(frozen=True, slots=True)
class All:
    """`all: [...]`."""

    rules: tuple[Rule, ...]

    def evaluate(self, facts: Facts, at: Moment) -> Verdict:
        """Whether every rule holds."""
        return unanimous(self.rules, facts, at, vote=True)

    def settles_at(self, facts: Facts) -> Moment:
        """When the last of the rules settles."""
        return max(rule.settles_at(facts) for rule in self.rules)


@dataclass(frozen=True, slots=True)
class AnyOf:
    """`any: [...]`."""

    rules: tuple[Rule, ...]

    def evaluate(self, facts: Facts, at: Moment) -> Verdict:
        """Whether the rules are not unanimous in failing."""
        return opposite(unanimous(self.rules, facts, at, vote=False))

    def settles_at(self, facts: Facts) -> Moment:
        """When the last of the rules settles."""
        return max(rule.settles_at(facts) for rule in self.rules)


@dataclass(frozen=True, slots=True)
class Not:
    """`not: ...`."""

    rule: Rule

    def evaluate(self, facts: Facts, at: Moment) -> Verdict:
        """Whether the rule does not hold."""
        return opposite(self.rule.evaluate(facts, at))

    def settles_at(self, facts: Facts) -> Moment:
        """When the rule settles."""
        return self.rule.settles_at(facts)


@dataclass(frozen=True, slots=True)
class InSegment:
    """`segment: leads`, with the rule of that segment."""

    name: str
    rule: Rule

    def evaluate(self, facts: Facts, at: Moment) -> Verdict:
        """Whether the segment's rule holds."""
        if isinstance(facts, Remembering):
            return facts.verdict(self.name, self.rule, at)
        return self.rule.evaluate(facts, at)

    def settles_at(self, facts: Facts) -> Moment:
        """When the segment's rule settles."""
        return self.rule.settles_at(facts)


def unanimous(rules: tuple[Rule, ...], facts: Facts, at: Moment, *, vote: bool) -> Verdict:
    """Whether every rule answers `vote` at `at`, and when that changes.

    Unanimity ends with the first rule to turn. It can begin only once the most stubborn dissenter has turned, so the
    search leaps from one such moment to the next; a dissenter that never turns ends it. Some searches would never end
    (a birthday within 7 days, but not within 14); once nothing but the calendar moves, what a whole turn of it does
    not bring, none will.
    """
    moment, horizon = at, None
    while True:
        first_turn: Moment | None = None
        last_dissent: Moment | None = None
        for rule in rules:
            member, turn = rule.evaluate(facts, moment)
            if member is vote:
                if turn is not None and (first_turn is None or turn < first_turn):
                    first_turn = turn
            elif turn is None:
                return NEVER
            elif last_dissent is None or turn > last_dissent:
                last_dissent = turn
        if last_dissent is None:
            return fails(until=moment) if moment > at else Verdict(member=True, changes_at=first_turn)
        moment = last_dissent
        if horizon is None:
            horizon = max(at, *(rule.settles_at(facts) for rule in rules)) + CALENDARS_TURN
        if moment > horizon:
            return NEVER


def opposite(verdict: Verdict) -> Verdict:
    """The verdict of the rule's opposite, which turns at the same moment."""
    member, changes_at = verdict
    if changes_at is None:
        return NEVER if member else ALWAYS
    return Verdict(not member, changes_at)


def earliest(moments: Iterable[Moment | None]) -> Moment | None:
    """The first of the moments that come at all."""
    return min((moment for moment in moments if moment is not None), default=None)


def rules_in(rule: Rule) -> Iterator[Rule]:
    """The rule, and all the rules that it is made of."""
    yield rule
    match rule:
        case All(rules) | AnyOf(rules):
            for part in rules:
                yield from rules_in(part)
        case Not(part) | InSegment(_, part):
            yield from rules_in(part)
