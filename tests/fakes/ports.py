"""The ports of the homing layer in memory, each as short as its contract allows."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from homing.domain.catalogue import CatalogueProduct, Shelf
from homing.domain.events import Event
from homing.domain.generation import Generation
from homing.domain.ids import due_shard
from homing.domain.moments import HOUR, MINUTE, SECOND, Duration, Moment
from homing.domain.permit import Claim, Contact, Withheld
from homing.domain.record import ProfileRecord
from homing.domain.reputation import Statistics
from homing.domain.rights import Request, Right
from homing.domain.sends import SETTLES_WITHIN, Delivery, OpenSend, Run, Send
from homing.errors import Conflict
from homing.ports import Look, Mail, NoSlot, Pacing, Quota, Slot


@dataclass
class FakeEvents:
    """Kept events by alias and fact, in the order in which they came."""

    kept: dict[tuple[str, str], tuple[Event, Moment]] = field(default_factory=dict)
    quiet: list[Event] = field(default_factory=list)

    def put(self, event: Event, received_at: Moment, *, quiet: bool = False) -> bool:
        key = (event.alias, event.message_fact)
        if key in self.kept:
            return False
        self.kept[key] = (event, received_at)
        if quiet:
            self.quiet.append(event)
        return True

    def forget(self, events: Iterable[Event]) -> None:
        for event in events:
            self.kept.pop((event.alias, event.message_fact), None)

    @property
    def all(self) -> list[Event]:
        return [event for event, _ in self.kept.values()]

    @property
    def loud(self) -> list[Event]:
        """Those that project gets to see."""
        return [event for event in self.all if event not in self.quiet]


@dataclass
class FakeProfiles:
    """Records with versions, and (profile, contact) of the addresses noted; `saves` counts the records' writes."""

    records: dict[str, ProfileRecord] = field(default_factory=dict)
    noted: set[tuple[str, str]] = field(default_factory=set)
    saves: int = 0

    def load(self, profile_id: str) -> ProfileRecord:
        return self.records.get(profile_id, ProfileRecord(profile_id=profile_id))

    def load_many(self, profile_ids: Collection[str]) -> Mapping[str, ProfileRecord]:
        return {name: self.load(name) for name in profile_ids if name in self.records}

    def save(self, record: ProfileRecord) -> None:
        if self.load(record.profile_id).version != record.version:
            raise Conflict(record.profile_id)
        self.records[record.profile_id] = record.model_copy(update={"version": record.version + 1})
        self.saves += 1

    def note_address(self, profile_id: str, contact_id: str) -> None:
        self.noted.add((profile_id, contact_id))

    def addresses(self, profile_id: str) -> Collection[str]:
        return sorted(contact for noted_for, contact in self.noted if noted_for == profile_id)


@dataclass
class FakeGenerations:
    """The active generation; `reads` counts how often it was asked for."""

    kept: Generation | None = None
    reads: int = 0

    def active(self) -> Generation | None:
        self.reads += 1
        return self.kept

    def switch(self, generation: Generation) -> None:
        if generation.number != (self.kept.number if self.kept else 0) + 1:
            raise Conflict(str(generation.number))
        self.kept = generation


