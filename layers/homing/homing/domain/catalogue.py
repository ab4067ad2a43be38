"""What the shop sells, learned from its events: details of each product, and the shelf of what to suggest."""

from collections.abc import Iterable

from pydantic import Field

from homing.domain.events import Event, Frozen, Product
from homing.domain.moments import DAY, Moment

SHELF_NEWEST = 12
SHELF_BEST = 40
_HALF_LIFE_DAYS = 30
_PRICE_REFRESH = 30 * DAY
"""Order lines carry discounts of their own, so an order says little of the price: a write a month is enough. What a
shopper looks at or puts into the cart has the price that the shop shows."""


class CatalogueProduct(Frozen):
    """A product's details as last told. `prices` in hundredths, by currency; moments in ms."""

    product_id: str
    name: str | None = None
    category: str | None = None
    url: str | None = None
    image_url: str | None = None
    prices: dict[str, int] = Field(default_factory=dict)
    first_seen_at: Moment
    updated_at: Moment

    def after(self, line: Product, event: Event) -> "CatalogueProduct":
        """With what the event tells; itself where it tells nothing new, or only a price that is fresh enough."""
        if event.at < self.updated_at:
            return self
        told = {
            "name": line.name or self.name,
            "category": line.category or self.category,
            "url": line.url or self.url,
            "image_url": line.image_url or self.image_url,
        }
        prices = self.prices | _prices(line, event)
        shown = event.name != "Order Completed" or event.at - self.updated_at >= _PRICE_REFRESH
        repriced = prices != self.prices and (shown or prices.keys() != self.prices.keys())
        if not repriced and all(getattr(self, name) == value for name, value in told.items()):
            return self
        return self.model_copy(update={**told, "prices": prices, "updated_at": event.at})


def first_told(line: Product, event: Event) -> CatalogueProduct:
    """A product of which the event is the first to tell."""
    return CatalogueProduct(
        product_id=line.product_id,
        name=line.name,
        category=line.category,
        url=line.url,
        image_url=line.image_url,
        prices=_prices(line, event),
        first_seen_at=event.at,
        updated_at=event.at,
    )


def _prices(line: Product, event: Event) -> dict[str, int]:
    """What the event says of the price; nothing where it names no currency, for then it could be any."""
    return {event.currency: line.price} if line.price is not None and event.currency is not None else {}


class Shelf(Frozen):
    """The newest and the best-selling products of the shop, in one small item.

    `sales` are scores that halve every thirty days, rounded to thousandths; only the best are kept. They are an
    estimate, for suggestions: a product's first sale enters it above the lowest score, as the space-saving sketch
    of Metwally et al. (2005) has it.
    """

    newest: tuple[tuple[Moment, str], ...] = ()
    sales: dict[str, float] = Field(default_factory=dict)
    scored_on: int = 0

    def with_new(self, products: Iterable[CatalogueProduct]) -> "Shelf":
        """With products that were not known before."""
        entries = {*self.newest, *((product.first_seen_at, product.product_id) for product in products)}
        return self.model_copy(update={"newest": tuple(sorted(entries))[-SHELF_NEWEST:]})

    def with_order(self, event: Event) -> "Shelf":
        """With one more order's products counted."""
        day = max(self.scored_on, event.at // DAY)
        fading = 0.5 ** ((day - self.scored_on) / _HALF_LIFE_DAYS)
        sales = {product_id: score * fading for product_id, score in self.sales.items()}
        lowest = min(sales.values(), default=0.0) if len(sales) >= SHELF_BEST else 0.0
        for product_id in dict.fromkeys(line.product_id for line in event.products):
            sales[product_id] = sales.get(product_id, lowest) + 1
        best = sorted(sales.items(), key=lambda entry: (-entry[1], entry[0]))[:SHELF_BEST]
        return self.model_copy(update={"sales": {name: round(score, 3) for name, score in best}, "scored_on": day})

    def suggestions(self, without: Iterable[str], limit: int) -> list[str]:
        """Product ids to suggest, best sellers and newest in turn, none of `without`."""
        best = sorted(self.sales, key=lambda product_id: (-self.sales[product_id], product_id))
        newest = [product_id for _, product_id in reversed(self.newest)]
        in_turn = [product_id for pair in zip(best, newest, strict=False) for product_id in pair]
        shown = dict.fromkeys((*in_turn, *best, *newest))
        unwanted = set(without)
        return [product_id for product_id in shown if product_id not in unwanted][:limit]


def is_sampled(event: Event) -> bool:
    """Whether the order's sales are counted: one in four, by its id, so that the shelf is not written at each order."""
    return event.name == "Order Completed" and int(event.fact[:4].translate(_BASE32_HEX), 32) % 4 == 0


_BASE32_HEX = str.maketrans("abcdefghijklmnopqrstuvwxyz234567", "0123456789abcdefghijklmnopqrstuv")
