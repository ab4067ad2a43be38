"""What SES tells of its mails: what was sent after all, what came of it, who complained, opened and clicked."""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from homing.dialects.ses import Notice, read_notice
from homing.domain.events import Event
from homing.domain.ids import contact_id
from homing.domain.moments import Moment
from homing.domain.sends import bounced_in_a_row
from homing.ports import Contacts, Events, Profiles, Sends
from homing.usecases.histories import owner_of

_WITHDRAWING = {"bounced": "Email Bounced", "complained": "Email Marked as Spam"}
"""After what came of a mail no other may go to the address, and as what the profile hears of it."""


@dataclass(frozen=True, slots=True)
class Feedback:
    """Takes SES's events. All of it may be done again, and in any order."""

    contacts: Contacts
    events: Events
    profiles: Profiles
    sends: Sends

    def take(self, told: dict[str, Any], now: Moment) -> str:
        """Act on one SES event, as SES publishes it; its type, or "other" where we have no use for it.

        Raises RetryLater for a mail that neither the ledger nor its own tags tell enough of, and InvalidNotice where it
        is no event of SES.
        """
        notice = read_notice(told)
        if notice is None:
            return "other"
        reason = notice.delivery if notice.delivery in _WITHDRAWING else None
        if reason is not None:
            for contact in sorted(notice.contacts):
                self.contacts.suppress(contact, reason)
        profile_id = notice.tags.get("profile_id")
        if profile_id is not None and self._keep(notice, profile_id, now):
            self._tell(notice, profile_id, reason, now)
            if notice.delivery == "bounced_softly":
                self._give_up_after_some(profile_id, now)
        return notice.kind

    def _keep(self, notice: Notice, profile_id: str, now: Moment) -> bool:
        """What SES has taken is sent, whatever became of the function that asked; and what came of it.

        A function that is about to write its own entry needs no grace: it writes the same outcome, and the first stays.
        False, and nothing is kept, where neither mail nor profile is there: whose it was has been erased.
        """
        send_id = notice.tags.get("send_id")
        known = None if send_id is None else self.sends.load(profile_id, send_id)
        if known is None and self.profiles.load(profile_id).version == 0:
            return False
        if send_id is None:
            return True
        if known is None and (notice.tells_all or notice.kind == "Send"):
            self.sends.settle(notice.entry(now))
        elif known is not None and known.outcome != "sent":
            sent = {"outcome": "sent", "reason": None, "message_id": notice.message_id}
            self.sends.settle(known.model_copy(update=sent))
        if notice.delivery is not None:
            bounced = next(iter(notice.contacts), None)  # each mail has one recipient
            self.sends.deliver(profile_id, send_id, notice.delivery, notice.at, bounced)
        return True

    def _tell(self, notice: Notice, profile_id: str, reason: str | None, now: Moment) -> None:
        """The mail's profile hears of it. Which link was clicked is not kept."""
        if notice.told_as is None:
            return
        if reason is not None and self._is_at(notice.contacts, profile_id):
            self._withdraw(profile_id, reason, f"ses-{reason}-{notice.message_id}", min(notice.at, now), now)
            return
        event = Event(
            message_id=f"ses-{notice.told_as}-{notice.message_id}-{notice.at}",
            type="track",
            name=notice.told_as,
            about=profile_id,
            at=min(notice.at, now),
            campaign=notice.tags.get("journey"),
            source="ses",
        )
        self.events.put(event, now, quiet=notice.delivery is not None)

    def _give_up_after_some(self, profile_id: str, now: Moment) -> None:
        """Soft bounces in a row are one for good. Each that ends such a row is one, for they come in any order."""
        for last in bounced_in_a_row(self.sends.of_profile(profile_id)):
            contact, at = last.bounced or "", min(last.delivery_at or last.at, now)
            self.contacts.suppress(contact, "bounced")
            if self._is_at({contact}, profile_id):
                self._withdraw(profile_id, "bounced", f"ses-bounced-{last.send_id}", at, now)

    def _withdraw(self, profile_id: str, reason: str, message_id: str, at: Moment, now: Moment) -> None:
        """The profile hears of a bounce or a complaint as of a withdrawal of consent."""
        event = Event(
            message_id=message_id,
            type="track",
            name=_WITHDRAWING[reason],
            about=profile_id,
            at=at,
            consent={"marketing": False},
            source=reason,
        )
        self.events.put(event, now)

    def _is_at(self, contacts: Collection[str], profile_id: str) -> bool:
        """Whether the profile is still at one of these addresses: whoever has another goes on getting mail there.

        A profile that no address is known of has no other.
        """
        email = owner_of(self.profiles, profile_id)[0].facts.trait("email")
        return email is None or contact_id(email) in contacts
