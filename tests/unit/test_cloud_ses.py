"""SES takes what SES takes, refuses what it refuses, and says what becomes of a mail."""

import json
from email import message_from_bytes
from email.policy import default
from typing import TYPE_CHECKING, Any, cast

import pytest

from local.cloud.mail import Mail
from local.cloud.queues import Queues
from local.cloud.seam import Refusal
from local.cloud.ses import Destination, Ses
from local.timers import ManualClock, Timers

if TYPE_CHECKING:
    from local.cloud.inside_moto import Topic

START = 1_700_000_000_000
ALL = frozenset({"SEND", "DELIVERY", "DELIVERY_DELAY", "BOUNCE", "COMPLAINT", "OPEN", "CLICK"})


class FakeTopic:
    def __init__(self) -> None:
        self.events: list[Any] = []

    def publish(self, message: str) -> None:
        self.events.append(json.loads(message))


class Service:
    """SES with one verified domain, one configuration set and one destination."""

    def __init__(self, types: frozenset[str] = ALL) -> None:
        self.topic = FakeTopic()
        self.ses = Ses(Queues("eu-central-1"), Timers(ManualClock(START)), "eu-central-1", seed=1)
        self.ses.identities.add("shop.example")
        self.ses.configuration_sets.add("set")
        self.ses.destinations.append(Destination("set", types, cast("Topic", self.topic), "arn:topic"))

    def send(self, **changes: Any) -> Mail:
        self.ses.send(request(**changes))
        while self.ses.pump():
            pass
        return self.ses.outbox[-1]

    def events(self, **changes: Any) -> list[str]:
        self.send(**changes)
        return [event["eventType"] for event in self.topic.events]


def request(
    *,
    sender: str = "Shöp <hello@shop.example>",
    to: list[str] | None = None,
    subject: str = "Grüße aus dem Laden",
    headers: dict[str, str] | None = None,
    tags: dict[str, str] | None = None,
    body: dict[str, str] | None = None,
    configuration_set: str = "set",
) -> dict[str, Any]:
    bodies = {"Text": "Hallo Ü", "Html": "<p>Hallo Ü</p>"} if body is None else body
    return {
        "FromEmailAddress": sender,
        "Destination": {"ToAddresses": ["a@b.example"] if to is None else to},
        "Content": {
            "Simple": {
                "Subject": {"Data": subject},
                "Body": {name: {"Data": text} for name, text in bodies.items()},
                "Headers": [{"Name": name, "Value": value} for name, value in (headers or {}).items()],
            }
        },
        "EmailTags": [{"Name": name, "Value": value} for name, value in (tags or {}).items()],
        "ConfigurationSetName": configuration_set,
    }


def test_a_mail_stands_in_the_outbox_as_it_was_given() -> None:
    mail = Service().send(headers={"X-Own": "1"}, tags={"send_id": "s1"})
    assert (mail.at, mail.sender, mail.to, mail.subject) == (
        START,
        "Shöp <hello@shop.example>",
        ["a@b.example"],
        "Grüße aus dem Laden",
    )
    assert (mail.text, mail.html) == ("Hallo Ü", "<p>Hallo Ü</p>")
    assert (mail.headers, mail.tags, mail.configuration_set) == ([("X-Own", "1")], {"send_id": "s1"}, "set")


def test_a_delivered_mail_is_told_of_twice_with_its_tags() -> None:
    service = Service()
    assert service.events(tags={"send_id": "s1"}) == ["Send", "Delivery"]
    sent = service.topic.events[0]
    assert sent["mail"]["messageId"] == service.ses.outbox[0].message_id
    assert sent["mail"]["tags"]["send_id"] == ["s1"]
    assert sent["mail"]["tags"]["ses:configuration-set"] == ["set"]
    assert sent["mail"]["destination"] == ["a@b.example"]
    assert sent["mail"]["timestamp"] == "2023-11-14T22:13:20.000Z"


