"""Histories in sliding windows: so much, or on so many days, within the latest 30 days.

With no new event a window only empties: its entries leave one after the other. So a test that asks for at least so
much holds up to one moment, at which the entry leaves without which it is too little; and one that asks for at most so
much begins at such a moment.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, Protocol

from homing.domain.moments import DAY, Moment
from homing.domain.rules.conditions import COMPARISONS, Limit
from homing.domain.rules.verdict import LONG_AGO, NEVER, SETTLED, Verdict, turning_at
from homing.domain.rules.vocabulary import Facts

FALLING: Final = {"at_least": True, "more_than": True, "at_most": False, "less_than": False}
"""Whether a comparison with an amount that only falls holds at first, or in the end."""

OPPOSITE: Final = {"at_most": "more_than", "less_than": "at_least"}
"""What must cease before a comparison holds that holds in the end."""


class History(Protocol):
    """Where the entries of a window come from."""

    def latest_first(self, facts: Facts, /) -> Iterator[tuple[Moment, float]]:
        """Moment and amount of each entry, descending."""


@dataclass(frozen=True, slots=True)
class DailyHistory:
    """What happened day by day: a fact of kind HISTORY."""

    fact: str

    def latest_first(self, facts: Facts) -> Iterator[tuple[Moment, float]]:
        """The days, the latest first."""
        return reversed(facts.get(self.fact) or ())


@dataclass(frozen=True, slots=True)
class EventsNamed:
    """`event: {name: Quiz Finished}`; capitals make no difference."""

    name: str

    def latest_first(self, facts: Facts) -> Iterator[tuple[Moment, float]]:
        """The events of that name, the latest first, each counting as one."""
        folded = self.name.casefold()
        return ((moment, 1) for moment, name in reversed(facts.get("event") or ()) if name.casefold() == folded)


@dataclass(frozen=True, slots=True)
class Amount:
    """`products.viewed: {at_least: 5, within: 30 days}`; `comparison` is one of FALLING.

    A day counts whole, and with its latest moment: up to, and not at, the moment that is 30 days after it.
    """

    history: History
    comparison: str
    bound: float
    limit: Limit

    def evaluate(self, facts: Facts, at: Moment) -> Verdict:
        """Whether the amounts of the entries in the window add up to such a sum."""
        turn = self._turn(facts)
        return NEVER if turn is None else turning_at(turn, at, member=FALLING[self.comparison])

    def settles_at(self, facts: Facts) -> Moment:
        """When the entry leaves the window that turns it."""
        return self._turn(facts) or SETTLED

    def _turn(self, facts: Facts) -> Moment | None:
        length = self.limit.duration(facts)
        if length is None:
            return None
        enough = COMPARISONS[OPPOSITE.get(self.comparison, self.comparison)]
        total: float = 0
        for moment, amount in self.history.latest_first(facts):
            total += amount
            if enough(round(total, 2), self.bound):  # money has two decimals, which binary sums blur
                return moment + length
        return LONG_AGO


@dataclass(frozen=True, slots=True)
class OnDays:
    """`visits: {on_days: 3, within: 30 days}`: on at least so many different days, counted in UTC."""

    history: History
    days: int
    limit: Limit

    def evaluate(self, facts: Facts, at: Moment) -> Verdict:
        """Whether that many days are in the window."""
        turn = self._turn(facts)
        return NEVER if turn is None else turning_at(turn, at, member=True)

    def settles_at(self, facts: Facts) -> Moment:
        """When the last day leaves the window that is needed."""
        return self._turn(facts) or SETTLED

    def _turn(self, facts: Facts) -> Moment | None:
        length = self.limit.duration(facts)
        if length is None:
            return None
        days = set()
        for moment, _ in self.history.latest_first(facts):
            days.add(moment // DAY)
            if len(days) == self.days:
                return moment + length
        return LONG_AGO
