"""The rights of a shopper over what is held of them: to get it, and to have it erased."""

import hmac
from collections import Counter
from hashlib import sha256
from typing import Literal, NamedTuple

from homing.domain.events import Event, Frozen
from homing.domain.ids import contact_id
from homing.domain.moments import Moment

Right = Literal["data", "erasure"]
"""What a shopper may ask for: all that is held of them, or that it be erased."""


class Request(NamedTuple):
    """What a shopper has asked for on the preferences page; it stays open until a person has answered it.

    `profile_id` names the profile as it was then; `at` is when it was asked for first.
    """

    right: Right
    profile_id: str
    at: Moment


class Erasure(Frozen):
    """Somebody who is being erased, in opaque ids only: kept from the first deletion to the last.

    `profiles` are all aliases of the person, `contacts` all addresses. `cleared_at` is when everything had been taken
    away for the first time; what was under way then may have written since.
    """

    profile_id: str
    profiles: tuple[str, ...]
    contacts: tuple[str, ...]
    cleared_at: Moment | None = None

    @property
    def ids(self) -> frozenset[str]:
        """All that the person is known by."""
        return frozenset((*self.profiles, *self.contacts))


class Held(NamedTuple):
    """What one partition of the table holds of a person.

    `items` are the sort keys of its items; `aliases` the histories that are part of this one or that this one is part
    of; `contacts` the addresses that it names; `runs` the ids of its journeys' runs.
    """

    profile_id: str
    items: tuple[str, ...]
    aliases: frozenset[str]
    contacts: frozenset[str]
    runs: frozenset[str]

    @property
    def kinds(self) -> Counter[str]:
        """How many items of each kind: the first word of their keys, such as EVENT."""
        return Counter(item.partition("#")[0] for item in self.items)


def erased_mark(an_id: str, key: bytes) -> str:
    """What stays of an erased alias or contact: nobody without the key can tell whose it is, or find an address by it.

    An alias or contact id alone would not do: who has a list of addresses can make the ids of all of them.
    """
    return hmac.new(key, f"erased:{an_id}".encode(), sha256).hexdigest()


def contacts_told_by(event: Event) -> frozenset[str]:
    """The contacts of all addresses that an event tells: as the shopper's, or as the id that the shop knows them by."""
    named = (event.traits.get("email"), event.user_id, event.anonymous_id)
    return frozenset(contact_id(name) for name in named if name is not None and "@" in name)
