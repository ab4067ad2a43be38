"""For any rule and any facts, the verdict agrees with one that looks at every moment by itself.

The oracle here knows nothing of change: it says whether a rule holds at one moment, straight from the words
of that rule. What the rules claim of the time between two moments is then checked against it.
"""

import operator
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo, available_timezones

from hypothesis import given, settings
from hypothesis import strategies as st

from homing.domain.moments import DAY, HOUR, MINUTE, WEEK, datetime_of, moment_of, parse_moment
from homing.domain.rules import Rule, Verdict, read_rule
from homing.domain.rules.birthdays import zone_named
from homing.domain.rules.reading import Path

Data = dict[str, Any]
Profile = dict[str, Any]

EARLIEST = parse_moment("2019-01-01T00:00:00Z")
LATEST = parse_moment("2033-01-01T00:00:00Z")
UNITS = {"minutes": MINUTE, "hours": HOUR, "days": DAY, "weeks": WEEK}
COMPARE: dict[str, Callable[[int, int], bool]] = {
    "at_least": operator.ge,
    "at_most": operator.le,
    "more_than": operator.gt,
    "less_than": operator.lt,
}
ZONES = [
    "UTC",
    "Etc/GMT+12",
    "Etc/GMT-14",
    "Europe/Berlin",
    "America/New_York",
    "America/Sao_Paulo",
    "America/Havana",
    "America/Nuuk",
    "Africa/Cairo",
    "Asia/Kathmandu",
    "Australia/Lord_Howe",
    "Pacific/Chatham",
    "Nowhere/Atlantis",
]


# Any rule, any profile


def one_entry(key: st.SearchStrategy[str], value: st.SearchStrategy[Any]) -> st.SearchStrategy[Data]:
    return st.tuples(key, value).map(lambda pair: dict([pair]))


durations = st.tuples(st.integers(1, 40), st.sampled_from(list(UNITS))).map(lambda pair: f"{pair[0]} {pair[1]}")
relative = st.fixed_dictionaries(
    {"times": st.sampled_from([0.3, 1, 1.5, 2]), "of": st.just("orders.median_gap")},
    optional={"at_least": st.just("1 hour"), "at_most": st.just("40 days"), "if_unknown": durations},
)
moment_facts = st.sampled_from(["orders.last_at", "cart.changed_at"])
moment_tests = one_entry(moment_facts, one_entry(st.sampled_from(["within", "longer_ago_than"]), durations | relative))
days_ahead = st.sampled_from([1, 2, 6, 7, 14, 120, 362, 363]).map(lambda days: f"{days} days")
birthday_tests = one_entry(st.just("birthday"), one_entry(st.just("within_next"), days_ahead))
timeless_tests = (
    one_entry(st.just("orders.count"), one_entry(st.sampled_from(list(COMPARE)), st.integers(0, 2)))
    | one_entry(st.just("consent.marketing"), st.booleans())
    | one_entry(moment_facts, one_entry(st.just("known"), st.booleans()))
)
rules = st.recursive(
    moment_tests | birthday_tests | timeless_tests,
    lambda inner: (
        one_entry(st.sampled_from(["all", "any"]), st.lists(inner, min_size=1, max_size=4))
        | one_entry(st.just("not"), inner)
    ),
    max_leaves=8,
)

by_the_millisecond = st.integers(EARLIEST, LATEST)
by_the_hour = st.integers(0, 14 * 365 * 24).map(lambda hours: EARLIEST + hours * HOUR)
moments = by_the_millisecond | by_the_hour
birthdays = st.dates(date(2024, 1, 1), date(2024, 12, 31)).map(lambda day: (day.month, day.day))


@st.composite
def profiles_at(draw: st.DrawFn) -> tuple[Profile, int]:
    """A profile and a moment near what it knows."""
    now = draw(moments)
    near = st.integers(-60 * 24, 2 * 24).map(lambda hours: now + hours * HOUR)
    far = st.integers(now - 900 * DAY, now + 900 * DAY)
    profile = {
        "orders.count": draw(st.integers(0, 2)),
        "consent.marketing": draw(st.booleans()),
        "orders.last_at": draw(st.none() | near | far),
        "cart.changed_at": draw(st.none() | near),
        "orders.median_gap": draw(st.none() | st.integers(0, 30 * DAY)),
        "birthday": draw(st.none() | birthdays | st.just((2, 29))),
        "timezone": draw(st.none() | st.sampled_from(ZONES)),
    }
    return profile, now


# The oracle: one moment at a time


