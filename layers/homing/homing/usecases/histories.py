"""Who is who: a history that has become part of another profile points to it, and that one perhaps to a third."""

from collections.abc import Sequence

from homing.domain.profile import Profile
from homing.domain.record import ProfileRecord
from homing.ports import Profiles


def owner_of(profiles: Profiles, profile_id: str) -> tuple[ProfileRecord, list[ProfileRecord]]:
    """The record of the profile that the id belongs to by now, and the closed histories on the way to it.

    The way ends: what is anonymous gives way to what has a user id, or to a lesser id, and to nothing else.
    """
    record, closed = profiles.load(profile_id), []
    while record.joined_to is not None:
        closed.append(record)
        record = profiles.load(record.joined_to)
    return record, closed


def gives_way(ours: ProfileRecord, theirs: ProfileRecord) -> bool:
    """Whether ours becomes part of theirs, where both are one person's: the same answer whoever asks, and when."""
    if (ours.facts.user_id is None) != (theirs.facts.user_id is None):
        return ours.facts.user_id is None
    return ours.profile_id > theirs.profile_id


def with_histories(facts: Profile, closed: Sequence[ProfileRecord]) -> Profile:
    """The facts with those of the closed histories that are not part of them yet; `closed` as on the way to them."""
    for history in reversed(closed):
        if history.profile_id not in facts.anonymous:
            facts = facts.joined(history.facts).with_anonymous(history.profile_id)
    return facts
