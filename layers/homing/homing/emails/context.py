"""The render context: what a mail is made from. Plain data, as docs/architecture.md sets it down."""

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import TypedDict


class ShopContext(TypedDict):
    """The shop, as its owner wrote it. `colour` is `#rrggbb`."""

    name: str
    url: str
    postal_address: str
    support_email: str
    colour: str
    logo_url: str | None


class ShopperContext(TypedDict):
    """The person written to; `first_name` may be anything that was once typed into a form."""

    first_name: str | None
    language: str


class LinksContext(TypedDict):
    """Absolute URLs."""

    shop: str
    cart: str
    unsubscribe: str
    preferences: str


class AddresseeContext(TypedDict):
    """Whoever reads the mails of the address: nothing that was typed into a form."""

    language: str


class ServiceLinksContext(TypedDict):
    """Absolute URLs."""

    shop: str
    confirm: str


class ServiceContext(TypedDict):
    """Everything that a service mail may say."""

    shop: ShopContext
    shopper: AddresseeContext
    links: ServiceLinksContext


class ProductContext(TypedDict):
    """One line of a cart or order, or one suggested product; `price` is per piece, in major units."""

    product_id: str
    name: str
    url: str | None
    image_url: str | None
    price: Decimal | None
    currency: str
    quantity: int


class OfferContext(TypedDict):
    """A discount; `percent` is 10 for 10 %, `ends_on` is the last day on which the code works."""

    name: str
    code: str
    percent: int | None
    free_shipping: bool
    ends_on: date


class RenderContext(TypedDict):
    """Everything that a marketing mail may say. `total` is in major units of `currency`."""

    shop: ShopContext
    shopper: ShopperContext
    links: LinksContext
    items: Sequence[ProductContext]
    suggestions: Sequence[ProductContext]
    total: Decimal | None
    currency: str
    offer: OfferContext | None
