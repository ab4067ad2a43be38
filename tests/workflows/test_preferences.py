"""What shoppers choose on the preference page counts for every mail that is still to come."""

from itertools import pairwise
from typing import TYPE_CHECKING
from urllib.parse import urlencode

import pytest

from homing.domain.moments import DAY, WEEK

if TYPE_CHECKING:
    from collections.abc import Callable

    from local.cloud import Mail
    from tests.workflows.conftest import Shop, Shopper

FORM = {"content-type": "application/x-www-form-urlencoded"}
SHOWN = urlencode({"purpose": "marketing", "frequency": "all"})


@pytest.fixture
def press(shop: "Shop", unsubscribe_path: "Callable[[Mail], str]") -> "Callable[..., str]":
    """Presses a button of the page that the latest mail links to; the page that comes."""

    def pressed(shopper: "Shopper", button: str, **fields: str) -> str:
        path = unsubscribe_path(shopper.inbox[-1]).replace("/unsubscribe/", "/preferences/")
        assert path.split("?")[0] in (shopper.inbox[-1].text or "")
        answer = shop.cloud.http("POST", path, headers=FORM, body=urlencode({"do": button, **fields}))
        assert answer.status == 200
        shop.cloud.settle()
        return answer.body.decode()

    return pressed


def test_one_press_stops_everything_for_good(shop: "Shop", press: "Callable[..., str]") -> None:
    ada = shop.shopper()
    ada.signs_up()
    press(ada, "stop")
    shop.wait(30 * DAY)
    assert ada.runs("welcome") == [("exited", "unsubscribed")]
    assert len(ada.inbox) == 1


def test_no_marketing_comes_during_a_pause(shop: "Shop", press: "Callable[..., str]") -> None:
    ada = shop.shopper()
    ada.signs_up()
    press(ada, "pause")
    shop.wait(29 * DAY)
    assert len(ada.inbox) == 1
    assert {reason for _, outcome, reason in ada.lines("welcome") if outcome == "skipped"} == {"paused"}


def test_a_pause_that_is_ended_lets_the_journey_go_on(shop: "Shop", press: "Callable[..., str]") -> None:
    ada = shop.shopper()
    ada.signs_up()
    press(ada, "pause")
    press(ada, "resume")
    shop.wait(12 * DAY)
    assert [outcome for _, outcome, _ in ada.lines("welcome")] == ["sent", "sent", "sent"]


def test_once_a_week_is_once_a_week(shop: "Shop", press: "Callable[..., str]") -> None:
    ada = shop.shopper()
    ada.signs_up()
    press(ada, "save", shown=SHOWN, purpose="marketing", frequency="weekly")
    ada.adds("teapot")
    shop.wait(60 * DAY)
    sent = sorted(mail.at for mail in ada.inbox)
    assert len(sent) > 1
    assert all(later - earlier >= WEEK for earlier, later in pairwise(sent))


def test_what_is_chosen_stands_once_it_has_been_told(shop: "Shop", press: "Callable[..., str]") -> None:
    ada = shop.shopper()
    ada.signs_up()
    press(ada, "save", shown=SHOWN, purpose="marketing", interest="Green tea", birthday_day="9", birthday_month="3")
    page = press(ada, "save", shown=SHOWN, purpose="marketing")
    assert 'value="Green tea" checked' in page
    assert '<option value="9" selected>' in page
    assert "Nothing was changed" in page
