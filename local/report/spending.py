"""What the members of each segment spend: per order and per year, in quantiles, and where amounts part."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import ceil

from homing.domain.moments import DAY, Duration, Moment
from homing.domain.record import ProfileRecord
from local.report.breaks import ENOUGH, natural_breaks

YEAR: Duration = 365 * DAY
PERCENTS = (10, 25, 50, 75, 90)
FEWEST = 5
"""Fewer amounts than this are told one by one better than in quantiles."""

MANY = 0.05
"""The part of all orders that has to come near to a threshold, to be worth one."""

REACH = 1 / 3
"""How far below a threshold an order may end, and one thing more still lifts it over."""


@dataclass(frozen=True, slots=True)
class Spread:
    """Amounts in major units: how many, their quantiles at PERCENTS, and the thresholds at which they part."""

    count: int
    quantiles: tuple[float, ...]
    breaks: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Spending:
    """Of one segment: members, those who bought within the year, and what they spent; None where too few did.

    `advice` is what a marketer may do with it, in a line.
    """

    name: str
    members: int
    buyers: int
    per_order: Spread | None
    per_year: Spread | None
    advice: str


@dataclass(frozen=True, slots=True)
class Purchases:
    """What one profile bought within the year before a moment: the amount of each order, and all together."""

    orders: tuple[float, ...]

    @property
    def total(self) -> float:
        return sum(self.orders)


def spending_of_segments(
    records: Iterable[ProfileRecord], names: Iterable[str], at: Moment, currency: str
) -> list[Spending]:
    """For each of the segments what its members at `at` spent in the 365 days before."""
    members: dict[str, list[Purchases]] = {name: [] for name in names}
    for record in records:
        purchases = purchases_of(record, at)
        for name in record.segments:
            members.setdefault(name, []).append(purchases)
    return [_spending(name, purchases, currency) for name, purchases in members.items()]


def purchases_of(record: ProfileRecord, at: Moment) -> Purchases:
    """What the profile remembers of its orders in the year before `at`.

    A profile remembers its last 24 days with an order, and the orders of one day as one sum: each counts as the
    day's average.
    """
    orders: list[float] = []
    for moment, number, money in record.facts.orders.tally.days:
        if at - YEAR < moment <= at:
            orders += [money / number / 100] * number
    return Purchases(tuple(orders))


def spread(amounts: Sequence[float]) -> Spread | None:
    """The spread of the amounts; None of too few."""
    if len(amounts) < FEWEST:
        return None
    ordered = sorted(amounts)
    quantiles = tuple(ordered[max(0, ceil(percent / 100 * len(ordered)) - 1)] for percent in PERCENTS)
    return Spread(len(ordered), quantiles, tuple(natural_breaks(ordered)))


def _spending(name: str, members: Sequence[Purchases], currency: str) -> Spending:
    orders = [amount for purchases in members for amount in purchases.orders]
    years = [purchases.total for purchases in members if purchases.orders]
    per_order = spread(orders)
    return Spending(
        name=name,
        members=len(members),
        buyers=len(years),
        per_order=per_order,
        per_year=spread(years),
        advice=_advice(orders, per_order, currency) if per_order else "",
    )


def _advice(orders: Sequence[float], per_order: Spread, currency: str) -> str:
    """A threshold just above a break that many orders come near to, rather one that most do not reach by themselves."""
    if not per_order.breaks:
        return "Too few orders for a threshold." if len(orders) < ENOUGH else "Amounts do not part: no threshold."
    thresholds = map(round_up, per_order.breaks)
    near = {threshold: share for threshold in thresholds if (share := _share_near(orders, threshold)) >= MANY}
    if not near:
        return "No threshold that many orders come near to."
    median = per_order.quantiles[PERCENTS.index(50)]
    threshold = max([each for each in near if each >= median] or near, key=lambda each: (near[each], each))
    share = near[threshold]
    return (
        f"Free shipping from {threshold:,} {currency}: {share:.0%} of their orders are less than a third short of it."
    )


def _share_near(orders: Sequence[float], threshold: float) -> float:
    return sum(threshold * (1 - REACH) <= amount < threshold for amount in orders) / len(orders)


def round_up(amount: float) -> int:
    """The next amount that looks like a threshold: a multiple of 5, of 10 from 100, of 50 from 500."""
    step = 5 if amount < 100 else 10 if amount < 500 else 50
    return ceil(amount / step) * step
