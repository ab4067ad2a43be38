"""Moments yet to come."""

from collections.abc import Sequence
from dataclasses import dataclass

from homing.domain.moments import Duration, Moment
from homing.domain.rules.verdict import LONG_AGO, Verdict, within_spans
from homing.domain.rules.vocabulary import Facts


@dataclass(frozen=True, slots=True)
class Coming:
    """`supplies.end_at: {within_next: 7 days}`: from so long before each of the moments, until it has come."""

    fact: str
    length: Duration

    def evaluate(self, facts: Facts, at: Moment) -> Verdict:
        """Whether one of the fact's moments is at hand."""
        return within_spans(((moment - self.length, moment) for moment in self._moments(facts)), at)

    def settles_at(self, facts: Facts) -> Moment:
        """When the last of the moments has come."""
        return max(self._moments(facts), default=LONG_AGO)

    def _moments(self, facts: Facts) -> Sequence[Moment]:
        known: Moment | Sequence[Moment] | None = facts.get(self.fact)
        if known is None:
            return ()
        return (known,) if isinstance(known, int) else known
