"""The shopper presses the button of the confirmation mail: what was asked for is agreed to, and proven."""

from homing.domain.events import Event
from homing.domain.ids import contact_id, fact_id
from homing.domain.moments import Moment
from homing.domain.profile import Profile
from homing.domain.unsubscribe import Subscriber
from homing.ports import Events, Profiles
from homing.usecases.histories import owner_of


def confirm(subscriber: Subscriber, *, profiles: Profiles, events: Events, now: Moment) -> bool:
    """Grant each purpose that waits for proof, as an event with the words that were agreed to.

    False where there is nothing to confirm: what was asked for has been withdrawn since, or the profile has come to
    another address, which has a mail of its own. Pressed again, it is True.
    """
    record, _ = owner_of(profiles, subscriber.profile_id)
    facts = record.facts
    if not _is_at(facts, subscriber.contact_id):
        return False
    pending = facts.pending()
    for purpose, asked in pending.items():
        event = Event(
            message_id=fact_id("confirm", f"{subscriber.contact_id}.{purpose}.{now}"),
            type="track",
            name="Subscription Confirmed",
            about=subscriber.profile_id,
            at=now,
            consent={purpose: True},
            wording=asked.wording,
            confirmed_at=now,
            confirmed_by=subscriber.contact_id,
            source="double_opt_in",
        )
        events.put(event, now)
    return bool(pending) or any(facts.agrees_to(purpose) for purpose in facts.asked)


def _is_at(facts: Profile, contact: str) -> bool:
    """Whether the contact's address is the profile's."""
    email = facts.trait("email")
    return email is not None and contact_id(email) == contact
