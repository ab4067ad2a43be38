"""Scores that fade: points for what happened, halved with every half-life that passes.

With no new event a score only falls, so that a test on it turns once. Where it does follows from the logarithm; the
neighbouring milliseconds are then tried with the very function that decides on membership, so that the two cannot
disagree.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple, TypeAlias

from homing.domain.moments import Duration, Moment
from homing.domain.rules.conditions import COMPARISONS
from homing.domain.rules.verdict import LONG_AGO, SETTLED, Verdict, turning_at
from homing.domain.rules.vocabulary import Facts
from homing.domain.rules.windows import FALLING, OPPOSITE

Entries: TypeAlias = Sequence[tuple[Moment, float]]
"""Moments with an amount, or with the points given for it."""


@dataclass(frozen=True, slots=True)
class FadingScore:
    """`engagement: {half_life: 30 days, points: {orders.placed: 50, signed_up_at: 20}}`.

    `points` pairs facts of kind HISTORY, each entry of which gives its amount times so many points, and of kind MOMENT,
    which give them once.
    """

    name: str
    half_life: Duration
    points: tuple[tuple[str, float], ...]

    def of(self, facts: Facts) -> "Standing":
        """How the facts stand."""
        given = [
            (moment, points * amount) for fact, points in self.points for moment, amount in _entries(facts.get(fact))
        ]
        latest = max(given)[0] if given else LONG_AGO
        return Standing(given, latest, self.half_life, _faded(given, latest, self.half_life))

    def only(self, fact: str) -> "FadingScore":
        """The share of one fact."""
        return replace(self, points=tuple(point for point in self.points if point[0] == fact))


class Standing(NamedTuple):
    """A score of one profile: the points given and when, the latest of these moments, and the score at that one."""

    given: Entries
    latest: Moment
    half_life: Duration
    at_latest: float

    def value(self, at: Moment) -> float:
        """The score at a moment. What is yet to come counts as just passed."""
        if at < self.latest:
            return _faded(self.given, at, self.half_life)
        return self.at_latest * math.exp2((self.latest - at) / self.half_life)

    def falls_at(self, at: Moment, bound: float, enough: Callable[[float, float], bool]) -> Moment:
        """The first millisecond at which the score is not enough; any that has passed where that is so at `at`."""
        if enough(self.at_latest, bound):
            halvings = math.log2(self.at_latest / bound)
            turn = self.latest + round(halvings * self.half_life)
            while enough(self.value(turn), bound):
                turn += 1
            while not enough(self.value(turn - 1), bound):
                turn -= 1
            return turn
        if at >= self.latest or not enough(self.value(at), bound):
            return LONG_AGO
        enough_at, too_little_at = at, self.latest  # a device's clock is fast: halve the time in between
        while too_little_at - enough_at > 1:
            middle = (enough_at + too_little_at) // 2
            if enough(self.value(middle), bound):
                enough_at = middle
            else:
                too_little_at = middle
        return too_little_at


@dataclass(frozen=True, slots=True)
class Scored:
    """`score.engagement: {at_least: 100}`; `comparison` is one of FALLING, `bound` is above 0."""

    score: FadingScore
    comparison: str
    bound: float

    def evaluate(self, facts: Facts, at: Moment) -> Verdict:
        """Whether the score compares so with the bound."""
        enough = COMPARISONS[OPPOSITE.get(self.comparison, self.comparison)]
        turn = self.score.of(facts).falls_at(at, self.bound, enough)
        return turning_at(turn, at, member=FALLING[self.comparison])

    def settles_at(self, facts: Facts) -> Moment:
        """When the score has fallen below the bound for good."""
        standing = self.score.of(facts)
        enough = COMPARISONS[OPPOSITE.get(self.comparison, self.comparison)]
        return max(standing.latest, standing.falls_at(standing.latest, self.bound, enough), SETTLED)


def _entries(fact: Moment | Entries | None) -> Entries:
    if fact is None:
        return ()
    return ((fact, 1),) if isinstance(fact, int) else fact


def _faded(given: Entries, at: Moment, half_life: Duration) -> float:
    """The points as they count at a moment; `fsum` rounds once, so that their order makes no difference."""
    return math.fsum([points * math.exp2(min(moment - at, 0) / half_life) for moment, points in given])
