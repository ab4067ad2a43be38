"""The full recompute: the population's figures counted, the generation switched, every profile brought up to date.

The table comes in parts: itself as a whole, or the files of an export. What is found in each part is kept as a paper
of the run, so that the parts can be worked on side by side and their sums taken in the end. Every step may be killed
anywhere and made again.
"""

import hashlib
from collections import Counter as Tally
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import reduce
from typing import Any

from pydantic import Field

from homing.domain.events import Frozen
from homing.domain.generation import Generation
from homing.domain.moments import MINUTE, Moment
from homing.domain.population import Counted, Counter, figures
from homing.domain.record import ProfileRecord
from homing.errors import Conflict
from homing.ports import Due, Generations, Look, Papers, Part, Profiles
from homing.usecases.arming import arm

AT_A_TIME = 10_000
"""Profiles written before a call comes to its end: a fraction of what a function's fifteen minutes allow."""

AT_HAND = 20 * MINUTE
"""Longer than a call lasts, whose idea of the present is that of its beginning."""

COUNTED, COMPARED, CANDIDATE = "counted", "compared", "candidate"
"""The kinds of papers."""


class Compared(Frozen):
    """Profiles as they were, beside what the new generation says.

    Of those that differ each is `written`, or `overtaken`: somebody has evaluated it since it was read, and so with the
    new generation. In a preview neither. `members` are those before.
    """

    profiles: int = 0
    differing: int = 0
    written: int = 0
    overtaken: int = 0
    members: dict[str, int] = Field(default_factory=dict)
    entering: dict[str, int] = Field(default_factory=dict)
    leaving: dict[str, int] = Field(default_factory=dict)

    def added(self, other: "Compared") -> "Compared":
        """Both together."""
        return Compared(
            profiles=self.profiles + other.profiles,
            differing=self.differing + other.differing,
            written=self.written + other.written,
            overtaken=self.overtaken + other.overtaken,
            members=Tally(self.members) + Tally(other.members),
            entering=Tally(self.entering) + Tally(other.entering),
            leaving=Tally(self.leaving) + Tally(other.leaving),
        )


@dataclass(slots=True)
class Recompute:
    """The steps of the state machine `recompute`.

    `timezone` is the clock of shoppers of whom none is known; `part_of` gives the part of the table that a file's key
    names.
    """

    rules: Mapping[str, Any]
    timezone: str
    generations: Generations
    profiles: Profiles
    due: Due
    papers: Papers
    part_of: Callable[[str | None], Part]
    at_a_time: int = AT_A_TIME

    def count(self, run: str, file: str | None) -> None:
        """Count what one part of the table adds to the figures."""
        counter = Counter(facts={fact for fact, _ in self._wanted_tops()}, timezone=self.timezone)
        part = self.part_of(file)
        for page in part.pages():
            for record in page.profiles:
                counter.add(record)
            for product in page.products:
                counter.add_product(product)
        self.papers.keep(run, COUNTED, part.name, counter.counted().model_dump_json())

    def switch(self, run: str, computed_at: Moment, now: Moment, *, preview: bool) -> int:
        """Let the rules of the shop layer, with the figures counted in this run, be the active generation: its number.

        In a preview it is only kept as a paper. `computed_at` is the same for every try of one run. Raises Conflict
        where another generation has been switched to at the same moment.
        """
        parts = [Counted.model_validate_json(paper) for paper in self.papers.kept(run, COUNTED)]
        counted = figures(parts, self._wanted_tops(), computed_at)
        active = self.generations.active()
        if active is not None and active.figures == counted and active.rules == self.rules:
            return active.number  # a call before this one has switched, and was killed then
        number = 1 if active is None else active.number + 1
        candidate = Generation(number=number, rules=dict(self.rules), figures=counted, switched_at=now)
        if preview:
            self.papers.keep(run, CANDIDATE, "generation", candidate.model_dump_json())
        else:
            self.generations.switch(candidate)
        return number

    def bring_up_to_date(
        self, run: str, file: str | None, number: int, start: str | None, now: Moment, *, preview: bool
    ) -> str | None:
        """Evaluate the profiles of one part, from `start` on, with the generation of that number.

        Where the next call goes on; None where nothing is left. Where another generation has taken this one's place,
        nothing is left: it has a recompute of its own.
        """
        generation = self._generation(run, preview=preview)
        if generation is None or generation.number != number:
            return None
        part = self.part_of(file)
        comparing = _Comparing(generation, now)
        following = None
        for page in part.pages(start):
            changes = [change for record in page.profiles if (change := comparing.compare(record)) is not None]
            if not preview:
                self._arm([change.look for change in changes if change.look is not None and not change.differs])
                for change in changes:
                    if change.differs:
                        comparing.note(written=self._write(change.before, change.after, now))
            following = page.next
            if comparing.written >= self.at_a_time:
                break
        name = f"{part.name}-{hashlib.sha256((start or '').encode()).hexdigest()[:12]}"
        self.papers.keep(run, COMPARED, name, comparing.compared().model_dump_json())
        return following

    def tell(self, run: str, number: int) -> dict[str, Any]:
        """The sums of all parts, and the number of the generation that has taken this run's place, if one has."""
        papers = map(Compared.model_validate_json, self.papers.kept(run, COMPARED))
        total = reduce(Compared.added, papers, Compared())
        active = self.generations.active()
        names = sorted({*total.members, *total.entering, *total.leaving})
        return {
            "generation": number,
            **total.model_dump(include={"profiles", "differing", "written", "overtaken"}),
            "segments": {
                name: {
                    "members": total.members.get(name, 0),
                    "entering": total.entering.get(name, 0),
                    "leaving": total.leaving.get(name, 0),
                }
                for name in names
            },
            **({"superseded_by": active.number} if active is not None and active.number > number else {}),
        }

    def _wanted_tops(self) -> tuple[tuple[str, float], ...]:
        return Generation(number=0, rules=dict(self.rules)).segments.wanted_tops

    def _generation(self, run: str, *, preview: bool) -> Generation | None:
        if not preview:
            return self.generations.active()
        (candidate,) = self.papers.kept(run, CANDIDATE)
        return Generation.model_validate_json(candidate)

    def _write(self, before: ProfileRecord, after: ProfileRecord, now: Moment) -> bool:
        """Whether it was written, once and after its due item; False where somebody else has written it since.

        Of a profile that has been erased since it was read, nothing stays armed.
        """
        arm(self.due, before, after, now, AT_HAND)
        try:
            self.profiles.save(after)
        except Conflict:
            if after.due_at is not None and not self.profiles.load_many([after.profile_id]):
                self.due.disarm([(after.due_at, after.profile_id), (after.due_at + AT_HAND, after.profile_id)])
            return False
        return True

    def _arm(self, looks: Sequence[Look]) -> None:
        """Have the profiles looked at, but for those that have been erased since the export was made."""
        there = self.profiles.load_many([profile_id for _, profile_id in looks]) if looks else {}
        self.due.arm([look for look in looks if look[1] in there])


