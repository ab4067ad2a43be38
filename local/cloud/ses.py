"""SES: takes SendEmail, refuses what SES would refuse, and tells the configuration set's event destinations.

Shapes: https://docs.aws.amazon.com/ses/latest/dg/event-publishing-retrieving-sns-contents.html
Simulator: https://docs.aws.amazon.com/ses/latest/dg/send-an-email-from-console.html#send-email-simulator

Two addresses more than SES's simulator has are known here: `softbounce@` bounces as a full mailbox does, and `delay@`
is delivered to after a delay of which SES tells.
"""

import json
import re
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from email.utils import parseaddr
from random import Random
from typing import Any, Final, NamedTuple

from homing.domain.moments import HOUR, Moment, datetime_of
from local.cloud.inside_moto import Topic
from local.cloud.mail import Mail, pack_bodies
from local.cloud.queues import Queues
from local.cloud.seam import Refusal, Seam
from local.cloud.ses_account import Account
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
_TYPES: Final = {
    "Send": "SEND",
    "Delivery": "DELIVERY",
    "DeliveryDelay": "DELIVERY_DELAY",
    "Bounce": "BOUNCE",
    "Complaint": "COMPLAINT",
    "Reject": "REJECT",
    "Open": "OPEN",
    "Click": "CLICK",
}
_LISTED: Final = "OnAccountSuppressionList"
_GONE: Final = {"action": "failed", "status": "5.1.1", "diagnosticCode": "smtp; 550 5.1.1 user unknown"}
_FULL: Final = {"status": "4.2.2", "diagnosticCode": "smtp; 452 4.2.2 mailbox full"}


class _Outcome(NamedTuple):
    """What SES publishes of recipients of these fates: a mailbox of the simulator, or why the address is listed."""

    event_type: str
    fates: tuple[str, ...]
    subtype: str | None = None
    bounce_type: str = "Permanent"
    details: Mapping[str, str] = _GONE


_OUTCOMES: Final = (
    _Outcome("Bounce", ("bounce",), "General"),
    _Outcome("Bounce", ("suppressionlist",), "Suppressed"),
    _Outcome("Bounce", ("BOUNCE",), _LISTED),
    _Outcome("DeliveryDelay", ("delay",)),
    _Outcome("Bounce", ("softbounce",), "MailboxFull", "Transient", {"action": "failed", **_FULL}),
    _Outcome("Delivery", ("delivered", "delay", "ooto", "complaint")),
    _Outcome("Bounce", ("ooto",), "General", "Transient", {}),
    _Outcome("Complaint", ("complaint",)),
    _Outcome("Complaint", ("COMPLAINT",), _LISTED),
)
"""In the order in which they are published."""

