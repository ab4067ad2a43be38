"""A record: what an evaluation tells it, what has to be written, and how it catches up with what it slept through."""

from unittest.mock import patch

import pytest
from hypothesis import given
from hypothesis import strategies as st

from homing.domain import record as module
from homing.domain.generation import Generation
from homing.domain.moments import DAY
from homing.domain.profile import Profile
from homing.domain.record import ProfileRecord
from tests.fakes.stories import NOW, bought, profile_of

RULES = {
    "new": {"orders.last_at": {"within": "30 days"}},
    "middling": {
        "all": [{"orders.last_at": {"longer_ago_than": "10 days"}}, {"orders.last_at": {"within": "40 days"}}]
    },
    "old": {"orders.last_at": {"longer_ago_than": "40 days"}},
}
FIRST = Generation(number=1, rules={"segments": RULES})
SECOND = Generation(number=2, rules={"segments": RULES})
FACTS = profile_of(bought(NOW))
FRESH = ProfileRecord(profile_id="p").with_facts(FACTS, FIRST, NOW)


def test_an_evaluation_leaves_the_number_of_its_generation() -> None:
    assert (FRESH.generation, FRESH.with_facts(FACTS, SECOND, NOW).generation) == (1, 2)


def test_late_or_in_time_the_segments_count_from_when_their_rules_turned() -> None:
    late = FRESH.caught_up(FIRST, NOW + 400 * DAY)
    assert late.segments == {"old": NOW + 40 * DAY}
    assert late.due_at is None


@given(st.lists(st.integers(0, 60 * DAY), max_size=6).map(sorted))
def test_however_often_one_looks_the_record_comes_to_be_the_same(looks: list[int]) -> None:
    record = FRESH
    for look in looks:
        if record.is_due(NOW + look):
            record = record.caught_up(FIRST, NOW + look)
    assert record.caught_up(FIRST, NOW + 61 * DAY) == FRESH.caught_up(FIRST, NOW + 61 * DAY)


def test_a_record_that_is_not_due_is_left_as_it_is() -> None:
    assert FRESH.due_at == NOW + 10 * DAY
    assert FRESH.caught_up(SECOND, NOW + 10 * DAY - 1) is FRESH


def test_of_too_many_turns_the_memberships_are_right_and_the_moment_is_that_of_the_look() -> None:
    with patch.object(module, "MOST_TURNS", 1):
        late = FRESH.caught_up(FIRST, NOW + 50 * DAY)
    assert late.segments == {"old": NOW + 50 * DAY}


@pytest.mark.parametrize(
    ("changes", "tells_more"),
    [
        ({}, False),
        ({"generation": 2}, False),
        ({"due_at": NOW + 5 * DAY}, False),
        ({"due_at": NOW + 5 * DAY, "generation": 2}, True),
        ({"segments": {}}, True),
        ({"parked": ("new",)}, True),
        ({"facts": Profile()}, True),
    ],
)
def test_what_has_to_be_written(changes: dict[str, object], *, tells_more: bool) -> None:
    assert FRESH.model_copy(update=changes).tells_more_than(FRESH) == tells_more


def test_a_rule_that_fails_leaves_its_segment_as_it_was_and_is_named() -> None:
    rule = FIRST.segments.by_name["new"].rule
    with patch.object(type(rule), "evaluate", side_effect=ArithmeticError):
        failed = FRESH.with_facts(FACTS, FIRST, NOW + 35 * DAY)
    assert "new" in failed.parked
    assert failed.segments["new"] == NOW
    assert FRESH.with_facts(FACTS, FIRST, NOW + 35 * DAY).parked == ()
