"""Moments are whole milliseconds in UTC, and survive the way to text and back."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from homing.domain.moments import DAY, HOUR, MINUTE, SECOND, WEEK, format_moment, parse_duration, parse_moment

moments = st.integers(
    min_value=parse_moment("0001-01-01T00:00:00Z"), max_value=parse_moment("9999-12-31T23:59:59.999Z")
)


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("1970-01-01T00:00:00Z", 0),
        ("1970-01-01T00:00:00.001Z", 1),
        ("1970-01-02T00:00:00Z", DAY),
        ("1970-01-01T02:00:00+02:00", 0),
        ("1969-12-31T14:00:00-10:00", 0),
        ("2026-01-02T03:04:05Z", int(datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC).timestamp()) * 1000),
    ],
)
def test_iso_8601_with_z_or_an_offset_is_a_moment(text: str, moment: int) -> None:
    assert parse_moment(text) == moment


def test_what_is_finer_than_a_millisecond_is_cut_off() -> None:
    assert parse_moment("1970-01-01T00:00:00.001999999Z") == 1
    assert parse_moment("1969-12-31T23:59:59.999999Z") == -1


@pytest.mark.parametrize(
    "text",
    ["2026-01-02T03:04:05", "2026-01-02", "soon", "", "2026-13-01T00:00:00Z", "0001-01-01T00:00:00+14:00"],
)
def test_a_text_that_names_no_moment_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"time zone|Invalid isoformat|month must be|outside the years"):
        parse_moment(text)


def test_milliseconds_are_written_only_where_there_are_any() -> None:
    assert format_moment(parse_moment("2026-01-02T03:04:05+00:00")) == "2026-01-02T03:04:05Z"
    assert format_moment(parse_moment("2026-01-02T03:04:05.120Z")) == "2026-01-02T03:04:05.120Z"


@given(moments)
def test_a_moment_survives_the_way_to_text_and_back(moment: int) -> None:
    assert parse_moment(format_moment(moment)) == moment


@pytest.mark.parametrize(
    ("text", "duration"),
    [
        ("90 days", 90 * DAY),
        ("1 hour", HOUR),
        ("30 minutes", 30 * MINUTE),
        ("2 weeks", 2 * WEEK),
        ("10 seconds", 10 * SECOND),
        ("0 days", 0),
    ],
)
def test_a_duration_is_a_whole_number_and_a_unit(text: str, duration: int) -> None:
    assert parse_duration(text) == duration


@pytest.mark.parametrize("text", ["90", "days", "90days", "1.5 hours", "-1 day", "3 months", "1 year", "٣ days", ""])
def test_a_text_that_is_no_duration_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="is no duration"):
        parse_duration(text)
