"""Erasures over the memory of the other fakes: what is held of somebody, and the taking away of it."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field

from homing.domain.ids import contact_id
from homing.domain.moments import Moment
from homing.domain.rights import Erasure, Held, contacts_told_by
from tests.fakes.ports import FakeContacts, FakeDue, FakeEvents, FakeOpenSends, FakeProfiles, FakeRuns, FakeSends


@dataclass
class FakeErasures:
    """Erased ids as they are; an item is named by its kind, and by what keeps it in the fake."""

    events: FakeEvents
    profiles: FakeProfiles
    runs: FakeRuns
    sends: FakeSends
    contacts: FakeContacts
    due: FakeDue
    open_sends: FakeOpenSends
    marks: dict[str, Moment] = field(default_factory=dict)
    kept: dict[str, Erasure] = field(default_factory=dict)
    asked: int = 0

    def erased(self, ids: Collection[str]) -> Collection[str]:
        self.asked += len(ids)
        return {an_id for an_id in ids if an_id in self.marks}

    def mark(self, ids: Collection[str], at: Moment) -> None:
        for an_id in ids:
            self.marks.setdefault(an_id, at)

    def unmark(self, ids: Collection[str]) -> None:
        for an_id in ids:
            self.marks.pop(an_id, None)

    def keep(self, erasure: Erasure) -> None:
        self.kept[erasure.profile_id] = erasure

    def under_way(self) -> Sequence[Erasure]:
        return list(self.kept.values())

    def forget(self, erasure: Erasure) -> None:
        self.kept.pop(erasure.profile_id, None)

    def held(self, profile_id: str) -> Held:
        events = [event for (alias, _), (event, _) in self.events.kept.items() if alias == profile_id]
        runs = [run for run in self.runs.kept.values() if run.profile_id == profile_id]
        record = self.profiles.records.get(profile_id)
        email = record.facts.trait("email") if record else None
        contacts = {contact for event in events for contact in contacts_told_by(event)}
        contacts |= {contact_id(email)} if email else set()
        contacts |= {run.contact_id for run in runs if run.contact_id}
        contacts |= set(self.profiles.addresses(profile_id))
        aliases = {*record.facts.anonymous, *filter(None, [record.joined_to])} if record else set()
        return Held(
            profile_id=profile_id,
            items=tuple(self._items(profile_id)),
            aliases=frozenset(aliases),
            contacts=frozenset(contacts),
            runs=frozenset(run.run_id for run in runs),
        )

    def clear(self, held: Held) -> None:
        for item in held.items:
            kind, _, name = item.partition("#")
            match kind:
                case "PROFILE":
                    self.profiles.records.pop(held.profile_id, None)
                case "EVENT":
                    self.events.kept.pop((held.profile_id, name), None)
                case "RUN":
                    self.runs.kept.pop(name, None)
                case "SEND":
                    self.sends.kept.pop(name, None)
                case "ADDRESS":
                    self.profiles.noted.discard((held.profile_id, name))

    def clear_contact(self, contact_id: str) -> None:
        self.contacts.contacts.pop(contact_id, None)
        self.contacts.owners.pop(contact_id, None)

    def clear_looks(self, profile_ids: Collection[str]) -> None:
        self.due.armed = {look for look in self.due.armed if look[1] not in profile_ids}
        open_sends = list(self.open_sends.kept.values())
        self.open_sends.close([entry for entry in open_sends if entry.send.profile_id in profile_ids])

    def _items(self, profile_id: str) -> Iterator[str]:
        if profile_id in self.profiles.records:
            yield "PROFILE"
        yield from (f"EVENT#{fact}" for alias, fact in self.events.kept if alias == profile_id)
        yield from (f"RUN#{run.run_id}" for run in self.runs.kept.values() if run.profile_id == profile_id)
        yield from (f"SEND#{send.send_id}" for send in self.sends.kept.values() if send.profile_id == profile_id)
        yield from (f"ADDRESS#{contact}" for contact in self.profiles.addresses(profile_id))
