"""Sample contexts: every situation that a mail must stand, for the check at build time and for previews."""

from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from itertools import product

from homing.emails.context import OfferContext, ProductContext, RenderContext, ServiceContext, ShopContext

_SHOP = ShopContext(
    name="Lindgren & Co.",
    url="https://shop.example",
    postal_address="Lindgren & Co., 12 Mill Lane, Bristol BS1 4QA",
    support_email="hello@shop.example",
    colour="#1f5c4d",
    logo_url=None,
)


def everything() -> RenderContext:
    """A context in which nothing is missing: a name, an offer, three items and four suggestions."""
    return _context("Anna", _offer(10, free_shipping=False), _ITEMS, _SUGGESTIONS)


def nothing() -> RenderContext:
    """A context in which all is missing that may be: no name, no offer, no products."""
    return _context(None, None, [], [])


def hostile(text: str) -> RenderContext:
    """A context in which all that comes from outside says `text`, and addresses lead to it."""
    lines, suggested = ([_saying(text, product) for product in products] for products in (_ITEMS, _SUGGESTIONS))
    return _context(text, _offer(10, free_shipping=False), lines, suggested)


def service() -> ServiceContext:
    """The context of a service mail."""
    return ServiceContext(
        shop=_SHOP,
        shopper={"language": "en"},
        links={"shop": "https://shop.example", "confirm": "https://mail.shop.example/confirm/4f9c2b71"},
    )


def situations() -> Iterator[tuple[str, RenderContext]]:
    """Each combination of what may be missing, with its description."""
    names = {"with a name": "Anna", "without a name": None}
    offers = {
        "without an offer": None,
        "with a percentage": _offer(10, free_shipping=False),
        "with free shipping": _offer(None, free_shipping=True),
        "with a percentage and free shipping": _offer(15, free_shipping=True),
        "with a named gift": _offer(None, free_shipping=False),
    }
    products = {
        "without products": ([], []),
        "with items": (_ITEMS, []),
        "with suggestions": ([], _SUGGESTIONS),
        "with bare products": ([_bare(_ITEMS[0])], [_bare(_SUGGESTIONS[0])]),
        "with many products": (_ITEMS * 5, _SUGGESTIONS * 3),
    }
    for (named, name), (offered, offer), (shown, (items, suggestions)) in product(
        names.items(), offers.items(), products.items()
    ):
        yield f"{named}, {offered}, {shown}", _context(name, offer, items, suggestions)


def _context(
    first_name: str | None,
    offer: OfferContext | None,
    items: list[ProductContext],
    suggestions: list[ProductContext],
) -> RenderContext:
    prices = [item["price"] * item["quantity"] for item in items if item["price"] is not None]
    return RenderContext(
        shop=_SHOP,
        shopper={"first_name": first_name, "language": "en"},
        links={
            "shop": "https://shop.example",
            "cart": "https://shop.example/cart",
            "unsubscribe": "https://mail.shop.example/u/4f9c2b71",
            "preferences": "https://mail.shop.example/preferences/4f9c2b71",
        },
        items=items,
        suggestions=suggestions,
        total=sum(prices, Decimal(0)) if prices else None,
        currency="GBP",
        offer=offer,
    )


def _offer(percent: int | None, *, free_shipping: bool) -> OfferContext:
    return OfferContext(
        name="A small surprise",
        code="HELLO-7KQ4",
        percent=percent,
        free_shipping=free_shipping,
        ends_on=date(2026, 6, 30),
    )


def _product(name: str, price: str, quantity: int = 1) -> ProductContext:
    slug = name.lower().replace(" ", "-")
    return ProductContext(
        product_id=slug,
        name=name,
        url=f"https://shop.example/p/{slug}",
        image_url=None,
        price=Decimal(price),
        currency="GBP",
        quantity=quantity,
    )


def _bare(full: ProductContext) -> ProductContext:
    return ProductContext(**{**full, "url": None, "image_url": None, "price": None})


def _saying(text: str, full: ProductContext) -> ProductContext:
    url, image_url = f"javascript:{text}", f"https://x/{text}"
    return ProductContext(**{**full, "product_id": text, "name": text, "url": url, "image_url": image_url})


_ITEMS = [
    _product("Stoneware Mug, Sea Green", "14.50", 2),
    _product("Linen Table Runner", "32.00"),
    _product("Beeswax Candle Set of Four", "18.90"),
]
_SUGGESTIONS = [
    _product("Oak Serving Board", "42.00"),
    _product("Wool Throw, Fog", "89.00"),
    _product("Hand-Blown Carafe", "36.50"),
    _product("Cotton Tea Towels, Pair", "16.00"),
]
