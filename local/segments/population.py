"""The shop's profiles, and the generation by which they are evaluated, as a source holds them."""

from collections.abc import Collection, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass

from homing.adapters.catalogue import PRODUCT_KEY, catalogue_product
from homing.adapters.contacts import CONTACT_KEY
from homing.adapters.generations import GENERATION_KEY, GENERATION_PK, generation_of
from homing.adapters.ledger import RUN_PREFIX, run_of
from homing.adapters.profiles import EVENT_PREFIX, PROFILE_KEY, partition, profile_record, stored_event
from homing.dialects.addresses import mailable
from homing.domain.figures import Figures
from homing.domain.generation import Generation
from homing.domain.ids import alias_id, contact_id
from homing.domain.moments import Moment
from homing.domain.population import Counter, figures
from homing.domain.record import ProfileRecord
from homing.domain.segments import Segments
from homing.domain.sends import Run
from homing.usecases.project import StoredEvent
from local.segments.sources import Source
from local.terminal import Unusable


class NoProfile(Unusable):
    """Nobody is known by that name; the message says by which names a shopper may be asked for."""


def contact_of(name: str) -> str:
    """The contact id of an address, as somebody types it."""
    with suppress(ValueError):
        name = mailable(name)
    return contact_id(name)


@dataclass(frozen=True, slots=True)
class Population:
    """All profiles of a shop, read from a source each time they are asked for."""

    source: Source

    def generation(self) -> Generation | None:
        """The active generation; None where the shop's own files still count."""
        items = self.source.items_of([GENERATION_PK], GENERATION_KEY)
        return next((generation_of(item) for item in items), None)

    def records(self) -> Iterator[ProfileRecord]:
        """Every profile but those that have become part of another."""
        return (record for record in map(profile_record, self.source.items(PROFILE_KEY)) if record.joined_to is None)

    def figures(self, segments: Segments, at: Moment, timezone: str) -> Figures:
        """What these segments need to know of all profiles together, counted as the recompute counts it.

        `timezone` is the clock of shoppers of whom none is known.
        """
        counter = Counter(facts={fact for fact, _ in segments.wanted_tops}, timezone=timezone)
        for item in self.source.items(PROFILE_KEY, PRODUCT_KEY):
            if item["sk"]["S"] == PROFILE_KEY:
                counter.add(profile_record(item))
            else:
                counter.add_product(catalogue_product(item))
        return figures([counter.counted()], segments.wanted_tops, at)

    def find(self, name: str) -> ProfileRecord:
        """Who is known by a user id, an anonymous id, a profile id or an address. Raises NoProfile.

        A name may be several of these: the shop's own ids come first, and a user id before an anonymous one.
        """
        ids = [alias_id("user", name), alias_id("anonymous", name), name]
        found = self._records(ids)
        if not found and "@" in name:
            contacts = self.source.items_of([f"C#{contact_of(name)}"], CONTACT_KEY)
            ids = [item["profile_id"]["S"] for item in contacts if "profile_id" in item]
            found = self._records(ids)
        record = next((found[profile_id] for profile_id in ids if profile_id in found), None)
        if record is None:
            raise NoProfile(
                f"{self.source.name}: nobody is known as {name!r}; give a userId or an anonymousId that the shop has "
                "sent, or a profile_id as segments.jsonl has it"
            )
        return self._owner(record)

    def events(self, record: ProfileRecord) -> list[StoredEvent]:
        """What was told of a person under any name, in the order in which it was received."""
        pks = [partition(alias) for alias in (record.profile_id, *record.facts.anonymous)]
        return sorted(map(stored_event, self.source.items_of(pks, EVENT_PREFIX)), key=_when_received)

    def runs(self, profile_ids: Iterable[str]) -> Iterator[Run]:
        """All runs, past and going on, of these profiles and of the histories that are part of them."""
        return map(run_of, self.source.items_of([partition(profile_id) for profile_id in profile_ids], RUN_PREFIX))

    def _owner(self, record: ProfileRecord) -> ProfileRecord:
        while record.joined_to is not None:
            record = self._records([record.joined_to])[record.joined_to]
        return record

    def _records(self, profile_ids: Collection[str]) -> dict[str, ProfileRecord]:
        items = self.source.items_of([partition(profile_id) for profile_id in profile_ids], PROFILE_KEY)
        return {record.profile_id: record for record in map(profile_record, items)}


def _when_received(stored: StoredEvent) -> tuple[Moment, str]:
    return stored.received_at, stored.event.message_id
