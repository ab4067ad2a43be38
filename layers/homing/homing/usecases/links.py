"""What shoppers say by a link in a mail: kept as an event, and told to the contact, by which permits are given."""

from functools import partial
from typing import Any

from homing.domain.events import Event
from homing.domain.ids import fact_id
from homing.domain.moments import Moment
from homing.domain.unsubscribe import Subscriber
from homing.ports import Contacts, Events, Profiles
from homing.usecases.addresses import tell_all


def said(name: str, subscriber: Subscriber, now: Moment, *, source: str, **told: Any) -> Event:
    """The event of that name, with what it tells besides.

    Two presses of one moment are one message only where they tell the same.
    """
    message_id = fact_id(source, f"{subscriber.contact_id}.{now}.{sorted(told.items())}")
    return Event(
        message_id=message_id, type="track", name=name, about=subscriber.profile_id, at=now, source=source, **told
    )


def proven(event: Event, subscriber: Subscriber, wording: str | None) -> Event:
    """The event with the proof that comes with the link: who follows it reads the mails of the address."""
    proof = {"wording": wording, "confirmed_at": event.at, "confirmed_by": subscriber.contact_id}
    return event.model_copy(update=proof)


def keep(event: Event, subscriber: Subscriber, *, contacts: Contacts, events: Events, profiles: Profiles) -> None:
    """Keep what was said; when this returns, permits go by it: by a withdrawal those for every address of the shopper.

    The event comes first. Cut off in between, the contacts hear of it from the event's fold, or when the shopper
    presses again.
    """
    events.put(event, event.at)
    granted = event.consent.get("marketing")

    note = partial(contacts.note_consent, profile_id=subscriber.profile_id, at=event.at, new=False)
    if granted:  # it is proven for this address, and for no other
        note(subscriber.contact_id, granted=True, proved_at=event.at)
    elif granted is not None:
        tell_all(subscriber, partial(note, granted=False, stopped_at=event.at), profiles)
