"""SES: takes SendEmail, refuses what SES would refuse, and tells the configuration set's event destinations.

Shapes: https://docs.aws.amazon.com/ses/latest/dg/event-publishing-retrieving-sns-contents.html
Simulator: https://docs.aws.amazon.com/ses/latest/dg/send-an-email-from-console.html#send-email-simulator
"""

import json
import re
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from email.utils import parseaddr
from random import Random
from typing import Any, Final

from homing.domain.moments import Moment, datetime_of
from local.cloud.inside_moto import Topic
from local.cloud.mail import Mail, pack_bodies
from local.cloud.queues import Queues
from local.cloud.seam import Refusal
from local.cloud.template import ACCOUNT
from local.timers import Timers

_SIMULATOR: Final = "simulator.amazonses.com"
_MAXIMUM_RECIPIENTS: Final = 50
_MAXIMUM_HEADERS: Final = 15
_TAG: Final = re.compile(r"[A-Za-z0-9_-]{1,256}")
_HEADER_NAME: Final = re.compile(r"[!-9;-@A-~]{1,126}")
_HEADER_VALUE: Final = re.compile(r"[ -~]{1,870}")
_OWN_HEADERS: Final = frozenset(
    {
        "from",
        "to",
        "cc",
        "bcc",
        "subject",
        "date",
        "message-id",
        "reply-to",
        "return-path",
        "mime-version",
        "content-type",
        "content-transfer-encoding",
        "received",
        "sender",
    }
)
_TYPES: Final = {"Send": "SEND", "Delivery": "DELIVERY", "Bounce": "BOUNCE", "Complaint": "COMPLAINT"}


@dataclass(frozen=True)
class Destination:
    """An event destination: the types of events (`SEND`, `BOUNCE`, …) that go to a topic."""

    configuration_set: str
    types: frozenset[str]
    topic: Topic
    topic_arn: str


