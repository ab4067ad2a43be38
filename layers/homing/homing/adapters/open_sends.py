"""The open mails in the table: one small item for each mail that is about to be claimed, until its fate is known."""

from collections.abc import Collection, Sequence

from homing.adapters.ledger import send_attributes, send_of
from homing.adapters.table import Item, Table, moment_key, text
from homing.domain.ids import due_shard
from homing.domain.moments import Moment, parse_moment
from homing.domain.sends import SETTLES_WITHIN, OpenSend, Send

OPEN_PREFIX = "OPEN#"


class TableOpenSends:
    """The open mails; see `homing.ports.OpenSends`."""

    def __init__(self, table: Table) -> None:
        self._table = table

    def note(self, send: Send, contact_id: str) -> None:
        """Have the mail looked at SETTLES_WITHIN after its `at`."""
        self._table.put(_item(OpenSend(send=send, contact_id=contact_id, look_at=send.at + SETTLES_WITHIN)))

    def until(self, shard: int, moment: Moment, limit: int) -> Sequence[OpenSend]:
        """The first of the part that have to be looked at up to `moment`."""
        return [
            _open_send(item) for item in self._table.first(f"{OPEN_PREFIX}{shard}", moment_key(moment) + "~", limit)
        ]

    def put_off(self, entries: Collection[OpenSend], look_at: Moment) -> None:
        """Have them looked at again, later than now. Cut off, some may be looked at once more than asked."""
        self._table.write_many(put=[_item(entry.model_copy(update={"look_at": look_at})) for entry in entries])
        self.close(entries)

    def close(self, entries: Collection[OpenSend]) -> None:
        """They need no look any more."""
        self._table.write_many(delete=[open_key(entry) for entry in entries])


def open_key(entry: OpenSend) -> tuple[str, str]:
    """The keys of an open mail's item: its profile's shard, and the moment of the look with the send's id."""
    return f"{OPEN_PREFIX}{due_shard(entry.send.profile_id)}", moment_key(entry.look_at) + entry.send.send_id


def _item(entry: OpenSend) -> Item:
    pk, sk = open_key(entry)
    return {"pk": text(pk), "sk": text(sk), "contact": text(entry.contact_id), **send_attributes(entry.send)}


def _open_send(item: Item) -> OpenSend:
    told, _, _ = item["sk"]["S"].partition("#")
    return OpenSend(send=send_of(item), contact_id=item["contact"]["S"], look_at=parse_moment(told))
