"""A profile as it is kept: its facts, its segments, and when they change next."""

from typing import Final

from pydantic import Field

from homing.domain.events import Frozen
from homing.domain.facts import ProfileFacts
from homing.domain.generation import Generation
from homing.domain.moments import MINUTE, Duration, Moment
from homing.domain.profile import Profile
from homing.domain.segments import changes

AT_HAND: Final[Duration] = 2 * MINUTE
"""Longer than it takes to write a profile that was evaluated before the moment came, and two clocks to agree."""

MOST_TURNS: Final = 500
"""Turns that are made up for one by one; rules of days turn so often within a year."""


class ProfileRecord(Frozen):
    """What the table holds of a profile.

    `segments` maps each segment to the moment since when. `due_at` is the moment for which the scheduled function
    has been told to look again: it is never later than the next change of membership. One that is over says that the
    look has found no change then, and has arranged the next without writing this. `joined_to` is set where this was an
    anonymous history that has become part of another profile. `generation` is the number of the one that it was
    evaluated with, and `parked` the segments whose rules failed then. Id and version are the item's own attributes.
    """

    profile_id: str = ""
    version: int = 0
    facts: Profile = Profile()
    segments: dict[str, Moment] = Field(default_factory=dict)
    due_at: Moment | None = None
    joined_to: str | None = None
    generation: int = 0
    parked: tuple[str, ...] = ()

    def with_facts(self, facts: Profile, generation: Generation, at: Moment) -> "ProfileRecord":
        """The record as it stands at `at` with these facts: memberships, and the moment to look again."""
        rules = generation.segments
        verdict = rules.evaluate(ProfileFacts(facts, rules.assortment), at, self.segments)
        # A moment that lies later than the armed one needs no write: whoever comes at the armed one looks again. But
        # for one that is at hand somebody may have come already, and know nothing of this.
        armed = self.due_at if self.due_at is not None and self.due_at > at + AT_HAND else None
        told = {
            "facts": facts,
            "segments": dict(changes(self.segments, verdict, at).memberships),
            "due_at": min((moment for moment in (armed, verdict.changes_at) if moment is not None), default=None),
            "generation": generation.number,
            "parked": verdict.parked,
        }
        return self.model_copy(update=told)

    def is_due(self, now: Moment) -> bool:
        """Whether it is time to look again."""
        return self.due_at is not None and self.due_at <= now

    def caught_up(self, generation: Generation, now: Moment) -> "ProfileRecord":
        """The record as it stands at `now`, by way of every moment since `due_at` at which it changed.

        So the segments say since when their rules have held, and not when somebody came to look. Of very many moments
        the last are left out: the memberships are right all the same.
        """
        record = self
        for _ in range(MOST_TURNS):
            if record.due_at is None or record.due_at > now:
                return record
            record = record.with_facts(record.facts, generation, record.due_at)
        return record.with_facts(record.facts, generation, now)

    def tells_more_than(self, before: "ProfileRecord") -> bool:
        """Whether it has to be written over `before`, from which it was made.

        Another number of a generation that changes nothing is no reason; nor is a moment that follows from the same
        facts and rules, for who looked at the one before has arranged it.
        """
        if (self.facts, self.segments, self.parked) != (before.facts, before.segments, before.parked):
            return True
        return self.due_at != before.due_at and self.generation != before.generation