@dataclass
class FakeContacts:
    """Contacts, and the profile that each address first came with."""

    contacts: dict[str, Contact] = field(default_factory=dict)
    owners: dict[str, str] = field(default_factory=dict)

    def load(self, contact_id: str) -> Contact | None:
        return self.contacts.get(contact_id)

    def note_consent(
        self,
        contact_id: str,
        profile_id: str,
        *,
        granted: bool,
        at: Moment,
        stopped_at: Moment | None = None,
        proved_at: Moment | None = None,
        new: bool = True,
    ) -> str | None:
        known = self.contacts.get(contact_id)
        if known is None and not new:
            return None
        if known is None:
            known = self.contacts[contact_id] = Contact(contact_id=contact_id, consent=granted, consent_at=at)
        if (at, not granted) > (known.consent_at, not known.consent):
            self._change(contact_id, consent=granted, consent_at=at)
        stopped, proved = (known.stopped_at, stopped_at), (known.proved_at, proved_at)
        latest = {"stopped_at": max(filter(None, stopped), default=None)}
        self._change(contact_id, **latest, proved_at=max(filter(None, proved), default=None))
        return self.owners.setdefault(contact_id, profile_id)

    def suppress(self, contact_id: str, reason: str) -> None:
        self._change(contact_id, suppressed=max(self._contact(contact_id).suppressed or "", reason))

    def note_wishes(self, contact_id: str, *, gap: Duration | None, paused_until: Moment | None, at: Moment) -> None:
        if self._contact(contact_id).wished_at <= at:
            self._change(contact_id, gap=gap, paused_until=paused_until, wished_at=at)

    def remember_mails(self, contact_id: str, mails: Collection[Moment]) -> None:
        self._change(contact_id, recent=self._contact(contact_id).remembering(mails).recent)

    def add_run(self, contact_id: str, run_id: str, profile_id: str, due: Moment | None = None) -> bool:
        if contact_id not in self.contacts:
            return False
        contact = self._contact(contact_id)
        first = {} if due is None else {run_id: due}
        self._change(contact_id, runs={**contact.runs, run_id: profile_id}, due={**first, **contact.due})
        return True

    def note_due(self, contact_id: str, run_id: str, due: Moment | None) -> None:
        contact = self._contact(contact_id)
        if run_id in contact.runs:
            others = {name: at for name, at in contact.due.items() if name != run_id}
            self._change(contact_id, due=others if due is None else {**others, run_id: due})

    def remove_run(self, contact_id: str, run_id: str, send_ids: Collection[str]) -> None:
        contact = self._contact(contact_id)
        runs = {name: profile for name, profile in contact.runs.items() if name != run_id}
        due = {name: at for name, at in contact.due.items() if name != run_id}
        claims = {name: at for name, at in contact.claims.items() if name not in send_ids}
        self._change(contact_id, runs=runs, due=due, claims=claims)

    def claim(self, contact_id: str, claim: Claim) -> Withheld | None:
        contact = self._contact(contact_id)
        withheld = contact.withheld(claim)
        if withheld is None:
            self.contacts[contact_id] = contact.claimed(claim)
        return withheld

    def release(self, contact_id: str, claim: Claim) -> None:
        if contact_id in self.contacts:
            self.contacts[contact_id] = self.contacts[contact_id].released(claim)

    def _contact(self, contact_id: str) -> Contact:
        return self.contacts.get(contact_id, Contact(contact_id=contact_id))

    def _change(self, contact_id: str, **changes: Any) -> None:
        """Change a contact that there is, and no other."""
        if contact_id in self.contacts:
            self.contacts[contact_id] = self._contact(contact_id).model_copy(update=changes)


@dataclass
class FakeRuns:
    """Run records by run id."""

    kept: dict[str, Run] = field(default_factory=dict)

    def load(self, run: Run) -> Run | None:
        return self.kept.get(run.run_id)

    def begin(self, run: Run) -> bool:
        return self.kept.setdefault(run.run_id, run) is run

    def end(self, run: Run) -> None:
        known = self.kept.get(run.run_id)
        if known is None:
            self.kept[run.run_id] = run.model_copy(update={"contact_id": "", "started_at": 0})
        elif known.ended is None:
            changes = {"ended": run.ended, "ended_at": run.ended_at, "reason": run.reason}
            self.kept[run.run_id] = known.model_copy(update=changes)


