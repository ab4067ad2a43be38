"""The welcome series, as it is deployed."""

import re
from typing import TYPE_CHECKING

import pytest

from homing.domain.moments import DAY, HOUR, SECOND

if TYPE_CHECKING:
    from tests.workflows.conftest import Shop

CODE = "WELCOME10"


def test_a_new_lead_is_greeted_at_once_and_led_to_the_first_order_in_three_mails(shop: "Shop") -> None:
    ada = shop.shopper()
    ada.signs_up()
    assert [mail.subject for mail in ada.inbox] == ["Welcome, Ada! Here is 10% off"]

    shop.wait(60 * DAY)

    assert ada.states("welcome") == [
        ("Greet", 0),
        ("WaitBeforeFavourites", 0),
        ("ShowFavourites", 3 * DAY),
        ("WaitBeforeLastCall", 3 * DAY),
        ("RemindOfCode", 10 * DAY),
    ]
    assert ada.lines("welcome") == [(step, "sent", None) for step in ("greeting", "favourites", "last_call")]
    assert ada.runs("welcome") == [("completed", None)]
    (run,) = ada.executions("welcome")
    assert run.execution.transitions == 5


def test_the_code_stands_in_the_first_and_the_last_mail_and_ends_on_the_same_day(shop: "Shop") -> None:
    ada = shop.shopper()
    ada.signs_up()
    shop.wait(11 * DAY)
    greeting, favourites, last_call = (mail.text or "" for mail in ada.inbox)
    assert CODE in greeting
    assert CODE not in favourites
    assert CODE in last_call
    assert _last_day(greeting) == _last_day(last_call)


@pytest.mark.parametrize(("bought_after", "sent"), [(HOUR, 1), (5 * DAY, 2), (10 * DAY - SECOND, 2)])
def test_the_first_order_ends_the_series(shop: "Shop", bought_after: int, sent: int) -> None:
    ada = shop.shopper()
    ada.signs_up()
    shop.wait(bought_after)
    ada.orders()
    (run,) = ada.executions("welcome")
    assert (run.execution.status.value, run.execution.error) == ("ABORTED", "RunEnded")

    shop.wait(30 * DAY)

    assert [outcome for _, outcome, _ in ada.lines("welcome")] == ["sent"] * sent + ["skipped"]
    assert ada.lines("welcome")[-1][2] == "ordered"
    assert ada.runs("welcome") == [("exited", "ordered")]
    assert len(ada.inbox) == sent


def test_an_order_after_the_last_mail_changes_nothing(shop: "Shop") -> None:
    ada = shop.shopper()
    ada.signs_up()
    shop.wait(11 * DAY)
    ada.orders()
    assert ada.runs("welcome") == [("completed", None)]
    assert len(ada.lines("welcome")) == 3


def test_who_signs_up_and_buys_in_one_breath_is_not_welcomed(shop: "Shop") -> None:
    ada = shop.shopper()
    shop.hear(ada.message("identify", consent=True, traits=ada.traits), ada.order())
    shop.wait(12 * DAY)
    assert ada.executions("welcome") == []
    assert ada.inbox == []


@pytest.mark.parametrize("consent", [False, None])
def test_nobody_is_welcomed_without_consent(shop: "Shop", *, consent: bool | None) -> None:
    ada = shop.shopper()
    ada.signs_up(consent=consent)
    shop.wait(12 * DAY)
    assert ada.executions("welcome") == []


def test_a_lead_of_long_ago_is_not_welcomed_on_the_day_of_an_import(shop: "Shop") -> None:
    ada = shop.shopper()
    ada.signs_up(ago=2 * DAY + SECOND)
    shop.wait(12 * DAY)
    assert ada.executions("welcome") == []


def test_the_withdrawal_of_consent_ends_the_series(shop: "Shop") -> None:
    ada = shop.shopper()
    ada.signs_up()
    shop.wait(DAY)
    ada.decides(consent=False)
    shop.wait(30 * DAY)
    assert ada.lines("welcome") == [("greeting", "sent", None), ("favourites", "skipped", "consent_withdrawn")]
    assert ada.runs("welcome") == [("exited", "consent_withdrawn")]


def test_nobody_is_welcomed_twice(shop: "Shop") -> None:
    ada = shop.shopper()
    ada.signs_up()
    shop.wait(DAY)
    ada.decides(consent=False)
    shop.wait(DAY)
    ada.decides(consent=True)
    shop.wait(120 * DAY)
    assert len(ada.executions("welcome")) == 1
    assert len(ada.inbox) == 1


def _last_day(text: str) -> str:
    """The day through which a mail says that its code holds."""
    (day,) = re.findall(r"Valid through (.+)\.", text)
    return str(day)
