"""The tests on one fact as it stands. A fact that is not known fails every test but `known: no`."""

import operator
from abc import ABC, abstractmethod
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Any, Final, Protocol

from homing.domain.moments import Duration, Moment
from homing.domain.rules.verdict import ALWAYS, NEVER, SETTLED, Verdict, turning_at
from homing.domain.rules.vocabulary import Facts, is_known

COMPARISONS: Final[Mapping[str, Callable[[Any, Any], bool]]] = {
    "equals": operator.eq,
    "at_least": operator.ge,
    "at_most": operator.le,
    "more_than": operator.gt,
    "less_than": operator.lt,
}


class Timeless(ABC):
    """A condition that only an event can change."""

    __slots__ = ()

    def evaluate(self, facts: Facts, _at: Moment, /) -> Verdict:
        """The same at any moment."""
        return ALWAYS if self.holds(facts) else NEVER

    def settles_at(self, _facts: Facts, /) -> Moment:
        """At once."""
        return SETTLED

    @abstractmethod
    def holds(self, facts: Facts) -> bool:
        """Whether the facts meet the condition."""


@dataclass(frozen=True, slots=True)
class Known(Timeless):
    """`city: {known: no}`."""

    fact: str
    known: bool

    def holds(self, facts: Facts) -> bool:
        """Whether the fact is known, or is not, as asked."""
        return is_known(facts.get(self.fact)) is self.known


@dataclass(frozen=True, slots=True)
class Compared(Timeless):
    """`orders.count: {at_least: 2}`; `comparison` is a name in COMPARISONS."""

    fact: str
    comparison: str
    value: bool | int | float

    def holds(self, facts: Facts) -> bool:
        """Whether the fact compares so with the value."""
        known = facts.get(self.fact)
        return known is not None and COMPARISONS[self.comparison](known, self.value)


@dataclass(frozen=True, slots=True)
class OneOf(Timeless):
    """`country: [DE, AT, CH]`; `folded` holds the texts case-folded, for people write them either way."""

    fact: str
    texts: tuple[str, ...]
    folded: frozenset[str]

    def holds(self, facts: Facts) -> bool:
        """Whether the fact is one of the texts."""
        text: str | None = facts.get(self.fact)
        return text is not None and text.casefold() in self.folded


@dataclass(frozen=True, slots=True)
class ContainsOneOf(Timeless):
    """`bought.categories: [Teapots, Cups]`: any of them; `folded` holds the texts case-folded."""

    fact: str
    texts: tuple[str, ...]
    folded: frozenset[str]

    def holds(self, facts: Facts) -> bool:
        """Whether the set has one of the texts."""
        texts: Collection[str] = facts.get(self.fact) or ()
        return any(text.casefold() in self.folded for text in texts)


class Limit(Protocol):
    """How long a test on a moment reaches."""

    def duration(self, facts: Facts, /) -> Duration | None:
        """Milliseconds; None where it depends on a fact that is not known."""


@dataclass(frozen=True, slots=True)
class FixedLimit:
    """`30 days`."""

    length: Duration

    def duration(self, _facts: Facts, /) -> Duration:
        """The same for every profile."""
        return self.length


@dataclass(frozen=True, slots=True)
class RelativeLimit:
    """`{times: 2, of: orders.median_gap, at_least: 60 days, at_most: 1000 days, if_unknown: 90 days}`."""

    times: float
    of: str
    at_least: Duration
    at_most: Duration | None
    if_unknown: Duration | None

    def duration(self, facts: Facts) -> Duration | None:
        """The profile's own duration times so much, to the nearest millisecond, within its bounds."""
        own: Duration | None = facts.get(self.of)
        if own is None:
            return self.if_unknown
        scaled = max(round(self.times * own), self.at_least)
        return scaled if self.at_most is None else min(scaled, self.at_most)


@dataclass(frozen=True, slots=True)
class Within:
    """`orders.last_at: {within: 30 days}`: up to, and not at, the moment that is 30 days after the order.

    A moment yet to come, as a fast clock reports it, counts as just passed.
    """

    fact: str
    limit: Limit

    def evaluate(self, facts: Facts, at: Moment) -> Verdict:
        """Whether less than the limit has passed since the fact's moment."""
        end = _limit_reached_at(self, facts)
        return NEVER if end is None else turning_at(end, at, member=True)

    def settles_at(self, facts: Facts) -> Moment:
        """When the limit is reached."""
        return _limit_reached_at(self, facts) or SETTLED


@dataclass(frozen=True, slots=True)
class LongerAgoThan:
    """`cart.changed_at: {longer_ago_than: 1 hour}`: from the moment on that is one hour after the change."""

    fact: str
    limit: Limit

    def evaluate(self, facts: Facts, at: Moment) -> Verdict:
        """Whether the limit or more has passed since the fact's moment."""
        start = _limit_reached_at(self, facts)
        return NEVER if start is None else turning_at(start, at, member=False)

    def settles_at(self, facts: Facts) -> Moment:
        """When the limit is reached."""
        return _limit_reached_at(self, facts) or SETTLED


def _limit_reached_at(condition: Within | LongerAgoThan, facts: Facts) -> Moment | None:
    moment: Moment | None = facts.get(condition.fact)
    if moment is None:
        return None
    limit = condition.limit.duration(facts)
    return None if limit is None else moment + limit
