"""The shopper presses the button of the confirmation mail: what was asked for is agreed to, and proven."""

from collections.abc import Sequence

from homing.domain.ids import contact_id
from homing.domain.moments import Moment
from homing.domain.profile import Profile
from homing.domain.unsubscribe import Subscriber
from homing.ports import Events, Profiles
from homing.usecases.histories import owner_of
from homing.usecases.links import proven, said


def confirm(subscriber: Subscriber, *, profiles: Profiles, events: Events, now: Moment) -> bool:
    """Grant each purpose that waits for proof, as an event with the words that were agreed to.

    False where there is nothing to confirm: what was asked for has been withdrawn since, or the profile has come to
    another address, which has a mail of its own. Pressed again, it is True.
    """
    facts = _facts_at(subscriber, profiles)
    if facts is None:
        return False
    pending = facts.pending()
    for purpose, asked in pending.items():
        event = said("Subscription Confirmed", subscriber, now, source="double_opt_in", consent={purpose: True})
        events.put(proven(event, subscriber, asked.wording), now)
    return bool(pending) or any(map(facts.has_confirmed, facts.asked))


def waiting_for(subscriber: Subscriber, *, profiles: Profiles) -> Sequence[str]:
    """The purposes that `confirm` would grant."""
    facts = _facts_at(subscriber, profiles)
    return () if facts is None else sorted(facts.pending())


def _facts_at(subscriber: Subscriber, profiles: Profiles) -> Profile | None:
    """The facts of the profile; None where it has come to another address than the contact's."""
    record, _ = owner_of(profiles, subscriber.profile_id)
    email = record.facts.trait("email")
    return record.facts if email is not None and contact_id(email) == subscriber.contact_id else None
