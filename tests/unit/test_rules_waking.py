"""Which rules time alone can bring about: a journey that goes by one would not be woken when it begins to hold."""

from typing import Any

import pytest
from hypothesis import given

from homing.domain.rules import read_rule
from homing.domain.rules.verdict import ALWAYS
from homing.domain.rules.waking import begins_with_time
from tests.unit.rules_oracle import Data, Profile, as_rule, profiles_at, rules

RECENT: dict[str, Any] = {"orders.last_at": {"within": "30 days"}}
QUIET: dict[str, Any] = {"orders.last_at": {"longer_ago_than": "30 days"}}


@given(rules, profiles_at())
def test_what_time_does_not_bring_about_never_begins_without_an_event(
    data: Data, profile_at: tuple[Profile, int]
) -> None:
    profile, now = profile_at
    rule = as_rule(data)
    member, changes_at = rule.evaluate(profile, now)
    if not begins_with_time(rule) and not member:
        assert changes_at is None
    if not begins_with_time(rule, negated=True) and member:
        assert changes_at is None


@pytest.mark.parametrize(
    ("data", "begins"),
    [
        ({"orders.count": {"at_least": 1}}, False),
        (RECENT, False),
        (QUIET, True),
        ({"not": RECENT}, True),
        ({"not": QUIET}, False),
        ({"not": {"not": QUIET}}, True),
        ({"all": [{"orders.count": 1}, RECENT]}, False),
        ({"any": [{"orders.count": 1}, QUIET]}, True),
        ({"visits": {"at_least": 3, "within": "9 days"}}, False),
        ({"visits": {"at_most": 3, "within": "9 days"}}, True),
        ({"visits": {"on_days": 3, "within": "9 days"}}, False),
        ({"not": {"visits": {"on_days": 3, "within": "9 days"}}}, True),
        ({"birthday": {"within_next": "7 days"}}, True),
        ({"not": {"birthday": {"within_next": "7 days"}}}, True),
        ({"supplies.end_at": {"within_next": "7 days"}}, True),
        ({"season": "winter"}, True),
    ],
)
def test_time_brings_about_what_begins_with_it(data: dict[str, Any], *, begins: bool) -> None:
    assert begins_with_time(as_rule(data)) is begins


def test_a_segment_wakes_by_itself() -> None:
    class Segment:
        def evaluate(self, _facts: object, _at: int, /) -> Any:
            return ALWAYS

        def settles_at(self, _facts: object, /) -> int:
            return 0

    rule = read_rule({"not": {"segment": "lapsed"}}, (), lambda _name, _path: Segment())
    assert not begins_with_time(rule)
