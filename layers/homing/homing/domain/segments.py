"""All segments of a shop, for one profile."""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple, Self

from homing.domain.facts import Assortment
from homing.domain.figures import Figures
from homing.domain.moments import DAY, Moment
from homing.domain.rules import Definitions, Facts, Fault, Rule, RuleError, read_rule
from homing.domain.rules.calendars import YearlyDay
from homing.domain.rules.definitions import checked_name, read_calendar, read_life_spans, read_scores
from homing.domain.rules.errors import Path, or_similar, read_each
from homing.domain.rules.logic import earliest, rules_in
from homing.domain.rules.population import Top
from homing.domain.rules.remembering import Remembering
from homing.domain.rules.scores import FadingScore
from homing.domain.rules.values import mapping

SECTIONS: Final = ("segments", "scores", "calendar", "life_spans")
LONGEST_CHAIN: Final = 8
"""Segments that may refer to each other in a row."""
NO_FIGURES: Final = Figures()


class SegmentsVerdict(NamedTuple):
    """The sorted names of the segments that a profile is in, and the moment at which the first changes.

    `parked` names the segments whose rule could not be evaluated: their memberships stay as they were.
    """

    memberships: tuple[str, ...]
    changes_at: Moment | None
    parked: tuple[str, ...] = ()


class Changes(NamedTuple):
    """What a new verdict changes: memberships (name → since when), and the names entered and left, sorted."""

    memberships: Mapping[str, Moment]
    entered: tuple[str, ...]
    left: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Segment:
    """A named rule, with the sentence that says what it is for."""

    name: str
    description: str
    rule: Rule


@dataclass(frozen=True, slots=True)
class Segments:
    """The segments of a shop by name, in the order of its file."""

    by_name: Mapping[str, Segment]
    assortment: Assortment = field(default_factory=Assortment)
    wanted_tops: tuple[tuple[str, float], ...] = ()
    """Fact and percentage of each `top:`, for which the population's figures are needed."""
    definitions: Definitions = field(default_factory=Definitions)
    """The days, scores and figures that the rules name; a journey's rule may name them too."""

    @classmethod
    def parse(cls, data: object, figures: Figures = NO_FIGURES) -> Self:
        """The segments of a file `segments: {<name>: {description: <text>, <condition>}}`, given as its data.

        Beside `segments` there may be `scores`, `calendar` and `life_spans`. Raises RuleError with all faults, each
        with the path from the root of the file.
        """
        root = mapping(data, (), "'segments:' with the segments below it")
        faults: dict[Fault, None] = {}
        with _noting(faults):
            _refuse_strangers(root)
        calendar = _section(root, "calendar", read_calendar, YearlyDay(1, 1), faults)
        scores = _section(root, "scores", read_scores, FadingScore("", DAY, ()), faults)
        life_spans = _section(root, "life_spans", read_life_spans, DAY, faults)
        definitions = Definitions(calendar, scores, figures)
        by_name: Mapping[str, Segment] = {}
        with _noting(faults):
            segments = mapping(root.get("segments", {}), ("segments",), "the segments by name")
            by_name = _Reading(segments, definitions).all()
        if faults:
            raise RuleError.of(tuple(faults))
        return cls(by_name, Assortment(life_spans, figures.launches), _tops_in(by_name.values()), definitions)

    def evaluate(self, facts: Facts, at: Moment, before: Collection[str] = ()) -> SegmentsVerdict:
        """The memberships at `at`, and the earliest later moment at which any changes with no new event.

        A segment whose rule raises is parked, and the others go on: its membership stays as in `before`.
        """
        known = Remembering(facts)
        members, turns, parked = [], [], []
        for name, segment in self.by_name.items():
            try:
                member, changes_at = known.verdict(name, segment.rule, at)
            except Exception:  # noqa: BLE001 - whatever one rule stumbles over must not stop the other segments
                parked.append(name)
                member, changes_at = name in before, None
            if member:
                members.append(name)
            turns.append(changes_at)
        return SegmentsVerdict(tuple(sorted(members)), earliest(turns), tuple(sorted(parked)))


