"""When mails go, as they are deployed: quiet hours and best hours, by the shopper's own clock."""

from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from homing.domain.moments import DAY, HOUR, Moment, datetime_of
from local.simulation.deployment import FIGURES_SCHEDULE

if TYPE_CHECKING:
    from tests.workflows.conftest import Shop, Shopper

AUCKLAND, KOLKATA, LONDON = "Pacific/Auckland", "Asia/Kolkata", "Europe/London"


def hour_of(moment: Moment, zone: str) -> int:
    return datetime_of(moment).astimezone(ZoneInfo(zone)).hour


def comes_daily_at(ada: "Shopper", hour: int, days: int = 10) -> None:
    """The visits of the latest days, all at that hour of the shopper's own clock."""
    hours_ago = (hour_of(ada.shop.now, ada.traits["timezone"]) - hour) % 24
    ada.shop.hear(*(ada.message("page", ago=day * DAY + hours_ago * HOUR) for day in range(days)))


def test_no_mail_goes_in_the_night(shop: "Shop") -> None:
    """In Auckland the first reminder is due at midnight, for all that it is prompt; the second a day later."""
    ada = shop.shopper(timezone=AUCKLAND)
    ada.is_known()
    ada.adds("teapot")
    shop.wait(2 * DAY)
    first, second = ada.inbox
    assert hour_of(first.at, AUCKLAND) == 8
    assert hour_of(second.at, AUCKLAND) == 8
    assert second.at - first.at == DAY


def test_a_mail_waits_for_the_hour_at_which_the_shopper_comes(shop: "Shop") -> None:
    ada = shop.shopper(timezone=KOLKATA)
    ada.is_known()
    comes_daily_at(ada, 19)
    ada.adds("teapot")
    shop.wait(3 * DAY)
    first, second = ada.inbox
    assert hour_of(second.at, KOLKATA) == 19
    assert 23 * HOUR <= second.at - first.at < 47 * HOUR


def test_who_is_new_gets_mails_at_the_hour_at_which_the_shops_shoppers_come(shop: "Shop") -> None:
    """Once the recompute has counted it."""
    regular = shop.shopper(timezone=LONDON)
    regular.is_known()
    comes_daily_at(regular, 19)
    shop.cloud.fire_schedule(FIGURES_SCHEDULE)
    shop.wait(HOUR)
    newcomer = shop.shopper(timezone=LONDON)
    newcomer.signs_up()
    shop.wait(4 * DAY)
    greeting, favourites = newcomer.inbox
    assert hour_of(greeting.at, LONDON) == 11
    assert hour_of(favourites.at, LONDON) == 19
    assert 3 * DAY <= favourites.at - greeting.at < 4 * DAY
