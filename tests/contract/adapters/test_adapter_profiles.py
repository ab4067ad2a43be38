"""Events are kept once, profiles are written over the version they were read at, and both items are small."""

import json
import zlib
from typing import Any

import pytest

from homing.adapters.profiles import EVENT_PREFIX, KEEP_EVENTS, TableEvents, TableProfiles, profile_record, stored_event
from homing.adapters.table import Table, text
from homing.dialects.segment_spec import read_message
from homing.domain.events import Event
from homing.domain.moments import DAY, HOUR, SECOND, format_moment
from homing.domain.profile import Profile
from homing.domain.record import ProfileRecord
from homing.errors import Conflict
from local.cloud.units import WRITE_UNIT, item_size
from tests.fakes.stories import default_generation

NOON = 1_700_000_000_000
EVENT = Event(message_id="m-1", type="track", name="Order Completed", user_id="u-1", at=NOON, order_id="o-1")


@pytest.fixture
def events(table: Table) -> TableEvents:
    return TableEvents(table)


@pytest.fixture
def profiles(table: Table) -> TableProfiles:
    return TableProfiles(table)


def message(kind: str, at: int, **more: Any) -> dict[str, Any]:
    """A message of the size that shops' clients send: about half a kilobyte of JSON."""
    return {
        "type": kind,
        "messageId": f"node-next-1700000000000-0f0c4f5e-{at:013x}",
        "userId": "cust-0048219",
        "anonymousId": "5d0c2a3e-7be4-4a57-9a3c-2f1f0b7c1a11",
        "timestamp": format_moment(at),
        "context": {
            "library": {"name": "analytics-node", "version": "2.1.3"},
            "locale": "en-GB",
            "ip": "203.0.113.7",
            "userAgent": "Mozilla/5.0 (Macintosh; Intel Mac OS X 14_5) AppleWebKit/605.1.15",
        },
        **more,
    }


def ordered(at: int, number: int) -> dict[str, Any]:
    pot = {"product_id": f"TC-10{number}", "name": "Kyusu teapot", "category": "Teapots", "price": 42.5, "quantity": 1}
    return message(
        "track",
        at,
        event="Order Completed",
        properties={"order_id": f"O-2024-{number:06}", "total": 46.4, "currency": "GBP", "products": [pot]},
    )


# Versions


def test_what_a_later_version_has_added_hinders_no_earlier_one(profiles: TableProfiles, table: Table) -> None:
    record = ProfileRecord(profile_id="ada", facts=Profile(user_id="u-1"))
    state = json.loads(record.model_dump_json(exclude_defaults=True, exclude={"profile_id"}))
    state["later"], state["facts"]["later"] = 1, {"of": "all"}
    packed = {"B": zlib.compress(json.dumps(state).encode())}
    table.put({"pk": text("P#ada"), "sk": text("PROFILE"), "version": {"N": "3"}, "state": packed})
    assert profiles.load("ada") == record.model_copy(update={"version": 3})
    body = json.dumps({**json.loads(EVENT.model_dump_json(exclude_defaults=True)), "later": [1]})
    assert stored_event({"body": text(body), "received_at": {"N": str(NOON)}}).event == EVENT


# Events


def test_an_event_is_kept_once_however_often_it_comes(events: TableEvents, table: Table) -> None:
    assert events.put(EVENT, NOON) is True
    assert events.put(EVENT, NOON + HOUR) is False
    assert events.put(EVENT.model_copy(update={"name": "another"}), NOON + HOUR) is False
    (item,) = table.first(f"P#{EVENT.alias}", "~", 10)
    assert stored_event(item) == (EVENT, NOON)


def test_the_same_message_id_of_another_shopper_is_another_event(events: TableEvents) -> None:
    assert events.put(EVENT, NOON) is True
    assert events.put(EVENT.model_copy(update={"user_id": "u-2"}), NOON) is True


