"""The scheduled look at the profiles whose membership changes now, and at no others."""

from dataclasses import dataclass

from homing.domain.generation import Generation
from homing.domain.moments import Moment
from homing.errors import Conflict
from homing.ports import Due, Profiles

PAGE = 100
ATTEMPTS = 5


@dataclass(slots=True)
class Refreshed:
    """How many were looked at, how many of these had changed, and whether more are waiting."""

    looked_at: int = 0
    changed: int = 0
    more: bool = False


def refresh(*, due: Due, profiles: Profiles, generation: Generation, now: Moment, limit: int = 1_000) -> Refreshed:
    """Look at every profile that is due, at most `limit` in one go; stopping anywhere and starting again is safe."""
    result = Refreshed()
    while result.looked_at < limit:
        page = due.until(now, PAGE)
        for moment, profile_id in page:
            result.changed += _look(moment, profile_id, due=due, profiles=profiles, generation=generation, now=now)
            due.disarm(moment, profile_id)
        result.looked_at += len(page)
        if len(page) < PAGE:
            return result
    result.more = True
    return result


def _look(
    moment: Moment, profile_id: str, *, due: Due, profiles: Profiles, generation: Generation, now: Moment
) -> bool:
    """Evaluate one profile again; whether its memberships changed. One whose moment has moved is left alone.

    Raises Conflict where others keep writing the profile: it stays due, and the next schedule comes back to it.
    """
    for attempt in range(ATTEMPTS):
        record = profiles.load(profile_id)
        if record.due_at != moment:
            return False
        after = record.with_facts(record.facts, generation, now)
        if after.due_at is not None:
            due.arm(after.due_at, profile_id)
        try:
            profiles.save(after)
        except Conflict:
            if attempt == ATTEMPTS - 1:
                raise
        else:
            return after.segments != record.segments
    return False
