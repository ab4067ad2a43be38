"""The reminders of a cart, as they are deployed."""

from typing import TYPE_CHECKING

import pytest

from homing.domain.moments import DAY, HOUR, MINUTE, SECOND

if TYPE_CHECKING:
    from tests.workflows.conftest import Shop

CODE = "FREESHIP"


def test_a_cart_is_remembered_after_a_quiet_hour_and_only_the_third_mail_carries_an_offer(shop: "Shop") -> None:
    """The first mail comes at once; those after it come at ten, when the shopper is about."""
    shop.wait_until(shop.now // DAY * DAY + DAY + 10 * HOUR)
    ada = shop.shopper(timezone="UTC")
    ada.is_known()
    ada.adds("teapot", "bowl")
    shop.wait(HOUR - SECOND)
    assert ada.executions("cart") == []
    shop.wait(SECOND)
    assert len(ada.inbox) == 1

    shop.wait(30 * DAY)

    assert ada.states("cart") == [
        ("Remind", 0),
        ("WaitBeforeSecond", 0),
        ("RemindAgain", 47 * HOUR),
        ("WaitBeforeOffer", 47 * HOUR),
        ("Offer", 95 * HOUR),
    ]
    assert ada.lines("cart") == [(step, "sent", None) for step in ("reminder", "second", "offer")]
    assert ada.runs("cart") == [("completed", None)]
    assert [CODE in (mail.text or "") for mail in ada.inbox] == [False, False, True]
    for mail in ada.inbox:
        for body in (mail.text or "", mail.html or ""):
            assert "Finest teapot" in body
            assert "Finest bowl" in body


def test_the_mail_shows_the_cart_as_it_stands_when_it_goes(shop: "Shop") -> None:
    ada = shop.shopper()
    ada.is_known()
    ada.adds("teapot", "bowl")
    shop.wait(2 * HOUR)
    ada.removes("teapot")
    ada.adds("kettle")
    shop.wait(2 * DAY)
    text = ada.inbox[1].text or ""
    cart = text[: text.index("View my cart")]
    assert "Finest bowl" in cart
    assert "Finest kettle" in cart
    assert "Finest teapot" not in cart


def test_every_change_of_the_cart_begins_the_quiet_hour_anew(shop: "Shop") -> None:
    ada = shop.shopper()
    ada.is_known()
    ada.adds("teapot")
    for product in ("bowl", "kettle"):
        shop.wait(59 * MINUTE)
        ada.adds(product)
    shop.wait(HOUR - SECOND)
    assert ada.inbox == []
    shop.wait(SECOND)
    assert len(ada.inbox) == 1


def test_who_buys_within_the_quiet_hour_costs_no_transition(shop: "Shop") -> None:
    ada = shop.shopper()
    ada.is_known()
    ada.adds("teapot")
    shop.wait(50 * MINUTE)
    ada.orders("teapot")
    shop.wait(5 * DAY)
    assert ada.executions("cart") == []
    assert ada.inbox == []


@pytest.mark.parametrize(("ends_after", "sent"), [(2 * HOUR, 1), (50 * HOUR, 2)])
@pytest.mark.parametrize("reason", ["ordered", "cart_emptied", "consent_withdrawn"])
def test_an_order_an_emptied_cart_and_a_withdrawal_end_the_reminders(
    shop: "Shop", reason: str, ends_after: int, sent: int
) -> None:
    ada = shop.shopper()
    ada.is_known()
    ada.adds("teapot")
    shop.wait(ends_after)
    match reason:
        case "ordered":
            ada.orders("bowl")
        case "cart_emptied":
            ada.removes("teapot")
        case _:
            ada.decides(consent=False)
    shop.wait(10 * DAY)
    assert ada.runs("cart") == [("exited", reason)]
    assert [outcome for _, outcome, _ in ada.lines("cart")] == ["sent"] * sent + ["skipped"]
    assert ada.lines("cart")[-1][2] == reason
    assert len(ada.inbox) == sent


def test_nobody_is_reminded_without_consent(shop: "Shop") -> None:
    ada = shop.shopper()
    ada.signs_up(consent=False)
    ada.adds("teapot")
    shop.wait(10 * DAY)
    assert ada.executions("cart") == []


def test_the_same_cart_is_remembered_once_and_one_after_seven_quiet_days_is_another(shop: "Shop") -> None:
    ada = shop.shopper()
    ada.is_known()
    ada.adds("teapot")
    shop.wait(5 * DAY)
    ada.adds("bowl")
    shop.wait(5 * DAY)
    assert len(ada.executions("cart")) == 1

    shop.wait(3 * DAY)
    ada.adds("kettle")
    shop.wait(10 * DAY)

    assert len(ada.executions("cart")) == 2
    assert ada.runs("cart") == [("completed", None)] * 2
    assert len(ada.inbox) == 6


def test_the_cart_after_an_order_has_reminders_of_its_own(shop: "Shop") -> None:
    ada = shop.shopper()
    ada.is_known()
    ada.adds("teapot")
    shop.wait(2 * HOUR)
    ada.orders("teapot")
    shop.wait(HOUR)
    ada.adds("bowl")
    shop.wait(10 * DAY)
    assert ada.runs("cart") == [("exited", "ordered"), ("completed", None)]
