"""All segments of a shop, for one profile."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, NamedTuple, Self

from homing.domain.moments import Moment
from homing.domain.rules import Facts, Rule, RuleError, read_rule
from homing.domain.rules.logic import earliest
from homing.domain.rules.reading import Path, mapping, or_similar

_NAME: Final = re.compile(r"[a-z][a-z0-9_]{0,63}")
LONGEST_CHAIN: Final = 8
"""Segments that may refer to each other in a row."""


class SegmentsVerdict(NamedTuple):
    """The sorted names of the segments that a profile is in, and the moment at which the first changes."""

    memberships: tuple[str, ...]
    changes_at: Moment | None


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

    @classmethod
    def parse(cls, data: object) -> Self:
        """The segments of a file `segments: {<name>: {description: <text>, <condition>}}`, given as its data.

        Raises RuleError with the path from the root of the file.
        """
        root = mapping(data, (), "'segments:' with the segments below it")
        if root.keys() != {"segments"}:
            raise RuleError((), "expected 'segments:' and nothing else beside it")
        segments = mapping(root["segments"], ("segments",), "the segments by name")
        return cls({name: _read_segment(segments, name) for name in segments})

    def evaluate(self, facts: Facts, at: Moment) -> SegmentsVerdict:
        """The memberships at `at`, and the earliest later moment at which any changes with no new event."""
        verdicts = {name: segment.rule.evaluate(facts, at) for name, segment in self.by_name.items()}
        members = tuple(sorted(name for name, verdict in verdicts.items() if verdict.member))
        return SegmentsVerdict(members, earliest(verdict.changes_at for verdict in verdicts.values()))


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
