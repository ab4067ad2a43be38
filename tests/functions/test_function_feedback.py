"""functions/feedback with SES's events, as they come through the topic and the queue."""

import json
from typing import TYPE_CHECKING, Any

import pytest

from homing.adapters.profiles import TableProfiles, stored_event
from homing.domain.ids import contact_id
from homing.domain.moments import parse_moment
from homing.domain.record import ProfileRecord
from homing.domain.sends import Outcome, Run, Send

if TYPE_CHECKING:
    from homing.adapters.table import Item
    from tests.functions.conftest import Deployed

CONTACT = contact_id("ada.lovelace@customer.example")


def case(deployed: "Deployed", name: str) -> Any:
    """An event of SES about a mail to somebody who is known."""
    event = deployed.event(f"ses-feedback/{name}")
    (profile_id,) = mail_of(event)["tags"]["profile_id"]
    TableProfiles(deployed.table).save(ProfileRecord(profile_id=profile_id))
    deployed.contacts.note_consent(CONTACT, profile_id, granted=True, at=1)
    return event


def told(deployed: "Deployed") -> "list[Item]":
    """The events that were stored."""
    return [item for item in deployed.items("P#") if item["sk"]["S"].startswith("EVENT#")]


def mail_of(event: Any) -> Any:
    return json.loads(event["Records"][0]["body"])["mail"]


def recorded(deployed: "Deployed", event: Any, outcome: Outcome) -> Send:
    """The ledger's entry for the mail that the event is about."""
    tags = {name: values[0] for name, values in mail_of(event)["tags"].items()}
    send = Send(
        send_id=tags["send_id"],
        run_id=f"welcome-{tags['profile_id']}-once",
        profile_id=tags["profile_id"],
        journey=tags["journey"],
        step="greeting",
        template="welcome-greeting",
        at=deployed.now - 1_000,
        outcome=outcome,
        reason="no_answer",
    )
    deployed.sends.record(send)
    return send


def test_a_mail_of_unknown_fate_was_sent_after_all(deployed: "Deployed") -> None:
    event = case(deployed, "send")
    unknown = recorded(deployed, event, "unknown")
    assert deployed.invoke("Feedback", event) == {"batchItemFailures": []}
    sent = {"outcome": "sent", "reason": None, "message_id": mail_of(event)["messageId"]}
    assert deployed.send(unknown.profile_id, unknown.send_id) == unknown.model_copy(update=sent)


def test_a_mail_of_which_the_ledger_knows_nothing_is_entered_as_sent(deployed: "Deployed") -> None:
    event = case(deployed, "send")
    for _ in range(2):
        assert deployed.invoke("Feedback", event) == {"batchItemFailures": []}
    run = Run(journey="welcome", profile_id="s3dhtno2tqckwc4r", entry="once")
    taken_at = min(parse_moment(mail_of(event)["timestamp"]), deployed.now)
    entry = run.ledger_entry("greeting", "welcome-greeting", outcome="sent", reason=None, at=taken_at)
    sent = entry.model_copy(update={"message_id": mail_of(event)["messageId"]})
    assert deployed.send(run.profile_id, run.send_id("greeting")) == sent


def test_a_mail_of_old_tags_waits_for_the_ledger(deployed: "Deployed") -> None:
    event = case(deployed, "send")
    (record,) = event["Records"]
    notice = json.loads(record["body"])
    for name in ("run_id", "step", "template"):
        del notice["mail"]["tags"][name]
    record["body"] = json.dumps(notice)
    assert deployed.invoke("Feedback", event) == {"batchItemFailures": [{"itemIdentifier": record["messageId"]}]}
    recorded(deployed, event, "unknown")
    assert deployed.invoke("Feedback", event) == {"batchItemFailures": []}


def test_the_word_of_ses_outweighs_what_was_made_of_its_silence(deployed: "Deployed") -> None:
    event = case(deployed, "send")
    failed = recorded(deployed, event, "failed")
    deployed.invoke("Feedback", event)
    sent = {"outcome": "sent", "reason": None, "message_id": mail_of(event)["messageId"]}
    assert deployed.send(failed.profile_id, failed.send_id) == failed.model_copy(update=sent)