def changes(before: Mapping[str, Moment], verdict: SegmentsVerdict, at: Moment) -> Changes:
    """What `verdict` changes in the memberships `before`; those entered count from `at`."""
    after = {name: before.get(name, at) for name in verdict.memberships}
    entered = tuple(name for name in after if name not in before)
    left = tuple(sorted(name for name in before if name not in after))
    return Changes(after, entered, left)


class _Reading:
    """Reads the segments of a file, each once, wherever it stands and whoever refers to it."""

    def __init__(self, data: Mapping[str, object], definitions: Definitions) -> None:
        self._data = data
        self._definitions = definitions
        self._read: dict[str, Segment | RuleError] = {}
        self._depths: dict[str, int] = {}

    def all(self) -> dict[str, Segment]:
        """The segments by name. Raises RuleError with the faults of all of them."""
        return {segment.name: segment for segment in read_each(self._data, lambda name: self._segment(name, ()))}

    def _segment(self, name: str, chain: tuple[str, ...]) -> Segment:
        """The segment of that name, reached through those of the chain, each of which refers to the next."""
        if name not in self._read:
            try:
                self._read[name] = self._anew(name, (*chain, name))
            except RuleError as error:
                self._read[name] = error
        read = self._read[name]
        if isinstance(read, RuleError):
            raise read
        return read

    def _anew(self, name: str, chain: tuple[str, ...]) -> Segment:
        path = ("segments", checked_name(name, ("segments", name), "a segment's"))
        self._depths[name] = 1

        def rule_of(other: str, place: Path) -> Rule:
            if other not in self._data:
                raise RuleError(place, f"'{other}' is no segment{or_similar(other, tuple(self._data))}")
            if other in chain:
                circle = (*chain[chain.index(other) :], other)
                raise RuleError(place, f"the segments go in a circle: {' → '.join(circle)}")
            rule = self._segment(other, chain).rule
            self._depths[name] = max(self._depths[name], self._depths[other] + 1)
            if self._depths[name] > LONGEST_CHAIN:
                raise RuleError(place, f"more than {LONGEST_CHAIN} segments refer to each other in a row")
            return rule

        parts = dict(mapping(self._data[name], path, "a description and a condition"))
        description = parts.pop("description", "")
        if not isinstance(description, str):
            raise RuleError((*path, "description"), f"expected a text, not {description!r}")
        return Segment(name, description, read_rule(parts, path, rule_of, self._definitions))


@contextmanager
def _noting(faults: dict[Fault, None]) -> Iterator[None]:
    """Go on after a RuleError, with its faults noted."""
    try:
        yield
    except RuleError as error:
        faults.update(dict.fromkeys(error.faults))


def _section(
    root: Mapping[str, object],
    section: str,
    read: Callable[[object, Path], Any],
    stand_in: Any,
    faults: dict[Fault, None],
) -> Any:
    """What the section says. Where it is faulty, its names with a stand-in: rules that use them are not at fault."""
    data = root.get(section, {})
    try:
        return read(data, (section,))
    except RuleError as error:
        faults.update(dict.fromkeys(error.faults))
    return dict.fromkeys(data, stand_in) if isinstance(data, dict) else {}


def _refuse_strangers(root: Mapping[str, object]) -> None:
    strangers = [f"'{key}'{or_similar(key, SECTIONS)}" for key in root if key not in SECTIONS]
    if strangers or "segments" not in root:
        told = f", not {strangers[0]}" if strangers else ""
        raise RuleError((), f"expected 'segments:', with {', '.join(SECTIONS[1:])} and nothing else beside it{told}")


def _tops_in(segments: Iterable[Segment]) -> tuple[tuple[str, float], ...]:
    rules = (rule for segment in segments for rule in rules_in(segment.rule))
    return tuple(dict.fromkeys((rule.fact, rule.percent) for rule in rules if isinstance(rule, Top)))
