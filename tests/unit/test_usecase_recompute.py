"""The steps of the full recompute over fakes: what is written, and that a death anywhere is made good."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import count
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from homing.domain.generation import Generation
from homing.domain.hours import A_DAY
from homing.domain.ids import due_shard
from homing.domain.moments import DAY, HOUR, MINUTE, Moment
from homing.domain.orders import Orders, Tally
from homing.domain.profile import Profile
from homing.domain.record import ProfileRecord
from homing.errors import Conflict
from homing.ports import Page
from homing.usecases.generations import ActiveGeneration
from homing.usecases.recompute import Recompute
from homing.usecases.segments import Refresher
from tests.fakes.crashes import Crashed, Fuse
from tests.fakes.ports import FakeDue, FakeGenerations, FakeProfiles

NOW: Moment = 1_780_000_000_000
RULES = {"segments": {"buyers": {"orders.count": {"at_least": 1}}, "recent": {"orders.last_at": {"within": "30 days"}}}}
BEST = {"segments": {**RULES["segments"], "best": {"orders.revenue": {"top": "50 %"}}}}


@dataclass
class FakePart:
    """Some records, a few in each page."""

    name: str
    records: Sequence[ProfileRecord]
    page: int = 2

    def pages(self, start: str | None = None) -> Iterator[Page]:
        first = int(start or 0)
        while first < len(self.records):
            end = first + self.page
            yield Page(self.records[first:end], (), str(end) if end < len(self.records) else None)
            first = end


@dataclass
class FakePapers:
    """Texts by run, kind and name."""

    texts: dict[tuple[str, str, str], str] = field(default_factory=dict)

    def keep(self, run: str, kind: str, name: str, text: str) -> None:
        self.texts[run, kind, name] = text

    def kept(self, run: str, kind: str) -> Iterator[str]:
        return iter([text for key, text in sorted(self.texts.items()) if key[:2] == (run, kind)])


@dataclass
class World:
    """A table of profiles, and the machine's steps over it; `parts` are how a file's key stands for some profiles."""

    profiles: FakeProfiles = field(default_factory=FakeProfiles)
    due: FakeDue = field(default_factory=FakeDue)
    generations: FakeGenerations = field(default_factory=FakeGenerations)
    papers: FakePapers = field(default_factory=FakePapers)
    exported: list[ProfileRecord] | None = None

    def part_of(self, file: str | None) -> FakePart:
        """The table as it is now; a file as it was exported, every second profile each."""
        records = [self.profiles.records[name] for name in sorted(self.profiles.records)]
        if file is None:
            return FakePart("table", records)
        assert self.exported is not None
        return FakePart(file, self.exported[int(file) :: 2])

    def steps(
        self, rules: dict[str, Any], fuse: Fuse | None = None, at_a_time: int = 10_000, timezone: str = "UTC"
    ) -> Recompute:
        fuse = fuse or Fuse()
        return Recompute(
            rules=rules,
            timezone=timezone,
            generations=fuse.guard(self.generations),
            profiles=fuse.guard(self.profiles),
            due=fuse.guard(self.due),
            papers=fuse.guard(self.papers),
            part_of=self.part_of,
            at_a_time=at_a_time,
        )

    @property
    def active(self) -> Generation:
        active = self.generations.kept
        assert active is not None
        return active

    def export(self) -> None:
        self.exported = list(self.part_of(None).records)

    def run(
        self, rules: dict[str, Any], *, files: Sequence[str | None] = (None,), preview: bool = False, **more: Any
    ) -> dict[str, Any]:
        """The whole machine; the second export is taken where the first one was."""
        steps, run, now = self.steps(rules, **more), f"run-{len(self.papers.texts)}", NOW
        for file in files:
            steps.count(run, file)
        number = steps.switch(run, now, now, preview=preview)
        for file in files:
            following = steps.bring_up_to_date(run, file, number, None, now, preview=preview)
            while following is not None:
                following = steps.bring_up_to_date(run, file, number, following, now, preview=preview)
        return steps.tell(run, number)

    def of(self, segment: str) -> set[str]:
        """The segment's members."""
        return {name for name, record in self.profiles.records.items() if segment in record.segments}

    def segments(self) -> dict[str, list[str]]:
        return {name: sorted(record.segments) for name, record in self.profiles.records.items()}

    def written(self) -> set[str]:
        """Whose record was written since the fixture's."""
        return {name for name, record in self.profiles.records.items() if record.version > 1}


