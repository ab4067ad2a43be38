"""The birthday wishes, as they are deployed."""

from datetime import date, datetime, time, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import pytest

from homing.domain.moments import DAY, HOUR, SECOND, Moment, datetime_of, format_moment, moment_of

if TYPE_CHECKING:
    from tests.workflows.conftest import Shop, Shopper

CODE = "BIRTHDAY15"


@pytest.mark.parametrize("zone", ["Pacific/Auckland", "America/New_York", "Europe/Berlin", "Asia/Kolkata"])
def test_the_wishes_come_on_the_morning_of_the_day_where_the_shopper_lives(shop: "Shop", zone: str) -> None:
    ada = shop.shopper(timezone=zone)
    day = datetime_of(shop.now).date() + timedelta(days=40)
    ada.is_known(birthday=f"1985-{day:%m-%d}")
    begins = _local(day - timedelta(days=7), 0, zone)
    morning = _local(day, 9, zone)

    shop.wait_until(begins - SECOND)
    assert ada.executions("birthday") == []
    shop.wait_until(morning + 60 * DAY)

    assert [(name, since + begins) for name, since in ada.states("birthday")] == [
        ("WaitForBirthday", begins),
        ("Congratulate", morning),
        ("WaitBeforeReminder", morning),
        ("RemindOfGift", morning + 14 * DAY),
    ]
    assert [mail.at for mail in ada.inbox] == [morning, morning + 14 * DAY]
    assert ada.lines("birthday") == [("wishes", "sent", None), ("reminder", "sent", None)]
    assert ada.runs("birthday") == [("completed", None)]
    assert all(CODE in (mail.text or "") for mail in ada.inbox)


def test_who_becomes_known_on_the_very_day_is_congratulated_at_once(shop: "Shop") -> None:
    shop.wait_until(shop.now // DAY * DAY + 13 * HOUR)
    ada = shop.shopper()
    ada.is_known(birthday=_in_days(shop, 0))
    assert [mail.at for mail in ada.inbox] == [shop.now]


def test_who_becomes_known_the_day_after_waits_for_a_year(shop: "Shop") -> None:
    ada = shop.shopper()
    ada.is_known(birthday=_in_days(shop, -1))
    shop.wait(350 * DAY)
    assert ada.inbox == []
    shop.wait(20 * DAY)
    assert len(ada.inbox) == 1


def test_an_order_before_the_wishes_does_not_end_them(shop: "Shop") -> None:
    ada = _somebody_with_a_birthday(shop)
    ada.orders("tea")
    shop.wait(30 * DAY)
    assert ada.lines("birthday") == [("wishes", "sent", None), ("reminder", "sent", None)]


def test_an_order_after_the_wishes_ends_the_run_before_the_reminder(shop: "Shop") -> None:
    ada = _somebody_with_a_birthday(shop)
    shop.wait(4 * DAY)
    ada.orders("tea")
    shop.wait(30 * DAY)
    assert ada.lines("birthday") == [("wishes", "sent", None), ("reminder", "skipped", "ordered")]
    assert ada.runs("birthday") == [("exited", "ordered")]


def test_a_withdrawal_before_the_day_ends_it(shop: "Shop") -> None:
    ada = _somebody_with_a_birthday(shop)
    ada.decides(consent=False)
    shop.wait(30 * DAY)
    assert ada.inbox == []
    assert ada.runs("birthday") == [("exited", "consent_withdrawn")]


def test_a_corrected_birthday_does_not_congratulate_twice_in_a_year(shop: "Shop") -> None:
    _until_spring(shop)
    ada = _somebody_with_a_birthday(shop)
    shop.wait(30 * DAY)
    ada.signs_up(consent=None, birthday=_in_days(shop, 20))
    shop.wait(60 * DAY)
    assert ada.lines("birthday") == [("wishes", "sent", None), ("reminder", "sent", None)]


def test_who_was_born_on_the_29th_of_february_is_congratulated_every_year_once(shop: "Shop") -> None:
    _until_spring(shop)
    year = datetime_of(shop.now).year
    ada = shop.shopper()
    ada.is_known(birthday="1992-02-29")
    shop.wait_until(moment_of(datetime(year + 4, 4, 1, tzinfo=ZoneInfo("UTC"))))
    wishes = [format_moment(line_at) for line_at in _congratulated_at(ada)]
    days = ["02-29" if (year + more) % 4 == 0 else "03-01" for more in (1, 2, 3, 4)]
    assert wishes == [f"{year + more}-{day}T09:00:00Z" for more, day in zip((1, 2, 3, 4), days, strict=True)]
    assert "02-29" in days


def _somebody_with_a_birthday(shop: "Shop") -> "Shopper":
    """In three days; the run has begun."""
    ada = shop.shopper()
    ada.is_known(birthday=_in_days(shop, 3))
    assert [name for name, _ in ada.states("birthday")] == ["WaitForBirthday"]
    return ada


def _until_spring(shop: "Shop") -> None:
    """To the next first of April, so that a test stays within one year."""
    now = datetime_of(shop.now)
    spring = datetime(now.year, 4, 1, tzinfo=now.tzinfo)
    shop.wait_until(moment_of(spring if spring >= now else spring.replace(year=now.year + 1)))


def _in_days(shop: "Shop", days: int) -> str:
    """A birthday that comes round in so many days."""
    return f"1985-{datetime_of(shop.now + days * DAY):%m-%d}"


def _congratulated_at(shopper: "Shopper") -> list[Moment]:
    return [
        at for run in shopper.executions("birthday") for at, name in run.execution.entered if name == "Congratulate"
    ]


def _local(day: date, hour: int, zone: str) -> Moment:
    return moment_of(datetime.combine(day, time(hour), ZoneInfo(zone)))
