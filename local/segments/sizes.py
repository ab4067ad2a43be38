"""How large each segment is, and who enters and leaves it soon."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field

from homing.domain.facts import ProfileFacts
from homing.domain.generation import Generation
from homing.domain.moments import Moment
from homing.domain.record import ProfileRecord
from homing.domain.segments import SegmentsVerdict


@dataclass(slots=True)
class Size:
    """Members of a segment, and how often a profile enters and leaves it before a moment to come."""

    members: int = 0
    entering: int = 0
    leaving: int = 0


@dataclass(slots=True)
class Sizes:
    """The sizes of all segments, in the order of the shop's file; how many profiles are in any, and will change any."""

    segments: dict[str, Size]
    profiles: int = 0
    in_any: int = 0
    changing: int = 0
    parked: set[str] = field(default_factory=set)
    """Segments whose rule could not be evaluated for somebody."""


def sizes(records: Iterable[ProfileRecord], generation: Generation, at: Moment, until: Moment) -> Sizes:
    """The sizes at `at`, and all that changes after it up to and with `until`, if nothing happens but time."""
    counted = Sizes({name: Size() for name in generation.segments.by_name})
    for record in records:
        counted.profiles += 1
        if is_settled(record, generation, until):
            _count_members(counted, record.segments)
        else:
            _count_changes(counted, record, generation, at, until)
    return counted


def is_settled(record: ProfileRecord, generation: Generation, until: Moment) -> bool:
    """Whether the memberships stand as they are kept, and stay so up to `until`.

    Generation 0 is a shop's own files: nothing says that the profile was evaluated with the same ones.
    """
    return 0 < generation.number == record.generation and (record.due_at is None or record.due_at > until)


def verdict_at(record: ProfileRecord, generation: Generation, at: Moment) -> SegmentsVerdict:
    """What the rules say of the profile at `at`."""
    segments = generation.segments
    return segments.evaluate(ProfileFacts(record.facts, segments.assortment), at, record.segments)


def _count_members(counted: Sizes, names: Collection[str]) -> None:
    counted.in_any += bool(names)
    for name in names:
        counted.segments[name].members += 1


def _count_changes(counted: Sizes, record: ProfileRecord, generation: Generation, at: Moment, until: Moment) -> None:
    segments = generation.segments
    facts = ProfileFacts(record.facts, segments.assortment)
    verdict = segments.evaluate(facts, at, record.segments)
    _count_members(counted, verdict.memberships)
    changes = False
    while verdict.changes_at is not None and verdict.changes_at <= until:
        later = segments.evaluate(facts, verdict.changes_at, verdict.memberships)
        before, after = set(verdict.memberships), set(later.memberships)
        for name in after - before:
            counted.segments[name].entering += 1
        for name in before - after:
            counted.segments[name].leaving += 1
        changes, verdict = True, later
    counted.changing += changes
    counted.parked.update(verdict.parked)