def customer(name: str, revenue: int, ago: int = 10 * DAY) -> ProfileRecord:
    at = NOW - ago
    tally = Tally(count=1, revenue=revenue * 100, first_at=at, days=((at, 1, revenue * 100),))
    return ProfileRecord(profile_id=name, facts=Profile(orders=Orders(settled=tally)))


@pytest.fixture
def world() -> World:
    """Three customers and somebody who looked around, evaluated by the first generation."""
    return _fresh()


# Counting and switching


def test_new_rules_count_with_figures_of_everybody(world: World) -> None:
    told = world.run(BEST)
    assert told["generation"] == world.active.number == 2
    assert world.active.figures.tops == {"orders.revenue top 50": 20.0}
    assert world.of("best") == {"ada", "bob"}


@pytest.mark.parametrize(("timezone", "hour"), [("UTC", 20), ("Asia/Seoul", 5)])
def test_the_shops_hours_are_counted_by_its_own_clock_for_those_who_have_none(
    world: World, timezone: str, hour: int
) -> None:
    """The three customers have bought at the same hour; of who looked around only, no day is known."""
    world.run(BEST, timezone=timezone)
    hours = world.active.figures.hours
    assert {at: weight for at, weight in enumerate(hours) if weight} == {hour: 3 * A_DAY}


def test_a_switch_that_was_made_before_is_not_made_again(world: World) -> None:
    steps = world.steps(BEST)
    steps.count("run", None)
    assert [steps.switch("run", NOW, NOW + delay, preview=False) for delay in (0, MINUTE)] == [2, 2]
    assert world.active.switched_at == NOW


def test_each_run_makes_a_generation_of_its_own(world: World) -> None:
    steps = world.steps(BEST)
    for number, run in enumerate(("monday", "tuesday"), start=2):
        steps.count(run, None)
        assert steps.switch(run, NOW + number * DAY, NOW, preview=False) == number


def test_the_first_generation_of_all_may_be_a_recomputes(world: World) -> None:
    world.generations.kept = None
    assert world.run(RULES)["generation"] == 1


def test_who_switches_at_the_same_moment_is_told_of_it(world: World) -> None:
    steps = world.steps(BEST)
    steps.count("run", None)
    read = world.generations.active

    def overtaken() -> Generation | None:
        active = read()
        world.generations.kept = Generation(number=2, rules=RULES)
        return active

    world.generations.active = overtaken  # type: ignore[method-assign]
    with pytest.raises(Conflict):
        steps.switch("run", NOW, NOW, preview=False)


# Bringing up to date


def test_only_those_that_differ_are_written_and_the_sums_tell_of_all(world: World) -> None:
    told = world.run(BEST)
    assert world.written() == {"ada", "bob"}
    assert {name: told[name] for name in ("profiles", "differing", "written", "overtaken")} == {
        "profiles": 4,
        "differing": 2,
        "written": 2,
        "overtaken": 0,
    }
    assert told["segments"] == {
        "best": {"members": 0, "entering": 2, "leaving": 0},
        "buyers": {"members": 3, "entering": 0, "leaving": 0},
        "recent": {"members": 3, "entering": 0, "leaving": 0},
    }


def test_who_leaves_a_segment_that_is_no_more_is_written_and_told_of(world: World) -> None:
    told = world.run({"segments": {"recent": RULES["segments"]["recent"]}})
    assert told["segments"]["buyers"] == {"members": 3, "entering": 0, "leaving": 3}
    assert world.of("buyers") == set()


