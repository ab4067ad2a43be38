"""Events into profiles: the fold, with identity, segments, the contact's consent and the catalogue."""

from collections.abc import Iterable, MutableMapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import NamedTuple

from homing.domain.catalogue import CatalogueProduct, first_told, is_sampled
from homing.domain.events import Event
from homing.domain.ids import alias_id, contact_id
from homing.domain.moments import Moment
from homing.domain.profile import Profile
from homing.domain.record import ProfileRecord
from homing.domain.rights import contacts_told_by
from homing.errors import Conflict
from homing.ports import Catalogue, Contacts, Due, Erasures, Events, Profiles
from homing.usecases.addresses import take_over
from homing.usecases.arming import arm
from homing.usecases.generations import ActiveGeneration
from homing.usecases.histories import gives_way, owner_of, with_histories

ATTEMPTS = 5
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

    events: Events
    profiles: Profiles
    contacts: Contacts
    due: Due
    erasures: Erasures
    catalogue: Catalogue
    active: ActiveGeneration
    currency: str
    known: MutableMapping[str, CatalogueProduct] = field(default_factory=dict)

    def fold(self, alias: str, stored: Sequence[StoredEvent], now: Moment) -> ProfileRecord:
        """Fold all events of one alias into the profile that it belongs to; repeating this changes nothing.

        Events of somebody who has been erased are taken out of the log, and fold into nothing. The record as it stands
        then. Raises Conflict where others keep writing the same profile.
        """
        record = self._fold_until_written(alias, stored, now)
        self._learn_products([event for event, _ in stored if event.is_vouched])
        return record

    def _fold_until_written(self, alias: str, stored: Sequence[StoredEvent], now: Moment) -> ProfileRecord:
        for _ in range(ATTEMPTS - 1):
            with suppress(Conflict):
                return self._fold_once(alias, stored, now)
        return self._fold_once(alias, stored, now)

    def _fold_once(self, alias: str, stored: Sequence[StoredEvent], now: Moment) -> ProfileRecord:
        record, closed = owner_of(self.profiles, alias)
        if record.version == 0 and self._was_erased(alias, record, closed):
            return record
        stored = self._without_erased_addresses(record, stored)
        if record.version == 0 and not stored and not closed:
            return record
        # A crash may have closed a history and not taken it over: that comes before anything is added.
        facts = with_histories(record.facts, closed)
        for event, received_at in stored:
            facts = self._with_anonymous_history(facts, record.profile_id, event).after(event, received_at)
        if facts.trait("email") and _told_to_contact(facts) != _told_to_contact(record.facts):
            ours = record.model_copy(update={"facts": facts})
            facts, owner = self._known_by_address(ours, _address(record.facts))
            if owner is not None:
                self._close(ours, owner.profile_id, owner.facts.user_id)
                return self._fold_once(alias, stored, now)
            self._take_over(record, facts)
        after = record.with_facts(facts, self.active.at(now, record), now)
        if after.tells_more_than(record):
            arm(self.due, record, after, now)
            self.profiles.save(after)
        return after

    def _was_erased(self, alias: str, record: ProfileRecord, closed: Sequence[ProfileRecord]) -> bool:
        """Whether an alias without a profile belongs to somebody who has been erased; whatever is there of it goes."""
        if not self.erasures.erased(dict.fromkeys((alias, record.profile_id))):
            return False
        for name in dict.fromkeys((alias, *(history.profile_id for history in closed))):
            self.erasures.clear(self.erasures.held(name))
        return True

    def _without_erased_addresses(self, record: ProfileRecord, stored: Sequence[StoredEvent]) -> Sequence[StoredEvent]:
        """The events but for those that tell an erased address, which is not to come back under another name.

        It is asked of addresses that the profile has not had, and of no others.
        """
        told = frozenset[str]().union(*(contacts_told_by(event) for event, _ in stored))
        new = told - {_address(record.facts)}
        erased = frozenset(self.erasures.erased(new) if new else ())
        if not erased:
            return stored
        self.events.forget(event for event, _ in stored if contacts_told_by(event) & erased)
        return [each for each in stored if not contacts_told_by(each.event) & erased]

    def _with_anonymous_history(self, facts: Profile, profile_id: str, event: Event) -> Profile:
        """The facts, with those from before the shopper was known, where the event tells who it was."""
        if event.user_id is None or event.anonymous_id is None:
            return facts
        anonymous = alias_id("anonymous", event.anonymous_id)
        if anonymous in facts.anonymous:
            return facts
        owner, closed = owner_of(self.profiles, anonymous)
        if owner.profile_id != profile_id:
            if owner.version == 0 and self.erasures.erased([owner.profile_id]):
                return facts  # the browser of somebody who has been erased: it stays without a history
            if owner.facts.user_id is not None:
                return facts  # a device that two share: its history stays with who was known first
            closed.append(self._close(owner, profile_id, event.user_id))
        return with_histories(facts, closed)

    def _known_by_address(self, ours: ProfileRecord, had: str | None) -> tuple[Profile, ProfileRecord | None]:
        """Tell the contact of the consent, and find who has come with the same address before.

        `had` is the contact of the profile as it was read: any other comes into being. The facts with what is known of
        them; and the record to which ours gives way, where it does.
        """
        facts, contact = ours.facts, _address(ours.facts) or ""
        if contact != had:
            if self.erasures.erased([contact]):
                return facts, None  # told by a history that joins: it is kept from every contact
            self.profiles.note_address(ours.profile_id, contact)
        consent, agrees = facts.consent_to("marketing"), facts.agrees_to("marketing")
        firm = facts.firm_words().get("marketing")
        first_id = self.contacts.note_consent(
            contact,
            ours.profile_id,
            new=contact != had,
            granted=agrees,
            # An agreement that another address has proven says nothing about this one.
            at=consent.at if consent and consent.granted == agrees else 0,
            stopped_at=firm.at if firm and not firm.granted else None,
            proved_at=firm.at if firm and firm.granted else None,
        )
        if first_id is None:
            return facts, None  # erased, with another profile of the same address
        owner, closed = owner_of(self.profiles, first_id)
        if owner.profile_id != ours.profile_id:
            if owner.version == 0:
                raise Conflict(f"profile {owner.profile_id} is about to be written")
            if owner.facts.user_id is not None and facts.user_id is not None:
                return facts, None  # two accounts with one address stay two
            if gives_way(ours, owner):
                return facts, owner
            closed.append(self._close(owner, ours.profile_id, facts.user_id))
        joined = with_histories(facts, closed)
        if _told_to_contact(joined) == _told_to_contact(facts):
            return joined, None
        return self._known_by_address(ours.model_copy(update={"facts": joined}), had)

    def _take_over(self, before: ProfileRecord, facts: Profile) -> None:
        """Let the contact know what was said at other addresses, where the shopper comes from another or has joined."""
        contact, had = _address(facts), _address(before.facts)
        moves = had is not None and contact != had
        if contact is not None and (moves or facts.anonymous != before.facts.anonymous):
            after = before.model_copy(update={"facts": facts})
            take_over(contact, after, contacts=self.contacts, profiles=self.profiles)

    def _close(self, record: ProfileRecord, owner_id: str, user_id: str | None) -> ProfileRecord:
        """The record as it stands for ever, part of the profile `owner_id` from now on, whose user id it keeps.

        It is closed before it is taken over: a crash in between takes over the same.
        """
        facts = record.facts.model_copy(update={"user_id": user_id})
        changes = {"facts": facts, "joined_to": owner_id, "segments": {}, "due_at": None}
        closed = record.model_copy(update=changes)
        self.profiles.save(closed)
        return closed

    def _learn_products(self, events: Iterable[Event]) -> None:
        """What events tell of products is shown to everybody, so it is learned of those alone that are vouched for."""
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


def _told_to_contact(facts: Profile) -> tuple[object, ...]:
    """What a contact's knowledge depends on. It is told before the profile is written, so that no crash hides it."""
    return facts.traits.get("email"), facts.consent.get("marketing"), facts.firm.get("marketing"), facts.anonymous


def _address(facts: Profile) -> str | None:
    """The contact of the profile's address."""
    email = facts.trait("email")
    return None if email is None else contact_id(email)
