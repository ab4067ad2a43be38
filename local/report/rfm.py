"""Recency, frequency, money: customers in fifths by when they bought last and by how often, with what they brought."""

from bisect import bisect_left
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import log
from statistics import fmean
from typing import TYPE_CHECKING

from homing.domain.facts import ProfileFacts
from homing.domain.moments import DAY, Moment
from homing.domain.record import ProfileRecord

if TYPE_CHECKING:
    from homing.domain.rules import Facts

FIFTHS = 5


@dataclass(frozen=True, slots=True)
class Customer:
    """A profile with at least one order: whole days since the last one, how many, and their revenue in major units."""

    days_ago: int
    orders: int
    revenue: float


@dataclass(frozen=True, slots=True)
class Cell:
    """Customers of one fifth of each; `each` is their revenue on average, `shade` where that lies between the least
    and the greatest of all cells, from 0 to 1, by factors: a few bring many times what the others do.
    """

    customers: int
    each: float
    shade: float


@dataclass(frozen=True, slots=True)
class Grid:
    """Cells by recency, the latest first, and by frequency, the rarest first; with what each fifth holds.

    Equal values share a fifth, so that there are fewer than five where many customers are alike.
    """

    recencies: list[str]
    frequencies: list[str]
    rows: list[list[Cell]]
    customers: int


def rfm_grid(records: Iterable[ProfileRecord], at: Moment) -> Grid | None:
    """The grid of all customers at `at`; None where there are none."""
    customers = [customer for record in records if (customer := _customer(record, at))]
    if not customers:
        return None
    recencies = _Fifths([customer.days_ago for customer in customers])
    frequencies = _Fifths([customer.orders for customer in customers])
    revenues: dict[tuple[int, int], list[float]] = {}
    for customer in customers:
        place = recencies.of(customer.days_ago), frequencies.of(customer.orders)
        revenues.setdefault(place, []).append(customer.revenue)
    shades = _Shades(fmean(some) for some in revenues.values())
    return Grid(
        recencies=[_span(values, "day ago", "days ago") for values in recencies.values.values()],
        frequencies=[_span(values, "order", "orders") for values in frequencies.values.values()],
        rows=[
            [_cell(revenues.get((recency, frequency), []), shades) for frequency in frequencies.values]
            for recency in recencies.values
        ],
        customers=len(customers),
    )


class _Fifths:
    """Numbers in five parts of the same size, by rank; `values` holds those of each part that is not empty."""

    def __init__(self, numbers: Sequence[int]) -> None:
        self._ordered = sorted(numbers)
        self.values: dict[int, list[int]] = {}
        for number in self._ordered:
            self.values.setdefault(self.of(number), []).append(number)

    def of(self, number: int) -> int:
        return bisect_left(self._ordered, number) * FIFTHS // len(self._ordered)


class _Shades:
    """From 0 to 1 between the least and the greatest of the amounts; what is nothing or less has none."""

    def __init__(self, amounts: Iterable[float]) -> None:
        above_nothing = [amount for amount in amounts if amount > 0] or [1.0]
        self._low, self._high = log(min(above_nothing)), log(max(above_nothing))

    def of(self, amount: float) -> float:
        if amount <= 0:
            return 0.0
        return (log(amount) - self._low) / (self._high - self._low) if self._high > self._low else 1.0


def _cell(revenues: Sequence[float], shades: _Shades) -> Cell:
    each = fmean(revenues) if revenues else 0.0
    return Cell(len(revenues), each, shades.of(each))


def _span(values: Sequence[int], one: str, many: str) -> str:
    """`1 order`, `2 orders`, `3–7 orders`."""
    least, most = values[0], values[-1]
    return f"{least}–{most} {many}" if least < most else f"{least} {one if least == 1 else many}"


def _customer(record: ProfileRecord, at: Moment) -> Customer | None:
    facts: Facts = ProfileFacts(record.facts)
    count, last_at = facts.get("orders.count"), facts.get("orders.last_at")
    if count < 1 or last_at is None:
        return None
    return Customer(max(0, at - last_at) // DAY, count, facts.get("orders.revenue"))
