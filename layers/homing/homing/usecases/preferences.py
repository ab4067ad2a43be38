"""The preference page: what stands for a shopper, and what becomes of what they change.

A wish not to get mails is noted at the contact too, so that no permit is given from the moment of the answer; all else
is an event like any other, and reaches the profile on the same road.
"""

from dataclasses import dataclass
from functools import partial
from typing import NamedTuple

from homing.domain.events import PURPOSES
from homing.domain.facts import birthday
from homing.domain.ids import contact_id
from homing.domain.moments import Moment
from homing.domain.permit import Contact
from homing.domain.preferences import CHANNELS, GAPS, NO_BIRTHDAY, PAUSE, Wishes, frequency_of
from homing.domain.profile import Profile
from homing.domain.unsubscribe import Subscriber
from homing.ports import Contacts, Events, Profiles
from homing.usecases.addresses import tell_all
from homing.usecases.histories import owner_of
from homing.usecases.links import keep, proven, said
from homing.usecases.unsubscribe import unsubscribe


class Standing(NamedTuple):
    """What stands for a shopper: `email` is where mails go, `wishes` what was chosen, `contact` what holds besides."""

    email: str
    wishes: Wishes
    contact: Contact

    def is_paused(self, now: Moment) -> bool:
        """Whether marketing mails are paused."""
        return self.contact.paused_until is not None and self.contact.paused_until > now


@dataclass(frozen=True, slots=True)
class Preferences:
    """Shows and changes what shoppers have chosen."""

    profiles: Profiles
    contacts: Contacts
    events: Events

    def standing(self, subscriber: Subscriber) -> Standing | None:
        """What stands; None where the link's address is not, or no longer, the profile's.

        Whoever reads the mails of an old address is not shown what is held of the shopper, nor rules over it.
        """
        record, _ = owner_of(self.profiles, subscriber.profile_id)
        email, contact = record.facts.trait("email"), self.contacts.load(subscriber.contact_id)
        if contact is None or not email or contact_id(email) != subscriber.contact_id:
            return None
        return Standing(email, _wishes(record.facts, contact), contact)

    def save(
        self, subscriber: Subscriber, standing: Standing, wished: Wishes, *, wording: str, now: Moment
    ) -> Standing:
        """Bring what stands to what is wished, and write nothing of what is alike; what stands then.

        `wording` is the version of the words in which the page asks for each purpose.
        """
        before = standing.wishes
        granted, withdrawn = wished.purposes - before.purposes, before.purposes - wished.purposes
        if wished.frequency != before.frequency:
            standing = self._note_wishes(subscriber, standing, wished, standing.contact.paused_until, now)
        consent = {purpose: purpose in granted for purpose in sorted(granted | withdrawn)}
        traits = _changed_traits(before, wished)
        if consent or traits:
            event = said("Preferences Changed", subscriber, now, source="preferences", consent=consent, traits=traits)
            event = proven(event, subscriber, wording) if granted else event
            keep(event, subscriber, contacts=self.contacts, events=self.events, profiles=self.profiles)
        return standing._replace(wishes=wished)

    def pause(self, subscriber: Subscriber, standing: Standing, now: Moment) -> Standing:
        """No marketing mails for a while; what stands then."""
        return self._note_wishes(subscriber, standing, standing.wishes, now + PAUSE, now)

    def resume(self, subscriber: Subscriber, standing: Standing, now: Moment) -> Standing:
        """End the pause; what stands then."""
        return self._note_wishes(subscriber, standing, standing.wishes, None, now)

    def stop_all(self, subscriber: Subscriber, now: Moment) -> None:
        """Withdraw every purpose at once, whatever is known of the link's address."""
        unsubscribe(subscriber, PURPOSES, profiles=self.profiles, contacts=self.contacts, events=self.events, now=now)

    def _note_wishes(
        self, subscriber: Subscriber, standing: Standing, wishes: Wishes, paused_until: Moment | None, now: Moment
    ) -> Standing:
        gap = GAPS[wishes.frequency]
        note = partial(self.contacts.note_wishes, gap=gap, paused_until=paused_until, at=now)
        tell_all(subscriber, note, self.profiles)
        told = {"gap": gap, "paused_until": paused_until, "wished_at": now}
        return standing._replace(contact=standing.contact.model_copy(update=told))


def _wishes(facts: Profile, contact: Contact) -> Wishes:
    # The contact knows of a consent to marketing before the profile does.
    purposes = {purpose for purpose in PURPOSES if facts.agrees_to(purpose)} - {"marketing"}
    channel = facts.trait("channel")
    return Wishes(
        purposes=frozenset(purposes | {"marketing"} if contact.agrees else purposes),
        frequency=frequency_of(contact.gap),
        channel=channel if channel in CHANNELS else "",
        birthday=birthday(facts) or NO_BIRTHDAY,
        interests=frozenset((facts.trait("interests") or "").splitlines()),
    )


def _changed_traits(before: Wishes, wished: Wishes) -> dict[str, str]:
    """The profile's traits that change; an empty text where nothing is wished any more."""
    traits = {}
    if wished.channel != before.channel:
        traits["channel"] = wished.channel
    if wished.birthday != before.birthday:
        month, day = wished.birthday
        traits["birthday"] = "" if wished.birthday == NO_BIRTHDAY else f"--{month:02}-{day:02}"
    if wished.interests != before.interests:
        traits["interests"] = "\n".join(sorted(wished.interests))
    return traits
