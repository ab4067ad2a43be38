"""Rules made of rules."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from homing.domain.moments import DAY, Moment
from homing.domain.rules.verdict import NEVER, Rule, Verdict, fails
from homing.domain.rules.vocabulary import Facts

CALENDARS_TURN: Final = 400 * DAY
"""In this span every yearly test goes through all of its days: birthdays are at most 366 days apart."""


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
        none_holds, changes_at = unanimous(self.rules, facts, at, vote=False)
        return Verdict(member=not none_holds, changes_at=changes_at)

    def settles_at(self, facts: Facts) -> Moment:
        """When the last of the rules settles."""
        return max(rule.settles_at(facts) for rule in self.rules)


@dataclass(frozen=True, slots=True)
class Not:
    """`not: ...`."""

    rule: Rule

    def evaluate(self, facts: Facts, at: Moment) -> Verdict:
        """Whether the rule does not hold."""
        member, changes_at = self.rule.evaluate(facts, at)
        return Verdict(member=not member, changes_at=changes_at)

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
        return self.rule.evaluate(facts, at)

    def settles_at(self, facts: Facts) -> Moment:
        """When the segment's rule settles."""
        return self.rule.settles_at(facts)


def unanimous(rules: tuple[Rule, ...], facts: Facts, at: Moment, *, vote: bool) -> Verdict:
    """Whether every rule answers `vote` at `at`, and when that changes.

    Unanimity ends with the first rule to turn. It can begin only once the most stubborn dissenter has turned,
    so the search leaps from one such moment to the next. Some searches would never end (a birthday within 7
    days, but not within 14); once nothing but the calendar moves, what one of its turns does not bring, none
    will.
    """
    moment = at
    while True:
        verdicts = [rule.evaluate(facts, moment) for rule in rules]
        dissent = [verdict.changes_at for verdict in verdicts if verdict.member is not vote]
        if not dissent:
            if moment > at:
                return fails(until=moment)
            return Verdict(member=True, changes_at=earliest(verdict.changes_at for verdict in verdicts))
        turns = [turn for turn in dissent if turn is not None]
        if len(turns) < len(dissent):
            return NEVER
        moment = max(turns)
        if moment > max(at, *(rule.settles_at(facts) for rule in rules)) + CALENDARS_TURN:
            return NEVER


def earliest(moments: Iterable[Moment | None]) -> Moment | None:
    """The first of the moments that come at all."""
    return min((moment for moment in moments if moment is not None), default=None)
