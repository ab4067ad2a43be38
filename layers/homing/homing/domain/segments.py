"""All segments of a shop, for one profile."""

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Final, NamedTuple, Self

from homing.domain.facts import Assortment
from homing.domain.figures import Figures
from homing.domain.moments import Moment
from homing.domain.rules import Facts, Rule, RuleError, read_rule
from homing.domain.rules.logic import earliest
from homing.domain.rules.reading import Path, mapping, or_similar

_NAME: Final = re.compile(r"[a-z][a-z0-9_]{0,63}")
NO_FIGURES: Final = Figures()
LONGEST_CHAIN: Final = 8
"""Segments that may refer to each other in a row."""


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

    @classmethod
    def parse(cls, data: object, figures: Figures = NO_FIGURES) -> Self:
        """The segments of a file `segments: {<name>: {description: <text>, <condition>}}`, given as its data.

        Raises RuleError with the path from the root of the file.
        """
        root = mapping(data, (), "'segments:' with the segments below it")
        if root.keys() != {"segments"}:
            raise RuleError((), "expected 'segments:' and nothing else beside it")
        segments = mapping(root["segments"], ("segments",), "the segments by name")
        by_name = {name: _read_segment(segments, name) for name in segments}
        return cls(by_name, Assortment(launches=figures.launches))

    def evaluate(self, facts: Facts, at: Moment, before: Collection[str] = ()) -> SegmentsVerdict:
        """The memberships at `at`, and the earliest later moment at which any changes with no new event.

        A segment whose rule raises is parked, and the others go on: its membership stays as in `before`.
        """
        members, turns, parked = [], [], []
        for name, segment in self.by_name.items():
            try:
                member, changes_at = segment.rule.evaluate(facts, at)
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


def _read_segment(data: Mapping[str, object], name: str, before: tuple[str, ...] = ()) -> Segment:
    """The segment of that name, reached through the segments `before`, each of which refers to the next."""
    chain = (*before, name)

    def rule_of(other: str, path: Path) -> Rule:
        if other not in data:
            raise RuleError(path, f"'{other}' is no segment{or_similar(other, tuple(data))}")
        if other in chain:
            circle = (*chain[chain.index(other) :], other)
            raise RuleError(path, f"the segments go in a circle: {' → '.join(circle)}")
        if len(chain) == LONGEST_CHAIN:
            raise RuleError(path, f"more than {LONGEST_CHAIN} segments refer to each other in a row")
        return _read_segment(data, other, chain).rule

    path = ("segments", name)
    if not _NAME.fullmatch(name):
        raise RuleError(path, "a segment's name is made of a-z, 0-9 and _, and begins with a letter")
    parts = dict(mapping(data[name], path, "a description and a condition"))
    description = parts.pop("description", "")
    if not isinstance(description, str):
        raise RuleError((*path, "description"), f"expected a text, not {description!r}")
    return Segment(name, description, read_rule(parts, path, rule_of))
