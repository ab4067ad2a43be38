"""Events and profiles in the table."""

import zlib
from collections.abc import Collection, Iterable, Mapping

from homing.adapters.table import ConditionFailed, Item, Table, bytes_of, number, text
from homing.domain.events import Event
from homing.domain.moments import DAY, SECOND, Moment
from homing.domain.record import ProfileRecord
from homing.errors import Conflict
from homing.usecases.project import StoredEvent

EVENT_PREFIX = "EVENT#"
PROFILE_KEY = "PROFILE"
ADDRESS_PREFIX = "ADDRESS#"
KEEP_EVENTS = 400 * DAY
"""Longer than a year, so that last year's events can be told again."""


def partition(profile_id: str) -> str:
    """The partition of all that is held of a profile, or of an alias's events."""
    return f"P#{profile_id}"


class TableEvents:
    """The log of facts; see `homing.ports.Events`."""

    def __init__(self, table: Table) -> None:
        self._table = table

    def put(self, event: Event, received_at: Moment, *, quiet: bool = False) -> bool:
        """Keep the event durably; False where it was kept before. A quiet one is kept, but folded into no profile."""
        item = {
            "pk": text(partition(event.alias)),
            "sk": text(EVENT_PREFIX + event.message_fact),
            "body": text(event.model_dump_json(exclude_defaults=True)),
            "received_at": number(received_at),
            "expires_at": number((received_at + KEEP_EVENTS) // SECOND),
        }
        if quiet:
            item["quiet"] = text("yes")  # the filter of project's stream leaves these out
        try:
            self._table.put(item, condition="attribute_not_exists(pk)")
        except ConditionFailed:
            return False
        return True

    def forget(self, events: Iterable[Event]) -> None:
        """Take the events out of the log."""
        self._table.write_many(delete={(partition(event.alias), EVENT_PREFIX + event.message_fact) for event in events})


def stored_event(item: Item) -> StoredEvent:
    """The event that an item of the log holds."""
    return StoredEvent(Event.model_validate_json(item["body"]["S"], extra="ignore"), int(item["received_at"]["N"]))


class TableProfiles:
    """Profiles; see `homing.ports.Profiles`."""

    def __init__(self, table: Table) -> None:
        self._table = table

    def load(self, profile_id: str) -> ProfileRecord:
        """The record as it stands, an empty one of version 0 where there is none."""
        item = self._table.get(partition(profile_id), PROFILE_KEY)
        return ProfileRecord(profile_id=profile_id) if item is None else profile_record(item)

    def load_many(self, profile_ids: Collection[str]) -> Mapping[str, ProfileRecord]:
        """Those of the records that there are, by profile id."""
        keys = [(partition(profile_id), PROFILE_KEY) for profile_id in profile_ids]
        records = map(profile_record, self._table.get_many(keys, consistent=True))
        return {record.profile_id: record for record in records}

    def save(self, record: ProfileRecord) -> None:
        """Write the record over the version it was made from. Raises Conflict where that has changed."""
        item = {
            "pk": text(partition(record.profile_id)),
            "sk": text(PROFILE_KEY),
            "version": number(record.version + 1),
            "state": {"B": _packed(record)},
        }
        try:
            if record.version == 0:
                self._table.put(item, condition="attribute_not_exists(pk)")
            else:
                self._table.put(item, condition="version = :read", values={":read": number(record.version)})
        except ConditionFailed as error:
            raise Conflict(f"profile {record.profile_id} has changed since version {record.version}") from error

    def note_address(self, profile_id: str, contact_id: str) -> None:
        """Keep that the profile has had this address."""
        self._table.put({"pk": text(partition(profile_id)), "sk": text(ADDRESS_PREFIX + contact_id)})

    def addresses(self, profile_id: str) -> Collection[str]:
        """The contacts of the addresses that were noted."""
        items = self._table.beginning(partition(profile_id), ADDRESS_PREFIX)
        return [item["sk"]["S"].removeprefix(ADDRESS_PREFIX) for item in items]


def profile_record(item: Item) -> ProfileRecord:
    """The record that a PROFILE item holds, be the item from the table or from its stream."""
    told = {"profile_id": item["pk"]["S"].removeprefix("P#"), "version": int(item["version"]["N"])}
    return ProfileRecord.model_validate_json(profile_state(item), extra="ignore").model_copy(update=told)


def profile_state(item: Item) -> bytes:
    """The JSON of a PROFILE item's state."""
    return zlib.decompress(bytes_of(item, "state"))


def _packed(record: ProfileRecord) -> bytes:
    """The state as compressed JSON: half as large, and a write is billed by the kilobyte of the whole item."""
    state = record.model_dump_json(exclude_defaults=True, exclude={"profile_id", "version"})
    return zlib.compress(state.encode(), level=9)
