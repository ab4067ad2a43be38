"""SES's notices: a bad one comes again by itself, suppresses nobody, stops no other, and none lifts a suppression."""

import json
from contextlib import suppress
from copy import deepcopy
from typing import TYPE_CHECKING, Any

import pytest

from homing.adapters.profiles import TableProfiles, stored_event
from homing.domain.ids import contact_id
from homing.domain.record import ProfileRecord
from homing.errors import Conflict

if TYPE_CHECKING:
    from homing.adapters.table import Item
    from tests.attacks.conftest import Doors

ADA, BOB = "ada@customer.example", "bob@customer.example"
AT = "2026-03-02T09:15:02.000Z"
PROFILE = "s3dhtno2tqckwc4r"
TAGS = {"send_id": ["zjdhmvzubj7fmoj4"], "profile_id": [PROFILE], "journey": ["welcome"]}
MAIL: dict[str, Any] = {"messageId": "0107-1", "timestamp": AT, "destination": [ADA], "tags": TAGS}
BOUNCE: dict[str, Any] = {
    "eventType": "Bounce",
    "mail": MAIL,
    "bounce": {"bounceType": "Permanent", "timestamp": AT, "bouncedRecipients": [{"emailAddress": ADA}]},
}
COMPLAINT: dict[str, Any] = {
    "eventType": "Complaint",
    "mail": MAIL,
    "complaint": {"timestamp": AT, "complainedRecipients": [{"emailAddress": ADA}]},
}
OF_BOB: dict[str, Any] = deepcopy(BOUNCE) | {"mail": MAIL | {"messageId": "0107-2"}}
OF_BOB["bounce"]["bouncedRecipients"] = [{"emailAddress": BOB}]


def record(notice: object, message_id: str = "bad") -> dict[str, Any]:
    return {"messageId": message_id, "body": notice if isinstance(notice, str) else json.dumps(notice)}


def changed(notice: dict[str, Any], part: str, **members: object) -> dict[str, Any]:
    return notice | {part: notice[part] | members}


def without(notice: dict[str, Any], part: str, member: str) -> dict[str, Any]:
    return notice | {part: {name: value for name, value in notice[part].items() if name != member}}


@pytest.fixture(autouse=True)
def known(doors: "Doors") -> None:
    """The shop knows both addresses, and the profile of the mails: of whom it does not, nothing is kept."""
    are_known(doors, PROFILE, ADA, BOB)


def are_known(doors: "Doors", profile_id: str, *addresses: str) -> None:
    """A profile without anything that it tells, and contacts."""
    with suppress(Conflict):
        TableProfiles(doors.table).save(ProfileRecord(profile_id=profile_id))
    for address in addresses:
        doors.contacts.note_consent(contact_id(address), profile_id, granted=True, at=1)


def events(doors: "Doors") -> "list[Item]":
    """The events that were stored."""
    return [item for item in doors.items() if item["sk"]["S"].startswith("EVENT#")]


def suppressed(doors: "Doors") -> dict[str, str | None]:
    """Who gets no mail any more, and why."""
    known = {name: doors.contacts.load(contact_id(address)) for name, address in (("ada", ADA), ("bob", BOB))}
    return {name: contact.suppressed for name, contact in known.items() if contact is not None and contact.suppressed}


