"""Windows, scores, moments to come, the shop's calendar and the seasons turn at exactly the moment that they say."""

import math
from typing import Any

import pytest

from homing.domain.figures import Figures, top_key
from homing.domain.moments import DAY, HOUR, MINUTE, format_moment, parse_moment
from homing.domain.rules import Definitions, Rule, Verdict, read_rule
from homing.domain.rules.calendars import NORTHERN, SOUTHERN
from homing.domain.rules.definitions import read_calendar, read_scores
from homing.domain.rules.errors import Path, RuleError

NOW = parse_moment("2026-06-15T12:00:00Z")
ALWAYS = Verdict(member=True, changes_at=None)
NEVER = Verdict(member=False, changes_at=None)
CALENDAR = {"christmas": "12-25", "leap_day": "02-29", "lunar_new_year": ["2027-02-06", "2026-02-17"]}
SCORES = {
    "engagement": {"half_life": "30 days", "points": {"orders.placed": 50, "visits": 5, "signed_up_at": 20}},
    "quick": {"half_life": "1 seconds", "points": {"visits": 3}},
    "slow": {"half_life": "3650 days", "points": {"visits": 3}},
}
FIGURES = Figures(tops={top_key("orders.revenue", 10): 500.0})
DEFINITIONS = Definitions(read_calendar(CALENDAR, ()), read_scores(SCORES, ()), FIGURES)


def rule(data: object) -> Rule:
    def no_segment(name: str, path: Path) -> Rule:
        raise RuleError(path, f"'{name}' is no segment")

    return read_rule(data, (), no_segment, DEFINITIONS)


def verdict(data: object, facts: dict[str, Any], at: int = NOW) -> Verdict:
    return rule(data).evaluate(facts, at)


def holds_until(moment: int) -> Verdict:
    return Verdict(member=True, changes_at=moment)


def fails_until(moment: int) -> Verdict:
    return Verdict(member=False, changes_at=moment)


def turns(data: object, facts: dict[str, Any], start: str, count: int) -> list[str]:
    """The next moments at which the rule turns, from `start` on."""
    at, found = parse_moment(start), []
    for _ in range(count):
        change = verdict(data, facts, at).changes_at
        assert change is not None
        found.append(format_moment(change))
        at = change
    return found


# Windows

VIEWED = {"products.viewed": ((NOW - 20 * DAY, 2), (NOW - 10 * DAY, 3), (NOW - DAY, 1))}


def window(fact: str = "products.viewed", within: str = "30 days", **tests: Any) -> dict[str, Any]:
    return {fact: {**tests, "within": within}}


@pytest.mark.parametrize(
    ("tests", "expected"),
    [
        ({"at_least": 6}, holds_until(NOW + 10 * DAY)),
        ({"at_least": 5}, holds_until(NOW + 10 * DAY)),
        ({"at_least": 4}, holds_until(NOW + 20 * DAY)),
        ({"at_least": 1}, holds_until(NOW + 29 * DAY)),
        ({"at_least": 7}, NEVER),
        ({"more_than": 6}, NEVER),
        ({"more_than": 4}, holds_until(NOW + 10 * DAY)),
        ({"at_most": 6}, ALWAYS),
        ({"at_most": 3}, fails_until(NOW + 20 * DAY)),
        ({"at_most": 0}, fails_until(NOW + 29 * DAY)),
        ({"less_than": 6}, fails_until(NOW + 10 * DAY)),
        ({"on_days": 3}, holds_until(NOW + 10 * DAY)),
        ({"on_days": 2}, holds_until(NOW + 20 * DAY)),
        ({"on_days": 4}, NEVER),
        ({}, holds_until(NOW + 29 * DAY)),
        ({"at_least": 4, "on_days": 3}, holds_until(NOW + 10 * DAY)),
    ],
)
def test_a_window_turns_when_the_entry_leaves_it_that_decides(tests: dict[str, Any], expected: Verdict) -> None:
    assert verdict(window(**tests), VIEWED) == expected


