"""How the local server's clock is asked to move."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from homing.domain.moments import DAY, HOUR, MINUTE, SECOND, WEEK, Moment, format_moment, parse_moment
from local.server.clock_moves import FARTHEST, parse_iso_duration, target_of

NOW = parse_moment("2026-03-02T10:00:00Z")


@pytest.mark.parametrize(
    ("text", "milliseconds"),
    [
        ("PT72H", 72 * HOUR),
        ("P3D", 3 * DAY),
        ("P2W", 2 * WEEK),
        ("PT90M", 90 * MINUTE),
        ("PT1S", SECOND),
        ("PT0S", 0),
        ("P1DT2H3M4S", DAY + 2 * HOUR + 3 * MINUTE + 4 * SECOND),
        ("PT1H30S", HOUR + 30 * SECOND),
    ],
)
def test_durations_are_read_as_iso_8601_writes_them(text: str, milliseconds: int) -> None:
    assert parse_iso_duration(text) == milliseconds


@pytest.mark.parametrize(
    "text", ["", "P", "PT", "P1DT", "72H", "PT72", "P1Y", "P1M", "PT1.5H", "-P1D", "pt1h", "PT1M1H", "P1D ", "P\u0661D"]
)
def test_what_is_no_duration_is_refused_with_examples(text: str) -> None:
    with pytest.raises(ValueError, match=r"is no duration: write 'PT72H'"):
        parse_iso_duration(text)


@given(st.tuples(*[st.integers(0, 10_000)] * 5))
def test_a_duration_is_the_sum_of_its_parts(counts: tuple[int, ...]) -> None:
    weeks, days, hours, minutes, seconds = counts
    whole = parse_iso_duration(f"P{weeks}W{days}DT{hours}H{minutes}M{seconds}S")
    assert whole == weeks * WEEK + days * DAY + hours * HOUR + minutes * MINUTE + seconds * SECOND


def test_the_clock_is_moved_by_a_duration_or_to_a_moment() -> None:
    assert target_of({"advance": "P1D"}, NOW) == NOW + DAY
    assert target_of({"to": "2026-03-04T12:00:00+01:00"}, NOW) == NOW + 2 * DAY + HOUR
    assert target_of({"to": format_moment(NOW)}, NOW) == NOW


@given(st.integers(NOW - FARTHEST, NOW - 1))
def test_time_does_not_run_backwards(past: Moment) -> None:
    with pytest.raises(ValueError, match="backwards"):
        target_of({"to": format_moment(past)}, NOW)


@pytest.mark.parametrize("command", [{"advance": "P3654D"}, {"to": "2999-01-01T00:00:00Z"}])
def test_a_slip_of_the_pen_does_not_keep_the_server_busy_for_centuries(command: dict[str, str]) -> None:
    with pytest.raises(ValueError, match="ten years"):
        target_of(command, NOW)


@pytest.mark.parametrize(
    "command",
    [None, [], "PT1H", {}, {"advance": 72}, {"to": None}, {"advance": "PT1H", "to": "2026-03-04T12:00:00Z"}, {"by": 1}],
)
def test_what_is_no_command_is_answered_by_what_is_one(command: object) -> None:
    with pytest.raises(ValueError, match=r'write \{"advance": "PT72H"\} or'):
        target_of(command, NOW)


def test_a_moment_without_a_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="no time zone"):
        target_of({"to": "2026-03-04T12:00:00"}, NOW)
