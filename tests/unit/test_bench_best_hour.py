"""The bench of the best hour foretells from the past alone, and tells habits from chance."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from bench.best_hour import KNOWN, Foretelling, app, is_near
from homing.domain.moments import DAY, HOUR
from tests.fakes.stories import NOW, happened, signed_up

MIDNIGHT = NOW - 12 * HOUR


def shop_of(hours: dict[str, int], days: int) -> Foretelling:
    """Each shopper comes at an hour of their own, day after day."""
    found = Foretelling()
    for day in range(days):
        for user, hour in hours.items():
            found.hear(happened("Product Viewed", MIDNIGHT + day * DAY + hour * HOUR, user))
    return found


def test_habits_are_foretold_where_the_shops_rhythm_is_everybodys_and_nobodys() -> None:
    found = shop_of({"ada": 9, "bob": 14, "eve": 19}, days=30)
    assert found.habit() == pytest.approx((1, 1 / 3))
    assert found.share("best hour", "8 or more") == found.share("own days", *KNOWN) == 1
    assert found.share("shop's rhythm", "8 or more") < 0.5
    assert found.won > found.lost
    assert found.apart() == pytest.approx(2 / 3)


def test_the_first_day_of_a_shopper_is_not_foretold_and_a_day_only_once() -> None:
    found = shop_of({"ada": 12}, days=1)
    assert found.asked.total() == 0
    for minute in range(3):
        found.hear(happened("Product Viewed", MIDNIGHT + DAY + 15 * HOUR + minute, "ada"))
    assert dict(found.asked) == {"1": 1}


def test_chance_is_the_share_of_hours_that_are_not_quiet() -> None:
    assert shop_of({"ada": 12}, days=5).share("by chance", *KNOWN) == pytest.approx(3 / 13)


def test_opening_a_mail_or_signing_up_is_not_coming() -> None:
    found = Foretelling()
    for day in range(3):
        found.hear(happened("Email Opened", NOW + day * DAY))
        found.hear(signed_up(NOW + day * DAY))
    assert not any(found.came.values())


@pytest.mark.parametrize(("hour", "other", "near"), [(0, 23, True), (9, 10, True), (9, 9, True), (9, 11, False)])
def test_an_hour_apart_is_near_around_the_clock(hour: int, other: int, near: bool) -> None:  # noqa: FBT001
    assert is_near(hour, other) is is_near(other, hour) is near


def test_the_command_tells_a_table_and_refuses_what_it_cannot_read(tmp_path: Path) -> None:
    page = {"type": "page", "messageId": "1", "userId": "ada", "timestamp": "2026-01-01T12:00:00Z"}
    again = {**page, "messageId": "2", "timestamp": "2026-01-02T12:00:00Z"}
    lines = tmp_path / "shop.jsonl"
    lines.write_text("\n".join(map(json.dumps, [page, again])))
    told = CliRunner().invoke(app, [str(lines)])
    assert told.exit_code == 0
    assert "of one shopper 100.0%" in told.output
    assert CliRunner().invoke(app, [str(tmp_path / "nothing.jsonl")]).exit_code == 2