@dataclass(slots=True)
class _Comparing:
    """Evaluates profiles, one after the other, and counts what comes of it."""

    generation: Generation
    now: Moment
    written: int = 0
    overtaken: int = 0
    _profiles: int = 0
    _differing: int = 0
    _members: Tally[str] = field(default_factory=Tally)
    _entering: Tally[str] = field(default_factory=Tally)
    _leaving: Tally[str] = field(default_factory=Tally)

    def compare(self, record: ProfileRecord) -> "_Change | None":
        """The record as it is and as the generation has it; None where it is evaluated with that already."""
        if record.joined_to is not None:
            return None
        self._profiles += 1
        self._members.update(record.segments.keys())
        if record.generation >= self.generation.number:
            return None
        after = record.with_facts(record.facts, self.generation, self.now)
        self._entering.update(after.segments.keys() - record.segments.keys())
        self._leaving.update(record.segments.keys() - after.segments.keys())
        change = _Change(record, after, self.now)
        self._differing += change.differs
        return change

    def note(self, *, written: bool) -> None:
        """What became of one that was to be written."""
        self.written += written
        self.overtaken += not written

    def compared(self) -> Compared:
        """The sums so far."""
        return Compared(
            profiles=self._profiles,
            differing=self._differing,
            written=self.written,
            overtaken=self.overtaken,
            members=dict(self._members),
            entering=dict(self._entering),
            leaving=dict(self._leaving),
        )


@dataclass(frozen=True, slots=True)
class _Change:
    """A record before and after."""

    before: ProfileRecord
    after: ProfileRecord
    now: Moment

    @property
    def differs(self) -> bool:
        """Whether it is to be written: other memberships, or a look armed that comes too late."""
        before, after = self.before, self.after
        if (after.segments.keys(), after.parked) != (before.segments.keys(), before.parked):
            return True
        if after.due_at is None or before.is_due(self.now):
            return False
        return before.due_at is None or after.due_at < before.due_at

    @property
    def look(self) -> Look | None:
        """What is to be armed where nothing else differs: of a moment that is over, nobody knows to when the look has
        put it off, and whoever looks at any later moment takes the profile as due.
        """
        if self.after.due_at is None or not self.before.is_due(self.now):
            return None
        return self.after.due_at, self.after.profile_id