def test_who_turns_earlier_than_armed_is_armed_and_written(world: World) -> None:
    world.run({"segments": {**RULES["segments"], "recent": {"orders.last_at": {"within": "12 days"}}}})
    assert world.written() == {"ada", "bob", "eve"}
    assert {record.due_at for record in world.profiles.records.values()} == {NOW + 2 * DAY, None}
    assert (NOW + 2 * DAY, "ada") in world.due.until(due_shard("ada"), NOW + 3 * DAY, 10)


def test_who_turns_later_than_armed_is_left_alone(world: World) -> None:
    told = world.run({"segments": {**RULES["segments"], "recent": {"orders.last_at": {"within": "40 days"}}}})
    assert (told["differing"], world.written()) == (0, set())


def test_who_was_put_off_is_armed_and_not_written(world: World) -> None:
    """A look that found no change has armed the next moment, and left the old one in the record."""
    ada = world.profiles.records["ada"]
    world.profiles.records["ada"] = ada.model_copy(update={"due_at": NOW - DAY})
    world.run({"segments": {**RULES["segments"], "recent": {"orders.last_at": {"within": "12 days"}}}})
    assert world.written() == {"bob", "eve"}
    assert (NOW + 2 * DAY, "ada") in world.due.until(due_shard("ada"), NOW + 3 * DAY, 10)
    later = NOW + 2 * DAY + MINUTE
    Refresher(world.due, world.profiles, ActiveGeneration(world.generations, world.active)).refresh(
        due_shard("ada"), later
    )
    assert "ada" not in world.of("recent")


def test_histories_that_are_part_of_another_are_left_alone(world: World) -> None:
    ada = world.profiles.records["ada"]
    world.profiles.records["ada"] = ada.model_copy(update={"joined_to": "bob", "segments": {}, "due_at": None})
    assert world.run(BEST)["profiles"] == 3
    assert "ada" not in world.of("best")


def test_the_same_again_writes_nobody(world: World) -> None:
    world.run(BEST)
    saves = world.profiles.saves
    assert world.run(BEST)["differing"] == 0
    assert world.profiles.saves == saves


def test_a_part_is_worked_off_in_calls_of_a_limited_size(world: World) -> None:
    told = world.run({"segments": {}}, at_a_time=1)
    assert (told["profiles"], told["written"]) == (4, 3)
    assert len(list(world.papers.kept("run-0", "compared"))) == 2


def test_files_of_an_export_come_to_what_the_table_comes_to(world: World) -> None:
    world.export()
    told = world.run(BEST, files=("0", "1"))
    assert (world.of("best"), told["written"], told["profiles"]) == ({"ada", "bob"}, 2, 4)


def test_who_was_written_since_the_export_is_skipped(world: World) -> None:
    world.export()
    world.profiles.save(world.profiles.records["ada"])
    told = world.run(BEST, files=("0", "1"))
    assert (told["written"], told["overtaken"]) == (1, 1)
    assert world.of("best") == {"bob"}


@pytest.mark.parametrize("due_at", [NOW - DAY, NOW + DAY, None])
def test_of_who_was_erased_since_the_export_nothing_is_written_or_armed(world: World, due_at: int | None) -> None:
    ada = world.profiles.records["ada"]
    world.profiles.records["ada"] = ada.model_copy(update={"due_at": due_at})
    world.due.armed.clear()
    world.export()
    for name in ("ada", "bob", "eve"):
        del world.profiles.records[name]
    world.run(
        {"segments": {**RULES["segments"], "recent": {"orders.last_at": {"within": "12 days"}}}}, files=("0", "1")
    )
    assert not {"ada", "bob", "eve"} & world.profiles.records.keys()
    assert not {"ada", "bob", "eve"} & {name for _, name in world.due.armed}