@pytest.mark.parametrize("address", ["bounce@simulator.amazonses.com", "bounce+label@simulator.amazonses.com"])
def test_the_simulators_bounce_address_bounces_for_good(address: str) -> None:
    service = Service()
    assert service.events(to=[address]) == ["Send", "Bounce"]
    bounce = service.topic.events[1]["bounce"]
    assert (bounce["bounceType"], bounce["bounceSubType"]) == ("Permanent", "General")
    assert bounce["bouncedRecipients"][0]["emailAddress"] == address


def test_the_simulators_suppressed_address_bounces_as_suppressed() -> None:
    service = Service()
    assert service.events(to=["suppressionlist@simulator.amazonses.com"]) == ["Send", "Bounce"]
    assert service.topic.events[1]["bounce"]["bounceSubType"] == "Suppressed"


def test_the_simulators_complaint_address_gets_the_mail_and_complains() -> None:
    service = Service()
    address = "complaint+1@simulator.amazonses.com"
    assert service.events(to=[address]) == ["Send", "Delivery", "Complaint"]
    assert service.topic.events[2]["complaint"]["complainedRecipients"] == [{"emailAddress": address}]


def test_a_full_mailbox_bounces_softly_and_is_not_given_up() -> None:
    service = Service()
    address = "softbounce+1@simulator.amazonses.com"
    service.ses.suppressing["set"] = frozenset({"BOUNCE", "COMPLAINT"})
    assert service.events(to=[address]) == ["Send", "Bounce"]
    bounce = service.topic.events[1]["bounce"]
    assert (bounce["bounceType"], bounce["bounceSubType"]) == ("Transient", "MailboxFull")
    assert service.ses.account.suppressed == {}


def test_a_slow_mailbox_is_told_of_before_it_is_delivered_to() -> None:
    service = Service()
    assert service.events(to=["delay@simulator.amazonses.com"]) == ["Send", "DeliveryDelay", "Delivery"]
    assert service.topic.events[1]["deliveryDelay"]["delayType"] == "MailboxFull"


def test_who_is_out_of_the_office_gets_the_mail_and_answers_as_a_transient_bounce() -> None:
    service = Service()
    assert service.events(to=["ooto@simulator.amazonses.com"]) == ["Send", "Delivery", "Bounce"]
    bounce = service.topic.events[2]["bounce"]
    assert (bounce["bounceType"], bounce["bounceSubType"]) == ("Transient", "General")


@pytest.mark.parametrize(
    ("mailbox", "again", "member", "subtype"),
    [
        ("bounce", "Bounce", "bounce", "bounceSubType"),
        ("complaint", "Complaint", "complaint", "complaintSubType"),
    ],
)
def test_who_bounced_or_complained_is_sent_to_no_more_where_the_configuration_set_says_so(
    mailbox: str, again: str, member: str, subtype: str
) -> None:
    service = Service()
    address = f"{mailbox}@simulator.amazonses.com"
    service.ses.suppressing["set"] = frozenset({"BOUNCE", "COMPLAINT"})
    service.send(to=[address])
    service.topic.events.clear()
    assert service.events(to=[address.upper()]) == ["Send", again]
    assert service.topic.events[1][member][subtype] == "OnAccountSuppressionList"
    assert service.events(to=["a@b.example"])[-1] == "Delivery"


def test_a_configuration_set_that_suppresses_nobody_goes_on_sending() -> None:
    service = Service()
    for _ in range(2):
        service.send(to=["complaint@simulator.amazonses.com"])
    assert [event["eventType"] for event in service.topic.events] == ["Send", "Delivery", "Complaint"] * 2


