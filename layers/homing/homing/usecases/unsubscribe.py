"""The shopper says stop: no permit is given from the moment this returns."""

from collections.abc import Collection

from homing.domain.ids import contact_id
from homing.domain.moments import Moment
from homing.domain.unsubscribe import Subscriber
from homing.ports import Contacts, Events, Profiles
from homing.usecases.histories import owner_of
from homing.usecases.links import keep, said


def unsubscribe(
    subscriber: Subscriber,
    purposes: Collection[str] = ("marketing",),
    *,
    profiles: Profiles,
    contacts: Contacts,
    events: Events,
    now: Moment,
) -> None:
    """Withdraw the consent to these purposes, of which marketing is one: for the link's address, and for that to which
    its shopper has come since.
    """
    if contacts.load(subscriber.contact_id) is None:
        return  # erased: nothing is left to withdraw, and nobody is brought back
    consent = dict.fromkeys(purposes, False)
    event = said("Email Unsubscribed", subscriber, now, source="unsubscribe", consent=consent)
    keep(event, subscriber, contacts=contacts, events=events)
    record, _ = owner_of(profiles, subscriber.profile_id)
    email = record.facts.trait("email")
    if email is not None and contact_id(email) != subscriber.contact_id:
        contacts.note_consent(contact_id(email), record.profile_id, granted=False, at=now, new=False)
