"""What was committed, and in which order: the model against which the invariants are held.

It is made of the table's change stream, of what SES took, and of the answers that clients got, and shares no code with
the product: items are read as they lie in the table.
"""

import json
import zlib
from base64 import b64decode
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple, TypeAlias

from homing.domain.moments import Moment, format_moment
from local.cloud import Cloud, Mail
from local.cloud.workflows import Run

Image: TypeAlias = dict[str, dict[str, Any]]
Told: TypeAlias = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Change:
    """One change of one item; `before` or `after` is None where there was or is none."""

    pk: str
    sk: str
    before: Image | None
    after: Image | None
    by: str
    """The function that wrote it, or nothing for whoever is none."""


class Violation(NamedTuple):
    """An invariant that did not hold, what broke it, and when that was seen."""

    rule: str
    what: str
    at: Moment

    def __str__(self) -> str:
        return f"{format_moment(self.at)}  {self.rule}: {self.what}"


@dataclass(slots=True)
class Chronicle:
    """Everything that has been committed since it was begun, and what was found to be wrong with it.

    Whoever was there before is no part of it.
    """

    cloud: Cloud
    items: dict[tuple[str, str], Image] = field(default_factory=dict)
    events: dict[tuple[str, str], Told] = field(default_factory=dict)
    """What the events say of which items are there."""
    places: dict[int, str] = field(default_factory=dict)
    """The partition of each change, by its number in the table's stream."""
    mails: list[Mail] = field(default_factory=list)
    violations: list[Violation] = field(default_factory=list)
    on_change: list[Callable[[Change], None]] = field(default_factory=list)
    on_mail: list[Callable[[Mail], None]] = field(default_factory=list)
    _strangers: set[str] = field(init=False)
    _executions_before: int = field(init=False)

    def __post_init__(self) -> None:
        self._strangers = {
            pk
            for stream in self.cloud.database.streams.values()
            for pk in (key["pk"]["S"] for key in stream.table.keys())  # noqa: SIM118 - a table is no mapping
            if pk.startswith(("P#", "C#"))
        }
        self._executions_before = len(self.cloud.executions)
        self.cloud.observe_table(self._see)
        self.cloud.observe_mail(self._see_mail)

    @property
    def now(self) -> Moment:
        return self.cloud.timers.now()

    def journeys(self) -> Iterator[tuple[Run, dict[str, str]]]:
        """The executions of journeys, each with the run that it is told, in the order of their starts."""
        for execution in self.cloud.executions[self._executions_before :]:
            told = json.loads(execution.input).get("run")
            if told is not None:
                yield execution, told

    def violated(self, rule: str, what: str) -> None:
        """Keeps a violation, with the moment at which it was found."""
        self.violations.append(Violation(rule, what, self.now))

    def under(self, prefix: str) -> Mapping[tuple[str, str], Image]:
        """The items whose sort key begins so."""
        return {key: image for key, image in self.items.items() if key[1].startswith(prefix)}

    def of_each_partition(self, prefix: str) -> Mapping[str, list[Image]]:
        """These items by their partition."""
        found: dict[str, list[Image]] = defaultdict(list)
        for (pk, _), image in self.under(prefix).items():
            found[pk].append(image)
        return found

    def _see(self, _table: str, record: dict[str, Any]) -> None:
        told = record["dynamodb"]
        pk, sk = told["Keys"]["pk"]["S"], told["Keys"]["sk"]["S"]
        if pk in self._strangers:
            return
        self.places[int(told["SequenceNumber"])] = pk
        running = self.cloud.functions.running
        by = "" if running is None else running.logical_id
        after = told.get("NewImage")
        change = Change(pk, sk, self.items.get((pk, sk)), after, by)
        if after is None:
            self.items.pop((pk, sk), None)
        else:
            self.items[pk, sk] = after
            if sk.startswith("EVENT#") and (pk, sk) not in self.events:
                self.events[pk, sk] = json.loads(after["body"]["S"])
        for watch in self.on_change:
            watch(change)
        if after is None:
            self.events.pop((pk, sk), None)

    def _see_mail(self, mail: Mail) -> None:
        self.mails.append(mail)
        for watch in self.on_mail:
            watch(mail)


def text(image: Image | None, name: str) -> str | None:
    """A text attribute, or None."""
    return None if image is None else image.get(name, {}).get("S")


def number(image: Image | None, name: str) -> int | None:
    """A number attribute, or None."""
    value = None if image is None else image.get(name, {}).get("N")
    return None if value is None else int(value)


def named(image: Image | None, prefix: str) -> dict[str, dict[str, Any]]:
    """The attributes whose names begin so, by what follows."""
    found = image or {}
    return {name.removeprefix(prefix): value for name, value in found.items() if name.startswith(prefix)}


def state_of(image: Image) -> dict[str, Any]:
    """What a PROFILE item keeps of a profile."""
    told: dict[str, Any] = json.loads(zlib.decompress(b64decode(image["state"]["B"])))
    return told