@dataclass
class FakeSends:
    """The ledger; `entries` holds every entry that was kept, also those that a final one replaced."""

    kept: dict[str, Send] = field(default_factory=dict)
    entries: list[Send] = field(default_factory=list)

    def load(self, profile_id: str, send_id: str) -> Send | None:
        send = self.kept.get(send_id)
        return send if send is not None and send.profile_id == profile_id else None

    def record(self, send: Send) -> None:
        known = self.kept.get(send.send_id)
        if known is None or known.outcome == "unknown":
            self._keep(send)

    def load_many(self, keys: Collection[tuple[str, str]]) -> Mapping[str, Send]:
        return {send_id: send for profile_id, send_id in keys if (send := self.load(profile_id, send_id)) is not None}

    def settle(self, send: Send) -> None:
        known = self.kept.get(send.send_id)
        if known is None or known.outcome != "sent":
            self._keep(send)

    def deliver(
        self, profile_id: str, send_id: str, delivery: Delivery, at: Moment, bounced: str | None = None
    ) -> None:
        known = self.load(profile_id, send_id)
        if known is not None and known.told(delivery, at, bounced) != known:
            self._keep(known.told(delivery, at, bounced))

    def of_profile(self, profile_id: str) -> Sequence[Send]:
        return [send for send in self.kept.values() if send.profile_id == profile_id]

    def _keep(self, send: Send) -> None:
        self.kept[send.send_id] = send
        self.entries.append(send)


@dataclass
class FakeAccount:
    """An account at SES that a test sets up; `asked` are the moments from which its list was asked for."""

    allowed: Quota = field(default_factory=lambda: Quota(14.0, 50_000))
    counted: list[Statistics] = field(default_factory=list)
    listed: list[tuple[str, str]] = field(default_factory=list)
    mirrored: Moment = 0
    asked: list[Moment] = field(default_factory=list)

    def quota(self) -> Quota:
        return self.allowed

    def statistics(self) -> Sequence[Statistics]:
        return self.counted

    def suppressed(self, since: Moment) -> Iterator[tuple[str, str]]:
        self.asked.append(since)
        yield from self.listed

    def mirrored_until(self) -> Moment:
        return self.mirrored

    def note_mirrored(self, until: Moment) -> None:
        self.mirrored = until


@dataclass
class FakeOpenSends:
    """Open mails by what their item's keys are made of."""

    kept: dict[tuple[int, Moment, str], OpenSend] = field(default_factory=dict)

    def note(self, send: Send, contact_id: str) -> None:
        self._keep(OpenSend(send=send, contact_id=contact_id, look_at=send.at + SETTLES_WITHIN))

    def until(self, shard: int, moment: Moment, limit: int) -> Sequence[OpenSend]:
        return [entry for key, entry in sorted(self.kept.items()) if key[0] == shard and key[1] <= moment][:limit]

    def put_off(self, entries: Collection[OpenSend], look_at: Moment) -> None:
        for entry in entries:
            self._keep(entry.model_copy(update={"look_at": look_at}))
        self.close(entries)

    def close(self, entries: Collection[OpenSend]) -> None:
        for entry in entries:
            self.kept.pop(self._key(entry), None)

    def _keep(self, entry: OpenSend) -> None:
        self.kept[self._key(entry)] = entry

    @staticmethod
    def _key(entry: OpenSend) -> tuple[int, Moment, str]:
        return due_shard(entry.send.profile_id), entry.look_at, entry.send.send_id


@dataclass
class FakeRequests:
    """Open requests by right and profile."""

    kept: dict[tuple[Right, str], Moment] = field(default_factory=dict)

    def note(self, right: Right, profile_id: str, at: Moment) -> None:
        self.kept.setdefault((right, profile_id), at)

    def open(self) -> Sequence[Request]:
        requests = [Request(right, profile_id, at) for (right, profile_id), at in self.kept.items()]
        return sorted(requests, key=lambda request: (request.at, request))

    def close(self, right: Right, profile_id: str) -> None:
        self.kept.pop((right, profile_id), None)


@dataclass
class FakeDue:
    """Looks; `read` keeps what was handed out."""

    armed: set[Look] = field(default_factory=set)
    read: list[Look] = field(default_factory=list)

    def arm(self, looks: Collection[Look]) -> None:
        self.armed.update(looks)

    def until(self, shard: int, moment: Moment, limit: int) -> Sequence[Look]:
        page = sorted(look for look in self.armed if due_shard(look[1]) == shard and look[0] <= moment)[:limit]
        self.read += page
        return page

    def disarm(self, looks: Collection[Look]) -> None:
        self.armed.difference_update(looks)