def test_an_entry_is_in_the_window_up_to_and_not_at_the_moment_at_which_it_is_that_long_ago() -> None:
    facts = {"visits": ((NOW, 1),)}
    assert verdict(window("visits", "7 days"), facts, NOW + 7 * DAY - 1) == holds_until(NOW + 7 * DAY)
    assert verdict(window("visits", "7 days"), facts, NOW + 7 * DAY) == NEVER
    assert verdict(window("visits", "7 days", at_most=0), facts, NOW + 7 * DAY) == ALWAYS


def test_what_a_fast_clock_reports_from_the_future_is_in_the_window() -> None:
    assert verdict(window("visits", "7 days"), {"visits": ((NOW + HOUR, 1),)}) == holds_until(NOW + HOUR + 7 * DAY)


def test_who_has_no_history_has_done_it_zero_times() -> None:
    assert verdict(window(at_most=2), {}) == ALWAYS
    assert verdict(window(at_least=1), {}) == NEVER
    assert verdict({"visits": {"known": "no"}}, {"visits": ()}) == ALWAYS
    assert verdict({"visits": {"known": "no"}}, {"visits": ((NOW, 1),)}) == NEVER


def test_a_window_may_follow_the_shoppers_own_rhythm() -> None:
    data = {"products.viewed": {"at_least": 4, "within": {"times": 2, "of": "orders.median_gap"}}}
    assert verdict(data, VIEWED | {"orders.median_gap": 8 * DAY}) == holds_until(NOW + 6 * DAY)
    assert verdict(data, VIEWED) == NEVER


def test_money_in_a_window_adds_up_to_the_cent() -> None:
    spent = {"orders.spent": ((NOW - 2 * DAY, 10.1), (NOW - DAY, 20.2))}
    assert verdict(window("orders.spent", at_least=30.3), spent) == holds_until(NOW + 28 * DAY)
    assert verdict(window("orders.spent", more_than=30.3), spent) == NEVER


def test_events_count_by_their_name_however_it_is_written() -> None:
    facts = {"event": ((NOW - 3 * DAY, "Quiz Finished"), (NOW - 2 * DAY, "Other"), (NOW - DAY, "quiz finished"))}
    quiz = {"name": "Quiz Finished", "within": "30 days"}
    assert verdict({"event": quiz}, facts) == holds_until(NOW + 29 * DAY)
    assert verdict({"event": quiz | {"at_least": 2}}, facts) == holds_until(NOW + 27 * DAY)
    assert verdict({"event": quiz | {"on_days": 3}}, facts) == NEVER
    assert verdict({"event": {"known": "yes"}}, facts) == ALWAYS


def test_two_events_of_one_day_are_one_day() -> None:
    morning = parse_moment("2026-06-14T08:00:00Z")
    facts = {"event": ((morning, "Quiz"), (morning + HOUR, "Quiz"), (morning + DAY, "Quiz"))}
    days = {"event": {"name": "Quiz", "on_days": 2, "within": "30 days"}}
    assert verdict(days, facts) == holds_until(morning + HOUR + 30 * DAY)


# Scores


def test_a_score_halves_with_every_half_life() -> None:
    facts = {"orders.placed": ((NOW, 2),)}
    for halvings in range(4):
        data = {"score.engagement": {"at_least": 100 / 2**halvings}}
        turn = NOW + halvings * 30 * DAY + 1
        assert verdict(data, facts) == holds_until(turn)
        assert verdict(data, facts, turn - 1) == holds_until(turn)
        assert verdict(data, facts, turn) == NEVER
        more = {"score.engagement": {"more_than": 100 / 2**halvings}}
        assert verdict(more, facts) == (holds_until(turn - 1) if halvings else NEVER)


def test_a_score_adds_the_points_of_histories_and_moments() -> None:
    facts = {"orders.placed": ((NOW - 30 * DAY, 1),), "visits": ((NOW, 1),), "signed_up_at": NOW - 60 * DAY}
    assert verdict({"score.engagement": {"at_least": 35}}, facts).member
    assert not verdict({"score.engagement": {"more_than": 35}}, facts).member
    assert verdict({"score.engagement": {"less_than": 35}}, facts, NOW + 1) == ALWAYS


def test_who_has_done_nothing_has_a_score_of_nothing() -> None:
    assert verdict({"score.engagement": {"at_most": 1}}, {}) == ALWAYS
    assert verdict({"score.engagement": {"at_least": 1}}, {}) == NEVER


