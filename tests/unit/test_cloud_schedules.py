"""Schedules fire at the moments that Scheduler's expressions name."""

from datetime import UTC, datetime

import pytest

from homing.domain.moments import HOUR, MINUTE, format_moment, parse_moment
from local.cloud.errors import TemplateError, Unsupported
from local.cloud.schedule_expressions import parse_expression


def following(expression: str, after: str, zone: str = "UTC") -> str | None:
    moment = parse_expression(expression, zone)(parse_moment(after))
    return None if moment is None else format_moment(moment)


@pytest.mark.parametrize(("text", "period"), [("rate(5 minutes)", 5 * MINUTE), ("rate(1 hour)", HOUR)])
def test_a_rate_counts_from_the_last_time(text: str, period: int) -> None:
    assert parse_expression(text)(0) == period


@pytest.mark.parametrize(
    ("expression", "after", "expected"),
    [
        ("cron(0 9 * * ? *)", "2026-11-22T09:00:00Z", "2026-11-23T09:00:00Z"),
        ("cron(0 9 * * ? *)", "2026-11-22T08:59:59.999Z", "2026-11-22T09:00:00Z"),
        ("cron(0/15 * * * ? *)", "2026-11-22T09:16:00Z", "2026-11-22T09:30:00Z"),
        ("cron(30 8,20 ? * MON-FRI *)", "2026-11-20T20:30:00Z", "2026-11-23T08:30:00Z"),
        ("cron(0 0 1 JAN,JUL ? *)", "2026-11-22T00:00:00Z", "2027-01-01T00:00:00Z"),
        ("cron(0 0 29 2 ? *)", "2026-11-22T00:00:00Z", "2028-02-29T00:00:00Z"),
        ("cron(0 12 ? * 1 *)", "2026-11-21T00:00:00Z", "2026-11-22T12:00:00Z"),
        ("cron(0 0 1 1 ? 2027)", "2027-01-01T00:00:00Z", None),
        ("at(2026-12-01T09:00:00)", "2026-11-22T00:00:00Z", "2026-12-01T09:00:00Z"),
        ("at(2026-12-01T09:00:00)", "2026-12-01T09:00:00Z", None),
    ],
)
def test_the_next_moment_is_the_first_after_the_last(expression: str, after: str, expected: str | None) -> None:
    assert following(expression, after) == expected


def test_a_schedule_keeps_to_the_wall_clock_of_its_zone() -> None:
    summer = following("cron(0 9 * * ? *)", "2026-10-24T09:00:00Z", "Europe/Berlin")
    assert summer == "2026-10-25T08:00:00Z"
    assert following("at(2026-07-01T09:00:00)", "2026-01-01T00:00:00Z", "Europe/Berlin") == "2026-07-01T07:00:00Z"


def test_a_time_that_the_zone_skips_is_passed_over() -> None:
    assert following("cron(30 2 * * ? *)", "2026-03-28T12:00:00Z", "Europe/Berlin") == "2026-03-30T00:30:00Z"


def test_every_moment_of_a_day_is_found_once() -> None:
    following_moment = parse_expression("cron(0 */6 * * ? *)")
    moment = parse_moment("2026-11-22T00:00:00Z")
    hours = []
    for _ in range(4):
        found = following_moment(moment)
        assert found is not None
        moment = found
        hours.append(datetime.fromtimestamp(moment / 1_000, UTC).hour)
    assert hours == [6, 12, 18, 0]


@pytest.mark.parametrize(
    "expression", ["every day", "rate(soon)", "cron(0 9 * *)", "cron(99 9 * * ? *)", "cron(0 x * * ? *)"]
)
def test_what_is_no_expression_is_an_error(expression: str) -> None:
    with pytest.raises(TemplateError, match=r"expression|fields|range|number"):
        parse_expression(expression)(0)


@pytest.mark.parametrize("expression", ["cron(0 9 L * ? *)", "cron(0 9 ? * 2#1 *)", "cron(0 9 15W * ? *)"])
def test_a_wildcard_that_is_not_known_is_refused(expression: str) -> None:
    with pytest.raises(Unsupported):
        parse_expression(expression)
