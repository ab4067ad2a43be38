"""Bounded memory that forgets the same things in whatever order it learns them.

Keeping the greatest `limit` entries of a set commutes with adding to it; counting and then forgetting does not.
"""

from collections.abc import Callable, Hashable, Iterable
from typing import TypeVar

Entry = TypeVar("Entry", bound=tuple[object, ...])


def keep_latest(entries: Iterable[Entry], limit: int) -> tuple[Entry, ...]:
    """The greatest `limit` of the distinct entries, ascending; entries begin with their time."""
    return tuple(sorted(set(entries)))[-limit:]


def keep_latest_of_each(entries: Iterable[Entry], limit: int, thing: Callable[[Entry], Hashable]) -> tuple[Entry, ...]:
    """The greatest entry of each thing, of these the greatest `limit`, ascending.

    This commutes too: a thing's greatest entry only grows, so what once pushed it out goes on doing so, until the
    thing comes again with an entry that is greater still.
    """
    latest: dict[Hashable, Entry] = {}
    for entry in sorted(entries):
        latest[thing(entry)] = entry
    return tuple(sorted(latest.values()))[-limit:]


def keep_earliest_of_each(
    entries: Iterable[Entry], limit: int, thing: Callable[[Entry], Hashable]
) -> tuple[Entry, ...]:
    """The least entry of each thing, of these the least `limit`, ascending: what is forgotten never comes back."""
    earliest: dict[Hashable, Entry] = {}
    for entry in sorted(entries, reverse=True):
        earliest[thing(entry)] = entry
    return tuple(sorted(earliest.values()))[:limit]
