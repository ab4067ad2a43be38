"""Bugs of consent, and of the shopper's pages."""

from collections.abc import Callable
from typing import Any

from local.torture.planting import everywhere, planted, wrapped
from local.torture.plants.acts import (
    MEDDLES,
    MOVES_BETWEEN_MAILS,
    PAUSES_AND_MOVES,
    SCANS,
    STOPS_BY_AN_OLD_MAIL_AMID,
    UNSUBSCRIBES,
)


@planted("IngestFunction", breaks=("proof first",))
def asking_is_agreeing() -> None:
    """Take who asked for mails for somebody who has proven to read that address."""
    from homing.domain.events import Event

    wrapped(Event, "with_proof_wanted", lambda _wanted: lambda event: event)


@planted("PagesFunction", breaks=("stop means stop",), acts=UNSUBSCRIBES)
def unsubscribe_only_by_event() -> None:
    """Answer an unsubscribe once its event is kept, and stop the mails when it is folded."""
    from homing.adapters.contacts import TableContacts

    wrapped(TableContacts, "note_consent", lambda _note: lambda *_, **__: None)


@planted("PagesFunction", breaks=("stop means stop",), acts=STOPS_BY_AN_OLD_MAIL_AMID)
def stops_one_address() -> None:
    """Tell the contact of the link's address of a stop, and leave the shopper's others to the fold."""
    from homing.usecases import addresses

    def tell_one(_tell_all: Callable[..., Any]) -> Callable[..., Any]:
        return lambda subscriber, tell, _profiles: tell(subscriber.contact_id)

    everywhere("tell_all", tell_one(addresses.tell_all))


@planted("ProjectFunction", breaks=("wishes are kept",), acts=PAUSES_AND_MOVES)
def moves_without_wishes() -> None:
    """Let a new address begin without the pause that its shopper has asked for."""
    from homing.adapters.contacts import TableContacts

    wrapped(TableContacts, "note_wishes", lambda _note: lambda *_, **__: None)


@planted("ProjectFunction", breaks=("cap",), acts=MOVES_BETWEEN_MAILS)
def moves_without_mails() -> None:
    """Count the mails to an address alone, and not those that its shopper has got at another."""
    from homing.adapters.contacts import TableContacts

    wrapped(TableContacts, "remember_mails", lambda _remember: lambda *_: None)


@planted("PagesFunction", breaks=("looking changes nothing",), acts=SCANS)
def get_unsubscribes() -> None:
    """Unsubscribe whoever's link is opened, by a link scanner too."""
    from homing.web.visit import Visit

    Visit.acts = property(lambda _visit: True)  # type: ignore[assignment] # the planted bug


@planted("PagesFunction", breaks=("a token is one person's",), acts=MEDDLES)
def token_of_another_accepted() -> None:
    """Check that a token was made for the profile, and not for whom else it names."""
    from homing.domain.unsubscribe import Subscriber

    def trusting(_read: Callable[..., Any]) -> Callable[..., Any]:
        def read(token: str, _key: bytes, _purpose: str = "unsubscribe") -> Subscriber | None:
            parts = token.split(".")
            return Subscriber(parts[0], parts[1]) if len(parts) == 3 else None

        return read

    from homing.domain import unsubscribe

    everywhere("read_token", trusting(unsubscribe.read_token))
