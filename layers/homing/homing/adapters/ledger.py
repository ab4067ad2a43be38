"""Runs and intended mails in the table: what happened, kept for more than a year."""

from collections.abc import Collection, Mapping, Sequence
from contextlib import suppress
from typing import Any

from homing.adapters.profiles import partition
from homing.adapters.table import ConditionFailed, Item, Table, number, text
from homing.domain.moments import DAY, SECOND, Moment
from homing.domain.sends import Delivery, Run, Send, outranking

RUN_PREFIX = "RUN#"
SEND_PREFIX = "SEND#"
KEEP = 800 * DAY
_NOT_TOLD = frozenset({"pk", "sk", "expires_at", "contact"})


class TableRuns:
    """The records of runs; see `homing.ports.Runs`."""

    def __init__(self, table: Table) -> None:
        self._table = table

    def load(self, run: Run) -> Run | None:
        """The record of the run of the same profile, journey and entry."""
        item = self._table.get(partition(run.profile_id), _run_key(run))
        return None if item is None else run_of(item)

    def begin(self, run: Run) -> bool:
        """Keep the run, unless it is kept already; whether it was not."""
        item = _item(run.profile_id, _run_key(run), _attributes(run.model_dump(exclude_none=True)), run.started_at)
        try:
            self._table.put(item, condition="attribute_not_exists(pk)")
        except ConditionFailed:
            return False
        return True

    def end(self, run: Run) -> None:
        """Keep how the run ended, unless that is kept already."""
        # A run may end before its beginning is kept: the record then begins with its end.
        names = {f"#{name}": name for name in ("journey", "profile_id", "entry", "ended", "ended_at", "reason")}
        told = {name: value for name, value in run.model_dump().items() if f"#{name}" in names and value is not None}
        try:
            self._table.update(
                partition(run.profile_id),
                _run_key(run),
                "SET " + ", ".join(f"#{name} = :{name}" for name in told),
                names={f"#{name}": name for name in told} | {"#ended": "ended"},
                values={f":{name}": value for name, value in _attributes(told).items()},
                condition="attribute_not_exists(#ended)",
            )
        except ConditionFailed:
            return


class TableSends:
    """The ledger of intended mails; see `homing.ports.Sends`."""

    def __init__(self, table: Table) -> None:
        self._table = table

    def load(self, profile_id: str, send_id: str) -> Send | None:
        """The entry, or None."""
        item = self._table.get(partition(profile_id), SEND_PREFIX + send_id)
        return None if item is None else send_of(item)

    def record(self, send: Send) -> None:
        """Keep the entry, unless a final one is kept already."""
        item = _item(send.profile_id, SEND_PREFIX + send.send_id, send_attributes(send), send.at)
        try:
            self._table.put(
                item,
                condition="attribute_not_exists(pk) OR outcome = :unknown",
                values={":unknown": text("unknown")},
            )
        except ConditionFailed:
            return

    def load_many(self, keys: Collection[tuple[str, str]]) -> Mapping[str, Send]:
        """Those of the entries that there are, by send id."""
        asked = {(partition(profile_id), SEND_PREFIX + send_id) for profile_id, send_id in keys}
        found = map(send_of, self._table.get_many(sorted(asked), consistent=True))
        return {send.send_id: send for send in found}

    def settle(self, send: Send) -> None:
        """Keep SES's word that the mail went out, unless it is kept already."""
        item = _item(send.profile_id, SEND_PREFIX + send.send_id, send_attributes(send), send.at)
        with suppress(ConditionFailed):
            self._table.put(
                item, condition="attribute_not_exists(pk) OR outcome <> :sent", values={":sent": text("sent")}
            )

    def deliver(
        self, profile_id: str, send_id: str, delivery: Delivery, at: Moment, bounced: str | None = None
    ) -> None:
        """Keep what became of a mail of the ledger, as `Send.told` has it."""
        told = {":told": text(delivery), ":at": number(at)} | ({":bounced": text(bounced)} if bounced else {})
        higher = {f":higher{rank}": text(name) for rank, name in enumerate(outranking(delivery))}
        lower = f"NOT delivery IN ({', '.join([':told', *higher])})"
        with suppress(ConditionFailed):
            self._table.update(
                partition(profile_id),
                SEND_PREFIX + send_id,
                "SET delivery = :told, delivery_at = :at" + (", bounced = :bounced" if bounced else " REMOVE bounced"),
                values={**told, **higher},
                condition="attribute_exists(pk) AND (attribute_not_exists(delivery) "
                f"OR {lower} OR delivery = :told AND delivery_at > :at)",
            )

    def of_profile(self, profile_id: str) -> Sequence[Send]:
        """All entries of the profile; consistent reads."""
        return [send_of(item) for item in self._table.beginning(partition(profile_id), SEND_PREFIX)]


def run_of(item: Item) -> Run:
    """The run that a RUN item records."""
    return Run.model_validate(_values(item), extra="ignore")


def send_of(item: Item) -> Send:
    """The intended mail that a SEND item records, or an OPEN one."""
    return Send.model_validate(_values(item), extra="ignore")


def _run_key(run: Run) -> str:
    return f"{RUN_PREFIX}{run.journey}#{run.entry}"


def send_attributes(send: Send) -> Item:
    """What an item keeps of an intended mail, beside its keys."""
    return _attributes(send.model_dump(exclude_none=True))


def _item(profile_id: str, sk: str, attributes: Item, at: Moment) -> Item:
    keys = {"pk": text(partition(profile_id)), "sk": text(sk), "expires_at": number((at + KEEP) // SECOND)}
    return {**keys, **attributes}


def _attributes(values: dict[str, Any]) -> Item:
    return {name: number(value) if isinstance(value, int) else text(value) for name, value in values.items()}


def _values(item: Item) -> dict[str, Any]:
    told = {name: value for name, value in item.items() if name not in _NOT_TOLD}
    return {name: int(value["N"]) if "N" in value else value["S"] for name, value in told.items()}
