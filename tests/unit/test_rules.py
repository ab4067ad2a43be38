"""A rule answers at any moment whether it holds, and when that changes with no new event."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

import pytest

from homing.domain.moments import DAY, HOUR, MINUTE, format_moment, parse_moment
from homing.domain.rules import Rule, RuleError, Verdict, read_rule
from homing.domain.rules.errors import Path

NOW = parse_moment("2026-06-15T12:00:00Z")
ALWAYS = Verdict(member=True, changes_at=None)
NEVER = Verdict(member=False, changes_at=None)


def rule(data: object) -> Rule:
    def no_segment(name: str, path: Path) -> Rule:
        raise RuleError(path, f"'{name}' is no segment")

    return read_rule(data, (), no_segment)


def verdict(data: object, facts: Mapping[str, Any], at: int = NOW) -> Verdict:
    return rule(data).evaluate(facts, at)


def holds_until(moment: int) -> Verdict:
    return Verdict(member=True, changes_at=moment)


def fails_until(moment: int) -> Verdict:
    return Verdict(member=False, changes_at=moment)


# Facts that time does not move


@pytest.mark.parametrize(
    ("test", "facts", "expected"),
    [
        ({"consent.marketing": True}, {"consent.marketing": True}, ALWAYS),
        ({"consent.marketing": "yes"}, {"consent.marketing": True}, ALWAYS),
        ({"consent.marketing": "no"}, {"consent.marketing": True}, NEVER),
        ({"consent.marketing": False}, {"consent.marketing": False}, ALWAYS),
        ({"orders.count": 0}, {"orders.count": 0}, ALWAYS),
        ({"orders.count": 0}, {"orders.count": 1}, NEVER),
        ({"orders.count": {"at_least": 2}}, {"orders.count": 2}, ALWAYS),
        ({"orders.count": {"more_than": 2}}, {"orders.count": 2}, NEVER),
        ({"orders.count": {"at_most": 2}}, {"orders.count": 2}, ALWAYS),
        ({"orders.count": {"less_than": 2}}, {"orders.count": 2}, NEVER),
        ({"orders.revenue": {"at_least": 49.99}}, {"orders.revenue": Decimal("50.00")}, ALWAYS),
        ({"orders.count": {"at_least": 2, "at_most": 4}}, {"orders.count": 4}, ALWAYS),
        ({"orders.count": {"at_least": 2, "at_most": 4}}, {"orders.count": 5}, NEVER),
        ({"orders.median_gap": {"less_than": "2 weeks"}}, {"orders.median_gap": 14 * DAY - 1}, ALWAYS),
        ({"orders.median_gap": {"less_than": "2 weeks"}}, {"orders.median_gap": 14 * DAY}, NEVER),
        ({"country": "DE"}, {"country": "DE"}, ALWAYS),
        ({"city": "berlin"}, {"city": "Berlin"}, ALWAYS),
        ({"country": ["DE", "AT"]}, {"country": "AT"}, ALWAYS),
        ({"country": {"one_of": ["DE", "AT"]}}, {"country": "CH"}, NEVER),
    ],
)
def test_a_fact_that_only_events_move_never_changes_with_time(
    test: object, facts: dict[str, Any], expected: Verdict
) -> None:
    assert verdict(test, facts) == expected


@pytest.mark.parametrize(
    "test",
    [
        {"consent.marketing": True},
        {"consent.marketing": False},
        {"orders.count": 0},
        {"orders.count": {"at_most": 5}},
        {"orders.median_gap": {"at_most": "5 days"}},
        {"orders.last_at": {"within": "5 days"}},
        {"orders.last_at": {"longer_ago_than": "5 days"}},
        {"birthday": {"within_next": "363 days"}},
        {"country": "DE"},
        {"country": {"known": True}},
    ],
)
def test_a_fact_that_is_not_known_fails_every_test(test: object) -> None:
    assert verdict(test, {}) == NEVER


def test_that_a_fact_is_not_known_can_be_asked_for() -> None:
    assert verdict({"visits.last_at": {"known": "no"}}, {}) == ALWAYS
    assert verdict({"visits.last_at": {"known": "no"}}, {"visits.last_at": NOW}) == NEVER
    assert verdict({"orders.count": {"known": "yes"}}, {"orders.count": 0}) == ALWAYS


# Time that passes


def test_within_holds_until_the_whole_duration_has_passed() -> None:
    within = {"orders.last_at": {"within": "30 days"}}
    ordered = {"orders.last_at": NOW}
    assert verdict(within, ordered, NOW) == holds_until(NOW + 30 * DAY)
    assert verdict(within, ordered, NOW + 30 * DAY - 1) == holds_until(NOW + 30 * DAY)
    assert verdict(within, ordered, NOW + 30 * DAY) == NEVER


def test_longer_ago_than_holds_from_the_moment_at_which_the_duration_has_passed() -> None:
    silent = {"cart.changed_at": {"longer_ago_than": "1 hour"}}
    filled = {"cart.changed_at": NOW}
    assert verdict(silent, filled, NOW) == fails_until(NOW + HOUR)
    assert verdict(silent, filled, NOW + HOUR - 1) == fails_until(NOW + HOUR)
    assert verdict(silent, filled, NOW + HOUR) == ALWAYS


def test_a_moment_yet_to_come_counts_as_just_passed() -> None:
    ahead = {"orders.last_at": NOW + MINUTE}
    assert verdict({"orders.last_at": {"within": "1 day"}}, ahead) == holds_until(NOW + MINUTE + DAY)
    assert verdict({"orders.last_at": {"longer_ago_than": "1 day"}}, ahead) == fails_until(NOW + MINUTE + DAY)


def test_two_tests_of_one_fact_must_both_hold() -> None:
    window = {"cart.changed_at": {"longer_ago_than": "1 hour", "within": "30 days"}}
    filled = {"cart.changed_at": NOW}
    assert verdict(window, filled, NOW) == fails_until(NOW + HOUR)
    assert verdict(window, filled, NOW + HOUR) == holds_until(NOW + 30 * DAY)
    assert verdict(window, filled, NOW + 30 * DAY) == NEVER


RHYTHM = {
    "times": 2,
    "of": "orders.median_gap",
    "at_least": "60 days",
    "at_most": "365 days",
    "if_unknown": "90 days",
}


@pytest.mark.parametrize(
    ("gap", "days"), [(50 * DAY, 100), (10 * DAY, 60), (30 * DAY, 60), (400 * DAY, 365), (None, 90)]
)
def test_a_limit_follows_the_shoppers_own_rhythm_within_its_bounds(gap: int | None, days: int) -> None:
    facts = {"orders.last_at": NOW, "orders.median_gap": gap}
    assert verdict({"orders.last_at": {"longer_ago_than": RHYTHM}}, facts) == fails_until(NOW + days * DAY)
    assert verdict({"orders.last_at": {"within": RHYTHM}}, facts) == holds_until(NOW + days * DAY)


def test_a_limit_that_depends_on_an_unknown_rhythm_is_never_met() -> None:
    limit = {"times": 1.5, "of": "orders.median_gap"}
    assert verdict({"orders.last_at": {"within": limit}}, {"orders.last_at": NOW}) == NEVER
    assert verdict({"orders.last_at": {"longer_ago_than": limit}}, {"orders.last_at": NOW}) == NEVER


def test_what_lies_beyond_the_calendar_never_comes() -> None:
    facts = {"orders.last_at": parse_moment("9999-12-01T00:00:00Z"), "birthday": (1, 1)}
    assert verdict({"orders.last_at": {"within": "90 days"}}, facts) == ALWAYS
    assert verdict({"orders.last_at": {"longer_ago_than": "90 days"}}, facts) == NEVER
    late = {"all": [{"orders.last_at": {"longer_ago_than": "1 day"}}, {"birthday": {"within_next": "1 day"}}]}
    assert verdict(late, facts) == NEVER


# all, any, not


def test_all_begins_when_the_last_condition_does_and_ends_with_the_first() -> None:
    both = {"all": [{"orders.last_at": {"longer_ago_than": "2 days"}}, {"cart.changed_at": {"within": "5 days"}}]}
    facts = {"orders.last_at": NOW, "cart.changed_at": NOW + DAY}
    assert verdict(both, facts, NOW) == fails_until(NOW + 2 * DAY)
    assert verdict(both, facts, NOW + 2 * DAY) == holds_until(NOW + 6 * DAY)
    assert verdict(both, facts, NOW + 6 * DAY) == NEVER


def test_a_condition_that_turns_without_turning_the_rule_is_no_change() -> None:
    either = {"any": [{"orders.last_at": {"within": "2 days"}}, {"visits.last_at": {"within": "5 days"}}]}
    assert verdict(either, {"orders.last_at": NOW, "visits.last_at": NOW}) == holds_until(NOW + 5 * DAY)
    covered = {"any": [{"orders.last_at": {"within": "2 days"}}, {"orders.last_at": {"longer_ago_than": "1 day"}}]}
    assert verdict(covered, {"orders.last_at": NOW}) == ALWAYS
    empty = {"all": [{"orders.last_at": {"within": "1 day"}}, {"orders.last_at": {"longer_ago_than": "1 day"}}]}
    assert verdict(empty, {"orders.last_at": NOW}) == NEVER


def test_not_turns_at_the_same_moment() -> None:
    data = {"not": {"orders.last_at": {"within": "2 days"}}}
    assert verdict(data, {"orders.last_at": NOW}) == fails_until(NOW + 2 * DAY)
    assert verdict(data, {}) == ALWAYS


# The birthday


BIRTHDAY_SOON = {"birthday": {"within_next": "7 days"}}


def turns(data: object, facts: Mapping[str, Any], start: str, count: int) -> list[str]:
    """The next moments at which the rule turns, from `start` on."""
    at, found = parse_moment(start), []
    for _ in range(count):
        change = verdict(data, facts, at).changes_at
        assert change is not None
        found.append(format_moment(change))
        at = change
    return found


def test_a_birthday_is_soon_from_local_midnight_seven_days_before_until_the_day_ends() -> None:
    facts = {"birthday": (6, 20), "timezone": "Europe/Berlin"}
    assert turns(BIRTHDAY_SOON, facts, "2026-01-01T00:00:00Z", 4) == [
        "2026-06-12T22:00:00Z",
        "2026-06-20T22:00:00Z",
        "2027-06-12T22:00:00Z",
        "2027-06-20T22:00:00Z",
    ]


def test_who_was_born_on_29_february_has_the_birthday_on_1_march_in_the_years_between() -> None:
    assert turns({"birthday": {"within_next": "1 day"}}, {"birthday": (2, 29)}, "2027-01-01T00:00:00Z", 6) == [
        "2027-02-28T00:00:00Z",
        "2027-03-02T00:00:00Z",
        "2028-02-28T00:00:00Z",
        "2028-03-01T00:00:00Z",
        "2029-02-28T00:00:00Z",
        "2029-03-02T00:00:00Z",
    ]


@pytest.mark.parametrize(
    ("zone", "start", "end"),
    [
        ("Etc/GMT+12", "2026-12-24T12:00:00Z", "2027-01-01T12:00:00Z"),
        ("Pacific/Kiritimati", "2026-12-23T10:00:00Z", "2026-12-31T10:00:00Z"),
        ("Asia/Kathmandu", "2026-12-23T18:15:00Z", "2026-12-31T18:15:00Z"),
        ("Nowhere/Atlantis", "2026-12-24T00:00:00Z", "2027-01-01T00:00:00Z"),
        ("../../etc/passwd", "2026-12-24T00:00:00Z", "2027-01-01T00:00:00Z"),
        ("America", "2026-12-24T00:00:00Z", "2027-01-01T00:00:00Z"),
        ("", "2026-12-24T00:00:00Z", "2027-01-01T00:00:00Z"),
        (None, "2026-12-24T00:00:00Z", "2027-01-01T00:00:00Z"),
    ],
)
def test_a_birthday_is_of_the_shoppers_time_zone_and_of_utc_where_there_is_no_such_zone(
    zone: str | None, start: str, end: str
) -> None:
    facts = {"birthday": (12, 31), "timezone": zone}
    assert turns(BIRTHDAY_SOON, facts, "2026-06-01T00:00:00Z", 2) == [start, end]
    assert verdict(BIRTHDAY_SOON, facts, parse_moment(end) - 1) == holds_until(parse_moment(end))


def test_a_window_over_the_change_of_clocks_keeps_to_local_midnight() -> None:
    spring = {"birthday": (3, 31), "timezone": "Europe/Berlin"}
    assert turns(BIRTHDAY_SOON, spring, "2026-01-01T00:00:00Z", 2) == [
        "2026-03-23T23:00:00Z",
        "2026-03-31T22:00:00Z",
    ]
    autumn = {"birthday": (10, 25), "timezone": "Europe/Berlin"}
    assert turns(BIRTHDAY_SOON, autumn, "2026-01-01T00:00:00Z", 2) == [
        "2026-10-17T22:00:00Z",
        "2026-10-25T23:00:00Z",
    ]


def test_a_day_without_midnight_begins_where_the_clocks_skip_it() -> None:
    # In São Paulo, on 4 November 2018, the clocks went from 23:59:59 to 01:00.
    facts = {"birthday": (11, 4), "timezone": "America/Sao_Paulo"}
    assert turns({"birthday": {"within_next": "1 day"}}, facts, "2018-06-01T00:00:00Z", 2) == [
        "2018-11-03T03:00:00Z",
        "2018-11-05T02:00:00Z",
    ]
    eve = facts | {"birthday": (11, 5)}
    assert turns({"birthday": {"within_next": "1 day"}}, eve, "2018-06-01T00:00:00Z", 1) == ["2018-11-04T03:00:00Z"]


def test_conditions_on_the_calendar_that_can_never_meet_are_recognised() -> None:
    apart = {"all": [BIRTHDAY_SOON, {"not": {"birthday": {"within_next": "14 days"}}}]}
    assert verdict(apart, {"birthday": (6, 20)}) == NEVER
    cover = {"any": [{"not": BIRTHDAY_SOON}, {"birthday": {"within_next": "14 days"}}]}
    assert verdict(cover, {"birthday": (6, 20)}) == ALWAYS


def test_the_calendar_is_awaited_for_as_long_as_other_conditions_need() -> None:
    facts = {"birthday": (6, 20), "orders.last_at": NOW}
    old_friend = {"all": [BIRTHDAY_SOON, {"orders.last_at": {"longer_ago_than": "3650 days"}}]}
    assert verdict(old_friend, facts) == fails_until(parse_moment("2036-06-13T00:00:00Z"))


def test_one_day_of_the_year_can_be_cut_out_of_a_longer_window() -> None:
    a_week_before = {"all": [BIRTHDAY_SOON, {"not": {"birthday": {"within_next": "6 days"}}}]}
    facts = {"birthday": (2, 29), "timezone": "America/New_York"}
    assert turns(a_week_before, facts, "2026-06-01T00:00:00Z", 4) == [
        "2027-02-22T05:00:00Z",
        "2027-02-23T05:00:00Z",
        "2028-02-22T05:00:00Z",
        "2028-02-23T05:00:00Z",
    ]
