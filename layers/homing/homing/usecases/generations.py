"""The generation that counts: read once a minute, and anew where a record has been evaluated with a later one."""

from dataclasses import dataclass, field
from typing import Final, Protocol

from homing.domain.generation import Generation
from homing.domain.moments import MINUTE, Duration, Moment, datetime_of
from homing.domain.shop import Shop
from homing.errors import Conflict
from homing.ports import Generations, RecomputeRuns

KEPT_FOR: Final[Duration] = MINUTE
"""How long a function goes on with the generation that it has read."""


class Generational(Protocol):
    """What remembers the generation that it was evaluated with: a profile's record."""

    @property
    def generation(self) -> int:
        """The number."""


@dataclass(slots=True)
class ActiveGeneration:
    """What a function evaluates profiles with: `own`, the rules of its shop layer, as long as there is no other.

    Functions change over to a new generation within a minute, each when it reads it. Whoever meets a record of a later
    generation than its own reads anew first, so no two functions evaluate one profile to and fro.
    """

    generations: Generations
    own: Generation
    _kept: Generation | None = field(default=None, init=False)
    _read_at: Moment = field(default=0, init=False)

    def at(self, now: Moment, *records: Generational) -> Generation:
        """The generation to evaluate these records with at `now`."""
        kept = self._kept
        is_fresh = kept is not None and self._read_at <= now < self._read_at + KEPT_FOR
        if kept is None or not is_fresh or any(record.generation > kept.number for record in records):
            kept = self.generations.active() or self.own
            self._kept, self._read_at = kept, now
        return kept


@dataclass(slots=True)
class ActiveShop:
    """The shop of a function's layer, with the segments of the active generation."""

    shop: Shop
    active: ActiveGeneration
    _number: int = field(default=-1, init=False)
    _kept: Shop | None = field(default=None, init=False)

    def at(self, now: Moment, *records: Generational) -> Shop:
        """The shop to look at these records with at `now`."""
        generation = self.active.at(now, *records)
        if self._kept is None or self._number != generation.number:
            self._kept, self._number = self.shop.with_segments(generation.segments), generation.number
        return self._kept


def follow_the_rules(generations: Generations, own: Generation, recompute: RecomputeRuns, now: Moment) -> None:
    """See to it that the rules of the shop layer `own` become those that count.

    The first generation is made of them at once. Later ones are the recompute's to make, which knows the population's
    figures and brings all profiles along: it is started once a day, until the rules count.
    """
    active = generations.active()
    if active is None:
        try:
            generations.switch(Generation(number=1, rules=own.rules, switched_at=now))
        except Conflict:
            return  # somebody else was faster
    elif active.rules_fingerprint != own.rules_fingerprint:
        name = f"rules-{active.number + 1}-{own.rules_fingerprint}-{datetime_of(now):%Y%m%d}"
        recompute.start(name, {"reason": "rules", "preview": False})
