"""Which generation a function goes by, for how long, and who makes the next one."""

import pytest

from homing.domain.generation import Generation
from homing.domain.moments import DAY, HOUR, MINUTE
from homing.domain.record import ProfileRecord
from homing.usecases.generations import ActiveGeneration, ActiveShop, follow_the_rules
from tests.fakes.ports import FakeGenerations, FakeRecomputeRuns
from tests.fakes.stories import NOW, default_generation, default_shop

OWN = default_generation()
BUYERS = {"segments": {"buyers": {"orders.count": {"at_least": 1}}}}


def generation(number: int) -> Generation:
    return Generation(number=number, rules=BUYERS, switched_at=NOW)


def test_as_long_as_there_is_none_the_shops_own_rules_count() -> None:
    active = ActiveGeneration(FakeGenerations(), OWN)
    assert active.at(NOW) is OWN


def test_it_is_read_once_a_minute() -> None:
    generations = FakeGenerations(generation(1))
    active = ActiveGeneration(generations, OWN)
    assert {active.at(NOW + second * 1_000).number for second in range(60)} == {1}
    assert generations.reads == 1
    generations.kept = generation(2)
    assert active.at(NOW + MINUTE - 1).number == 1
    assert active.at(NOW + MINUTE).number == 2
    assert generations.reads == 2


def test_a_record_of_a_later_generation_has_it_read_at_once() -> None:
    generations = FakeGenerations(generation(1))
    active = ActiveGeneration(generations, OWN)
    active.at(NOW)
    generations.kept = generation(2)
    older, newer = ProfileRecord(generation=1), ProfileRecord(generation=2)
    assert active.at(NOW, older).number == 1
    assert active.at(NOW, older, newer).number == 2
    assert active.at(NOW, older).number == 2


def test_a_clock_that_is_put_back_does_not_keep_a_generation_for_ever() -> None:
    generations = FakeGenerations(generation(1))
    active = ActiveGeneration(generations, OWN)
    active.at(NOW)
    generations.kept = generation(2)
    assert active.at(NOW - DAY).number == 2


def test_the_shop_goes_by_the_segments_that_count() -> None:
    generations = FakeGenerations()
    shop = ActiveShop(default_shop(), ActiveGeneration(generations, OWN))
    own = shop.at(NOW)
    assert own.segments.by_name.keys() == default_shop().segments.by_name.keys()
    assert shop.at(NOW) is own
    generations.kept = generation(1)
    assert shop.at(NOW, ProfileRecord(generation=1)).segments.by_name.keys() == {"buyers"}
    assert shop.at(NOW).journeys.keys() == default_shop().journeys.keys()


def test_the_first_generation_is_made_of_the_shops_own_rules() -> None:
    generations, runs = FakeGenerations(), FakeRecomputeRuns()
    follow_the_rules(generations, OWN, runs, NOW)
    assert generations.kept == Generation(number=1, rules=OWN.rules, switched_at=NOW)
    follow_the_rules(generations, OWN, runs, NOW + DAY)
    assert generations.kept.number == 1
    assert runs.inputs == {}


def test_of_two_who_make_the_first_one_does() -> None:
    class Raced(FakeGenerations):
        def active(self) -> Generation | None:
            found, self.kept = self.kept, self.kept or generation(1)
            return found

    generations = Raced()
    follow_the_rules(generations, OWN, FakeRecomputeRuns(), NOW)
    assert generations.kept == generation(1)


def test_other_rules_start_one_recompute_however_often_they_are_seen() -> None:
    generations, runs = FakeGenerations(generation(4)), FakeRecomputeRuns()
    for _ in range(3):
        follow_the_rules(generations, OWN, runs, NOW)
    assert runs.inputs == {f"rules-5-{OWN.rules_fingerprint}-20260615": {"reason": "rules", "preview": False}}
    assert generations.kept == generation(4)


def test_rules_that_no_recompute_has_brought_in_are_tried_again_the_next_day() -> None:
    runs = FakeRecomputeRuns()
    for hours in (0, 11, 12, 20):
        follow_the_rules(FakeGenerations(generation(4)), OWN, runs, NOW + hours * HOUR)
    assert [name[-8:] for name in runs.inputs] == ["20260615", "20260616"]


@pytest.mark.parametrize(
    ("rules", "is_other"),
    [
        ({"segments": {"b": {"orders.count": {"at_least": 1}}, "a": {"known": "yes"}}}, False),
        ({"segments": {"a": {"known": "yes"}, "b": {"orders.count": {"at_least": 1}}}}, False),
        ({"segments": {"a": {"known": "no"}, "b": {"orders.count": {"at_least": 1}}}}, True),
        ({"segments": {"a": {"known": "yes"}, "b": {"orders.count": {"at_least": 1.5}}}}, True),
    ],
)
def test_rules_are_known_again_by_what_they_say(rules: dict[str, object], *, is_other: bool) -> None:
    before = Generation(number=1, rules={"segments": {"a": {"known": "yes"}, "b": {"orders.count": {"at_least": 1}}}})
    assert (Generation(number=9, rules=rules).rules_fingerprint != before.rules_fingerprint) == is_other