def test_where_a_later_generation_counts_nothing_is_left_to_do(world: World) -> None:
    steps = world.steps(BEST)
    steps.count("run", None)
    number = steps.switch("run", NOW, NOW, preview=False)
    world.generations.kept = Generation(number=number + 1, rules=RULES)
    assert steps.bring_up_to_date("run", None, number, None, NOW, preview=False) is None
    assert world.written() == set()
    assert steps.tell("run", number)["superseded_by"] == number + 1


def test_a_rule_that_fails_is_parked_in_the_record(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    broken = Generation(number=2, rules=BEST)
    monkeypatch.setattr(type(broken.segments.by_name["best"].rule), "evaluate", _failing, raising=True)
    told = world.run(BEST)
    assert told["written"] > 0
    assert {record.parked for record in world.profiles.records.values()} >= {("best",)}


def _failing(*_: object) -> None:
    raise ZeroDivisionError


# Previews


def test_a_preview_writes_nothing_and_tells_the_same_as_the_recompute_after_it(world: World) -> None:
    before = dict(world.profiles.records), set(world.due.armed), world.generations.kept
    preview = world.run(BEST, preview=True)
    assert (world.profiles.records, world.due.armed, world.generations.kept) == before
    assert preview["written"] == 0
    told = world.run(BEST)
    assert (preview["segments"], preview["differing"]) == (told["segments"], told["differing"])


# Deaths


@pytest.mark.parametrize("files", [(None,), ("0", "1")])
def test_a_death_at_any_call_is_made_good_by_the_same_step_again(files: Sequence[str | None]) -> None:
    wrong = {}
    for kills_at in count(1):
        world, fuse = _fresh(), Fuse(kills_at)
        world.export()
        _run_to_the_end(world.steps(BEST, fuse), files)
        if fuse.burns < kills_at:
            break
        right = world.of("best") == {"ada", "bob"} and world.active.number == 2
        if not right or world.profiles.saves != 2:
            wrong[kills_at] = world.segments(), world.profiles.saves
    assert wrong == {}
    assert kills_at > 20


def _run_to_the_end(steps: Recompute, files: Sequence[str | None]) -> None:
    """Every step until it succeeds, as the state machine tries them."""

    def tried(step: Any, *arguments: Any, **more: Any) -> Any:
        try:
            return step(*arguments, **more)
        except Crashed:
            return step(*arguments, **more)

    for file in files:
        tried(steps.count, "run", file)
    number = tried(steps.switch, "run", NOW, NOW, preview=False)
    for file in files:
        assert tried(steps.bring_up_to_date, "run", file, number, None, NOW, preview=False) is None
    tried(steps.tell, "run", number)


def _fresh() -> World:
    world = World(generations=FakeGenerations(Generation(number=1, rules=RULES)))
    for record in (customer("ada", 30), customer("bob", 20), customer("eve", 10), ProfileRecord(profile_id="zoe")):
        evaluated = record.with_facts(record.facts, world.active, NOW - HOUR)
        world.profiles.save(evaluated)
        if evaluated.due_at is not None:
            world.due.arm([(evaluated.due_at, evaluated.profile_id)])
    world.profiles.saves = 0
    return world


@given(st.lists(st.tuples(st.integers(0, 40), st.integers(0, 60)), max_size=8))
def test_the_recompute_comes_to_what_evaluating_each_profile_comes_to(shoppers: list[tuple[int, int]]) -> None:
    world = World(generations=FakeGenerations(Generation(number=1, rules=RULES)))
    for number, (revenue, days) in enumerate(shoppers):
        world.profiles.save(customer(f"shopper-{number}", revenue, days * DAY + 1))
    world.run(BEST)
    for record in world.profiles.records.values():
        anew = record.with_facts(record.facts, world.active, NOW)
        assert record.segments.keys() == anew.segments.keys()
        assert anew.due_at is None or (record.due_at is not None and record.due_at <= anew.due_at)
