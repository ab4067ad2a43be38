"""The shopper's pages over the fakes, and requests for them as API Gateway makes them."""

from typing import Any
from urllib.parse import urlencode

from homing.domain.unsubscribe import Purpose, Subscriber, make_token
from homing.web.look import Look, ShopLook
from homing.web.pages import Pages
from homing.web.wishes_form import Choices
from tests.fakes.world import KEY, World

INTERESTS = ("Green tea", "Black tea", "Teapots & <b>cups</b>")
FORM = "application/x-www-form-urlencoded"


def pages_of(world: World, shop_name: str = "Tea & Clay", colour: str = "#2f5d50") -> Pages:
    """The pages of a shop with some interests and two ways to reach a shopper."""
    return Pages(
        look=Look(ShopLook(shop_name, "https://shop.example", "hello@shop.example", colour)),
        choices=Choices(INTERESTS, ("email", "sms")),
        contacts=world.contacts,
        events=world.events,
        profiles=world.profiles,
        requests=world.requests,
    )


def request(page: str, method: str = "GET", token: str = "", **more: Any) -> dict[str, Any]:
    """A request for one of the pages."""
    return {
        "routeKey": f"{method} /{page}/{{token}}",
        "requestContext": {"http": {"method": method}},
        "pathParameters": {"token": token},
        **more,
    }


def token_of(subscriber: Subscriber, purpose: Purpose = "unsubscribe") -> str:
    """The token of a link in a mail of the world's."""
    return make_token(subscriber, KEY, purpose)


def sent(fields: list[tuple[str, str]] | dict[str, str]) -> dict[str, Any]:
    """What a browser adds to a request that sends a form."""
    return {"headers": {"content-type": FORM}, "body": urlencode(fields)}
