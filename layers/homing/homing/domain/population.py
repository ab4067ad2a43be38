"""Counting the whole population: what each part of the table adds, and the figures that come of all parts together."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from decimal import Decimal
from math import ceil

from pydantic import Field

from homing.domain.catalogue import CatalogueProduct
from homing.domain.events import Frozen
from homing.domain.facts import ProfileFacts
from homing.domain.figures import Figures, top_key
from homing.domain.hours import NO_HOURS, Hours, hours_of, hours_of_both
from homing.domain.moments import DAY, Moment
from homing.domain.record import ProfileRecord
from homing.domain.timing import zone_of

REMEMBERED_LAUNCHES = 300
OPENING = 30 * DAY
"""What is first seen so soon after the first product of all is the old stock of a shop that has begun with Homing."""


class Counted(Frozen):
    """What one part of the table adds to the figures.

    `values` holds, of each fact that a rule asks the top of, one value for each customer; `products` are the newest
    ones with the moment at which each was first seen; `oldest_at` is that of the oldest. `hours` are those
    of all shoppers together.
    """

    values: dict[str, tuple[float, ...]] = Field(default_factory=dict)
    products: tuple[tuple[Moment, str], ...] = ()
    oldest_at: Moment | None = None
    hours: Hours = NO_HOURS


@dataclass(slots=True)
class Counter:
    """Counts one part of the table, item by item.

    `facts` are those of which a rule asks the top, `timezone` is the clock of shoppers of whom none is known.
    """

    facts: Collection[str]
    timezone: str
    _values: dict[str, list[float]] = field(init=False)
    _products: list[tuple[Moment, str]] = field(default_factory=list, init=False)
    _hours: Hours = field(default=NO_HOURS, init=False)

    def __post_init__(self) -> None:
        self._values = {fact: [] for fact in self.facts}

    def add(self, record: ProfileRecord) -> None:
        """Count a profile, where it is no part of another: its hours and, of a customer's, the facts."""
        if record.joined_to is not None:
            return
        self._hours = hours_of_both(self._hours, hours_of(record.facts, zone_of(record.facts, self.timezone)))
        if not self.facts:
            return
        facts = ProfileFacts(record.facts)
        if facts.get("orders.count") < 1:  # type: ignore[operator] # always a number
            return
        for fact, values in self._values.items():
            values.append(facts.get(fact))  # type: ignore[arg-type] # a customer's is a number

    def add_product(self, product: CatalogueProduct) -> None:
        """Count a product."""
        self._products.append((product.first_seen_at, product.product_id))

    def counted(self) -> Counted:
        """The sums so far."""
        products = sorted(self._products)
        return Counted(
            values={fact: tuple(values) for fact, values in self._values.items()},
            products=tuple(products[-REMEMBERED_LAUNCHES:]),
            oldest_at=products[0][0] if products else None,
            hours=self._hours,
        )


def figures(parts: Iterable[Counted], tops: Collection[tuple[str, float]], computed_at: Moment) -> Figures:
    """The figures of all parts together; `tops` are facts with percentages. The order of the parts is of no matter.

    The least value of the top p % is the value at rank ceil(p % of all customers), counted from the greatest: an exact
    order statistic. There is none where there are no customers.
    """
    values: dict[str, list[float]] = {fact: [] for fact, _ in tops}
    products: list[tuple[Moment, str]] = []
    oldest = []
    hours = NO_HOURS
    for part in parts:
        for fact, some in part.values.items():
            values.setdefault(fact, []).extend(some)
        products += part.products
        oldest += [] if part.oldest_at is None else [part.oldest_at]
        hours = hours_of_both(hours, part.hours)
    for some_values in values.values():
        some_values.sort(reverse=True)
    return Figures(
        computed_at=computed_at,
        tops={top_key(fact, percent): _least(values[fact], percent) for fact, percent in tops if values[fact]},
        launches=_launches(products, min(oldest, default=0)),
        hours=hours,
    )


def _least(descending: list[float], percent: float) -> float:
    # 1.1 % of 1,000 is 11, and a little more than that in floating point.
    rank = ceil(Decimal(str(percent)) * len(descending) / 100)
    return descending[max(rank, 1) - 1]


def _launches(products: list[tuple[Moment, str]], opened_at: Moment) -> dict[str, Moment]:
    newest = sorted(products)[-REMEMBERED_LAUNCHES:]
    return {product_id: at for at, product_id in newest if at >= opened_at + OPENING}