class Ses:
    """Verified identities, configuration sets, and all that was sent."""

    def __init__(self, queues: Queues, timers: Timers, region: str, seed: int) -> None:
        self.identities: set[str] = set()
        self.configuration_sets: set[str] = set()
        self.destinations: list[Destination] = []
        self.outbox: list[Mail] = []
        self.observers: list[Callable[[Mail], None]] = []
        self._queues = queues
        self._timers = timers
        self._region = region
        self._random = Random(f"ses {seed}")
        self._unannounced: deque[Mail] = deque()

    def send(self, request: Mapping[str, Any]) -> dict[str, str]:
        """SendEmail with simple content. Raises Refusal as SES does."""
        content = request["Content"]
        if "Simple" not in content:
            raise Refusal("BadRequestException", "the local cloud takes simple content only, not raw or templates")
        simple = content["Simple"]
        sender = request.get("FromEmailAddress", "")
        destination = request.get("Destination", {})
        mail = Mail(
            message_id=f"{self._random.getrandbits(64):016x}-{self._random.getrandbits(32):08x}-000000",
            at=self._timers.now(),
            sender=sender,
            to=destination.get("ToAddresses", []),
            cc=destination.get("CcAddresses", []),
            bcc=destination.get("BccAddresses", []),
            reply_to=request.get("ReplyToAddresses", []),
            subject=simple["Subject"]["Data"],
            headers=[(header["Name"], header["Value"]) for header in simple.get("Headers", [])],
            tags={tag["Name"]: tag["Value"] for tag in request.get("EmailTags", [])},
            configuration_set=request.get("ConfigurationSetName"),
            region=self._region,
            _bodies=pack_bodies(simple["Body"].get("Text", {}).get("Data"), simple["Body"].get("Html", {}).get("Data")),
        )
        self._check(mail)
        self.outbox.append(mail)
        self._unannounced.append(mail)
        for observer in self.observers:
            observer(mail)
        return {"MessageId": mail.message_id}

    def pump(self) -> bool:
        """Publishes what became of one mail; False where all is known."""
        if not self._unannounced:
            return False
        mail = self._unannounced.popleft()
        if mail.configuration_set is not None:
            for event in self._events(mail):
                self._publish(mail.configuration_set, event)
        return True

    def _check(self, mail: Mail) -> None:
        address = parseaddr(mail.sender)[1]
        if not {address, address.partition("@")[2]} & self.identities:
            raise Refusal(
                "MessageRejected",
                "Email address is not verified. The following identities failed the check in region "
                f"{self._region.upper()}: {address}",
            )
        if mail.configuration_set is not None and mail.configuration_set not in self.configuration_sets:
            raise Refusal("NotFoundException", f"Configuration set <{mail.configuration_set}> does not exist.", 404)
        for wrong, message in _problems(mail):
            if wrong:
                raise Refusal("BadRequestException", message)

    def _publish(self, configuration_set: str, event: Mapping[str, Any]) -> None:
        text = json.dumps(event)
        for destination in self.destinations:
            wanted = _TYPES[event["eventType"]] in destination.types
            if wanted and destination.configuration_set == configuration_set:
                destination.topic.publish(text)
                self._queues.wake()

    def _events(self, mail: Mail) -> Sequence[Mapping[str, Any]]:
        record = self._record(mail)
        events: list[Mapping[str, Any]] = [{"eventType": "Send", "mail": record, "send": {}}]
        bounced = [address for address in mail.recipients if _simulates(address, "bounce", "suppressionlist")]
        delivered = [address for address in mail.recipients if address not in bounced]
        complained = [address for address in delivered if _simulates(address, "complaint")]
        if bounced:
            events.append({"eventType": "Bounce", "mail": record, "bounce": self._bounce(mail, bounced)})
        if delivered:
            delivery = {
                "timestamp": _iso(mail.at),
                "processingTimeMillis": 0,
                "recipients": delivered,
                "smtpResponse": "250 2.6.0 Message received",
                "remoteMtaIp": "127.0.0.1",
                "reportingMTA": f"mta.{self._region}.amazonses.com",
            }
            events.append({"eventType": "Delivery", "mail": record, "delivery": delivery})
        if complained:
            complaint = {
                "complainedRecipients": [{"emailAddress": address} for address in complained],
                "timestamp": _iso(mail.at),
                "feedbackId": f"{mail.message_id}-complaint",
                "complaintSubType": None,
                "userAgent": "Amazon SES Mailbox Simulator",
                "complaintFeedbackType": "abuse",
                "arrivalDate": _iso(mail.at),
            }
            events.append({"eventType": "Complaint", "mail": record, "complaint": complaint})
        return events

    def _bounce(self, mail: Mail, bounced: Sequence[str]) -> Mapping[str, Any]:
        suppressed = all(_simulates(address, "suppressionlist") for address in bounced)
        return {
            "bounceType": "Permanent",
            "bounceSubType": "Suppressed" if suppressed else "General",
            "bouncedRecipients": [
                {
                    "emailAddress": address,
                    "action": "failed",
                    "status": "5.1.1",
                    "diagnosticCode": "smtp; 550 5.1.1 user unknown",
                }
                for address in bounced
            ],
            "timestamp": _iso(mail.at),
            "feedbackId": f"{mail.message_id}-bounce",
            "reportingMTA": f"dns; mta.{self._region}.amazonses.com",
        }

    def _record(self, mail: Mail) -> Mapping[str, Any]:
        headers = [
            ("From", mail.sender),
            ("To", ", ".join(mail.to)),
            ("Subject", mail.subject),
            *mail.headers,
        ]
        domain = parseaddr(mail.sender)[1].partition("@")[2]
        return {
            "timestamp": _iso(mail.at),
            "source": mail.sender,
            "sourceArn": f"arn:aws:ses:{self._region}:{ACCOUNT}:identity/{domain}",
            "sendingAccountId": ACCOUNT,
            "messageId": mail.message_id,
            "destination": list(mail.recipients),
            "headersTruncated": False,
            "headers": [{"name": name, "value": value} for name, value in headers],
            "commonHeaders": {
                "from": [mail.sender],
                "to": list(mail.to),
                "messageId": mail.message_id,
                "subject": mail.subject,
            },
            "tags": {
                "ses:configuration-set": [mail.configuration_set],
                "ses:from-domain": [domain],
                "ses:source-ip": ["127.0.0.1"],
                **{name: [value] for name, value in mail.tags.items()},
            },
        }


def _problems(mail: Mail) -> Sequence[tuple[bool, str]]:
    """What may be wrong with a mail, and what SES says of it."""
    return [
        (not mail.recipients, "Destination has no recipients"),
        (len(mail.recipients) > _MAXIMUM_RECIPIENTS, "Recipient count exceeds 50."),
        (
            any("@" not in parseaddr(address)[1] for address in mail.recipients),
            "Invalid address in Destination",
        ),
        (
            not all(address.isascii() for address in mail.recipients),
            "Local address contains non-ASCII characters",
        ),
        (mail.text is None and mail.html is None, "Message body is empty"),
        ("\n" in mail.subject or "\r" in mail.subject, "Subject contains a line break"),
        (len(mail.headers) > _MAXIMUM_HEADERS, "More than 15 headers"),
        (
            not all(_HEADER_NAME.fullmatch(name) and _HEADER_VALUE.fullmatch(value) for name, value in mail.headers),
            "Invalid header name or value",
        ),
        (any(name.lower() in _OWN_HEADERS for name, _ in mail.headers), "A header that SES sets itself"),
        (
            not all(_TAG.fullmatch(name) and _TAG.fullmatch(value) for name, value in mail.tags.items()),
            "Invalid tag: only alphanumeric ASCII characters, '_' and '-' are allowed",
        ),
        (any(name.startswith("ses:") for name in mail.tags), "Tag names that begin with ses: are reserved"),
    ]


def _simulates(address: str, *names: str) -> bool:
    """Whether this is one of the mailbox simulator's addresses, with or without a label."""
    local, _, domain = parseaddr(address)[1].lower().partition("@")
    return domain == _SIMULATOR and local.partition("+")[0] in names


def _iso(moment: Moment) -> str:
    return datetime_of(moment).isoformat(timespec="milliseconds").replace("+00:00", "Z")
