"""The homing layer on fakes: every use case over the same memory, as the functions stand over one table."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from homing.domain.events import Event
from homing.domain.generation import Generation
from homing.domain.ids import alias_id, contact_id
from homing.domain.moments import Moment
from homing.domain.permit import Contact
from homing.domain.record import ProfileRecord
from homing.domain.sends import Run, Send
from homing.domain.shop import Shop
from homing.usecases.enroll import Change, Enroller
from homing.usecases.feedback import Feedback
from homing.usecases.finish import Finisher
from homing.usecases.histories import owner_of
from homing.usecases.project import Projector, StoredEvent
from homing.usecases.segments import Refreshed, refresh
from homing.usecases.send import Identity, Sender
from tests.fakes.crashes import Fuse
from tests.fakes.ports import (
    FakeCatalogue,
    FakeContacts,
    FakeDue,
    FakeEvents,
    FakeExecutions,
    FakeMailer,
    FakeProfiles,
    FakeRenderer,
    FakeRuns,
    FakeSends,
)
from tests.fakes.stories import NOW, default_generation, default_shop

ADA = alias_id("user", "ada")
ADDRESS = "ada@example.com"
KEY = b"a key of at least 32 bytes, for tests"
IDENTITY = Identity("Tea & Clay", "12 Harbour Street, Bristol", "https://pages.example/unsubscribe")


@dataclass
class World:
    """All fakes, and what is done over them. A `fuse` kills between two calls."""

    shop: Shop = field(default_factory=default_shop)
    generation: Generation = field(default_factory=default_generation)
    events: FakeEvents = field(default_factory=FakeEvents)
    profiles: FakeProfiles = field(default_factory=FakeProfiles)
    contacts: FakeContacts = field(default_factory=FakeContacts)
    runs: FakeRuns = field(default_factory=FakeRuns)
    sends: FakeSends = field(default_factory=FakeSends)
    due: FakeDue = field(default_factory=FakeDue)
    catalogue: FakeCatalogue = field(default_factory=FakeCatalogue)
    executions: FakeExecutions = field(default_factory=FakeExecutions)
    mailer: FakeMailer = field(default_factory=FakeMailer)
    renderer: FakeRenderer = field(default_factory=FakeRenderer)

    def fold(self, alias: str, events: Sequence[Event], now: Moment = NOW, fuse: Fuse | None = None) -> None:
        """One batch of the alias, received as it happened."""
        fuse = fuse or Fuse()
        projector = Projector(
            profiles=fuse.guard(self.profiles),
            contacts=fuse.guard(self.contacts),
            due=fuse.guard(self.due),
            catalogue=fuse.guard(self.catalogue),
            generation=self.generation,
            currency=self.shop.settings.currency,
        )
        projector.fold(alias, [StoredEvent(event, event.at) for event in events], now)

    def enroller(self, fuse: Fuse | None = None) -> Enroller:
        """Starts and ends runs."""
        fuse = fuse or Fuse()
        return Enroller(
            journeys=self.shop.journeys,
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
        result = refresh(due=self.due, profiles=self.profiles, generation=self.generation, now=now)
        for record in list(self.profiles.records.values()):
            self.enroller().reconcile(record, None, now)
        return result

    def send(self, run: Run, step: str, now: Moment = NOW, fuse: Fuse | None = None) -> Send:
        """One send step of a run."""
        fuse = fuse or Fuse()
        sender = Sender(
            shop=self.shop,
            identity=IDENTITY,
            token_key=KEY,
            profiles=fuse.guard(self.profiles),
            contacts=fuse.guard(self.contacts),
            runs=fuse.guard(self.runs),
            sends=fuse.guard(self.sends),
            catalogue=fuse.guard(self.catalogue),
            renderer=self.renderer,
            mailer=fuse.guard(self.mailer),
        )
        return sender.send(run, step, now)

    def finisher(self, fuse: Fuse | None = None) -> Finisher:
        """Ends the runs of executions that have ended."""
        fuse = fuse or Fuse()
        return Finisher(
            journeys=self.shop.journeys,
            runs=fuse.guard(self.runs),
            contacts=fuse.guard(self.contacts),
            sends=fuse.guard(self.sends),
        )

    def feedback(self, fuse: Fuse | None = None) -> Feedback:
        """Takes SES's events."""
        fuse = fuse or Fuse()
        return Feedback(
            contacts=fuse.guard(self.contacts), events=fuse.guard(self.events), sends=fuse.guard(self.sends)
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
