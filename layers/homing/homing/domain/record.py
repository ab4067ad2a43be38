"""A profile as it is kept: its facts, its segments, and when they change next."""

from pydantic import Field

from homing.domain.events import Frozen
from homing.domain.facts import ProfileFacts
from homing.domain.generation import Generation
from homing.domain.moments import Moment
from homing.domain.profile import Profile
from homing.domain.segments import changes


class ProfileRecord(Frozen):
    """What the table holds of a profile.

    `segments` maps each segment to the moment since when. `due_at` is the moment for which the scheduled function
    has been told to look again: it is never later than the next change of membership. `joined_to` is set where this
    was an anonymous history that has become part of another profile. `generation` is the number of the one that it was
    evaluated with. Id and version are the item's own attributes.
    """

    profile_id: str = ""
    version: int = 0
    facts: Profile = Profile()
    segments: dict[str, Moment] = Field(default_factory=dict)
    due_at: Moment | None = None
    joined_to: str | None = None
    generation: int = 0

    def with_facts(self, facts: Profile, generation: Generation, at: Moment) -> "ProfileRecord":
        """The record as it stands at `at` with these facts: memberships, and the moment to look again."""
        verdict = generation.segments.evaluate(ProfileFacts(facts), at)
        memberships = changes(self.segments, verdict, at).memberships
        # A moment that lies later than the armed one needs no write: whoever comes at the armed one looks again.
        armed = self.due_at if self.due_at is not None and self.due_at > at else None
        due_at = min((moment for moment in (armed, verdict.changes_at) if moment is not None), default=None)
        told = {"facts": facts, "segments": dict(memberships), "due_at": due_at, "generation": generation.number}
        return self.model_copy(update=told)
