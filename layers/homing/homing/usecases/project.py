"""Events into profiles: the fold, with identity, segments, the contact's consent and the catalogue."""

from collections.abc import Iterable, MutableMapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from homing.domain.catalogue import CatalogueProduct, first_told, is_sampled
from homing.domain.events import Event
from homing.domain.ids import alias_id, contact_id
from homing.domain.moments import Moment
from homing.domain.profile import Profile
from homing.domain.record import ProfileRecord
from homing.domain.segments import Segments
from homing.errors import Conflict
from homing.ports import Catalogue, Contacts, Due, Profiles

ATTEMPTS = 5
LONGEST_CHAIN = 4
"""Histories that joined one after another: device, newsletter, account."""
REMEMBERED_PRODUCTS = 5_000


class StoredEvent(NamedTuple):
    """An event as the log holds it."""

    event: Event
    received_at: Moment


@dataclass(slots=True)
class Projector:
    """Folds events into profiles.

    `currency` is that of prices told without one; `known` remembers product details between calls, to save reads.
    """

    profiles: Profiles
    contacts: Contacts
    due: Due
    catalogue: Catalogue
    segments: Segments
    currency: str
    known: MutableMapping[str, CatalogueProduct] = field(default_factory=dict)

    def fold(self, alias: str, stored: Sequence[StoredEvent], now: Moment) -> None:
        """Fold all events of one alias into the profile that it belongs to; repeating this changes nothing.

        Raises Conflict where others keep writing the same profile.
        """
        for attempt in range(ATTEMPTS):
            try:
                self._fold_once(alias, stored, now)
                break
            except Conflict:
                if attempt == ATTEMPTS - 1:
                    raise
        self._learn_products([event for event, _ in stored])

    def _fold_once(self, alias: str, stored: Sequence[StoredEvent], now: Moment) -> None:
        record = self._owner_of(alias)
        facts = record.facts
        for event, received_at in stored:
            facts = self._with_anonymous_history(facts, record.profile_id, event).after(event, received_at)
        if any(event.consent or "email" in event.traits for event, _ in stored) and facts.trait("email"):
            facts = self._known_by_address(facts, record.profile_id)
        self._save(record, record.with_facts(facts, self.segments, now))

    def _owner_of(self, alias: str) -> ProfileRecord:
        """The record of the profile that the alias belongs to by now."""
        record = self.profiles.load(alias)
        for _ in range(LONGEST_CHAIN):
            if record.joined_to is None:
                break
            record = self.profiles.load(record.joined_to)
        return record

    def _with_anonymous_history(self, facts: Profile, profile_id: str, event: Event) -> Profile:
        """The facts, with those from before the shopper was known, where the event tells who it was."""
        if event.user_id is None or event.anonymous_id is None:
            return facts
        anonymous = alias_id("anonymous", event.anonymous_id)
        return facts if anonymous in facts.anonymous else self._absorb(facts, profile_id, anonymous)

    def _known_by_address(self, facts: Profile, profile_id: str) -> Profile:
        """Tell the contact of the consent; the facts, joined with a history under the same address and no name."""
        consent = facts.consent.get("marketing")
        owner_id = self.contacts.note_consent(
            contact_id(facts.trait("email") or ""),
            profile_id,
            granted=consent is not None and consent.granted,
            at=consent.at if consent else 0,
        )
        if owner_id == profile_id or owner_id in facts.anonymous or facts.user_id is None:
            return facts
        owner = self.profiles.load(owner_id)
        return facts if owner.facts.user_id is not None else self._absorb(facts, profile_id, owner_id)

    def _absorb(self, facts: Profile, profile_id: str, anonymous: str) -> Profile:
        """The facts joined with an anonymous history, which from now on belongs to this profile.

        The history is closed before it is taken over: a crash in between takes it over again, unchanged.
        """
        record = self.profiles.load(anonymous)
        if record.joined_to is None:
            record = record.model_copy(update={"joined_to": profile_id, "segments": {}, "due_at": None})
            self.profiles.save(record)
        if record.joined_to != profile_id:
            return facts
        joined = facts.joined(record.facts)
        return joined.model_copy(update={"anonymous": tuple(sorted({*joined.anonymous, anonymous}))})

    def _save(self, before: ProfileRecord, after: ProfileRecord) -> None:
        if after == before:
            return
        if after.due_at is not None and after.due_at != before.due_at:
            # Before the profile: a crash in between leaves a look too many, never one too few.
            self.due.arm(after.due_at, after.profile_id)
        self.profiles.save(after)

    def _learn_products(self, events: Iterable[Event]) -> None:
        new: list[CatalogueProduct] = []
        sold = []
        for event in events:
            new += self._learn(event)
            if is_sampled(event):
                sold.append(event)
        if new or sold:
            shelf = self.catalogue.shelf().with_new(new)
            for event in sold:
                shelf = shelf.with_order(event)
            self.catalogue.save_shelf(shelf)

    def _learn(self, event: Event) -> list[CatalogueProduct]:
        """Keep what the event tells of its products; those that were not known before."""
        if event.currency is None:
            event = event.model_copy(update={"currency": self.currency})
        lines = {line.product_id: line for line in event.products}
        unread = [product_id for product_id in lines if product_id not in self.known]
        if unread:
            if len(self.known) > REMEMBERED_PRODUCTS:
                self.known.clear()
            self.known.update(self.catalogue.load(unread))
        new = []
        for product_id, line in lines.items():
            before = self.known.get(product_id)
            product = before.after(line, event) if before else first_told(line, event)
            if product != before:
                self.catalogue.save(product)
                self.known[product_id] = product
            if before is None:
                new.append(product)
        return new