@dataclass
class FakeCatalogue:
    """Products and the shelf."""

    products: dict[str, CatalogueProduct] = field(default_factory=dict)
    kept_shelf: Shelf = field(default_factory=Shelf)

    def load(self, product_ids: Iterable[str]) -> Mapping[str, CatalogueProduct]:
        return {product_id: self.products[product_id] for product_id in product_ids if product_id in self.products}

    def save(self, product: CatalogueProduct) -> None:
        known = self.products.get(product.product_id)
        if known is None or known.updated_at <= product.updated_at:
            self.products[product.product_id] = product

    def shelf(self) -> Shelf:
        return self.kept_shelf

    def save_shelf(self, shelf: Shelf) -> None:
        self.kept_shelf = shelf


@dataclass
class FakeExecutions:
    """Executions by name; a name is never free again, and always comes with the same input."""

    inputs: dict[str, Mapping[str, object]] = field(default_factory=dict)
    stopped: dict[str, str] = field(default_factory=dict)

    def start(self, journey: str, name: str, execution_input: Mapping[str, object]) -> None:
        assert name.startswith(f"{journey}-")
        assert self.inputs.setdefault(name, execution_input) == execution_input

    def stop(self, journey: str, name: str, reason: str) -> None:
        if name in self.inputs:
            self.stopped.setdefault(name, reason)


@dataclass
class FakeRecomputeRuns:
    """Executions of the recompute by name."""

    inputs: dict[str, Mapping[str, object]] = field(default_factory=dict)

    def start(self, name: str, execution_input: Mapping[str, object]) -> None:
        self.inputs.setdefault(name, execution_input)


@dataclass
class FakeMailer:
    """An outbox. `answers` are raised in turn before any mail is taken; where None, the mail is taken."""

    sent: list[Mail] = field(default_factory=list)
    answers: list[Exception | None] = field(default_factory=list)
    asked: int = 0

    def send(self, mail: Mail) -> str:
        self.asked += 1
        answer = self.answers.pop(0) if self.answers else None
        if answer is not None:
            raise answer
        self.sent.append(mail)
        return f"message-{len(self.sent)}"


@dataclass(frozen=True)
class FakeRendered:
    """What a FakeRenderer makes of everything."""

    subject: str
    html: str
    text: str


@dataclass
class FakeRenderer:
    """Keeps the contexts that it was given, beside template and language."""

    rendered: list[tuple[str, str, Any]] = field(default_factory=list)
    failure: Exception | None = None

    def render(self, template: str, language: str, context: Any) -> FakeRendered:
        if self.failure is not None:
            raise self.failure
        self.rendered.append((template, language, context))
        return FakeRendered(f"subject of {template}", "<p>html</p>", "text")


@dataclass
class FakePace:
    """Places `interval` milliseconds apart; `reserved` counts those that were taken."""

    interval: Duration = 0
    next_at: Moment = 0
    state: Pacing = field(default_factory=Pacing)
    reserved: int = 0

    def reserve(self, now: Moment, *, marketing: bool) -> Slot | NoSlot:
        if marketing and self.state.brake is not None:
            return NoSlot("braked", now + HOUR)
        if self.state.room is not None and self.state.room <= 0:
            return NoSlot("quota", self.state.measured_at + 15 * MINUTE)
        at = max(now, self.next_at)
        self.next_at = at + self.interval
        if self.state.room is not None:
            self.state = self.state._replace(room=self.state.room - 1)
        self.reserved += 1
        return Slot(at)

    def measure(self, rate: float, room: int | None, at: Moment) -> None:
        self.interval = int(SECOND / rate)
        self.state = self.state._replace(room=room, measured_at=at)

    def brake(self, reason: str, at: Moment) -> None:
        if self.state.brake is None:
            self.state = self.state._replace(brake=reason, braked_at=at)

    def release(self, at: Moment) -> None:
        self.state = self.state._replace(brake=None, braked_at=0, released_at=at)

    def load(self) -> Pacing:
        return self.state
