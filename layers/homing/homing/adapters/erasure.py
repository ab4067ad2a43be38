"""Erasures in the table: the marks that stay, the erasures under way, and the taking away of a person's items.

A mark's key is a keyed hash of the erased id, and it holds the moment beside it: nothing else is left of a person.
"""

from collections.abc import Callable, Collection, Sequence

from homing.adapters.contacts import CONTACT_KEY
from homing.adapters.due import DUE_PREFIX, read_due_key
from homing.adapters.ledger import RUN_PREFIX, run_of
from homing.adapters.open_sends import OPEN_PREFIX
from homing.adapters.profiles import ADDRESS_PREFIX, EVENT_PREFIX, PROFILE_KEY, partition, profile_record, stored_event
from homing.adapters.table import Item, Table, number, text
from homing.domain.ids import contact_id, due_shard
from homing.domain.moments import Moment
from homing.domain.rights import Erasure, Held, contacts_told_by, erased_mark

ERASED_PREFIX, ERASED_KEY = "ERASED#", "ERASED"
ERASURE_PK = "ERASURE"


class TableErasures:
    """Who has been erased; see `homing.ports.Erasures`. `key` gives what marks are made with: the signing secret."""

    def __init__(self, table: Table, key: Callable[[], bytes]) -> None:
        self._table = table
        self._key = key

    def erased(self, ids: Collection[str]) -> Collection[str]:
        """Those of these aliases and contacts that have been erased."""
        marks = {self._mark(an_id): an_id for an_id in ids}
        found = self._table.get_many([(mark, ERASED_KEY) for mark in marks], consistent=True)
        return {marks[item["pk"]["S"]] for item in found}

    def mark(self, ids: Collection[str], at: Moment) -> None:
        """Know these aliases and contacts as erased from now on."""
        new = set(ids) - set(self.erased(ids))
        marks = sorted(map(self._mark, new))
        self._table.write_many(put=[{"pk": text(mark), "sk": text(ERASED_KEY), "at": number(at)} for mark in marks])

    def unmark(self, ids: Collection[str]) -> None:
        """Let these aliases and contacts in again."""
        self._table.write_many(delete=[(self._mark(an_id), ERASED_KEY) for an_id in ids])

    def keep(self, erasure: Erasure) -> None:
        """Remember that the erasure is under way."""
        body = erasure.model_dump_json()
        self._table.put({"pk": text(ERASURE_PK), "sk": text(erasure.profile_id), "body": text(body)})

    def under_way(self) -> Sequence[Erasure]:
        """The erasures that have been begun and not been finished."""
        return [Erasure.model_validate_json(item["body"]["S"]) for item in self._table.partition(ERASURE_PK)]

    def forget(self, erasure: Erasure) -> None:
        """The erasure is finished."""
        self._table.delete(ERASURE_PK, erasure.profile_id)

    def held(self, profile_id: str) -> Held:
        """What is held under one alias."""
        items = list(self._table.partition(partition(profile_id)))
        return Held(
            profile_id=profile_id,
            items=tuple(item["sk"]["S"] for item in items),
            aliases=frozenset(alias for item in items for alias in aliases_in(item)),
            contacts=frozenset(contact for item in items for contact in contacts_in(item)),
            runs=frozenset(run_of(item).run_id for item in items if _is_run(item)),
        )

    def clear(self, held: Held) -> None:
        """Take that away, and nothing that has been written since."""
        pk = partition(held.profile_id)
        self._table.write_many(delete=[(pk, sk) for sk in held.items])

    def clear_contact(self, contact_id: str) -> None:
        """Take the contact away."""
        self._table.delete(f"C#{contact_id}", CONTACT_KEY)

    def clear_looks(self, profile_ids: Collection[str]) -> None:
        """Take what names these profiles out of the due index and out of the open mails.

        What is armed for a profile is not written down with it: its shards are read from end to end.
        """
        wanted = frozenset(profile_ids)
        for shard in sorted(set(map(due_shard, wanted))):
            due = (item["sk"]["S"] for item in self._table.partition(f"{DUE_PREFIX}{shard}", ["sk"]))
            looks = [(f"{DUE_PREFIX}{shard}", sk) for sk in due if read_due_key(sk)[1] in wanted]
            mails = self._table.partition(f"{OPEN_PREFIX}{shard}", ["sk", "profile_id"])
            looks += [(f"{OPEN_PREFIX}{shard}", item["sk"]["S"]) for item in mails if item["profile_id"]["S"] in wanted]
            self._table.write_many(delete=looks)

    def _mark(self, an_id: str) -> str:
        return ERASED_PREFIX + erased_mark(an_id, self._key())


def _is_run(item: Item) -> bool:
    sk: str = item["sk"]["S"]
    return sk.startswith(RUN_PREFIX)


def aliases_in(item: Item) -> Collection[str]:
    """The other histories that a profile names as its own, or as the one that it is part of."""
    if item["sk"]["S"] != PROFILE_KEY:
        return ()
    record = profile_record(item)
    return record.facts.anonymous if record.joined_to is None else (*record.facts.anonymous, record.joined_to)


def contacts_in(item: Item) -> Collection[str]:
    """The contacts that an item of a profile's partition tells of."""
    sk: str = item["sk"]["S"]
    if sk.startswith(ADDRESS_PREFIX):
        return (sk.removeprefix(ADDRESS_PREFIX),)
    if _is_run(item):
        return tuple(filter(None, [run_of(item).contact_id]))
    if sk.startswith(EVENT_PREFIX):
        return contacts_told_by(stored_event(item).event)
    email = profile_record(item).facts.trait("email") if sk == PROFILE_KEY else None
    return () if email is None else (contact_id(email),)