@pytest.mark.parametrize("event_type", ["Open", "Click"])
def test_what_a_reader_does_is_told_where_the_destination_asks_for_it(event_type: str) -> None:
    for types, told in ((ALL, [event_type]), (frozenset({"SEND"}), [])):
        service = Service(types)
        mail = service.send(tags={"send_id": "s1"})
        service.topic.events.clear()
        service.ses.engage(mail.message_id, event_type)
        assert [event["eventType"] for event in service.topic.events] == told
        assert all(event[event_type.lower()]["timestamp"] for event in service.topic.events)


def test_an_address_that_only_looks_like_the_simulators_is_delivered_to() -> None:
    assert Service().events(to=["bounce@shop.example"]) == ["Send", "Delivery"]


def test_a_destination_hears_only_what_it_asked_for() -> None:
    assert Service(frozenset({"BOUNCE"})).events() == []
    assert Service(frozenset({"BOUNCE"})).events(to=["bounce@simulator.amazonses.com"]) == ["Bounce"]


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"sender": "me@elsewhere.example"}, "MessageRejected"),
        ({"configuration_set": "other"}, "NotFoundException"),
        ({"to": []}, "BadRequestException"),
        ({"to": ["not an address"]}, "BadRequestException"),
        ({"to": ["jörg@b.example"]}, "BadRequestException"),
        ({"to": [f"{n}@b.example" for n in range(51)]}, "BadRequestException"),
        ({"body": {}}, "BadRequestException"),
        ({"subject": "a\nBcc: x@y.example"}, "BadRequestException"),
        ({"headers": {f"X-{n}": "1" for n in range(16)}}, "BadRequestException"),
        ({"headers": {"X-Own": "ü"}}, "BadRequestException"),
        ({"headers": {"X Own": "1"}}, "BadRequestException"),
        ({"headers": {"Subject": "other"}}, "BadRequestException"),
        ({"tags": {"send id": "1"}}, "BadRequestException"),
        ({"tags": {"send_id": "ü"}}, "BadRequestException"),
        ({"tags": {"step": "last.call"}}, "BadRequestException"),
        ({"tags": {"run_id": "r" * 257}}, "BadRequestException"),
        ({"tags": {"ses:own": "1"}}, "BadRequestException"),
    ],
)
def test_what_ses_would_refuse_is_refused_and_not_sent(changes: dict[str, Any], code: str) -> None:
    service = Service()
    with pytest.raises(Refusal) as refusal:
        service.send(**changes)
    assert refusal.value.code == code
    assert service.ses.outbox == []


def test_raw_content_is_refused() -> None:
    with pytest.raises(Refusal, match="simple"):
        Service().ses.send({"Content": {"Raw": {"Data": "x"}}})


def test_the_file_of_a_mail_reads_back_as_what_was_sent() -> None:
    link = "<https://shop.example/unsubscribe/" + "x" * 200 + ">"
    mail = Service().send(headers={"List-Unsubscribe": link})
    message = message_from_bytes(mail.eml(), policy=default)
    assert message["Subject"] == "Grüße aus dem Laden"
    assert str(message["From"]) == "Shöp <hello@shop.example>"
    assert message["To"] == "a@b.example"
    assert message["List-Unsubscribe"] == link
    assert message["Date"].datetime.timestamp() * 1_000 == START
    assert message["Message-ID"] == f"<{mail.message_id}@eu-central-1.amazonses.com>"
    text, html = message.get_body(("plain",)), message.get_body(("html",))
    assert text is not None
    assert html is not None
    assert text.get_content().strip() == "Hallo Ü"
    assert html.get_content().strip() == "<p>Hallo Ü</p>"


@pytest.mark.parametrize("body", [{"Text": "only text"}, {"Html": "<p>only html</p>"}])
def test_a_mail_with_one_body_has_one_part(body: dict[str, str]) -> None:
    message = message_from_bytes(Service().send(body=body).eml(), policy=default)
    assert not message.is_multipart()
    assert message.get_content().strip() in body.values()


def test_the_same_mail_makes_the_same_bytes() -> None:
    assert Service().send().eml() == Service().send().eml()
