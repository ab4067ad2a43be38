"""The scheduled look at the profiles whose membership changes now, and at no others."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Final

from homing.domain.moments import Moment
from homing.domain.record import ProfileRecord
from homing.errors import Conflict
from homing.ports import Due, Look, Profiles
from homing.usecases.generations import ActiveGeneration

PAGE: Final = 100
LIMIT: Final = 20_000
"""Looks of one run: about four minutes, where each changes a profile."""
ATTEMPTS: Final = 5


@dataclass(slots=True)
class Refreshed:
    """Rows read of the due index and of profiles, how many profiles changed, and whether more are waiting.

    `parked` counts by segment the profiles for which its rule failed.
    """

    due_rows: int = 0
    profiles: int = 0
    changed: int = 0
    more: bool = False
    parked: Counter[str] = field(default_factory=Counter)


@dataclass(frozen=True, slots=True)
class Refresher:
    """Looks at profiles that are due.

    The order of writes makes it safe to stop anywhere and start again: what comes next is armed, then profiles are
    written, then what has come is disarmed. A look too many finds nothing to do.

    Where no membership has changed, since an event has put the change off, the profile is not written, and its `due_at`
    stays in the past. That is right for whoever comes next: an event counts such a moment as not armed, and arms its
    own; a look takes it as due, and goes on from there.
    """

    due: Due
    profiles: Profiles
    active: ActiveGeneration

    def refresh(self, shard: int, now: Moment, limit: int = LIMIT) -> Refreshed:
        """Look at every profile of the shard that is due; with `limit` rows or more the rest waits.

        Raises Conflict where others keep writing a profile: it stays due, and the next schedule comes back to it.
        """
        result = Refreshed()
        while result.due_rows < limit:
            page = self.due.until(shard, now, PAGE)
            if page:
                self._take(page, now, result)
            if len(page) < PAGE:
                return result
        result.more = True
        return result

    def _take(self, page: Sequence[Look], now: Moment, result: Refreshed) -> None:
        """Look at the profiles of a page of the index."""
        due = dict.fromkeys(profile_id for _, profile_id in page)  # each once, in the order of the index
        records = self.profiles.load_many(due)
        result.due_rows += len(page)
        result.profiles += len(records)
        contended = self._look(records.values(), now, result)
        for _ in range(ATTEMPTS - 1):
            result.profiles += len(contended)
            contended = self._look(self.profiles.load_many(contended).values(), now, result)
        self.due.disarm([look for look in page if look[1] not in contended])
        if contended:
            raise Conflict(f"{len(contended)} profiles have changed since they were read")

    def _look(self, records: Iterable[ProfileRecord], now: Moment, result: Refreshed) -> list[str]:
        """Evaluate the records that are due; the ids of those that somebody else wrote meanwhile."""
        due = [record for record in records if record.is_due(now)]
        if not due:
            return []
        generation = self.active.at(now, *due)
        looked_at = [(record, record.caught_up(generation, now)) for record in due]
        self.due.arm([(after.due_at, after.profile_id) for _, after in looked_at if after.due_at is not None])
        contended = []
        for before, after in looked_at:
            result.parked.update(after.parked)
            if (after.segments, after.parked) == (before.segments, before.parked):
                continue
            try:
                self.profiles.save(after)
            except Conflict:
                contended.append(after.profile_id)
            else:
                result.changed += 1
        return contended