FAILING: dict[str, object] = {
    "empty": "",
    "word": "bounce",
    "of-a-person": f"no JSON of {ADA}",
    "cut": json.dumps(BOUNCE)[:-1],
    "twice": json.dumps(BOUNCE) * 2,
    "null": None,
    "true": True,
    "number": 5,
    "nan": "NaN",
    "text": '"Bounce"',
    "list": [BOUNCE],
    "empty-object": {},
    "nested": "[" * 100_000,
    "huge-number": "9" * 10_000,
    "as-sns-wraps-it": {"Type": "Notification", "Message": json.dumps(BOUNCE)},
    "bounce-missing": {"eventType": "Bounce", "mail": MAIL},
    "bounce-null": BOUNCE | {"bounce": None},
    "bounce-list": BOUNCE | {"bounce": []},
    "bounce-text": BOUNCE | {"bounce": "Permanent"},
    "bounce-type-missing": without(BOUNCE, "bounce", "bounceType"),
    "bounce-time-missing": without(BOUNCE, "bounce", "timestamp"),
    "bounce-time-null": changed(BOUNCE, "bounce", timestamp=None),
    "bounce-time-number": changed(BOUNCE, "bounce", timestamp=1_772_442_904),
    "bounce-time-word": changed(BOUNCE, "bounce", timestamp="now"),
    "bounce-time-without-zone": changed(BOUNCE, "bounce", timestamp="2026-03-02T09:15:02"),
    "bounce-time-in-year-99999": changed(BOUNCE, "bounce", timestamp="99999-01-01T00:00:00Z"),
    "bounce-time-half-a-character": changed(BOUNCE, "bounce", timestamp="\ud800"),
    "recipients-missing": without(BOUNCE, "bounce", "bouncedRecipients"),
    "recipients-null": changed(BOUNCE, "bounce", bouncedRecipients=None),
    "recipients-number": changed(BOUNCE, "bounce", bouncedRecipients=5),
    "recipients-of-texts": changed(BOUNCE, "bounce", bouncedRecipients=[ADA]),
    "recipients-one-mapping": changed(BOUNCE, "bounce", bouncedRecipients={"emailAddress": ADA}),
    "recipient-without-address": changed(BOUNCE, "bounce", bouncedRecipients=[{}]),
    "recipient-of-ada-and-one-without": changed(BOUNCE, "bounce", bouncedRecipients=[{"emailAddress": ADA}, {}]),
    "recipient-of-ada-and-null": changed(BOUNCE, "bounce", bouncedRecipients=[{"emailAddress": ADA}, None]),
    "address-null": changed(BOUNCE, "bounce", bouncedRecipients=[{"emailAddress": None}]),
    "address-number": changed(BOUNCE, "bounce", bouncedRecipients=[{"emailAddress": 5}]),
    "address-list": changed(BOUNCE, "bounce", bouncedRecipients=[{"emailAddress": [ADA]}]),
    "address-half-a-character": changed(BOUNCE, "bounce", bouncedRecipients=[{"emailAddress": "\ud800"}]),
    "bounce-mail-missing": {name: value for name, value in BOUNCE.items() if name != "mail"},
    "complaint-missing": {"eventType": "Complaint", "mail": MAIL},
    "complaint-null": COMPLAINT | {"complaint": None},
    "complaint-time-missing": without(COMPLAINT, "complaint", "timestamp"),
    "complaint-recipients-missing": without(COMPLAINT, "complaint", "complainedRecipients"),
    "complaint-recipients-of-a-bounce": COMPLAINT | {"complaint": BOUNCE["bounce"]},
    "open-missing": {"eventType": "Open", "mail": MAIL},
    "open-time-null": {"eventType": "Open", "mail": MAIL, "open": {"timestamp": None}},
    "click-null": {"eventType": "Click", "mail": MAIL, "click": None},
    "click-mail-null": {"eventType": "Click", "mail": None, "click": {"timestamp": AT}},
    "click-time-in-year-99999": {"eventType": "Click", "mail": MAIL, "click": {"timestamp": "99999-01-01T00:00:00Z"}},
    "send-mail-missing": {"eventType": "Send", "send": {}},
    "send-mail-text": {"eventType": "Send", "mail": "0107-1"},
    "type-list": BOUNCE | {"eventType": ["Bounce"]},
    "type-null": BOUNCE | {"eventType": None},
    "send-tags-list": {"eventType": "Send", "mail": MAIL | {"tags": [TAGS]}},
}


@pytest.mark.parametrize("notice", FAILING.values(), ids=FAILING.keys())
@pytest.mark.parametrize("place", [0, 1], ids=["before", "after"])
def test_a_bad_notice_fails_alone_and_suppresses_nobody(doors: "Doors", notice: object, place: int) -> None:
    records = [record(OF_BOB, "good")]
    records.insert(place, record(notice))
    answer = doors.call("feedback", {"Records": records})
    assert answer == {"batchItemFailures": [{"itemIdentifier": "bad"}]}
    assert suppressed(doors) == {"bob": "bounced"}
    assert len(events(doors)) == 1


