"""Profiles into journeys: which runs should be, and which must end, as the profile stands and not as it changed."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from homing.domain.ids import contact_id
from homing.domain.journeys import Journey, Wanted, wanted
from homing.domain.moments import Moment
from homing.domain.permit import Contact
from homing.domain.record import ProfileRecord
from homing.domain.sends import INTERRUPTED, Run
from homing.ports import Contacts, Executions, Profiles, Runs, Sends
from homing.usecases.generations import ActiveShop


class Change(StrEnum):
    """What reconciling did to a run."""

    STARTED = "started"
    ENDED = "ended"
    PARKED = "parked"
    """The journey's rule failed: nobody has entered it."""


@dataclass(frozen=True, slots=True)
class Enroller:
    """Starts and ends runs. Everything it does may be done again: names are made of what they name."""

    active: ActiveShop
    profiles: Profiles
    contacts: Contacts
    runs: Runs
    sends: Sends
    executions: Executions

    def reconcile(self, record: ProfileRecord, before: ProfileRecord | None, now: Moment) -> list[tuple[Change, str]]:
        """Bring the profile's runs to what they should be; what was done, by journey.

        `before` is the record that this one replaced: where nothing changed that a journey looks at and no run is
        wanted, nothing is read.
        """
        if record.joined_to is not None:
            return []
        shop = self.active.at(now, record)
        parked: list[str] = []
        runs_wanted = list(wanted(shop.journeys, record.facts, now, shop.segments.assortment, parked.append))
        done = [(Change.PARKED, name) for name in parked]
        if not runs_wanted and before is not None and _looked_at(before) == _looked_at(record):
            return done
        email = record.facts.trait("email")
        contact = self.contacts.load(contact_id(email)) if email else None
        if contact is None:
            return done
        done += [(Change.ENDED, name) for name in self._end_runs(shop.journeys, record, contact, now)]
        done += [(Change.STARTED, want.journey.name) for want in runs_wanted if self._start(want, record, contact, now)]
        return done

    def _end_runs(
        self, journeys: Mapping[str, Journey], record: ProfileRecord, contact: Contact, now: Moment
    ) -> list[str]:
        ended = []
        for run_id, profile_id in contact.runs.items():
            run = _named(run_id, contact)
            journey = journeys.get(run.journey)
            if journey is None or profile_id not in (record.profile_id, *record.facts.anonymous):
                continue
            reason = journey.exit_reason(record.facts, run.entry)
            if reason is not None:
                self._end(run, journey, contact, reason, now)
                ended.append(run.journey)
        return ended

    def _end(self, run: Run, journey: Journey, contact: Contact, reason: str, now: Moment) -> None:
        """Take the licence: from then on nothing is sent, whatever becomes of the rest.

        The claims are forgotten with it, so what they know is kept in the ledger before. Cut off after it, the
        execution goes on to its next step, which finds the run ended and finishes this.
        """
        self._keep_interrupted_step(run, journey, contact, now)
        self.contacts.remove_run(run.contact_id, run.run_id, run.send_ids(journey.steps))
        self.runs.end(run.model_copy(update={"ended": "exited", "reason": reason, "ended_at": now}))
        self._withhold_next_step(run, journey, contact, reason, now)
        self.executions.stop(run.journey, run.run_id, reason)

    def _withhold_next_step(self, run: Run, journey: Journey, contact: Contact, reason: str, now: Moment) -> None:
        """Keep in the ledger which mail the exit has saved the shopper from, and why: one, whoever finds the exit."""
        for name, step in journey.steps.items():
            if run.send_id(name) in contact.claims:
                continue
            kept = self.sends.load(run.profile_id, run.send_id(name))
            if kept is None:
                self.sends.record(run.ledger_entry(name, step.template, outcome="skipped", reason=reason, at=now))
            if kept is None or kept.has_ended_its_run:
                return

    def _keep_interrupted_step(self, run: Run, journey: Journey, contact: Contact, now: Moment) -> None:
        """Keep in the ledger a mail that was claimed and of which nobody told the end: it may have gone out."""
        claimed = [name for name in journey.steps if run.send_id(name) in contact.claims]
        # Only the last can be in doubt: a state machine comes to the next step when the one before is in the ledger.
        if claimed and self.sends.load(run.profile_id, run.send_id(claimed[-1])) is None:
            template = journey.steps[claimed[-1]].template
            entry = run.ledger_entry(claimed[-1], template, outcome="unknown", reason=INTERRUPTED, at=now)
            self.sends.record(entry)

    def _start(self, want: Wanted, record: ProfileRecord, contact: Contact, now: Moment) -> bool:
        journey, entry = want
        may_be_written_to = not contact.suppressed and (contact.agrees or journey.kind == "service")
        run = Run(
            journey=journey.name,
            profile_id=record.profile_id,
            entry=entry,
            contact_id=contact.contact_id,
            started_at=now,
        )
        if journey.once_per == "wish" and contact.was_asked_lately(now) and run.run_id not in contact.runs:
            return False
        if not may_be_written_to or self._is_running_or_was(journey, entry, record, contact):
            if run.run_id in contact.runs:
                self._take_licence_of_ended(run, journey)
            return False
        due = journey.first_due(record.facts, entry, now) if journey.kind == "marketing" else None
        if not self.contacts.add_run(contact.contact_id, run.run_id, record.profile_id, due):
            return False  # erased since it was read
        # An order may have been folded in since the record was read. Whoever folds it in looks for licensed runs
        # after writing the profile, and we look at the profile after licensing the run: one of us sees the other.
        current = self.profiles.load(record.profile_id)
        if current.version == 0 or journey.exit_reason(current.facts, entry) is not None:
            self.contacts.remove_run(contact.contact_id, run.run_id, [])
            return False
        execution_input = journey.execution_input(record.facts, record.profile_id, entry)
        self.executions.start(journey.name, run.run_id, execution_input)
        if not self.runs.begin(run):
            # Now, for the shopper may have moved meanwhile: then nobody comes by the contact of the old address again.
            self._take_licence_of_ended(run, journey)
        return True

    def _take_licence_of_ended(self, run: Run, journey: Journey) -> None:
        """Take the licence of a run that ended before its beginning was kept: whoever ended it knew no contact."""
        kept = self.runs.load(run)
        if kept is not None and kept.ended is not None:
            self.contacts.remove_run(run.contact_id, run.run_id, run.send_ids(journey.steps))

    def _is_running_or_was(self, journey: Journey, entry: str, record: ProfileRecord, contact: Contact) -> bool:
        """Whether this entry has had its run, under any name of the person, or another run of the journey goes on."""
        own = Run(journey=journey.name, profile_id=record.profile_id, entry=entry).run_id
        others = [run_id for run_id in contact.runs if run_id != own and run_id.startswith(f"{journey.name}-")]
        if any(self._goes_on(run_id, journey, contact) for run_id in others):
            return True
        aliases = (record.profile_id, *record.facts.anonymous)
        entries = (Run(journey=journey.name, profile_id=alias, entry=entry) for alias in aliases)
        return any(self.runs.load(run) is not None for run in entries)

    def _goes_on(self, run_id: str, journey: Journey, contact: Contact) -> bool:
        """Whether a licensed run is one; a start or an end that was cut off may have left a licence without a run."""
        run = _named(run_id, contact)
        kept = self.runs.load(run)
        if kept is not None and kept.ended is None:
            return True
        self.contacts.remove_run(contact.contact_id, run_id, run.send_ids(journey.steps))
        return False


def _named(run_id: str, contact: Contact) -> Run:
    """The run that a licence of the contact names."""
    journey, profile_id, entry = run_id.split("-", 2)
    return Run(journey=journey, profile_id=profile_id, entry=entry, contact_id=contact.contact_id)


def _looked_at(record: ProfileRecord) -> tuple[object, ...]:
    """All of a record that a journey's entry or exit depends on."""
    facts = record.facts
    return (
        record.segments.keys(),
        facts.traits.get("email"),
        facts.consent,
        facts.firm,
        facts.orders.last_at,
        facts.cart.size == 0,
    )
