"""Telling the due index when to look at a profile again, so that no crash and no race leaves a look too few."""

from homing.domain.moments import Duration, Moment
from homing.domain.record import AT_HAND, ProfileRecord
from homing.ports import Due, Look


def arm(due: Due, before: ProfileRecord, after: ProfileRecord, now: Moment, at_hand: Duration = AT_HAND) -> None:
    """Have the profile looked at when `after` changes; to be called before `after` is written over `before`.

    A crash in between leaves a look too many, never one too few. A look that is under way may have read the profile as
    it was before, and take away what is armed for a moment that has come: what is armed for somewhat later it leaves.
    """
    if after.due_at is None:
        return
    looks: list[Look] = []
    if after.due_at != before.due_at:
        looks.append((after.due_at, after.profile_id))
    if after.due_at - now < at_hand:
        looks.append((after.due_at + at_hand, after.profile_id))
    if looks:
        due.arm(looks)