def test_an_event_stands_under_its_alias_and_expires(events: TableEvents, table: Table) -> None:
    events.put(EVENT, NOON)
    (item,) = table.first(f"P#{EVENT.alias}", "~", 10)
    assert item["sk"]["S"] == EVENT_PREFIX + EVENT.message_fact
    assert item["expires_at"]["N"] == str((NOON + KEEP_EVENTS) // SECOND)


def test_an_event_of_half_a_kilobyte_costs_one_write_unit(events: TableEvents, table: Table) -> None:
    told = ordered(NOON, 1)
    event = read_message(told, received_at=NOON)
    events.put(event, NOON)
    (item,) = table.first(f"P#{event.alias}", "~", 10)
    assert item_size(item) <= WRITE_UNIT


# Profiles


def test_an_unknown_profile_is_an_empty_record_of_version_0(profiles: TableProfiles) -> None:
    assert profiles.load("p") == ProfileRecord(profile_id="p")


def test_a_profile_reads_back_with_the_next_version(profiles: TableProfiles) -> None:
    record = ProfileRecord(profile_id="p", segments={"leads": NOON}, due_at=NOON + DAY)
    profiles.save(record)
    assert profiles.load("p") == record.model_copy(update={"version": 1})
    profiles.save(profiles.load("p").model_copy(update={"joined_to": "q"}))
    assert profiles.load("p") == record.model_copy(update={"version": 2, "joined_to": "q"})


def test_many_profiles_are_read_at_once_and_those_that_are_none_are_left_out(profiles: TableProfiles) -> None:
    for name in ("p", "q"):
        profiles.save(ProfileRecord(profile_id=name))
    assert profiles.load_many({"p", "q", "nobody"}) == {name: profiles.load(name) for name in ("p", "q")}
    assert profiles.load_many([]) == {}


def test_of_two_writers_of_one_version_the_second_is_told(profiles: TableProfiles) -> None:
    profiles.save(ProfileRecord(profile_id="p"))
    read = profiles.load("p")
    profiles.save(read.model_copy(update={"due_at": NOON}))
    with pytest.raises(Conflict):
        profiles.save(read.model_copy(update={"due_at": NOON + 1}))
    assert profiles.load("p").due_at == NOON


def test_of_two_writers_of_a_new_profile_the_second_is_told(profiles: TableProfiles) -> None:
    profiles.save(ProfileRecord(profile_id="p"))
    with pytest.raises(Conflict):
        profiles.save(ProfileRecord(profile_id="p", due_at=NOON))


def test_a_profile_that_was_never_written_has_no_later_version(profiles: TableProfiles) -> None:
    with pytest.raises(Conflict):
        profiles.save(ProfileRecord(profile_id="p", version=3))
    assert profiles.load("p").version == 0


def test_the_addresses_of_a_profile_are_those_that_were_noted_each_once(profiles: TableProfiles) -> None:
    profiles.save(ProfileRecord(profile_id="p"))
    for profile_id, contact_id in (("p", "new"), ("p", "old"), ("p", "new"), ("q", "another's")):
        profiles.note_address(profile_id, contact_id)
    assert profiles.addresses("p") == ["new", "old"]
    assert profiles.addresses("nobody") == []


def test_a_typical_profile_costs_one_write_unit(profiles: TableProfiles, table: Table) -> None:
    told = [
        message(
            "identify",
            NOON - 90 * DAY,
            traits={"email": "ada.lovelace@example.com", "firstName": "Ada", "lastName": "Lovelace", "locale": "en-GB"},
        )
    ]
    told[0]["context"]["consent"] = {"categoryPreferences": {"marketing": True}}
    told += [ordered(NOON - days * DAY, days) for days in (80, 50, 21)]
    told += [
        message(
            "track", NOON - HOUR, event=name, properties={"product_id": f"TC-20{n}", "category": "Cups", "price": 9}
        )
        for n in (1, 2)
        for name in ("Product Viewed", "Product Added")
    ]
    record = ProfileRecord(profile_id=read_message(told[0], received_at=NOON).alias)
    for number, each in enumerate(told):
        facts = record.facts.after(read_message(each, received_at=NOON), NOON - (len(told) - number) * DAY)
        record = record.with_facts(facts, default_generation(), NOON)
    profiles.save(record)
    (item,) = table.first(f"P#{record.profile_id}", "~", 10)
    assert profile_record(item).facts.orders.count == 3
    assert item_size(item) <= WRITE_UNIT