@pytest.mark.parametrize(("name", "reason"), [("bounce-permanent", "bounced"), ("complaint", "complained")])
def test_an_address_that_wants_or_takes_no_mail_is_suppressed(deployed: "Deployed", name: str, reason: str) -> None:
    event = case(deployed, name)
    for _ in range(2):
        assert deployed.invoke("Feedback", event) == {"batchItemFailures": []}
    assert deployed.contact(CONTACT).suppressed == reason
    (item,) = told(deployed)
    stored, _ = stored_event(item)
    assert (stored.about, stored.consent, stored.source) == (
        mail_of(event)["tags"]["profile_id"][0],
        {"marketing": False},
        reason,
    )


def test_a_full_mailbox_is_noted_and_suppresses_nobody(deployed: "Deployed") -> None:
    event = case(deployed, "bounce-transient")
    assert deployed.invoke("Feedback", event) == {"batchItemFailures": []}
    (item,) = told(deployed)
    assert (item["quiet"], stored_event(item).event.name) == ({"S": "yes"}, "Email Bounced")


@pytest.mark.parametrize(
    ("name", "delivery"),
    [("delivery", "delivered"), ("delivery-delay", "delayed"), ("reject", "rejected")],
)
def test_what_became_of_a_mail_is_in_the_ledger_and_told_quietly(
    deployed: "Deployed", name: str, delivery: str
) -> None:
    event = case(deployed, name)
    sent = recorded(deployed, event, "sent")
    for _ in range(2):
        assert deployed.invoke("Feedback", event) == {"batchItemFailures": []}
    kept = deployed.send(sent.profile_id, sent.send_id)
    assert (kept.delivery, kept.outcome) == (delivery, "sent")
    (item,) = told(deployed)
    assert item["quiet"] == {"S": "yes"}


@pytest.mark.parametrize(
    "name", ["send", "delivery", "delivery-delay", "bounce-transient", "bounce-permanent", "reject"]
)
def test_of_somebody_who_has_been_erased_nothing_is_kept(deployed: "Deployed", name: str) -> None:
    assert deployed.invoke("Feedback", deployed.event(f"ses-feedback/{name}")) == {"batchItemFailures": []}
    assert deployed.items() == []


BAD = [
    "no JSON of ada.lovelace@customer.example",
    "{}",
    "[]",
    '{"eventType": "Bounce"}',
    '{"eventType": ["Bounce"], "mail": {}}',
]


@pytest.mark.parametrize("body", BAD)
def test_a_bad_message_is_told_of_and_stops_no_other(deployed: "Deployed", body: str) -> None:
    event = case(deployed, "bounce-permanent")
    bad = {**event["Records"][0], "messageId": "bad", "body": body}
    answer = deployed.invoke("Feedback", {"Records": [bad, *event["Records"]]})
    assert answer == {"batchItemFailures": [{"itemIdentifier": "bad"}]}
    assert deployed.contact(CONTACT).suppressed == "bounced"


def test_what_ses_tells_is_counted_by_kind(deployed: "Deployed") -> None:
    deployed.invoke("Feedback", case(deployed, "complaint"))
    (counted,) = [line for line in deployed.lines("Feedback") if "Feedback" in line]
    assert (counted["kind"], deployed.metrics("Feedback")) == ("Complaint", {"Feedback": 1})


@pytest.mark.parametrize("body", BAD)
def test_what_cannot_be_read_is_counted_as_such(deployed: "Deployed", body: str) -> None:
    deployed.invoke("Feedback", {"Records": [{"messageId": "bad", "body": body}]})
    (counted,) = [line for line in deployed.lines("Feedback") if "Feedback" in line]
    assert (counted["kind"], deployed.metrics("Feedback")) == ("unreadable", {"Feedback": 1})


def test_what_can_be_read_and_fails_is_not_counted_as_unreadable(deployed: "Deployed") -> None:
    event = case(deployed, "send")
    notice = json.loads(event["Records"][0]["body"])
    del notice["mail"]["tags"]["run_id"]
    deployed.invoke("Feedback", {"Records": [{"messageId": "early", "body": json.dumps(notice)}]})
    assert deployed.metrics("Feedback") == {}
