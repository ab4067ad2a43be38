"""The shopper says stop: no permit is given from the moment this returns."""

from collections.abc import Collection

from homing.domain.moments import Moment
from homing.domain.unsubscribe import Subscriber
from homing.ports import Contacts, Events, Profiles
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
    """Withdraw the consent to these purposes, of which marketing is one, whatever address the shopper has come to."""
    if contacts.load(subscriber.contact_id) is None:
        return  # erased: nothing is left to withdraw, and nobody is brought back
    consent = dict.fromkeys(purposes, False)
    event = said("Email Unsubscribed", subscriber, now, source="unsubscribe", consent=consent)
    keep(event, subscriber, contacts=contacts, events=events, profiles=profiles)
