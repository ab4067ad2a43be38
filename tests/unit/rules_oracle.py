"""Any rule, any profile, and an oracle for them that looks at one moment at a time.

The oracle knows nothing of change: it says whether a rule holds at a moment, straight from the words of that rule. The
moments at which its answer can change at all are listed beside it.
"""

import operator
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from hypothesis import strategies as st

from homing.domain.figures import Figures
from homing.domain.moments import DAY, HOUR, MINUTE, WEEK, datetime_of, moment_of, parse_moment
from homing.domain.rules import Definitions, Rule, read_rule
from homing.domain.rules.definitions import read_calendar, read_scores
from homing.domain.rules.errors import Path

Data = dict[str, Any]
Profile = dict[str, Any]

EARLIEST = parse_moment("2019-01-01T00:00:00Z")
LATEST = parse_moment("2033-01-01T00:00:00Z")
UNITS = {"minutes": MINUTE, "hours": HOUR, "days": DAY, "weeks": WEEK}
COMPARE: dict[str, Callable[[float, float], bool]] = {
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
YEARLY = {"new_year": (1, 1), "leap_day": (2, 29), "march": (3, 1), "july": (7, 15)}
EASTER = [date(2024, 3, 31), date(2025, 4, 20), date(2026, 4, 5), date(2027, 3, 28)]
CALENDAR = {name: f"{month:02}-{day:02}" for name, (month, day) in YEARLY.items()} | {"easter": [*map(str, EASTER)]}
SCORES: dict[str, Data] = {
    "warm": {"half_life": "10 days", "points": {"products.viewed": 3, "visits": 5, "orders.last_at": 20}},
    "hot": {"half_life": "5 hours", "points": {"visits": 1, "orders.spent": 0.1}},
}
STARTS = {3: "spring", 6: "summer", 9: "autumn", 12: "winter"}
SOUTH = {"AU": 6, "br": 6, "DE": 0, "us": 0}
"""By how many months a country's seasons are ahead of the north's."""
LEAST_OF_THE_TOP = 2
DEFINITIONS = Definitions(
    read_calendar(CALENDAR, ()), read_scores(SCORES, ()), Figures(tops={"orders.count top 20": LEAST_OF_THE_TOP})
)
MOMENTS = {"orders.last_at", "cart.changed_at"}
HISTORIES = {"products.viewed", "orders.spent", "visits"}


def as_rule(data: Data) -> Rule:
    """The rule itself, which is on trial."""

    def no_segment(name: str, path: Path) -> Rule:
        raise AssertionError(f"{path} names the segment {name}")

    return read_rule(data, (), no_segment, DEFINITIONS)


# Any rule


def one_entry(key: st.SearchStrategy[str], value: st.SearchStrategy[Any]) -> st.SearchStrategy[Data]:
    """A mapping of one key."""
    return st.tuples(key, value).map(lambda pair: dict([pair]))


durations = st.tuples(st.integers(1, 40), st.sampled_from(list(UNITS))).map(lambda pair: f"{pair[0]} {pair[1]}")
relative = st.fixed_dictionaries(
    {"times": st.sampled_from([0.3, 1, 1.5, 2]), "of": st.just("orders.median_gap")},
    optional={"at_least": st.just("1 hour"), "at_most": st.just("40 days"), "if_unknown": durations},
)
comparisons = st.sampled_from(list(COMPARE))
moment_facts = st.sampled_from(sorted(MOMENTS))
moment_tests = one_entry(moment_facts, one_entry(st.sampled_from(["within", "longer_ago_than"]), durations | relative))
coming_tests = one_entry(
    st.sampled_from(["cart.changed_at", "supplies.end_at"]), one_entry(st.just("within_next"), durations)
)
days_ahead = st.sampled_from([1, 2, 6, 7, 14, 120, 362, 363]).map(lambda days: f"{days} days")
birthday_tests = one_entry(st.just("birthday"), one_entry(st.just("within_next"), days_ahead))
calendar_tests = one_entry(
    st.sampled_from([f"calendar.{name}" for name in CALENDAR]), one_entry(st.just("within_next"), days_ahead)
)
season_tests = one_entry(
    st.just("season"), st.lists(st.sampled_from(list(STARTS.values())), min_size=1, max_size=4, unique=True)
)
bounds = one_entry(comparisons, st.integers(1, 6)) | one_entry(st.just("at_least"), st.sampled_from([0.3, 10.1, 10.3]))
windows = st.builds(
    lambda bound, on_days, within: {**bound, **on_days, "within": within},
    bounds | st.just({}),
    one_entry(st.just("on_days"), st.integers(1, 3)) | st.just({}),
    durations | relative,
)
window_tests = one_entry(st.sampled_from(sorted(HISTORIES)), windows)
event_tests = windows.map(lambda window: {"event": {"name": "Quiz", **window}})
score_tests = one_entry(
    st.sampled_from([f"score.{name}" for name in SCORES]),
    one_entry(comparisons, st.sampled_from([0.5, 1, 2.5, 10, 20, 40])),
)
timeless_tests = (
    one_entry(st.just("orders.count"), one_entry(comparisons, st.integers(0, 2)))
    | st.just({"orders.count": {"top": "20 %"}})
    | one_entry(st.just("consent.marketing"), st.booleans())
    | one_entry(st.just("bought.categories"), st.sampled_from(["tea", ["Cups", "Pots"]]))
    | one_entry(
        moment_facts | st.sampled_from(["bought.categories", "visits"]), one_entry(st.just("known"), st.booleans())
    )
)
calendars = birthday_tests | calendar_tests | season_tests
tests_of_time = moment_tests | coming_tests | window_tests | event_tests | score_tests


def rules_of(leaves: st.SearchStrategy[Data]) -> st.SearchStrategy[Data]:
    """Such conditions, joined in any way."""
    return st.recursive(
        leaves,
        lambda inner: (
            one_entry(st.sampled_from(["all", "any"]), st.lists(inner, min_size=1, max_size=4))
            | one_entry(st.just("not"), inner)
        ),
        max_leaves=8,
    )


rules = rules_of(tests_of_time | calendars | timeless_tests)


# Any profile


by_the_millisecond = st.integers(EARLIEST, LATEST)
by_the_hour = st.integers(0, 14 * 365 * 24).map(lambda hours: EARLIEST + hours * HOUR)
moments = by_the_millisecond | by_the_hour
birthdays = st.dates(date(2024, 1, 1), date(2024, 12, 31)).map(lambda day: (day.month, day.day))
amounts = st.integers(1, 4) | st.sampled_from([0.1, 0.2, 10.1, 19.99])


def by_day(entries: list[tuple[int, float]]) -> tuple[tuple[int, float], ...]:
    """The entries as a history: one for each UTC day, with its latest moment."""
    days: dict[int, tuple[int, float]] = {}
    for moment, amount in sorted(entries):
        _, before = days.get(moment // DAY, (0, 0))
        days[moment // DAY] = (moment, before + amount)
    return tuple(days.values())


@st.composite
def profiles_at(draw: st.DrawFn) -> tuple[Profile, int]:
    """A profile and a moment near what it knows."""
    now = draw(moments)
    near = st.integers(-60 * 24, 2 * 24).map(lambda hours: now + hours * HOUR)
    far = st.integers(now - 900 * DAY, now + 900 * DAY)
    some = st.integers(now - 30 * DAY, now + DAY) | near
    profile = {
        "orders.count": draw(st.integers(0, 2)),
        "consent.marketing": draw(st.booleans()),
        "orders.last_at": draw(st.none() | near | far),
        "cart.changed_at": draw(st.none() | near),
        "orders.median_gap": draw(st.none() | st.integers(0, 30 * DAY)),
        "orders.spent": by_day(draw(st.lists(st.tuples(some, amounts), max_size=5))),
        "products.viewed": by_day(draw(st.lists(st.tuples(some, st.integers(1, 4)), max_size=5))),
        "visits": tuple((moment, 1) for moment, _ in by_day(draw(st.lists(st.tuples(some, st.just(1)), max_size=5)))),
        "event": tuple(sorted(draw(st.lists(st.tuples(some, st.sampled_from(["Quiz", "quiz", "Other"])), max_size=4)))),
        "supplies.end_at": tuple(sorted(draw(st.lists(some.map(lambda moment: moment + 20 * DAY), max_size=4)))),
        "bought.categories": draw(st.none() | st.frozensets(st.sampled_from(["Tea", "cups", "Hats"]))),
        "birthday": draw(st.none() | birthdays | st.just((2, 29))),
        "country": draw(st.none() | st.sampled_from([*SOUTH, "Atlantis"])),
        "timezone": draw(st.none() | st.sampled_from(ZONES)),
    }
    return profile, now


# The oracle: one moment at a time


def holds(data: Data, profile: Profile, at: int) -> bool:
    """Whether the rule holds."""
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
        case "season":
            return season(profile, at) in argument
        case "bought.categories" if not isinstance(argument, dict):
            wanted = {text.lower() for text in ([argument] if isinstance(argument, str) else argument)}
            return bool(wanted & {text.lower() for text in profile[word] or ()})
    if word in HISTORIES | {"event"} and "known" not in argument:
        return in_window(entries_of(word, profile), argument, profile, at)
    ((test, value),) = argument.items()
    if word.startswith("score."):
        return COMPARE[test](score(SCORES[word[6:]], profile, at), value)
    if word.startswith("calendar."):
        return is_soon(word[9:], int(value.split()[0]), today(profile, at))
    return meets(test, value, profile[word], profile, at)


def meets(test: str, value: Any, fact: Any, profile: Profile, at: int) -> bool:
    """Whether a fact meets a test."""
    if test == "known":
        return (fact not in (None, (), frozenset())) is value
    if fact is None:
        return False
    if test == "top":
        return bool(fact >= LEAST_OF_THE_TOP)
    if test == "within_next" and isinstance(fact, tuple) and fact is profile["birthday"]:
        return days_until(fact, today(profile, at)) <= int(value.split()[0])
    if test == "within_next":
        ends = fact if isinstance(fact, tuple) else (fact,)
        return any(0 < end - at <= length_of(value) for end in ends)
    if test in COMPARE:
        return COMPARE[test](fact, value)
    limit = length(value, profile)
    return limit is not None and (at - fact < limit) is (test == "within")


def entries_of(word: str, profile: Profile) -> list[tuple[int, float]]:
    """The entries of a history, or of the event."""
    if word == "event":
        return [(moment, 1) for moment, name in profile["event"] if name.lower() == "quiz"]
    return list(profile[word])


def in_window(entries: list[tuple[int, float]], tests: Data, profile: Profile, at: int) -> bool:
    """Whether what is in the window meets the tests; money is counted in whole hundredths."""
    window = length(tests["within"], profile)
    if window is None:
        return False
    inside = [(moment, round(amount * 100)) for moment, amount in entries if at - moment < window]
    hundredths = sum(amount for _, amount in inside)
    days = len({moment // DAY for moment, _ in inside})
    return (
        all(COMPARE[test](hundredths, round(tests[test] * 100)) for test in COMPARE if test in tests)
        and days >= tests.get("on_days", 0)
        and bool(inside or tests.keys() - {"within", "name"})
    )


def score(definition: Data, profile: Profile, at: int) -> float:
    """The points as they count at a moment, by the formula."""
    half_life = length_of(definition["half_life"])
    total = 0.0
    for fact, points in definition["points"].items():
        known = profile[fact]
        entries = [(known, 1)] if isinstance(known, int) else known or []
        for moment, amount in entries:
            total += points * amount * 0.5 ** (max(at - moment, 0) / half_life)
    return total


def length(value: Any, profile: Profile) -> int | None:
    """A duration, or one in the shopper's own rhythm."""
    if isinstance(value, str):
        return length_of(value)
    gap = profile["orders.median_gap"]
    if gap is None:
        return length(value["if_unknown"], profile) if "if_unknown" in value else None
    scaled: int = round(value["times"] * gap)
    if "at_least" in value:
        scaled = max(scaled, HOUR)
    return min(scaled, 40 * DAY) if "at_most" in value else scaled


def length_of(value: str) -> int:
    """Milliseconds."""
    count, unit = value.split()
    return int(count) * UNITS[unit]


def zone_of(profile: Profile) -> Any:
    """The time zone."""
    return UTC if profile["timezone"] in {None, "Nowhere/Atlantis"} else ZoneInfo(profile["timezone"])


def today(profile: Profile, at: int) -> date:
    """What the calendar on the shopper's wall shows."""
    return datetime_of(at).astimezone(zone_of(profile)).date()


def season(profile: Profile, at: int) -> str | None:
    """By the month on the shopper's wall."""
    if profile["country"] not in SOUTH:
        return None
    month = today(profile, at).month + SOUTH[profile["country"]]
    return STARTS[((month - 3) % 12) // 3 * 3 + 3]


def is_soon(name: str, days: int, day: date) -> bool:
    """Whether a day of the calendar is at hand."""
    if name in YEARLY:
        return days_until(YEARLY[name], day) <= days
    return any(0 <= (later - day).days <= days for later in EASTER)


def days_until(birthday: tuple[int, int], day: date) -> int:
    """How many days are left, 0 on the day itself."""
    in_two_years = [falls_on(birthday, year) for year in (day.year, day.year + 1)]
    return min((later - day).days for later in in_two_years if later >= day)


def falls_on(birthday: tuple[int, int], year: int) -> date:
    """29 February falls on 1 March in common years; none here is a century."""
    return date(year, 3, 1) if birthday == (2, 29) and year % 4 else date(year, *birthday)


# Where the oracle's answer can change at all


def leaves_of(data: Data) -> Iterator[tuple[str, Any]]:
    """Each condition that is not made of others."""
    for word, argument in data.items():
        if word in {"all", "any"}:
            for inner in argument:
                yield from leaves_of(inner)
        elif word == "not":
            yield from leaves_of(argument)
        else:
            yield word, argument


def limits_in(data: Data, profile: Profile) -> Iterator[int]:
    """Every moment at which anything but the yearly calendar turns a condition."""
    for word, argument in leaves_of(data):
        if word in HISTORIES | {"event"} and "within" in argument:
            window = length(argument["within"], profile)
            yield from (moment + window for moment, _ in entries_of(word, profile) if window is not None)
        elif word.startswith("score."):
            yield from halved(word, argument, profile)
        elif word == "calendar.easter":
            ahead = timedelta(days=int(argument["within_next"].split()[0]))
            for day in EASTER:
                yield midnight(day - ahead, profile)
                yield midnight(day + timedelta(days=1), profile)
        elif word in {*MOMENTS, "supplies.end_at"} and profile[word] is not None:
            ((test, value),) = argument.items()
            known = profile[word] if isinstance(profile[word], tuple) else (profile[word],)
            limit = None if test == "known" else length(value, profile)
            if limit is not None:
                steps = (0, -limit) if test == "within_next" else (limit,)
                yield from (moment + step for moment in known for step in steps)


def halved(word: str, argument: Data, profile: Profile) -> Iterator[int]:
    """Where a score crosses its bound, by halving the time in which it does."""
    ((test, value),) = argument.items()
    definition = SCORES[word[6:]]
    low, high = EARLIEST - 1000 * DAY, LATEST + 2000 * DAY

    def at_first(at: int) -> bool:
        return COMPARE[test](score(definition, profile, at), value)

    before = at_first(low)
    if at_first(high) is before:
        return
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if at_first(middle) is before else (low, middle)
    yield high


def midnight(day: date, profile: Profile) -> int:
    """The first moment of the local day."""
    return moment_of(datetime(day.year, day.month, day.day, tzinfo=zone_of(profile)))


def midnights(profile: Profile, start: int, end: int) -> Iterator[int]:
    """The first moment of every local day."""
    day = today(profile, start)
    while (moment := midnight(day, profile)) <= end:
        yield moment
        day += timedelta(days=1)


def yearly_turns(data: Data, profile: Profile, start: int, end: int) -> Iterator[int]:
    """The first and the last midnight of each window of the calendar."""
    for word, argument in leaves_of(data):
        for year in range(datetime_of(start).year - 1, datetime_of(end).year + 2):
            if word == "season":
                yield from (midnight(date(year, month, 1), profile) for month in STARTS)
            elif (word == "birthday" and profile[word]) or word[9:] in YEARLY:
                day = falls_on(profile[word] if word == "birthday" else YEARLY[word[9:]], year)
                yield midnight(day - timedelta(days=int(argument["within_next"].split()[0])), profile)
                yield midnight(day + timedelta(days=1), profile)


def first_change(data: Data, profile: Profile, now: int) -> int | None:
    """The first moment after `now` at which the oracle's answer is another."""
    limits = set(limits_in(data, profile))
    last = max({now, *limits})
    # Every night of the two years past the last limit, and then every window for long enough to see all leap years.
    turning_points = limits | set(yearly_turns(data, profile, now, last + 12 * 366 * DAY))
    if any(word in {"birthday", "season"} or word[9:] in YEARLY for word, _ in leaves_of(data)):
        turning_points |= set(midnights(profile, now, last + 740 * DAY))
    member = holds(data, profile, now)
    later = sorted(point for point in turning_points if point > now)
    return next((point for point in later if holds(data, profile, point) is not member), None)
