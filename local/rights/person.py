"""All that a source holds of one person: the items of their aliases and addresses, and what points at them."""

from collections.abc import Iterator
from dataclasses import dataclass

from homing.adapters.contacts import CONTACT_KEY
from homing.adapters.due import DUE_PREFIX, read_due_key
from homing.adapters.erasure import aliases_in, contacts_in
from homing.adapters.open_sends import OPEN_PREFIX
from homing.adapters.profiles import partition
from homing.adapters.requests import REQUESTS_PK, request_of
from homing.adapters.table import Item
from homing.domain.ids import due_shard
from local.segments.population import Population
from local.segments.sources import Source


@dataclass(frozen=True, slots=True)
class Person:
    """Who somebody is to Homing. `items` holds everything that is kept of them."""

    profile_id: str
    aliases: tuple[str, ...]
    contacts: frozenset[str]
    items: tuple[Item, ...]


def find_person(source: Source, name: str) -> Person:
    """The person of that userId, anonymousId, profile_id or address. Raises NoProfile, SourceUnreadable."""
    profile_id = Population(source).find(name).profile_id
    aliases, contacts, items = [profile_id], set[str](), list[Item]()
    for alias in aliases:  # which grows meanwhile: each history may name others
        for item in source.items_of([partition(alias)]):
            items.append(item)
            contacts.update(contacts_in(item))
            aliases += sorted(set(aliases_in(item)) - set(aliases))
    items += source.items_of([f"C#{contact}" for contact in contacts], CONTACT_KEY)
    items += _pointing_at(source, frozenset(aliases))
    return Person(profile_id, tuple(aliases), frozenset(contacts), tuple(items))


def _pointing_at(source: Source, aliases: frozenset[str]) -> Iterator[Item]:
    """What other partitions keep about these aliases: moments to look at them, mails in the balance, requests."""
    shards = sorted({due_shard(alias) for alias in aliases})
    due = source.items_of([f"{DUE_PREFIX}{shard}" for shard in shards])
    yield from (item for item in due if read_due_key(item["sk"]["S"])[1] in aliases)
    mails = source.items_of([f"{OPEN_PREFIX}{shard}" for shard in shards])
    yield from (item for item in mails if item["profile_id"]["S"] in aliases)
    yield from (item for item in source.items_of([REQUESTS_PK]) if request_of(item).profile_id in aliases)
