"""Consent: what shoppers have agreed to or taken back, purpose by purpose. Whatever is told last counts, but for one
thing: what was taken back with Homing itself is granted again by nothing but a proof.

A client repeats a consent with every message, and knows nothing of a stop by a link in a mail.
"""

from collections.abc import Mapping
from typing import Final, TypeVar

from homing.domain.events import NEED_PROOF, Event, Frozen
from homing.domain.ids import contact_id
from homing.domain.moments import DAY, Moment

OWN_WORD: Final = frozenset({"unsubscribe", "preferences", "complained"})
"""The sources of what shoppers themselves have told Homing, or their mail provider for them."""


class Consent(Frozen):
    """Whether a purpose is agreed to, as of when, and who said so.

    `first_at` is when it was first agreed to: clients repeat a consent with every message. `wording` is the version of
    the words that were agreed to, `confirmed_at` when the agreement was proven, and then `at` too, as otherwise is the
    moment that the client has kept of it: what is told again undoes no withdrawal. `confirmed_by` is the contact that
    has proven it, for no other address than its own.
    `told_on` is the day (since the epoch) on which it was received.
    """

    granted: bool
    at: Moment
    source: str
    first_at: Moment | None = None
    wording: str | None = None
    confirmed_at: Moment | None = None
    confirmed_by: str | None = None
    told_on: int = 0

    @classmethod
    def told_by(cls, event: Event, purpose: str, received_at: Moment) -> "Consent":
        """What the event says of the purpose."""
        told_on = received_at // DAY
        if not event.consent[purpose]:
            return cls(granted=False, at=event.at, source=event.source, told_on=told_on)
        confirmed_at = event.confirmed_at if purpose in NEED_PROOF else None
        at = next(at for at in (confirmed_at, event.agreed_at, event.at) if at is not None)
        return cls(
            granted=True,
            at=at,
            source=event.source,
            first_at=at,
            wording=event.wording,
            confirmed_at=confirmed_at,
            confirmed_by=event.confirmed_by,
            told_on=told_on,
        )

    @classmethod
    def firmly_told_by(cls, event: Event, purpose: str, received_at: Moment) -> "Consent | None":
        """What the event says of the purpose for good: with proof, or as the shopper's own word; None where neither."""
        granted = event.consent[purpose]
        if granted and event.confirmed_at is not None:
            told = cls.told_by(event, purpose, received_at)
            proof = {"at": event.confirmed_at, "confirmed_at": event.confirmed_at, "first_at": None}
            return told.model_copy(update=proof)
        return cls.told_by(event, purpose, received_at).firm

    @property
    def is_proven(self) -> bool:
        """Whether it is an agreement with proof."""
        return self.granted and self.confirmed_at is not None

    @property
    def firm(self) -> "Consent | None":
        """It itself, where it holds until it is taken back, or granted with proof; not since when it was first so."""
        is_firm = self.is_proven if self.granted else self.source in OWN_WORD
        return self.model_copy(update={"first_at": None}) if is_firm else None

    def yields_to(self, firm: "Consent") -> bool:
        """Whether the latest firm word counts instead of this, the latest of all."""
        return self.granted and not self.is_proven and not firm.granted

    def tells_the_same_as(self, other: "Consent") -> bool:
        """Whether both are one statement."""
        return self._order() == other._order()

    def later(self, other: "Consent") -> "Consent":
        """The one that counts: the later, and of two at once the withdrawal."""
        first_at = min((at for at in (self.first_at, other.first_at) if at is not None), default=None)
        latest = max(self, other, key=Consent._order)
        return latest.model_copy(update={"first_at": first_at})

    def holds_for(self, email: str | None) -> bool:
        """Whether it is an agreement to mails to this address."""
        return self.granted and self.confirmed_by in (None, email and contact_id(email))

    def _order(self) -> tuple[Moment, bool, str, Moment, str, str, int]:
        """Total, so that of any two the same one counts, whichever came first."""
        confirmed_at = -1 if self.confirmed_at is None else self.confirmed_at
        proof = (confirmed_at, self.confirmed_by or "", self.wording or "", self.told_on)
        return self.at, not self.granted, self.source, *proof


class Asked(Frozen):
    """The latest time that somebody agreed to a purpose without proof, and to which words.

    `agreed_at` is the latest such moment that a client has kept and told, and `told_on` the day (since the epoch) on
    which it was first received: it stays, while `at` goes with every message of clients that tell none.
    """

    at: Moment
    wording: str | None = None
    agreed_at: Moment = 0
    told_on: int = 0

    @classmethod
    def told_by(cls, event: Event, received_at: Moment) -> "Asked":
        """What the event asks for."""
        if event.agreed_at is None:
            return cls(at=event.at, wording=event.wording)
        return cls(at=event.agreed_at, wording=event.wording, agreed_at=event.agreed_at, told_on=received_at // DAY)

    def later(self, other: "Asked") -> "Asked":
        """The later of both."""
        latest = max(self, other, key=lambda asked: (asked.at, asked.wording or ""))
        agreed = max(self, other, key=lambda asked: (asked.agreed_at, -asked.told_on))
        return latest.model_copy(update={"agreed_at": agreed.agreed_at, "told_on": agreed.told_on})


Told = TypeVar("Told", Consent, Asked)
"""What is remembered of a purpose."""


def later_of_each(ours: Mapping[str, Told], theirs: Mapping[str, Told]) -> dict[str, Told]:
    """What counts of each purpose that either remembers."""
    both = {purpose: ours[purpose].later(theirs[purpose]) for purpose in ours.keys() & theirs.keys()}
    return dict(sorted({**ours, **theirs, **both}.items()))
