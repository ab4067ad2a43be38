"""The due index in the table: one small item for each moment at which a profile has to be looked at."""

from collections.abc import Collection, Sequence

from homing.adapters.table import Table, moment_key, text
from homing.domain.ids import due_shard
from homing.domain.moments import Moment, parse_moment
from homing.ports import Look

DUE_PREFIX = "DUE#"


class TableDue:
    """The due index; see `homing.ports.Due`."""

    def __init__(self, table: Table) -> None:
        self._table = table

    def arm(self, looks: Collection[Look]) -> None:
        """Have the profiles looked at."""
        self._table.write_many(put=[{"pk": text(pk), "sk": text(sk)} for pk, sk in map(due_key, looks)])

    def until(self, shard: int, moment: Moment, limit: int) -> Sequence[Look]:
        """The earliest looks of the part up to `moment`."""
        items = self._table.first(f"{DUE_PREFIX}{shard}", moment_key(moment) + "~", limit)
        return [read_due_key(item["sk"]["S"]) for item in items]

    def disarm(self, looks: Collection[Look]) -> None:
        """They have been taken."""
        self._table.write_many(delete=[due_key(look) for look in looks])


def due_key(look: Look) -> tuple[str, str]:
    """The keys of a look's item: its shard, and its moment with its profile."""
    moment, profile_id = look
    return f"{DUE_PREFIX}{due_shard(profile_id)}", moment_key(moment) + profile_id


def read_due_key(sk: str) -> Look:
    """The moment and the profile of a sort key."""
    told, _, profile_id = sk.partition("#")
    return parse_moment(told), profile_id