IGNORED: dict[str, object] = {
    "unknown-type": {"eventType": "Teleport", "mail": MAIL, "bounce": BOUNCE["bounce"]},
    "type-in-capitals": BOUNCE | {"eventType": "BOUNCE"},
    "type-with-a-blank": BOUNCE | {"eventType": "Bounce "},
    "type-fullwidth": BOUNCE | {"eventType": "Ｂounce"},  # noqa: RUF001
    "type-very-long": BOUNCE | {"eventType": "Bounce" * 1_000},
    "type-is-a-method": BOUNCE | {"eventType": "_suppress"},
    "transient": changed(BOUNCE, "bounce", bounceType="Transient"),
    "undetermined": changed(BOUNCE, "bounce", bounceType="Undetermined"),
    "bounce-type-in-small-letters": changed(BOUNCE, "bounce", bounceType="permanent"),
    "bounce-type-null": changed(BOUNCE, "bounce", bounceType=None),
    "bounce-type-list": changed(BOUNCE, "bounce", bounceType=["Permanent"]),
    "delivery": {"eventType": "Delivery", "mail": MAIL, "delivery": {"recipients": [ADA]}},
    "delivery-delay": {"eventType": "DeliveryDelay", "mail": MAIL, "deliveryDelay": {}},
    "reject": {"eventType": "Reject", "mail": MAIL, "reject": {"reason": "Bad content"}},
    "rendering-failure": {"eventType": "Rendering Failure", "mail": MAIL, "failure": {}},
    "subscription": {"eventType": "Subscription", "mail": MAIL, "subscription": {}},
}


@pytest.mark.parametrize("notice", IGNORED.values(), ids=IGNORED.keys())
def test_a_notice_of_another_kind_suppresses_nobody(doors: "Doors", notice: object) -> None:
    answer = doors.call("feedback", {"Records": [record(notice), record(OF_BOB, "good")]})
    assert {failure["itemIdentifier"] for failure in answer["batchItemFailures"]} <= {"bad"}
    assert suppressed(doors) == {"bob": "bounced"}
    told = [stored_event(item).event for item in events(doors)]
    assert [event.source for event in told if event.consent] == ["bounced"]


ODD_PROFILES: dict[str, object] = {
    "key-of-a-profile": "P#victimvictimvict",
    "key-of-a-contact": "C#victimvictimvict",
    "sort-key": "PROFILE",
    "path": "../victim",
    "null-byte": "a\0b",
    "newline": "a\nb",
    "not-ascii": "сводка",
    "markup": "<script>",
    "long": "x" * 1_000,
    "another-shopper": "aaaaaaaaaaaaaaaa",
}


@pytest.mark.parametrize("profile", ODD_PROFILES.values(), ids=ODD_PROFILES.keys())
@pytest.mark.parametrize("kind", ["Bounce", "Complaint", "Open", "Click"])
def test_an_odd_profile_is_told_in_its_own_partition_and_nowhere_else(
    doors: "Doors", profile: object, kind: str
) -> None:
    are_known(doors, str(profile))
    mail = MAIL | {"tags": TAGS | {"profile_id": [profile]}}
    notices = {"Bounce": BOUNCE, "Complaint": COMPLAINT}
    notice = notices.get(kind, {"eventType": kind, kind.lower(): {"timestamp": AT}}) | {"mail": mail}
    assert doors.call("feedback", {"Records": [record(notice)]}) == {"batchItemFailures": []}
    assert [item["pk"]["S"] for item in events(doors)] == [f"P#{profile}"]
    assert suppressed(doors) == (
        {"ada": {"Bounce": "bounced", "Complaint": "complained"}[kind]} if kind in notices else {}
    )


ODD_TAGS: dict[str, object] = {
    "none": {},
    "of-others": {"ses:operation": ["SendEmail"], "campaign": ["spring"]},
    "empty-lists": {"send_id": [], "profile_id": [], "journey": []},
    "profile-empty-list": TAGS | {"profile_id": []},
}


@pytest.mark.parametrize("tags", ODD_TAGS.values(), ids=ODD_TAGS.keys())
@pytest.mark.parametrize("kind", ["Send", "Bounce", "Complaint", "Open", "Click"])
def test_a_mail_without_a_profile_suppresses_its_recipients_and_tells_nobody(
    doors: "Doors", tags: object, kind: str
) -> None:
    notices = {"Bounce": BOUNCE, "Complaint": COMPLAINT}
    notice = notices.get(kind, {"eventType": kind, kind.lower(): {"timestamp": AT}}) | {"mail": MAIL | {"tags": tags}}
    assert doors.call("feedback", {"Records": [record(notice)]}) == {"batchItemFailures": []}
    assert (list(suppressed(doors)), events(doors)) == (["ada"] if kind in notices else [], [])


