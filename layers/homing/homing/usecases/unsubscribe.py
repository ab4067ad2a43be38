"""The shopper says stop: no permit is given from the moment this returns."""

from homing.domain.events import Event
from homing.domain.ids import fact_id
from homing.domain.moments import Moment
from homing.domain.unsubscribe import Subscriber
from homing.ports import Contacts, Events


def unsubscribe(subscriber: Subscriber, *, contacts: Contacts, events: Events, now: Moment) -> None:
    """Withdraw the consent to marketing: at the contact at once, and as an event, which ends the profile's runs."""
    if contacts.load(subscriber.contact_id) is None:
        return  # erased: nothing is left to withdraw, and nobody is brought back
    contacts.note_consent(subscriber.contact_id, subscriber.profile_id, granted=False, at=now)
    event = Event(
        message_id=fact_id("unsubscribe", f"{subscriber.contact_id}.{now}"),
        type="track",
        name="Email Unsubscribed",
        about=subscriber.profile_id,
        at=now,
        consent={"marketing": False},
        source="unsubscribe",
    )
    events.put(event, now)
