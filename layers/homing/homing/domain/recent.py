"""Bounded memory that forgets the same things in whatever order it learns them.

Keeping the greatest `limit` entries of a set commutes with adding to it; counting and then forgetting does not.
"""

from collections.abc import Iterable
from typing import TypeVar

Entry = TypeVar("Entry", bound=tuple[object, ...])


def keep_latest(entries: Iterable[Entry], limit: int) -> tuple[Entry, ...]:
    """The greatest `limit` of the distinct entries, ascending; entries begin with their time."""
    return tuple(sorted(set(entries)))[-limit:]
