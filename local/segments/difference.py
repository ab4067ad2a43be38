"""What other rules would change: who would enter and leave each segment, and whose journeys would start."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from homing.domain.generation import Generation
from homing.domain.journeys import Journey, Wanted, wanted
from homing.domain.moments import Moment
from homing.domain.record import ProfileRecord
from homing.domain.rules.logic import AnyOf
from homing.domain.segments import Segment, Segments
from homing.domain.sends import Run
from homing.domain.shop import Shop
from local.segments.population import Population
from local.segments.sizes import is_settled, verdict_at

NOBODY = AnyOf(())
"""The rule of a segment that is not there yet."""


@dataclass(slots=True)
class Change:
    """Members of one segment before and after, and who enters and leaves; None where the segment is not there.

    `entering_examples` and `leaving_examples` are a few profile ids.
    """

    before: int | None
    after: int | None
    entering: int = 0
    leaving: int = 0
    entering_examples: list[str] = field(default_factory=list)
    leaving_examples: list[str] = field(default_factory=list)


@dataclass(slots=True)
class Difference:
    """Segments in the order of the candidate's file, those that it leaves out at the end; runs by their journey."""

    profiles: int
    segments: dict[str, Change]
    starts: dict[str, int]


@dataclass(frozen=True, slots=True)
class Comparison:
    """The active generation beside a candidate, for one shop's journeys. `examples`: how many profiles to name."""

    shop: Shop
    active: Generation
    candidate: Generation
    at: Moment
    examples: int = 0

    def of(self, records: Iterable[ProfileRecord], population: Population) -> Difference:
        """What the candidate changes for these profiles; their runs are looked up in the population."""
        before, after = self.active.segments.by_name, self.candidate.segments.by_name
        compared = Difference(
            profiles=0,
            segments={
                name: Change(0 if name in before else None, 0 if name in after else None)
                for name in {**after, **before}
            },
            starts={},
        )
        starting: list[tuple[ProfileRecord, Wanted]] = []
        journeys_before, journeys_after = self._journeys_before(), self._journeys_after()
        for record in records:
            compared.profiles += 1
            self._compare(record, compared)
            starting += ((record, want) for want in self._newly_wanted(record, journeys_before, journeys_after))
        compared.starts = dict(_starts(starting, population))
        return compared

    def _compare(self, record: ProfileRecord, compared: Difference) -> None:
        is_kept = is_settled(record, self.active, self.at)
        before = set(record.segments if is_kept else verdict_at(record, self.active, self.at).memberships)
        after = set(verdict_at(record, self.candidate, self.at).memberships)
        for name in before | after:
            change = compared.segments[name]
            if name in before:
                change.before = (change.before or 0) + 1
            if name in after:
                change.after = (change.after or 0) + 1
            if name not in before:
                change.entering += 1
                self._name(change.entering_examples, record)
            if name not in after:
                change.leaving += 1
                self._name(change.leaving_examples, record)

    def _name(self, examples: list[str], record: ProfileRecord) -> None:
        if len(examples) < self.examples:
            examples.append(record.profile_id)

    def _journeys_after(self) -> Mapping[str, Journey]:
        return self.shop.with_segments(self.candidate.segments).journeys

    def _journeys_before(self) -> Mapping[str, Journey]:
        """The shop's journeys as nobody has entered them yet by a segment that is new."""
        active = self.active.segments
        missing = self.candidate.segments.by_name.keys() - active.by_name.keys()
        empty = {name: Segment(name, "", NOBODY) for name in missing}
        return self.shop.with_segments(replace(active, by_name={**active.by_name, **empty})).journeys

    def _newly_wanted(
        self, record: ProfileRecord, before: Mapping[str, Journey], after: Mapping[str, Journey]
    ) -> list[Wanted]:
        new = list(wanted(after, record.facts, self.at, self.candidate.segments.assortment))
        if not new:
            return []
        old = {want.journey.name for want in wanted(before, record.facts, self.at, self.active.segments.assortment)}
        return [want for want in new if want.journey.name not in old]


def candidate_of(
    rules: Mapping[str, object], population: Population, active: Generation, at: Moment, timezone: str
) -> Generation:
    """The generation that a recompute would make of these rules, with the figures counted anew."""
    figures = population.figures(Segments.parse(rules), at, timezone)
    return Generation(number=active.number + 1, rules=dict(rules), figures=figures, switched_at=at)


def _starts(starting: list[tuple[ProfileRecord, Wanted]], population: Population) -> Counter[str]:
    """Of the runs that are newly wanted those that would start, by journey: as enroll, each entry has one run."""
    names = {name for record, _ in starting for name in _names(record)}
    runs: dict[str, list[Run]] = {}
    for run in population.runs(names):
        runs.setdefault(run.profile_id, []).append(run)
    return Counter(
        want.journey.name
        for record, want in starting
        if not any(_stands_in_the_way(run, want) for name in _names(record) for run in runs.get(name, []))
    )


def _names(record: ProfileRecord) -> tuple[str, ...]:
    return (record.profile_id, *record.facts.anonymous)


def _stands_in_the_way(run: Run, want: Wanted) -> bool:
    return run.journey == want.journey.name and (run.entry == want.entry or run.ended is None)
