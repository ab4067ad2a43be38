"""What happened on each of the latest days, in sums that come out the same in whatever order they are told.

A day is one entry: the latest moment of that UTC day, then sums. Merging two entries of one day takes the later moment
and adds the sums, which commutes. So does keeping the greatest N days: a day that N later ones push out of one part of
a history is pushed out of the whole by the same N, and a day that stays in the whole was never pushed out of a part, so
that no share of its sums is lost. Each share may be told once only: whoever merges sees to that.
"""

from operator import add
from typing import TypeAlias

from homing.domain.moments import DAY

Days: TypeAlias = tuple[tuple[int, ...], ...]
"""Ascending (latest moment of a UTC day, *sums), one for each day on which something happened."""


def merged(ours: Days, theirs: Days, limit: int) -> Days:
    """The latest `limit` days of both together."""
    days = {entry[0] // DAY: entry for entry in ours}
    for entry in theirs:
        number = entry[0] // DAY
        known = days.get(number)
        days[number] = entry if known is None else (max(known[0], entry[0]), *map(add, known[1:], entry[1:]))
    return tuple(days[number] for number in sorted(days)[-limit:])
