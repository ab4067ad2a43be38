"""When a mail goes, by the shopper's own clock: never in quiet hours, never too early, at most a day late."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from homing.domain.figures import Figures
from homing.domain.moments import DAY, HOUR, Moment, datetime_of, format_moment, moment_of, parse_moment
from homing.domain.profile import Profile
from homing.domain.sending import FEWEST_AWAKE, QuietHours, Sending
from homing.domain.timing import awake_from, go_at

ZONES = [
    "Europe/London",
    "America/New_York",
    "America/St_Johns",
    "America/Sao_Paulo",
    "America/Havana",
    "Africa/Casablanca",
    "Antarctica/Troll",
    "Asia/Kolkata",
    "Asia/Kathmandu",
    "Asia/Tehran",
    "Asia/Seoul",
    "Australia/Lord_Howe",
    "Pacific/Apia",
    "Pacific/Chatham",
    "Etc/GMT-14",
]
"""With summer time of one hour, of two and of half a one, with none, and offsets in half and quarter hours."""


def sending(hours: QuietHours | str | None, timezone: str = "UTC") -> Sending:
    return Sending.model_validate({"quiet_hours": hours, "timezone": timezone})


def somebody(timezone: str | None = None) -> Profile:
    return Profile(traits={} if timezone is None else {"timezone": (0, timezone)})


def awake(moment: str, hours: str | None, timezone: str | None = None, shop: str = "UTC") -> str:
    return format_moment(awake_from(parse_moment(moment), somebody(timezone), sending(hours, shop)))


def utc(year: int) -> Moment:
    return moment_of(datetime(year, 1, 1, tzinfo=UTC))


def days_of_changed_clocks() -> list[Moment]:
    """The beginnings of the days of 2011, when Samoa left one out, and of 2026 on which a zone changes its clocks."""
    days = [*range(utc(2011), utc(2012), DAY), *range(utc(2026), utc(2027), DAY)]
    return [
        day
        for zone in map(ZoneInfo, ZONES)
        for day in days
        if datetime_of(day).astimezone(zone).utcoffset() != datetime_of(day + DAY).astimezone(zone).utcoffset()
    ]


moments = st.one_of(
    st.integers(utc(2000), utc(2037)),
    st.builds(int.__add__, st.sampled_from(days_of_changed_clocks()), st.integers(-DAY, 2 * DAY)),
)
quiet_hours = st.builds(
    lambda start, length: QuietHours(start, (start + length) % 24),
    st.integers(0, 23),
    st.integers(0, 24 - FEWEST_AWAKE),
)


def gone(due_at: str, figures: Figures, timezone: str = "UTC", hours: str | None = "21-8", *, best: bool = True) -> str:
    settings = sending(hours).model_copy(update={"best_hour": best})
    return format_moment(go_at(parse_moment(due_at), facts=somebody(timezone), figures=figures, sending=settings))


def rhythm(hour: int) -> Figures:
    """Of a shop to which everybody comes at one hour."""
    return Figures(hours=tuple(100 if at == hour else 0 for at in range(24)))


# Quiet hours


@given(moments, quiet_hours, st.sampled_from(ZONES), st.builds(rhythm, st.integers(0, 23)) | st.just(Figures()))
def test_nothing_goes_in_quiet_hours_nor_too_early_nor_more_than_a_day_late(
    due_at: Moment, hours: QuietHours, zone: str, figures: Figures
) -> None:
    for at in (
        awake_from(due_at, somebody(zone), sending(hours)),
        go_at(due_at, facts=somebody(zone), figures=figures, sending=sending(hours)),
    ):
        assert datetime_of(at).astimezone(ZoneInfo(zone)).hour in hours.awake
        assert due_at <= at <= due_at + DAY


@given(moments, quiet_hours, st.sampled_from(ZONES))
def test_who_is_woken_is_woken_at_the_first_moment_after_the_quiet_hours(
    moment: Moment, hours: QuietHours, zone: str
) -> None:
    clock, woken = ZoneInfo(zone), awake_from(moment, somebody(zone), sending(hours))
    has_changed = datetime_of(moment).astimezone(clock).utcoffset() != datetime_of(woken).astimezone(clock).utcoffset()
    if woken != moment and not has_changed:
        assert datetime_of(woken).astimezone(clock).hour == hours.end
        assert datetime_of(woken - 1).astimezone(clock).hour not in hours.awake
        assert awake_from(woken - 1, somebody(zone), sending(hours)) == woken


@pytest.mark.parametrize(
    ("hours", "moment", "goes"),
    [
        ("21-8", "2026-01-10T20:59:59.999Z", "2026-01-10T20:59:59.999Z"),
        ("21-8", "2026-01-10T21:00:00Z", "2026-01-11T08:00:00Z"),
        ("21-8", "2026-01-11T07:59:59.999Z", "2026-01-11T08:00:00Z"),
        ("21-8", "2026-01-11T08:00:00Z", "2026-01-11T08:00:00Z"),
        ("12-14", "2026-01-11T13:30:00Z", "2026-01-11T14:00:00Z"),
        ("12-14", "2026-01-11T23:30:00Z", "2026-01-11T23:30:00Z"),
        ("22-0", "2026-01-10T23:30:00Z", "2026-01-11T00:00:00Z"),
        ("0-6", "2026-01-10T00:00:00Z", "2026-01-10T06:00:00Z"),
        (None, "2026-01-11T03:00:00Z", "2026-01-11T03:00:00Z"),
    ],
)
def test_quiet_hours_run_over_midnight_or_within_a_day(hours: str | None, moment: str, goes: str) -> None:
    assert awake(moment, hours) == goes


@pytest.mark.parametrize(
    ("zone", "hours", "moment", "goes"),
    [
        pytest.param("Europe/London", "21-8", "2026-03-28T22:00:00Z", "2026-03-29T07:00:00Z", id="a night of 10 hours"),
        pytest.param("Europe/London", "21-8", "2026-10-24T20:00:00Z", "2026-10-25T08:00:00Z", id="a night of 12 hours"),
        pytest.param("Europe/London", "22-1", "2026-03-29T00:30:00Z", "2026-03-29T01:00:00Z", id="an end left out"),
        pytest.param("Europe/London", "22-1", "2026-10-24T23:30:00Z", "2026-10-25T00:00:00Z", id="the first 1:00 ends"),
        pytest.param("Antarctica/Troll", "22-2", "2026-10-25T01:30:00Z", "2026-10-25T02:00:00Z", id="quiet twice"),
        pytest.param(
            "Antarctica/Troll", "22-2", "2026-03-29T00:30:00Z", "2026-03-29T01:00:00Z", id="two hours left out"
        ),
        pytest.param("Asia/Kolkata", "21-8", "2026-01-10T16:00:00Z", "2026-01-11T02:30:00Z", id="half an hour"),
        pytest.param("Australia/Lord_Howe", "21-8", "2026-10-03T12:00:00Z", "2026-10-03T21:00:00Z", id="half forward"),
    ],
)
def test_quiet_hours_end_by_the_clock_on_the_wall_whatever_is_done_to_it(
    zone: str, hours: str | None, moment: str, goes: str
) -> None:
    assert awake(moment, hours, zone) == goes


@pytest.mark.parametrize("zone", [None, "", "Nowhere/Land", "../etc/passwd"])
def test_the_shops_clock_stands_in_for_a_shoppers_that_is_not_known(zone: str | None) -> None:
    assert awake("2026-01-10T16:00:00Z", "21-8", zone, shop="Asia/Seoul") == "2026-01-10T23:00:00Z"
    assert awake("2026-01-10T16:00:00Z", "21-8", "Europe/London", shop="Asia/Seoul") == "2026-01-10T16:00:00Z"


@pytest.mark.parametrize("hours", ["8-7", "0-21", "3-0"])
def test_quiet_hours_leave_some_of_the_day(hours: str) -> None:
    with pytest.raises(ValidationError):
        sending(hours)


# The best hour


@given(moments, quiet_hours, st.sampled_from(ZONES), st.integers(0, 23))
def test_a_mail_goes_in_the_best_hour_unless_the_clocks_leave_it_out(
    due_at: Moment, hours: QuietHours, zone: str, best: int
) -> None:
    clock = ZoneInfo(zone)
    figures, settings = rhythm(best), sending(hours)
    goes_at = go_at(due_at, facts=somebody(zone), figures=figures, sending=settings)
    is_offset_kept = {datetime_of(due_at + passed).astimezone(clock).utcoffset() for passed in (0, DAY // 2, DAY)}
    if best in hours.awake and len(is_offset_kept) == 1:
        assert datetime_of(goes_at).astimezone(clock).hour == best
        assert (goes_at - due_at) % HOUR == 0


@given(moments, st.sampled_from(ZONES))
def test_a_mail_that_is_due_in_its_best_hour_is_not_moved(due_at: Moment, zone: str) -> None:
    best = rhythm(datetime_of(due_at).astimezone(ZoneInfo(zone)).hour)
    assert go_at(due_at, facts=somebody(zone), figures=best, sending=sending(None)) == due_at


@pytest.mark.parametrize(
    ("due_at", "goes"),
    [
        ("2026-01-10T14:37:05Z", "2026-01-10T20:37:05Z"),
        ("2026-01-10T20:00:00Z", "2026-01-10T20:00:00Z"),
        ("2026-01-10T20:59:59.999Z", "2026-01-10T20:59:59.999Z"),
        ("2026-01-10T21:00:00Z", "2026-01-11T20:00:00Z"),
        ("2026-01-11T03:10:00Z", "2026-01-11T20:10:00Z"),
    ],
)
def test_a_mail_waits_for_its_best_hour_and_keeps_its_minutes(due_at: str, goes: str) -> None:
    assert gone(due_at, rhythm(20)) == goes


def test_the_best_hour_is_one_of_the_shoppers_own_clock() -> None:
    assert gone("2026-01-10T06:10:00Z", rhythm(20), "Asia/Kolkata") == "2026-01-10T15:10:00Z"


def test_a_shoppers_own_habit_comes_before_the_shops_rhythm() -> None:
    evenings = tuple((parse_moment("2026-01-01T20:30:00Z") + day * DAY, 1) for day in range(10))
    night_owl = Profile(days={"clicked": evenings, "visits": tuple((at,) for at, _ in evenings)})
    at = go_at(parse_moment("2026-02-01T12:00:00Z"), facts=night_owl, figures=rhythm(10), sending=sending("21-8"))
    assert format_moment(at) == "2026-02-01T20:00:00Z"


def test_a_best_hour_that_the_clocks_leave_out_holds_nothing() -> None:
    """In London no clock shows one o'clock in the night of 29 March 2026; a mail of that night goes as it is due."""
    assert gone("2026-03-28T23:30:00Z", rhythm(1), "Europe/London", hours=None) == "2026-03-28T23:30:00Z"
    assert gone("2026-03-28T01:30:00Z", rhythm(1), "Europe/London", hours=None) == "2026-03-28T01:30:00Z"


