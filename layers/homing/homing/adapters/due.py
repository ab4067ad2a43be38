"""The due index in the table: one small item for each moment at which a profile has to be looked at."""

from collections.abc import Sequence

from homing.adapters.table import Table, text
from homing.domain.moments import Moment, datetime_of, parse_moment

PARTITION = "DUE#0"
"""One shard. The number stands in the key so that more can be added beside it."""


class TableDue:
    """The due index; see `homing.ports.Due`."""

    def __init__(self, table: Table) -> None:
        self._table = table

    def arm(self, moment: Moment, profile_id: str) -> None:
        """Have the profile looked at then."""
        self._table.put({"pk": text(PARTITION), "sk": text(due_key(moment, profile_id))})

    def until(self, moment: Moment, limit: int) -> Sequence[tuple[Moment, str]]:
        """The earliest moments up to `moment`, with their profiles."""
        items = self._table.first(PARTITION, due_key(moment, "~"), limit)
        return [read_due_key(item["sk"]["S"]) for item in items]

    def disarm(self, moment: Moment, profile_id: str) -> None:
        """It has been looked at."""
        self._table.delete(PARTITION, due_key(moment, profile_id))


def due_key(moment: Moment, profile_id: str) -> str:
    """The sort key: all moments equally long, so that they sort as they come."""
    return f"{datetime_of(moment).strftime('%Y-%m-%dT%H:%M:%S.%f')[:-3]}Z#{profile_id}"


def read_due_key(sk: str) -> tuple[Moment, str]:
    """The moment and the profile of a sort key."""
    told, _, profile_id = sk.partition("#")
    return parse_moment(told), profile_id
