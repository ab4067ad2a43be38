"""Whatever a client, a bug or a stranger tells of somebody who has been erased: they do not come back."""

from typing import Any

import pytest

from homing.dialects.segment_spec import read_message
from homing.domain.ids import alias_id, contact_id
from homing.domain.moments import DAY, format_moment
from homing.domain.rights import erased_mark
from homing.errors import InvalidMessage
from tests.fakes.erased import ALL, FORMER, PHONE, ZOE, erase, hear, lived, tells, traces
from tests.fakes.stories import NOW
from tests.fakes.world import ADA, ADDRESS

LATER = NOW + DAY
SPELLINGS = {
    "as it was": ADDRESS,
    "in capitals": ADDRESS.upper(),
    "mixed": "Ada@Example.COM",
    "with spaces": f"  {ADDRESS} ",
    "with a tab": f"\t{ADDRESS}",
    "with a line's end": f"{ADDRESS}\n",
    "the former one": FORMER,
    "the former one in capitals": FORMER.upper(),
}
IDENTITIES: dict[str, dict[str, Any]] = {
    "her own name": {"userId": "ada"},
    "another name": {"userId": "ada-again"},
    "the address as a name": {"userId": ADDRESS},
    "her browser": {"anonymousId": "phone"},
    "another browser": {"anonymousId": "tablet"},
    "her name on another browser": {"userId": "ada", "anonymousId": "tablet"},
    "another name on her browser": {"userId": "ada-again", "anonymousId": "phone"},
}
KINDS: dict[str, dict[str, Any]] = {
    "identify": {"type": "identify"},
    "an order": {"type": "track", "event": "Order Completed", "properties": {"order_id": "o-9", "total": 12}},
    "a page": {"type": "page"},
    "a group": {"type": "group", "groupId": "g"},
    "an alias": {"type": "alias", "previousId": "ada"},
    "a consent": {"type": "identify", "context": {"consent": {"categoryPreferences": {"marketing": True}}}},
}
PROVEN = {"consent": {"categoryPreferences": {"marketing": True}, "confirmedAt": format_moment(NOW)}}


def message(identity: dict[str, Any], kind: dict[str, Any], email: str, **more: Any) -> dict[str, Any]:
    told = {"messageId": f"late-{identity}-{kind}-{email}", "timestamp": format_moment(LATER)}
    return {**told, **identity, **kind, "traits": {"email": email, "firstName": "Ada"}, **more}


@pytest.mark.parametrize("email", SPELLINGS.values(), ids=SPELLINGS.keys())
@pytest.mark.parametrize("identity", IDENTITIES.values(), ids=IDENTITIES.keys())
def test_no_name_brings_an_erased_address_back_however_it_is_spelled(identity: dict[str, Any], email: str) -> None:
    world = lived()
    erase(world)
    try:
        event = read_message(message(identity, KINDS["a consent"], email), received_at=LATER)
    except InvalidMessage:
        return  # not even an address
    hear(world, event)
    assert traces(world, ALL) == []
    assert tells(world, ADDRESS, FORMER) == set()
    assert contact_id(email) not in world.contacts.contacts


@pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS.keys())
@pytest.mark.parametrize("identity", IDENTITIES.values(), ids=IDENTITIES.keys())
def test_no_kind_of_message_brings_the_person_back(identity: dict[str, Any], kind: dict[str, Any]) -> None:
    world = lived()
    erase(world)
    hear(world, read_message(message(identity, kind, ADDRESS), received_at=LATER))
    hear(world, read_message({**message(identity, kind, ADDRESS), "messageId": "again"}, received_at=LATER + DAY))
    assert traces(world, ALL) == []
    assert tells(world, ADDRESS, FORMER) == set()
    assert world.executions.stopped.keys() >= {run for run in world.executions.inputs if ADA in run or PHONE in run}


FORGED: dict[str, dict[str, Any]] = {
    "a profile of its own choice": {"about": ADA},
    "a profile in the context": {"context": {"about": ADA, "traits": {"email": ADDRESS}}},
    "an address in the context": {"context": {"traits": {"email": ADDRESS}}},
    "proof of consent": {"context": PROVEN},
    "a date of long ago": {"timestamp": "1999-01-01T00:00:00Z"},
    "a date to come": {"timestamp": "2099-01-01T00:00:00Z"},
    "a source of ours": {"source": "preferences"},
    "a mark's key for a name": {"userId": f"ERASED#{erased_mark(ADA, b'key')}"},
    "a profile's id for a name": {"userId": ADA},
    "a profile's key for a name": {"userId": f"P#{ADA}"},
    "a number for a name": {"userId": 17},
}


@pytest.mark.parametrize("forged", FORGED.values(), ids=FORGED.keys())
def test_no_forged_message_brings_the_person_back(forged: dict[str, Any]) -> None:
    world = lived()
    erase(world)
    hear(world, read_message({**message({"userId": "ada"}, KINDS["a consent"], ADDRESS), **forged}, received_at=LATER))
    assert traces(world, ALL) == []
    assert tells(world, ADDRESS, FORMER) == set()


def test_a_flood_of_late_events_leaves_nothing_and_hurts_nobody() -> None:
    world = lived()
    erase(world)
    before = world.record(ZOE)
    for number in range(50):
        late = message({"userId": f"bot-{number}"}, KINDS["identify"], ADDRESS, messageId=f"m{number}")
        hear(world, read_message(late, received_at=LATER))
    assert traces(world, ALL) == []
    assert world.profiles.records == {ZOE: before}


@pytest.mark.parametrize("key", [b"", b"a", b"the wrong key"])
def test_a_mark_cannot_be_made_without_the_key(key: bytes) -> None:
    ids = [ADA, contact_id(ADDRESS), alias_id("anonymous", "phone")]
    right = {erased_mark(an_id, b"the key") for an_id in ids}
    assert len(right) == len(ids)
    assert right & {erased_mark(an_id, key) for an_id in ids} == set()
