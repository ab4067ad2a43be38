"""Events, shoppers and the project's own shop, in few words."""

from functools import cache
from itertools import count
from pathlib import Path
from typing import Any

from homing.domain.events import Event, Product
from homing.domain.generation import Generation
from homing.domain.moments import DAY, Moment, parse_moment
from homing.domain.profile import Profile
from homing.domain.shop import Shop
from local.shop_files import read_shop, read_shop_files

NOW = parse_moment("2026-06-15T12:00:00Z")
SHOP_DIR = Path(__file__).parents[2] / "shop"
_numbers = count()


@cache
def default_shop() -> Shop:
    """The shop as a new user finds it."""
    return read_shop(SHOP_DIR)


@cache
def default_generation() -> Generation:
    """That shop's rules, before any generation has been made of them."""
    return Generation(number=0, rules=read_shop_files(SHOP_DIR)["segments"])


def product(product_id: str = "mug", quantity: int = 1, price: int | None = 1200, **more: Any) -> Product:
    """A line of a cart or an order; the price in hundredths."""
    return Product(product_id=product_id, quantity=quantity, price=price, **more)


def happened(name: str | None = None, at: Moment = NOW, user: str | None = "ada", **more: Any) -> Event:
    """An event of a track message, or of an identify message where it has no name; each with an id of its own."""
    told = {"message_id": f"m{next(_numbers)}", "type": "track" if name else "identify"}
    return Event(**{**told, "name": name, "at": at, "user_id": user, **more})


def signed_up(at: Moment = NOW, email: str = "ada@example.com", **more: Any) -> Event:
    """Who they are, and that they want the mails."""
    traits = {"email": email, **more.pop("traits", {})}
    return happened(at=at, **{"traits": traits, "consent": {"marketing": True}, **more})


def bought(at: Moment = NOW, order_id: str | None = None, total: int = 1200, **more: Any) -> Event:
    """An order of one mug."""
    order = {"products": (product(),), "order_id": order_id, "total": total, "currency": "EUR"}
    return happened("Order Completed", at, **{**order, **more})


def put_in_cart(at: Moment = NOW, product_id: str = "mug", quantity: int = 1, **more: Any) -> Event:
    """One product more in the cart."""
    return happened("Product Added", at, products=(product(product_id, quantity),), currency="EUR", **more)


def withdrew(at: Moment = NOW, source: str = "api", **more: Any) -> Event:
    """They do not want the mails any more."""
    return happened("Preferences Changed", at, consent={"marketing": False}, source=source, **more)


def profile_of(*events: Event) -> Profile:
    """The fold of events that are received at once."""
    profile = Profile()
    for event in events:
        profile = profile.after(event, max(event.at, NOW - 10 * DAY))
    return profile
