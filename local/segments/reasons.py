"""Why a profile is in a segment, or not: at any moment, past or to come."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from homing.adapters.profiles import KEEP_EVENTS
from homing.domain.facts import ProfileFacts
from homing.domain.generation import Generation
from homing.domain.moments import Moment
from homing.domain.profile import Profile
from homing.domain.record import ProfileRecord
from homing.domain.rules import Facts
from homing.domain.rules.explaining import Explained, explain
from homing.domain.rules.wording import length
from homing.domain.segments import Segment, changes
from homing.usecases.project import StoredEvent
from local.segments.population import Population

Memberships = Mapping[str, Moment]
"""Names of segments, each with the moment since when."""


@dataclass(frozen=True, slots=True)
class Reason:
    """One segment for one profile. `since` is told of members, `changes_at` where time alone changes it.

    `fault` says why the rule could not be evaluated: the membership then stays as it was, and has no conditions.
    """

    segment: Segment
    member: bool
    since: Moment | None
    changes_at: Moment | None
    conditions: Explained | None
    fault: str | None = None


@dataclass(frozen=True, slots=True)
class Answer:
    """The reasons of all segments at a moment, and what to bear in mind with them."""

    at: Moment
    reasons: list[Reason]
    notes: tuple[str, ...] = ()


def answer_at(population: Population, record: ProfileRecord, generation: Generation, at: Moment | None) -> Answer:
    """The reasons at `at`: of what is known as the source stands, or was known then; None is as the source stands."""
    now = population.source.as_of
    if at is None or at >= now:
        at = now if at is None else at
        return Answer(at, reasons(record.facts, ahead(record, generation, now, at), generation, at))
    stored = population.events(record)
    facts, memberships = looking_back(stored, generation, at)
    told = sum(received_at <= at for _, received_at in stored)
    notes = [f"from the {told:,} events received up to then"]
    if record.facts.identified_at is not None and record.facts.identified_at < now - KEEP_EVENTS:
        notes.append(f"events are kept for {length(KEEP_EVENTS)}: what was told before is not in the answer")
    return Answer(at, reasons(facts, memberships, generation, at), tuple(notes))


def reasons(facts: Profile, memberships: Memberships, generation: Generation, at: Moment) -> list[Reason]:
    """For each segment, in the order of the shop's file: the membership at `at`, and what it rests on."""
    segments = generation.segments
    known = ProfileFacts(facts, segments.assortment)
    return [_reason(segment, known, memberships, at) for segment in segments.by_name.values()]


def ahead(record: ProfileRecord, generation: Generation, now: Moment, at: Moment) -> Memberships:
    """The memberships at `at`, not before `now`, if nothing happens but time."""
    return _as_time_passes(record.facts, record.segments, generation, now, at)


def looking_back(stored: Sequence[StoredEvent], generation: Generation, at: Moment) -> tuple[Profile, Memberships]:
    """The facts and memberships at `at`, as they came about event by event, had these rules held all the time.

    `stored` are the person's events in the order in which they were received.
    """
    facts, memberships = Profile(), dict[str, Moment]()
    received = [received_at for _, received_at in stored if received_at <= at]
    for (event, _), (since, until) in zip(stored, pairwise([*received, at]), strict=False):
        facts = facts.after(event, since)
        memberships = dict(_as_time_passes(facts, memberships, generation, since, until))
    return facts, memberships


def _as_time_passes(
    facts: Profile, memberships: Memberships, generation: Generation, at: Moment, until: Moment
) -> Memberships:
    segments = generation.segments
    known = ProfileFacts(facts, segments.assortment)
    moment: Moment | None = at
    while moment is not None and moment <= until:
        verdict = segments.evaluate(known, moment, memberships)
        memberships = changes(memberships, verdict, moment).memberships
        moment = verdict.changes_at
    return memberships


def _reason(segment: Segment, facts: Facts, memberships: Memberships, at: Moment) -> Reason:
    try:
        conditions = explain(segment.rule, facts, at)
    except Exception as error:  # noqa: BLE001 - the fault of one rule is an answer too, and the others go on
        member = segment.name in memberships
        return Reason(segment, member, memberships.get(segment.name), None, None, f"{type(error).__name__}: {error}")
    since = memberships.get(segment.name) if conditions.member else None
    return Reason(segment, conditions.member, since, conditions.changes_at, conditions)
