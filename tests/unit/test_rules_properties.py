"""For any rule and any facts, the verdict agrees with an oracle that looks at every moment by itself.

What the rules claim of the time between two moments is checked against what the oracle says of each.
"""

from zoneinfo import available_timezones

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from homing.domain.moments import DAY, datetime_of
from homing.domain.rules import Verdict
from homing.domain.rules.birthdays import zone_named
from homing.domain.rules.explaining import Explained, explain
from homing.domain.rules.remembering import Remembering
from tests.unit.rules_oracle import (
    EARLIEST,
    Data,
    Profile,
    as_rule,
    birthdays,
    calendar_tests,
    calendars,
    days_ahead,
    event_tests,
    first_change,
    holds,
    limits_in,
    moments,
    profiles_at,
    rules,
    rules_of,
    score_tests,
    timeless_tests,
    window_tests,
    yearly_turns,
)


@settings(max_examples=400)
@given(rules, profiles_at())
def test_a_rule_holds_where_the_oracle_says_so_and_turns_when_the_oracle_first_does(
    data: Data, profile_at: tuple[Profile, int]
) -> None:
    profile, now = profile_at
    verdict = as_rule(data).evaluate(profile, now)
    assert verdict == Verdict(holds(data, profile, now), first_change(data, profile, now))


@pytest.mark.parametrize(
    "kind",
    [
        pytest.param(rules_of(calendars), id="the calendar alone"),
        pytest.param(rules_of(score_tests), id="scores alone"),
        pytest.param(rules_of(window_tests | event_tests | timeless_tests), id="windows"),
    ],
)
def test_conditions_of_one_kind_turn_when_the_oracle_first_does(kind: st.SearchStrategy[Data]) -> None:
    @settings(max_examples=150)
    @given(kind, profiles_at())
    def agree(data: Data, profile_at: tuple[Profile, int]) -> None:
        profile, now = profile_at
        verdict = as_rule(data).evaluate(profile, now)
        assert verdict == Verdict(holds(data, profile, now), first_change(data, profile, now))

    agree()


@given(rules, profiles_at(), st.data())
def test_membership_stays_up_to_the_last_millisecond_and_is_the_opposite_at_the_change(
    data: Data, profile_at: tuple[Profile, int], probes: st.DataObject
) -> None:
    profile, now = profile_at
    rule = as_rule(data)
    member, changes_at = rule.evaluate(profile, now)
    if changes_at is not None:
        assert changes_at > now
        assert rule.evaluate(profile, changes_at - 1) == (member, changes_at)
        assert rule.evaluate(profile, changes_at).member is not member
    end = now + 3 * 366 * DAY if changes_at is None else changes_at - 1
    turns = {*limits_in(data, profile), *yearly_turns(data, profile, now, end)}
    neighbours = {turn + step for turn in turns for step in (-1, 0, 1)}
    between = probes.draw(st.lists(st.integers(now, end), max_size=10))
    for moment in [*between, *(moment for moment in neighbours if now <= moment <= end)]:
        assert holds(data, profile, moment) is member
        assert rule.evaluate(profile, moment) == (member, changes_at)


@given(st.sampled_from(sorted(available_timezones())), birthdays, days_ahead, moments)
def test_in_every_zone_of_the_world_a_birthday_is_soon_by_the_local_calendar(
    zone: str, birthday: tuple[int, int], ahead: str, now: int
) -> None:
    profile = {"birthday": birthday, "timezone": zone}
    data = {"birthday": {"within_next": ahead}}
    member, changes_at = as_rule(data).evaluate(profile, now)
    assert changes_at is not None
    assert now < changes_at <= now + 366 * DAY
    assert holds(data, profile, now) is member
    assert holds(data, profile, changes_at - 1) is member
    assert holds(data, profile, changes_at) is not member


@given(rules, profiles_at())
def test_a_verdict_is_of_the_rule_the_facts_and_the_moment_alone(data: Data, profile_at: tuple[Profile, int]) -> None:
    profile, now = profile_at
    assert as_rule(data) == as_rule(data)
    assert as_rule(data).evaluate(profile, now) == as_rule(data).evaluate(dict(profile), now)
    assert as_rule(data).evaluate(profile, now) == as_rule(data).evaluate(Remembering(profile), now)


@given(rules, profiles_at())
def test_a_rule_settles_not_before_its_last_turn_that_is_not_of_the_calendar(
    data: Data, profile_at: tuple[Profile, int]
) -> None:
    profile, _ = profile_at
    settles_at = as_rule(data).settles_at(profile)
    for limit in limits_in(data, profile):
        if limit > settles_at:
            assert holds(data, profile, limit) is holds(data, profile, limit - 1)


@given(rules, profiles_at())
def test_each_condition_of_an_explained_rule_says_what_the_oracle_says(
    data: Data, profile_at: tuple[Profile, int]
) -> None:
    profile, now = profile_at
    explained = explain(as_rule(data), profile, now)
    assert (explained.member, explained.changes_at) == as_rule(data).evaluate(profile, now)
    assert all(part.words for part in tree(explained))


def tree(explained: Explained) -> list[Explained]:
    """The explained condition and all in it."""
    return [explained, *(part for below in explained.parts for part in tree(below))]


@given(calendar_tests, moments)
def test_a_listed_day_comes_for_the_last_time_and_a_yearly_one_always_again(data: Data, now: int) -> None:
    rule, profile = as_rule(data), {"timezone": "Europe/Berlin"}
    turn = rule.evaluate(profile, now).changes_at
    assert (turn is None) is (rule.settles_at(profile) <= now and "calendar.easter" in data)


@given(st.text())
def test_any_text_for_a_time_zone_gives_one(name: str) -> None:
    assert datetime_of(EARLIEST).astimezone(zone_named(name)).utcoffset() is not None