@pytest.mark.parametrize("score", ["engagement", "quick", "slow"])
@pytest.mark.parametrize("bound", [0.001, 0.7, 3.3, 7.9, 8.0])
def test_the_turn_is_the_very_millisecond_at_which_the_score_is_too_low(score: str, bound: float) -> None:
    facts = {"visits": tuple((NOW - days * DAY - days * 977, 1) for days in (40, 11, 10, 3, 1, 0))}
    data = {f"score.{score}": {"at_least": bound}}
    member, changes_at = verdict(data, facts)
    if not member:
        assert changes_at is None
        return
    assert changes_at is not None
    assert verdict(data, facts, changes_at - 1) == holds_until(changes_at)
    assert verdict(data, facts, changes_at) == NEVER


def test_points_from_the_future_count_in_full_and_fade_from_their_moment_on() -> None:
    facts = {"visits": ((NOW - 30 * DAY, 1), (NOW + HOUR, 1))}
    assert verdict({"score.engagement": {"at_least": 5}}, facts).changes_at is not None
    falls = verdict({"score.engagement": {"at_least": 7.49}}, facts)
    assert falls.member
    assert falls.changes_at is not None
    assert NOW < falls.changes_at <= NOW + 5 * HOUR
    share = 5 + 5 * 0.5 ** ((falls.changes_at - NOW + 30 * DAY) / (30 * DAY))
    assert math.isclose(share, 7.49, abs_tol=0.01)
    within_the_hour = verdict({"score.engagement": {"at_least": 7.499}}, facts)
    assert within_the_hour.changes_at is not None
    assert NOW < within_the_hour.changes_at < NOW + HOUR
    assert verdict({"score.engagement": {"at_least": 7.499}}, facts, within_the_hour.changes_at) == NEVER


# Moments yet to come


def test_what_runs_out_is_at_hand_from_so_long_before_until_it_has_come() -> None:
    ends = {"supplies.end_at": (NOW - DAY, NOW + 10 * DAY, NOW + 14 * DAY, NOW + 40 * DAY)}
    soon = {"supplies.end_at": {"within_next": "7 days"}}
    assert verdict(soon, ends) == fails_until(NOW + 3 * DAY)
    assert verdict(soon, ends, NOW + 3 * DAY) == holds_until(NOW + 14 * DAY)
    assert verdict(soon, ends, NOW + 14 * DAY - 1) == holds_until(NOW + 14 * DAY)
    assert verdict(soon, ends, NOW + 14 * DAY) == fails_until(NOW + 33 * DAY)
    assert verdict(soon, ends, NOW + 40 * DAY) == NEVER
    assert verdict(soon, {}) == verdict(soon, {"supplies.end_at": ()}) == NEVER


def test_a_moment_that_touches_the_next_ones_window_is_no_turn() -> None:
    ends = {"supplies.end_at": (NOW + DAY, NOW + 8 * DAY)}
    assert verdict({"supplies.end_at": {"within_next": "7 days"}}, ends) == holds_until(NOW + 8 * DAY)


def test_a_single_moment_may_be_to_come_too() -> None:
    soon = {"activity.last_at": {"within_next": "1 hour"}}
    assert verdict(soon, {"activity.last_at": NOW + MINUTE}) == holds_until(NOW + MINUTE)
    assert verdict(soon, {"activity.last_at": NOW}) == NEVER


# The calendar and the seasons


def test_a_day_of_the_calendar_comes_every_year_by_the_shoppers_own_clock() -> None:
    soon = {"calendar.christmas": {"within_next": "21 days"}}
    assert turns(soon, {"timezone": "Europe/Berlin"}, "2026-06-01T00:00:00Z", 3) == [
        "2026-12-03T23:00:00Z",
        "2026-12-25T23:00:00Z",
        "2027-12-03T23:00:00Z",
    ]
    assert turns(soon, {}, "2026-06-01T00:00:00Z", 1) == ["2026-12-04T00:00:00Z"]


def test_listed_days_come_in_order_and_then_no_more() -> None:
    soon = {"calendar.lunar_new_year": {"within_next": "7 days"}}
    facts = {"timezone": "Asia/Kathmandu"}
    assert turns(soon, facts, "2026-01-01T00:00:00Z", 4) == [
        "2026-02-09T18:15:00Z",
        "2026-02-17T18:15:00Z",
        "2027-01-29T18:15:00Z",
        "2027-02-06T18:15:00Z",
    ]
    assert verdict(soon, facts, parse_moment("2027-02-06T18:15:00Z")) == NEVER


