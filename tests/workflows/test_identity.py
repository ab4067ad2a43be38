"""One person under several names is one person to the journeys."""

from typing import TYPE_CHECKING

from homing.domain.ids import alias_id
from homing.domain.moments import DAY, HOUR, MINUTE

if TYPE_CHECKING:
    from local.simulation.recorder import Line
    from tests.workflows.conftest import Shop, Shopper


def test_the_cart_of_an_unknown_visitor_is_remembered_once_they_are_known(shop: "Shop") -> None:
    ada = shop.shopper()
    browser = f"browser-{ada.user_id}"
    shop.hear(_anonymously(ada, browser, "track", "Product Added", "teapot"))
    shop.wait(10 * MINUTE)
    known = ada.message("identify", ago=10 * DAY, consent=True, traits=ada.traits)
    shop.hear({**known, "anonymousId": browser})
    shop.wait(HOUR)

    assert len(ada.inbox) == 1
    assert "Finest teapot" in (ada.inbox[0].text or "")
    shop.wait(10 * DAY)
    assert ada.runs("cart") == [("completed", None)]
    assert len(ada.inbox) == 3
    assert _people(shop, ada, browser) == [ada.profile_id]


def test_a_browser_that_goes_on_without_the_user_s_id_still_belongs_to_the_user(shop: "Shop") -> None:
    ada = shop.shopper()
    browser = f"browser-{ada.user_id}"
    shop.hear({**ada.message("identify", ago=10 * DAY, consent=True, traits=ada.traits), "anonymousId": browser})
    shop.hear(_anonymously(ada, browser, "track", "Product Added", "teapot"))
    shop.wait(2 * HOUR)
    assert len(ada.inbox) == 1
    shop.hear(_anonymously(ada, browser, "track", "Order Completed", "teapot"))
    assert ada.runs("cart") == [("exited", "ordered")]


def test_a_newsletter_reader_who_opens_an_account_under_the_same_address_is_welcomed_once(shop: "Shop") -> None:
    ada = shop.shopper()
    form = f"form-{ada.user_id}"
    shop.hear(_without_user(ada.message("identify", consent=True, traits=ada.traits), form))
    assert len(ada.inbox) == 1
    shop.wait(DAY)
    ada.signs_up()
    shop.wait(30 * DAY)

    steps = ["greeting", "favourites", "last_call"]
    welcomes = [line for line in shop.recorder.emails() if line["email"] == ada.email]
    assert [(line["step"], line["outcome"]) for line in welcomes] == [(step, "sent") for step in steps]
    assert len(ada.inbox) == 3
    assert _people(shop, ada, form) == [ada.profile_id]


def test_an_order_of_the_account_ends_the_welcome_of_the_newsletter_reader(shop: "Shop") -> None:
    ada = shop.shopper()
    shop.hear(_without_user(ada.message("identify", consent=True, traits=ada.traits), f"form-{ada.user_id}"))
    shop.wait(DAY)
    ada.signs_up()
    shop.wait(DAY)
    ada.orders("tea")
    shop.wait(30 * DAY)
    assert len(ada.inbox) == 1


def _anonymously(ada: "Shopper", browser: str, kind: str, event: str, product: str) -> "Line":
    order = ada.order(product)
    properties = order["properties"] if event == "Order Completed" else order["properties"]["products"][0]
    return _without_user(ada.message(kind, event, properties=properties), browser)


def _without_user(message: "Line", browser: str) -> "Line":
    return {**{name: value for name, value in message.items() if name != "userId"}, "anonymousId": browser}


def _people(shop: "Shop", ada: "Shopper", browser: str) -> list[str]:
    """The profiles that stand for this person."""
    names = {ada.profile_id, alias_id("anonymous", browser)}
    return [record.profile_id for record in shop.recorder.profiles() if record.profile_id in names]