def holds(data: Data, profile: Profile, at: int) -> bool:
    ((word, argument),) = data.items()
    match word:
        case "all":
            return all(holds(inner, profile, at) for inner in argument)
        case "any":
            return any(holds(inner, profile, at) for inner in argument)
        case "not":
            return not holds(argument, profile, at)
        case "consent.marketing":
            return profile[word] is argument
    ((test, value),) = argument.items()
    return meets(test, value, profile[word], profile, at)


def meets(test: str, value: Any, fact: Any, profile: Profile, at: int) -> bool:
    if test == "known":
        return (fact is not None) is value
    if fact is None:
        return False
    if test == "within_next":
        return days_until(fact, today(profile, at)) <= int(value.split()[0])
    if test in COMPARE:
        return COMPARE[test](fact, value)
    limit = length(value, profile)
    return limit is not None and (at - fact < limit) is (test == "within")


def length(value: Any, profile: Profile) -> int | None:
    if isinstance(value, str):
        count, unit = value.split()
        return int(count) * UNITS[unit]
    gap = profile["orders.median_gap"]
    if gap is None:
        return length(value["if_unknown"], profile) if "if_unknown" in value else None
    scaled: int = round(value["times"] * gap)
    if "at_least" in value:
        scaled = max(scaled, HOUR)
    return min(scaled, 40 * DAY) if "at_most" in value else scaled


def zone_of(profile: Profile) -> Any:
    return UTC if profile["timezone"] in {None, "Nowhere/Atlantis"} else ZoneInfo(profile["timezone"])


def today(profile: Profile, at: int) -> date:
    return datetime_of(at).astimezone(zone_of(profile)).date()


def days_until(birthday: tuple[int, int], day: date) -> int:
    in_two_years = [falls_on(birthday, year) for year in (day.year, day.year + 1)]
    return min((later - day).days for later in in_two_years if later >= day)


def falls_on(birthday: tuple[int, int], year: int) -> date:
    return date(year, 3, 1) if birthday == (2, 29) and year % 4 else date(year, *birthday)


# Where the oracle's answer can change at all


def limits_in(data: Data, profile: Profile) -> Iterator[int]:
    """Every moment at which a duration in the rule has passed."""
    for word, argument in data.items():
        if word in {"all", "any"}:
            for inner in argument:
                yield from limits_in(inner, profile)
        elif word == "not":
            yield from limits_in(argument, profile)
        elif word in {"orders.last_at", "cart.changed_at"} and profile[word] is not None:
            ((test, value),) = argument.items()
            limit = None if test == "known" else length(value, profile)
            if limit is not None:
                yield profile[word] + limit


def midnights(profile: Profile, start: int, end: int) -> Iterator[int]:
    """The first moment of every local day."""
    zone, day = zone_of(profile), today(profile, start)
    while (midnight := moment_of(datetime(day.year, day.month, day.day, tzinfo=zone))) <= end:
        yield midnight
        day += timedelta(days=1)


def as_rule(data: Data) -> Rule:
    def no_segment(name: str, path: Path) -> Rule:
        raise AssertionError(f"{path} names the segment {name}")

    return read_rule(data, (), no_segment)


def words_of(data: object) -> Iterator[str]:
    if isinstance(data, dict):
        for word, inner in data.items():
            yield word
            yield from words_of(inner)
    elif isinstance(data, list):
        for inner in data:
            yield from words_of(inner)


def first_change(data: Data, profile: Profile, now: int) -> int | None:
    limits = set(limits_in(data, profile))
    turning_points = limits
    if "within_next" in words_of(data) and profile["birthday"] is not None:
        # Past the last limit one year shows all that the calendar can do; two leave no doubt.
        turning_points = limits | set(midnights(profile, now, max({now, *limits}) + 740 * DAY))
    member = holds(data, profile, now)
    later = sorted(point for point in turning_points if point > now)
    return next((point for point in later if holds(data, profile, point) is not member), None)


# The properties


@settings(max_examples=400)
@given(rules, profiles_at())
def test_a_rule_holds_where_the_oracle_says_so_and_turns_when_the_oracle_first_does(
    data: Data, profile_at: tuple[Profile, int]
) -> None:
    profile, now = profile_at
    verdict = as_rule(data).evaluate(profile, now)
    assert verdict == Verdict(holds(data, profile, now), first_change(data, profile, now))


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
    neighbours = {limit + step for limit in limits_in(data, profile) for step in (-1, 0, 1)}
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


@given(st.text())
def test_any_text_for_a_time_zone_gives_one(name: str) -> None:
    assert datetime_of(EARLIEST).astimezone(zone_named(name)).utcoffset() is not None