def test_a_season_begins_at_local_midnight_of_its_month() -> None:
    assert turns({"season": "winter"}, {"country": "DE", "timezone": "Europe/Berlin"}, "2026-06-01T00:00:00Z", 3) == [
        "2026-11-30T23:00:00Z",
        "2027-02-28T23:00:00Z",
        "2027-11-30T23:00:00Z",
    ]
    assert turns(
        {"season": "winter"}, {"country": "nz", "timezone": "Pacific/Auckland"}, "2026-01-01T00:00:00Z", 2
    ) == [
        "2026-05-31T12:00:00Z",
        "2026-08-31T12:00:00Z",
    ]


def test_seasons_that_follow_each_other_are_one_time_and_all_four_are_always() -> None:
    facts = {"country": "DE"}
    assert turns({"season": ["Winter", "spring"]}, facts, "2026-06-15T00:00:00Z", 2) == [
        "2026-12-01T00:00:00Z",
        "2027-06-01T00:00:00Z",
    ]
    assert verdict({"season": ["spring", "summer", "autumn", "winter"]}, facts) == ALWAYS


@pytest.mark.parametrize("country", [None, "", "Atlantis", "ZZ"])
def test_where_the_country_is_not_known_it_is_no_season(country: str | None) -> None:
    assert verdict({"season": "summer"}, {"country": country}) == NEVER


def test_every_country_is_of_one_hemisphere() -> None:
    assert not NORTHERN & SOUTHERN
    assert len(NORTHERN | SOUTHERN) == 249 + 1  # ISO 3166, and Kosovo


def test_what_only_leap_years_bring_is_awaited_over_the_year_2100() -> None:
    # 29 February is 1 March in common years: only in leap years are the two ever a day apart.
    apart = {
        "all": [
            {"calendar.leap_day": {"within_next": "1 day"}},
            {"not": {"birthday": {"within_next": "1 day"}}},
        ]
    }
    facts = {"birthday": (3, 1)}
    assert verdict(apart, facts) == fails_until(parse_moment("2028-02-28T00:00:00Z"))
    late = parse_moment("2096-03-05T00:00:00Z")
    assert verdict(apart, facts, late) == fails_until(parse_moment("2104-02-28T00:00:00Z"))


def test_a_season_and_a_birthday_that_never_meet_are_recognised() -> None:
    never = {"all": [{"season": "winter"}, {"birthday": {"within_next": "7 days"}}]}
    assert verdict(never, {"birthday": (6, 20), "country": "DE"}) == NEVER
    assert verdict(never, {"birthday": (6, 20), "country": "AU"}).changes_at is not None


# Sets of texts, and who is among the best


def test_one_of_the_texts_in_the_set_is_enough() -> None:
    facts = {"bought.categories": frozenset({"Teapots", "Green tea"})}
    assert verdict({"bought.categories": ["cups", "TEAPOTS"]}, facts) == ALWAYS
    assert verdict({"bought.categories": {"one_of": ["cups"]}}, facts) == NEVER
    assert verdict({"bought.categories": "green tea"}, facts) == ALWAYS
    assert verdict({"bought.categories": "tea"}, {}) == NEVER
    assert verdict({"bought.categories": {"known": "no"}}, {"bought.categories": frozenset()}) == ALWAYS


def test_who_reaches_the_least_value_is_among_the_top() -> None:
    top = {"orders.revenue": {"top": "10 %"}}
    assert verdict(top, {"orders.revenue": 500, "orders.count": 1}) == ALWAYS
    assert verdict(top, {"orders.revenue": 499.99, "orders.count": 1}) == NEVER
    assert verdict(top, {"orders.revenue": 900, "orders.count": 0}) == NEVER
    assert verdict(top, {}) == NEVER


def test_nobody_is_among_the_top_before_it_has_been_counted() -> None:
    assert verdict({"orders.revenue": {"top": "5 %"}}, {"orders.revenue": 9000, "orders.count": 9}) == NEVER
