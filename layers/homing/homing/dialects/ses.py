"""What SES publishes about a mail, to one notice in our words.

Source: https://docs.aws.amazon.com/ses/latest/dg/event-publishing-retrieving-sns-contents.html
"""

import json
from typing import Any, NamedTuple

from homing.domain.ids import contact_id
from homing.domain.moments import Moment, parse_moment
from homing.domain.sends import SEND_TAGS, Delivery, Send
from homing.errors import InvalidNotice, RetryLater


class _Kind(NamedTuple):
    """A type of SES's events: the member with its moment, what it means to the ledger, what the profile hears of it,
    and the member's list of addresses.
    """

    member: str | None = None
    delivery: Delivery | None = None
    told_as: str | None = None
    addresses: str | None = None


_KINDS = {
    "Send": _Kind(),
    "Delivery": _Kind("delivery", "delivered", "Email Delivered"),
    "DeliveryDelay": _Kind("deliveryDelay", "delayed", "Email Delayed"),
    "Bounce": _Kind("bounce", "bounced_softly", "Email Bounced", "bouncedRecipients"),
    "Complaint": _Kind("complaint", "complained", "Email Marked as Spam", "complainedRecipients"),
    "Reject": _Kind(None, "rejected", "Email Rejected"),
    "Rendering Failure": _Kind(None, "rejected", "Email Rejected"),
    "Open": _Kind("open", told_as="Email Opened"),
    "Click": _Kind("click", told_as="Email Link Clicked"),
}


class Notice(NamedTuple):
    """One event of SES about one mail, taken by SES at `mailed_at`. Moments are as SES's clock has them.

    `tags` are those of SEND_TAGS that the mail was sent with. `told_as` is the name under which the profile hears of
    it, None where it does not. `contacts` are those whom it concerns: who bounced, who complained.
    """

    kind: str
    message_id: str
    mailed_at: Moment
    at: Moment
    tags: dict[str, str]
    delivery: Delivery | None
    told_as: str | None
    contacts: frozenset[str]

    @property
    def tells_all(self) -> bool:
        """Whether the tags tell enough for an entry of the ledger: those of mails of old versions do not."""
        return len(self.tags) == len(SEND_TAGS)

    def entry(self, now: Moment) -> Send:
        """The ledger's entry as the mail's tags tell it; what is later than now has happened now.

        Raises RetryLater where tags are missing: the mail's send function, or a retry of it, writes the entry.
        """
        if not self.tells_all:
            raise RetryLater(f"send {self.tags.get('send_id')} is not in the ledger yet")
        told = {**self.tags, "at": min(self.mailed_at, now), "outcome": "sent", "message_id": self.message_id}
        return Send.model_validate(told)


def read_body(body: str) -> dict[str, Any]:
    """What SES has published, out of the message that carries it. Raises InvalidNotice."""
    try:
        told = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise InvalidNotice("no JSON") from error
    if not isinstance(told, dict):
        raise InvalidNotice("no JSON object")
    return told


def read_notice(told: dict[str, Any]) -> Notice | None:
    """The notice of an SES event; None for a kind that we have no use for.

    Raises InvalidNotice where it is not of SES's form: all of it is read before anybody acts on any of it.
    """
    try:
        return _notice(told)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise InvalidNotice("not of the form of SES's events") from error


def _notice(told: dict[str, Any]) -> Notice | None:
    name = told["eventType"]
    if not isinstance(name, str):
        raise TypeError("eventType: a text")
    if name not in _KINDS:
        return None
    kind, mail = _KINDS[name], told["mail"]
    details = {} if kind.member is None else told[kind.member]
    if details.get("complaintFeedbackType") == "not-spam":
        return None  # somebody has taken the mail out of the spam again
    mailed_at = parse_moment(mail["timestamp"])
    if name == "Bounce":
        kind = _kind_of_bounce(details, kind)
    addresses = [] if kind.addresses is None else [each["emailAddress"] for each in details[kind.addresses]]
    tags = {tag: _tag(mail, tag) for tag in SEND_TAGS}
    return Notice(
        kind=name,
        message_id=str(mail["messageId"]),
        mailed_at=mailed_at,
        at=mailed_at if kind.member is None else parse_moment(details["timestamp"]),
        tags={tag: value for tag, value in tags.items() if value},
        delivery=kind.delivery,
        told_as=kind.told_as,
        contacts=frozenset(map(contact_id, addresses)),
    )


def _kind_of_bounce(bounce: dict[str, Any], soft: _Kind) -> _Kind:
    """For good, softly, or none: SES takes an automatic answer ("out of the office") for a transient bounce too.

    Such an answer is no delivery status notification, so it brings no status. Nobody is to lose their mails over a
    holiday.
    """
    if bounce["bounceType"] == "Permanent":
        return soft._replace(delivery="bounced")
    told = (bounce["bounceType"], bounce.get("bounceSubType"))
    if told == ("Transient", "General") and not any("status" in each for each in bounce["bouncedRecipients"]):
        return soft._replace(delivery=None, told_as=None)
    return soft


def _tag(mail: dict[str, Any], name: str) -> str | None:
    """The value of a tag that the mail was sent with."""
    values: list[str] = mail.get("tags", {}).get(name, [])
    return values[0] if values else None