ADDRESSES: dict[str, list[str]] = {
    "two": [ADA, BOB],
    "twice": [ADA, ADA],
    "a-hundred": [f"shopper{number}@customer.example" for number in range(100)],
    "capitals": ["ADA@CUSTOMER.EXAMPLE"],
    "around-blanks": [f"  {ADA}\n"],
    "not-ascii": ["jörg@müller.example"],
    "with-a-name": [f"Bob <{BOB}>"],
    "empty": [""],
    "very-long": ["x" * 100_000 + "@customer.example"],
    "key-of-an-item": ["C#" + contact_id(BOB)],
    "nobody": [],
}


@pytest.mark.parametrize("addresses", ADDRESSES.values(), ids=ADDRESSES.keys())
def test_exactly_the_addresses_that_are_named_are_suppressed(doors: "Doors", addresses: list[str]) -> None:
    are_known(doors, PROFILE, *addresses)
    notice = changed(BOUNCE, "bounce", bouncedRecipients=[{"emailAddress": address} for address in addresses])
    assert doors.call("feedback", {"Records": [record(notice)]}) == {"batchItemFailures": []}
    contacts = {item["pk"]["S"] for item in doors.items() if "suppressed" in item}
    assert contacts == {f"C#{contact_id(address)}" for address in addresses}
    # A second time, as the queue may bring it, changes nothing.
    before = doors.items()
    doors.call("feedback", {"Records": [record(notice)]})
    assert doors.items() == before


STRANGERS: dict[str, dict[str, Any]] = {
    "address": changed(BOUNCE, "bounce", bouncedRecipients=[{"emailAddress": "nobody@customer.example"}]),
    "profile": {
        "eventType": "Click",
        "mail": MAIL | {"tags": TAGS | {"profile_id": ["nobody"]}},
        "click": COMPLAINT["complaint"],
    },
}


@pytest.mark.parametrize("notice", STRANGERS.values(), ids=STRANGERS.keys())
def test_of_whom_the_shop_does_not_know_nothing_is_kept(doors: "Doors", notice: dict[str, Any]) -> None:
    before = [(item["pk"], item["sk"]) for item in doors.items()]
    assert doors.call("feedback", {"Records": [record(notice)]}) == {"batchItemFailures": []}
    assert [(item["pk"], item["sk"]) for item in doors.items() if "EVENT#" not in item["sk"]["S"]] == before
    assert {item["pk"]["S"] for item in events(doors)} <= {f"P#{PROFILE}"}
    assert suppressed(doors) == {}


LATE: dict[str, dict[str, Any]] = {
    "send": {"eventType": "Send", "mail": MAIL, "send": {}},
    "delivery": {"eventType": "Delivery", "mail": MAIL, "delivery": {"timestamp": AT, "recipients": [ADA]}},
    "open": {"eventType": "Open", "mail": MAIL, "open": {"timestamp": AT}},
    "click": {"eventType": "Click", "mail": MAIL, "click": {"timestamp": AT, "link": "https://evil.example"}},
    "transient-bounce": changed(BOUNCE, "bounce", bounceType="Transient"),
    "complaint": COMPLAINT,
    "complaint-not-spam": changed(COMPLAINT, "complaint", complaintFeedbackType="not-spam"),
    "subscription": {"eventType": "Subscription", "mail": MAIL, "subscription": {"newTopicPreferences": {}}},
}


@pytest.mark.parametrize("late", LATE.values(), ids=LATE.keys())
def test_no_later_notice_lifts_a_suppression(doors: "Doors", late: dict[str, Any]) -> None:
    doors.call("feedback", {"Records": [record(BOUNCE)]})
    doors.call("feedback", {"Records": [record(late)]})
    doors.contacts.note_consent(contact_id(ADA), PROFILE, granted=True, at=1)
    assert suppressed(doors) == {"ada": "complained" if late is COMPLAINT else "bounced"}