def test_a_best_hour_that_is_over_comes_a_day_later_where_the_day_has_25_hours() -> None:
    """Due at 14:37 of the summer's last day in London; at 13:37 of the next one it is winter."""
    assert gone("2026-10-24T13:37:00Z", rhythm(13), "Europe/London") == "2026-10-25T13:37:00Z"


def test_of_an_hour_that_comes_twice_the_first_is_taken() -> None:
    assert gone("2026-10-24T12:30:00Z", rhythm(1), "Europe/London", hours=None) == "2026-10-25T00:30:00Z"


@pytest.mark.parametrize("figures", [Figures(), rhythm(3)])
def test_a_mail_goes_as_it_is_due_where_nothing_is_known_of_the_hours_that_are_not_quiet(figures: Figures) -> None:
    assert gone("2026-01-10T14:37:05Z", figures) == "2026-01-10T14:37:05Z"
    assert gone("2026-01-10T23:37:05Z", figures) == "2026-01-11T08:00:00Z"


def test_a_shop_that_wants_no_best_hours_has_none() -> None:
    assert gone("2026-01-10T14:37:05Z", rhythm(20), best=False) == "2026-01-10T14:37:05Z"
    assert gone("2026-01-10T23:37:05Z", rhythm(20), best=False) == "2026-01-11T08:00:00Z"
