"""What SES tells of its mails: what was sent after all, what bounced, who complained, opened and clicked."""

from dataclasses import dataclass
from typing import Any

from homing.domain.events import Event
from homing.domain.ids import contact_id
from homing.domain.moments import Moment, parse_moment
from homing.domain.sends import SEND_TAGS, Send
from homing.errors import RetryLater
from homing.ports import Contacts, Events, Sends


@dataclass(frozen=True, slots=True)
class Feedback:
    """Takes SES's events. All of it may be done again."""

    contacts: Contacts
    events: Events
    sends: Sends

    def take(self, notice: dict[str, Any], now: Moment) -> str:
        """Act on one SES event (the shape that SES publishes); the event's type.

        Raises RetryLater for a mail that neither the ledger nor its own tags tell enough of.
        Source: https://docs.aws.amazon.com/ses/latest/dg/event-publishing-retrieving-sns-contents.html
        """
        kind = str(notice["eventType"])
        match kind:
            case "Send":
                self._sent(notice["mail"], now)
            case "Bounce" if notice["bounce"]["bounceType"] == "Permanent":
                told_at = parse_moment(notice["bounce"]["timestamp"])
                addresses = [r["emailAddress"] for r in notice["bounce"]["bouncedRecipients"]]
                self._suppress(notice["mail"], addresses, "bounced", told_at, now)
            case "Complaint":
                told_at = parse_moment(notice["complaint"]["timestamp"])
                addresses = [r["emailAddress"] for r in notice["complaint"]["complainedRecipients"]]
                self._suppress(notice["mail"], addresses, "complained", told_at, now)
            case "Open":
                self._tell("Email Opened", notice, now)
            case "Click":
                self._tell("Email Link Clicked", notice, now)
        return kind

    def _sent(self, mail: dict[str, Any], now: Moment) -> None:
        """What SES has taken is sent, whatever became of the function that asked.

        A function that is about to write its own entry needs no grace: it writes the same outcome, and the first stays.
        """
        profile_id, send_id = _tag(mail, "profile_id"), _tag(mail, "send_id")
        if profile_id is None or send_id is None:
            return
        known = self.sends.load(profile_id, send_id)
        if known is None:
            self.sends.record(_entry(mail, now))
        elif known.outcome == "unknown":
            sent = {"outcome": "sent", "reason": None, "message_id": mail["messageId"]}
            self.sends.record(known.model_copy(update=sent))

    def _suppress(self, mail: dict[str, Any], addresses: list[str], reason: str, at: Moment, now: Moment) -> None:
        """No mail to these addresses any more; their profile learns it as the withdrawal of consent."""
        for address in addresses:
            self.contacts.suppress(contact_id(address), reason)
        profile_id = _tag(mail, "profile_id")
        if profile_id is not None:
            event = Event(
                message_id=f"ses-{reason}-{mail['messageId']}",
                type="track",
                name="Email Bounced" if reason == "bounced" else "Email Marked as Spam",
                about=profile_id,
                at=min(at, now),
                consent={"marketing": False},
                source=reason,
            )
            self.events.put(event, now)

    def _tell(self, name: str, notice: dict[str, Any], now: Moment) -> None:
        """The mail's profile learns what the shopper did with it. Which link was clicked is not kept."""
        mail = notice["mail"]
        profile_id = _tag(mail, "profile_id")
        if profile_id is None:
            return
        told_at = notice[notice["eventType"].lower()]["timestamp"]
        event = Event(
            message_id=f"ses-{name}-{mail['messageId']}-{told_at}",
            type="track",
            name=name,
            about=profile_id,
            at=min(parse_moment(told_at), now),
            campaign=_tag(mail, "journey"),
            source="ses",
        )
        self.events.put(event, now)


def _entry(mail: dict[str, Any], now: Moment) -> Send:
    """The ledger's entry as the mail's tags tell it. Raises RetryLater where some are missing."""
    told = {name: _tag(mail, name) for name in SEND_TAGS}
    if None in told.values():
        # A mail of a version that told SES less: its send function, or a retry of it, writes the entry.
        raise RetryLater(f"send {told['send_id']} is not in the ledger yet")
    at = min(parse_moment(mail["timestamp"]), now)
    return Send.model_validate({**told, "at": at, "outcome": "sent", "message_id": mail["messageId"]})


def _tag(mail: dict[str, Any], name: str) -> str | None:
    """The value of a tag that the mail was sent with."""
    values: list[str] = mail.get("tags", {}).get(name, [])
    return values[0] if values else None
