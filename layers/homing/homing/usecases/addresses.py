"""The addresses of one shopper: what is said by a link to one of them holds at all of them.

Two may be at it at once: the page, to which the shopper says something, and the fold, by which they come to another
address. The page tells the link's contact, then looks which addresses there are, and tells these. The fold writes the
address down, brings its contact into being, and then looks at the contacts of all the others. Whichever looks last
finds what the other has written. The same holds where a history becomes part of the profile: it is closed, so that the
page comes to the profile by it, before the fold looks at its addresses.
"""

from collections.abc import Callable

from homing.domain.record import ProfileRecord
from homing.domain.unsubscribe import Subscriber
from homing.ports import Contacts, Profiles
from homing.usecases.histories import owner_of


def tell_all(subscriber: Subscriber, tell: Callable[[str], object], profiles: Profiles) -> None:
    """Tell the link's contact, and then those of all other addresses that its shopper has had."""
    tell(subscriber.contact_id)
    record, closed = owner_of(profiles, subscriber.profile_id)
    names = (record.profile_id, *(history.profile_id for history in closed))
    for contact_id in sorted(_addresses(names, profiles) - {subscriber.contact_id}):
        tell(contact_id)


def take_over(contact_id: str, record: ProfileRecord, *, contacts: Contacts, profiles: Profiles) -> None:
    """Let the contact know what the profile's other addresses do: what was withdrawn and wished for there, and which
    mails have come. Of all that the later counts. Raises Conflict where mails keep being claimed.
    """
    names = _addresses((record.profile_id, *record.facts.anonymous), profiles) - {contact_id}
    others = [other for other in map(contacts.load, sorted(names)) if other is not None]
    for other in others:
        if other.withdrawn_at is not None:
            contacts.note_consent(
                contact_id,
                record.profile_id,
                granted=False,
                at=other.withdrawn_at,
                stopped_at=other.stopped_at if other.is_stopped else None,
                new=False,
            )
        if other.wished_at:
            contacts.note_wishes(contact_id, gap=other.gap, paused_until=other.paused_until, at=other.wished_at)
    mails = {mail for other in others for mail in other.recent}
    if mails:
        contacts.remember_mails(contact_id, mails)


def _addresses(profile_ids: tuple[str, ...], profiles: Profiles) -> set[str]:
    return {contact_id for profile_id in profile_ids for contact_id in profiles.addresses(profile_id)}