_MAILBOXES: Final = frozenset({"bounce", "suppressionlist", "softbounce", "delay", "ooto", "complaint"})


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
        self.account = Account(timers)
        self.configuration_sets: set[str] = set()
        self.suppressing: dict[str, frozenset[str]] = {}
        """For each configuration set, what puts an address onto the account's suppression list, and keeps it there."""
        self.destinations: list[Destination] = []
        self.outbox: list[Mail] = []
        self.observers: list[Callable[[Mail], None]] = []
        self._queues = queues
        self._timers = timers
        self._region = region
        self._random = Random(f"ses {seed}")
        self._unannounced: deque[Mail] = deque()

    def answer_at(self, seam: Seam) -> None:
        """Answers SES's operations, of its newer API and of the older one."""
        seam.answer("sesv2", "SendEmail", self.send)
        seam.answer("sesv2", "GetAccount", self.account.answer_account)
        seam.answer("sesv2", "ListSuppressedDestinations", self.account.answer_suppressed)
        seam.answer("ses", "GetSendStatistics", self.account.answer_statistics)

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
        self.account.count_attempt()
        self._unannounced.append(mail)
        for observer in self.observers:
            observer(mail)
        return {"MessageId": mail.message_id}

    def pump(self) -> bool:
        """Publishes what became of one mail; False where all is known."""
        if not self._unannounced:
            return False
        mail = self._unannounced.popleft()
        for event in self._events(mail):
            self._note(mail, event)
            if mail.configuration_set is not None:
                self._publish(mail.configuration_set, event)
        return True

    def engage(self, message_id: str, event_type: str, link: str = "https://shop.example/") -> None:
        """The reader opens the mail (`Open`) or follows a link in it (`Click`), now."""
        mail = next(mail for mail in self.outbox if mail.message_id == message_id)
        told = {"timestamp": _iso(self._timers.now()), "ipAddress": "127.0.0.1", "userAgent": "Mozilla/5.0"}
        if event_type == "Click":
            told |= {"link": link}
        if mail.configuration_set is not None:
            event = {"eventType": event_type, "mail": self._record(mail), event_type.lower(): told}
            self._publish(mail.configuration_set, event)

    def _note(self, mail: Mail, event: Mapping[str, Any]) -> None:
        """What the account keeps of the event: numbers, and addresses that are not written to again."""
        kind, told = event["eventType"], event.get("bounce") or event.get("complaint") or {}
        if told.get("bounceSubType") == _LISTED or told.get("complaintSubType") == _LISTED:
            return
        if told.get("bounceType") == "Transient":
            return  # SES rates an account by what bounces for good
        self.account.count(kind)
        reasons = self.suppressing.get(mail.configuration_set or "", frozenset())
        if kind.upper() in reasons:
            for recipient in [*told.get("bouncedRecipients", []), *told.get("complainedRecipients", [])]:
                self.account.suppress(recipient["emailAddress"], kind.upper())

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

    def _events(self, mail: Mail) -> Iterator[Mapping[str, Any]]:
        """What becomes of the mail, in order."""
        record = self._record(mail)
        yield {"eventType": "Send", "mail": record, "send": {}}
        by_fate: dict[str, list[str]] = {}
        for address in mail.recipients:
            by_fate.setdefault(self._listed(mail, address) or _simulated(address), []).append(address)
        for outcome in _OUTCOMES:
            concerned = [address for fate in outcome.fates for address in by_fate.get(fate, [])]
            if concerned:
                name = outcome.event_type[:1].lower() + outcome.event_type[1:]
                yield {"eventType": outcome.event_type, "mail": record, name: self._told(mail, outcome, concerned)}

    def _told(self, mail: Mail, outcome: _Outcome, concerned: Sequence[str]) -> Mapping[str, Any]:
        match outcome.event_type:
            case "Delivery":
                return self._delivery(mail, concerned)
            case "DeliveryDelay":
                return self._delay(mail, concerned)
            case "Complaint":
                return self._complaint(mail, concerned, outcome.subtype)
        return self._bounce(mail, concerned, outcome)

    def _listed(self, mail: Mail, address: str) -> str | None:
        """Why the account sends nothing to the address any more, where the configuration set respects that."""
        known = self.account.suppressed.get(parseaddr(address)[1].lower())
        respected = self.suppressing.get(mail.configuration_set or "", frozenset())
        return known.reason if known is not None and known.reason in respected else None

    def _delivery(self, mail: Mail, delivered: Sequence[str]) -> Mapping[str, Any]:
        return {
            "timestamp": _iso(mail.at),
            "processingTimeMillis": 0,
            "recipients": delivered,
            "smtpResponse": "250 2.6.0 Message received",
            "remoteMtaIp": "127.0.0.1",
            "reportingMTA": f"mta.{self._region}.amazonses.com",
        }

    def _delay(self, mail: Mail, delayed: Sequence[str]) -> Mapping[str, Any]:
        return {
            "timestamp": _iso(mail.at),
            "delayType": "MailboxFull",
            "expirationTime": _iso(mail.at + 14 * HOUR),
            "delayedRecipients": [{"emailAddress": address, **_FULL} for address in delayed],
        }

    def _complaint(self, mail: Mail, complained: Sequence[str], listing: str | None) -> Mapping[str, Any]:
        return {
            "complainedRecipients": [{"emailAddress": address} for address in complained],
            "timestamp": _iso(mail.at),
            "feedbackId": f"{mail.message_id}-complaint",
            "complaintSubType": listing,
            "userAgent": "Amazon SES Mailbox Simulator",
            "complaintFeedbackType": "abuse",
            "arrivalDate": _iso(mail.at),
        }

    def _bounce(self, mail: Mail, bounced: Sequence[str], outcome: _Outcome) -> Mapping[str, Any]:
        return {
            "bounceType": outcome.bounce_type,
            "bounceSubType": outcome.subtype,
            "bouncedRecipients": [{"emailAddress": address, **outcome.details} for address in bounced],
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


def _simulated(address: str) -> str:
    """The mailbox of the simulator that the address is, with or without a label; else it is delivered to."""
    local, _, domain = parseaddr(address)[1].lower().partition("@")
    name = local.partition("+")[0]
    return name if domain == _SIMULATOR and name in _MAILBOXES else "delivered"


def _iso(moment: Moment) -> str:
    return datetime_of(moment).isoformat(timespec="milliseconds").replace("+00:00", "Z")
