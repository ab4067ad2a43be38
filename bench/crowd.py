"""Profiles in any number, for measuring: as the fold makes them of the sample shop's messages.

A few thousand shoppers' histories are folded event by event; each profile of the crowd has one of them. The same
arguments give the same crowd.
"""

import json
from base64 import b64encode
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import cycle, islice
from typing import Any, cast

from homing.adapters.due import TableDue
from homing.adapters.profiles import TableProfiles
from homing.adapters.table import Item, Table
from homing.dialects.segment_spec import read_message
from homing.domain.events import Event
from homing.domain.generation import Generation
from homing.domain.ids import alias_id
from homing.domain.moments import DAY, MINUTE, Moment, moment_of, parse_moment
from homing.domain.population import Counter, figures
from homing.domain.profile import Profile
from homing.domain.record import ProfileRecord
from local.cloud import Cloud, inside_moto
from local.sample_shop import START, sample_events

DAYS = 400
NOW: Moment = moment_of(START) + DAYS * DAY
BEFORE: Moment = NOW - 5 * MINUTE
"""When the profiles were last evaluated: one schedule ago."""
DIFFERENT_DUE = 200


@dataclass(frozen=True)
class Crowd:
    """Records that stand for profiles: those of `waiting` stay as they are at NOW, those of `due` change."""

    generation: Generation
    waiting: list[ProfileRecord]
    due: list[ProfileRecord]

    @classmethod
    def of(cls, rules: Mapping[str, Any], histories: int, seed: int = 1) -> "Crowd":
        """A crowd of so many different shoppers' histories, under these rules."""
        stories = list(_stories(histories, seed))
        profiles = [_folded(story) for story in stories]
        before = Generation(number=0, rules=dict(rules))
        counter = Counter(facts={fact for fact, _ in before.segments.wanted_tops}, timezone="UTC")
        for facts in profiles:
            counter.add(ProfileRecord(facts=facts))
        counted = figures([counter.counted()], before.segments.wanted_tops, BEFORE)
        generation = Generation(number=1, rules=dict(rules), figures=counted, switched_at=BEFORE)
        records = [ProfileRecord().with_facts(facts, generation, BEFORE) for facts in profiles]
        waiting = [record for record in records if record.due_at is None or record.due_at > NOW]
        due: list[ProfileRecord] = []
        for story, record in zip(stories, records, strict=True):
            if record.due_at is not None and len(due) < DIFFERENT_DUE:
                due += _made_due(story, record.due_at, generation)
        return cls(generation, waiting, due)

    def lines(self, count: int) -> Iterator[bytes]:
        """So many of its profiles, each as the line that an export of the table has for it."""
        return islice(cycle([_line(record) for record in (*self.waiting, *self.due)]), count)


@dataclass
class Filler:
    """Puts profiles into a cloud's table through the adapters, and so in the form in which the functions keep them."""

    cloud: Cloud
    crowd: Crowd
    waiting: int = 0
    due: int = 0
    _store: "_Store" = field(init=False)

    def __post_init__(self) -> None:
        self._store = _Store(inside_moto.Table(self.cloud.physical_id("Table"), self.cloud.region))

    def add(self, count: int) -> None:
        """Add so many profiles that stay as they are."""
        for number in range(self.waiting, self.waiting + count):
            self._put(f"waiting {number}", self.crowd.waiting[number % len(self.crowd.waiting)])
        self.waiting += count

    def make_due(self, count: int) -> None:
        """Have the memberships of so many profiles change now: the same ones each time, as they were before."""
        for number in range(count):
            self._put(f"due {number}", self.crowd.due[number % len(self.crowd.due)])
        self.due = max(self.due, count)

    @property
    def profiles(self) -> int:
        """How many there are."""
        return self.waiting + self.due

    def _put(self, shopper: str, record: ProfileRecord) -> None:
        table = cast("Table", self._store)
        profile_id = alias_id("user", shopper)
        TableProfiles(table).save(record.model_copy(update={"profile_id": profile_id}))
        if record.due_at is not None:
            TableDue(table).arm([(record.due_at, profile_id)])


class _Store:
    """What the adapters write to: moto's store itself, for a million calls through its API would take an hour."""

    def __init__(self, items: inside_moto.Table) -> None:
        self.items = items

    def put(self, item: Item, **_condition: object) -> None:
        self.items.put(item)

    def write_many(self, put: Iterable[Item]) -> None:
        for item in put:
            self.items.put(item)


class _Exported:
    """What an adapter writes to, in order to see the item that it would write."""

    def put(self, item: Item, **_condition: object) -> None:
        packed = b64encode(item["state"]["B"]).decode()
        self.line = json.dumps({"Item": {**item, "state": {"B": packed}}}, separators=(",", ":")).encode()


def _line(record: ProfileRecord) -> bytes:
    exported = _Exported()
    profile_id = alias_id("user", record.facts.user_id or "somebody")
    TableProfiles(cast("Table", exported)).save(record.model_copy(update={"profile_id": profile_id}))
    return exported.line


def _stories(shoppers: int, seed: int) -> Iterator[list[Event]]:
    """What each shopper did, in the order of time."""
    stories: dict[str, list[Event]] = {}
    for message in sample_events(seed, DAYS, shoppers):
        number = (message.get("userId") or message["anonymousId"]).rpartition("-")[2]
        event = read_message(message, received_at=parse_moment(message["timestamp"]))
        stories.setdefault(number, []).append(event)
    yield from stories.values()


def _folded(story: list[Event], shift: int = 0) -> Profile:
    facts = Profile()
    for event in story:
        facts = facts.after(event.model_copy(update={"at": event.at + shift}), event.at + shift)
    return facts


def _made_due(story: list[Event], due_at: Moment, generation: Generation) -> list[ProfileRecord]:
    """The story told so much earlier that its next change has just come; nothing where that is no change then."""
    facts = _folded(story, NOW - MINUTE - due_at)
    record = ProfileRecord().with_facts(facts, generation, BEFORE)
    changed = record.with_facts(facts, generation, NOW).segments.keys() != record.segments.keys()
    return [record] if changed and record.due_at is not None and record.due_at <= NOW else []
