"""The homing layer on fakes: every use case over the same memory, as the functions stand over one table."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from homing.domain.events import Event
from homing.domain.generation import Generation
from homing.domain.ids import DUE_SHARDS, alias_id, contact_id
from homing.domain.moments import Moment
from homing.domain.permit import Contact
from homing.domain.record import ProfileRecord
from homing.domain.sends import Run, Send
from homing.domain.shop import Shop
from homing.usecases.compose import Composer, Identity
from homing.usecases.enroll import Change, Enroller
from homing.usecases.erase import Eraser
from homing.usecases.feedback import Feedback
from homing.usecases.finish import Finisher
from homing.usecases.generations import ActiveGeneration, ActiveShop
from homing.usecases.histories import owner_of
from homing.usecases.project import Projector, StoredEvent
from homing.usecases.segments import LIMIT, Refreshed, Refresher
from homing.usecases.send import Progress, Sender
from tests.fakes.crashes import Fuse
from tests.fakes.ports import (
    FakeCatalogue,
    FakeContacts,
    FakeDue,
    FakeEvents,
    FakeExecutions,
    FakeGenerations,
    FakeMailer,
    FakeOpenSends,
    FakePace,
    FakeProfiles,
    FakeRenderer,
    FakeRequests,
    FakeRuns,
    FakeSends,
)
from tests.fakes.rights import FakeErasures
from tests.fakes.stories import NOW, default_generation, default_shop

ADA = alias_id("user", "ada")
ADDRESS = "ada@example.com"
KEY = b"a key of at least 32 bytes, for tests"
IDENTITY = Identity("Tea & Clay", "12 Harbour Street, Bristol", "https://pages.example")


@dataclass
class World:
    """All fakes, and what is done over them. A `fuse` kills between two calls."""

    shop: Shop = field(default_factory=default_shop)
    own: Generation = field(default_factory=default_generation)
    generations: FakeGenerations = field(default_factory=FakeGenerations)
    events: FakeEvents = field(default_factory=FakeEvents)
    profiles: FakeProfiles = field(default_factory=FakeProfiles)
    contacts: FakeContacts = field(default_factory=FakeContacts)
    runs: FakeRuns = field(default_factory=FakeRuns)
    sends: FakeSends = field(default_factory=FakeSends)
    due: FakeDue = field(default_factory=FakeDue)
    catalogue: FakeCatalogue = field(default_factory=FakeCatalogue)
    executions: FakeExecutions = field(default_factory=FakeExecutions)
    mailer: FakeMailer = field(default_factory=FakeMailer)
    pace: FakePace = field(default_factory=FakePace)
    renderer: FakeRenderer = field(default_factory=FakeRenderer)
    open_sends: FakeOpenSends = field(default_factory=FakeOpenSends)
    requests: FakeRequests = field(default_factory=FakeRequests)
    erasures: FakeErasures = field(init=False)

    def __post_init__(self) -> None:
        held = (self.events, self.profiles, self.runs, self.sends, self.contacts, self.due, self.open_sends)
        self.erasures = FakeErasures(*held)

    def fold(self, alias: str, events: Sequence[Event], now: Moment = NOW, fuse: Fuse | None = None) -> None:
        """One batch of the alias, received as it happened."""
        fuse = fuse or Fuse()
        projector = Projector(
            events=fuse.guard(self.events),
            profiles=fuse.guard(self.profiles),
            contacts=fuse.guard(self.contacts),
            due=fuse.guard(self.due),
            erasures=fuse.guard(self.erasures),
            catalogue=fuse.guard(self.catalogue),
            active=self.active,
            currency=self.shop.settings.currency,
        )
        projector.fold(alias, [StoredEvent(event, event.at) for event in events], now)

    def eraser(self, fuse: Fuse | None = None) -> Eraser:
        """Erases people."""
        fuse = fuse or Fuse()
        return Eraser(
            erasures=fuse.guard(self.erasures),
            contacts=fuse.guard(self.contacts),
            requests=fuse.guard(self.requests),
            executions=fuse.guard(self.executions),
        )

    def enroller(self, fuse: Fuse | None = None) -> Enroller:
        """Starts and ends runs."""
        fuse = fuse or Fuse()
        return Enroller(
            active=ActiveShop(self.shop, self.active),
            profiles=fuse.guard(self.profiles),
            contacts=fuse.guard(self.contacts),
            runs=fuse.guard(self.runs),
            sends=fuse.guard(self.sends),
            executions=fuse.guard(self.executions),
        )

    def reconcile(self, now: Moment = NOW, profile_id: str = ADA, fuse: Fuse | None = None) -> list[tuple[Change, str]]:
        """The profile as it stands, as though nothing were known of it before."""
        return self.enroller(fuse).reconcile(self.record(profile_id), None, now)

    def tell(self, *events: Event, now: Moment = NOW) -> None:
        """Each event through the whole road: folded, and the profile's runs brought to what they should be."""
        for event in events:
            before = self.record(event.alias)
            self.fold(event.alias, [event], now)
            after = self.record(event.alias)
            self.enroller().reconcile(after, before, now)

    def look_again(self, now: Moment) -> Refreshed:
        """The scheduled look, and what follows from it."""
        result = self.refresh(now)
        for record in list(self.profiles.records.values()):
            self.enroller().reconcile(record, None, now)
        return result

    def refresh(self, now: Moment, limit: int = LIMIT, fuse: Fuse | None = None) -> Refreshed:
        """The scheduled look at all shards."""
        fuse = fuse or Fuse()
        refresher = Refresher(fuse.guard(self.due), fuse.guard(self.profiles), self.active)
        results = [refresher.refresh(shard, now, limit) for shard in range(DUE_SHARDS)]
        return Refreshed(
            due_rows=sum(result.due_rows for result in results),
            profiles=sum(result.profiles for result in results),
            changed=sum(result.changed for result in results),
            more=any(result.more for result in results),
            parked=sum((result.parked for result in results), Counter()),
        )

    @property
    def active(self) -> ActiveGeneration:
        """The generation that counts, as a function sees it that has just started."""
        return ActiveGeneration(self.generations, self.own)

    def send(self, run: Run, step: str, now: Moment = NOW, fuse: Fuse | None = None, **more: Any) -> Send:
        """What became of one send step of a run."""
        return self.attempt(run, step, now, fuse, **more).send

    def attempt(self, run: Run, step: str, now: Moment = NOW, fuse: Fuse | None = None, **more: Any) -> Progress:
        """One send step of a run, and the turn of the next."""
        fuse = fuse or Fuse()
        composer = Composer(
            shop=self.shop,
            identity=IDENTITY,
            token_key=KEY,
            catalogue=fuse.guard(self.catalogue),
            sent_before=fuse.guard(self.sends).load,
            renderer=self.renderer,
        )
        sender = Sender(
            shop=self.shop,
            active=self.active,
            profiles=fuse.guard(self.profiles),
            contacts=fuse.guard(self.contacts),
            runs=fuse.guard(self.runs),
            sends=fuse.guard(self.sends),
            open_sends=fuse.guard(self.open_sends),
            pace=fuse.guard(self.pace),
            composer=composer,
            mailer=fuse.guard(self.mailer),
        )
        return sender.send(run, step, now, **more)

    def finisher(self, fuse: Fuse | None = None) -> Finisher:
        """Ends the runs of executions that have ended."""
        fuse = fuse or Fuse()
        return Finisher(
            journeys=self.shop.journeys,
            profiles=fuse.guard(self.profiles),
            runs=fuse.guard(self.runs),
            contacts=fuse.guard(self.contacts),
            sends=fuse.guard(self.sends),
        )

    def feedback(self, fuse: Fuse | None = None) -> Feedback:
        """Takes SES's events."""
        fuse = fuse or Fuse()
        return Feedback(
            contacts=fuse.guard(self.contacts),
            events=fuse.guard(self.events),
            profiles=fuse.guard(self.profiles),
            sends=fuse.guard(self.sends),
        )

    def record(self, profile_id: str = ADA) -> ProfileRecord:
        """The record that the alias belongs to by now."""
        return owner_of(self.profiles, profile_id)[0]

    def contact(self, address: str = ADDRESS) -> Contact:
        """The contact as it stands."""
        return self.contacts.load(contact_id(address)) or Contact(contact_id=contact_id(address))

    def run(self, journey: str, profile_id: str = ADA) -> Run:
        """The one run of the journey that was ever begun."""
        [run] = [run for run in self.runs.kept.values() if run.journey == journey and run.profile_id == profile_id]
        return run

    @property
    def running(self) -> set[str]:
        """The journeys with an execution that nobody has stopped."""
        return {name.partition("-")[0] for name in self.executions.inputs if name not in self.executions.stopped}
