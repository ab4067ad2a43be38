"""What a profile remembers of its orders."""

from collections import Counter
from collections.abc import Callable
from itertools import pairwise
from statistics import median_low
from typing import TypeAlias

from pydantic import Field

from homing.domain.daily import Days, merged
from homing.domain.events import Event, Frozen
from homing.domain.ids import fingerprint
from homing.domain.moments import DAY, Duration, Moment
from homing.domain.recent import keep_latest_of_each

REMEMBERED_DAYS = 24
REMEMBERED_PURCHASES = 12
PURCHASES_PER_ORDER = 3

Order: TypeAlias = tuple[Moment, int, bool]
"""When, for how much, and whether with a code."""

Purchase: TypeAlias = tuple[Moment, str, str, int]
"""When, which product, of which category (empty: not told), how many."""


class Tally(Frozen):
    """Orders that are counted. Money in hundredths.

    `days` are the last days with an order: (latest moment, orders, money).
    """

    count: int = 0
    revenue: int = 0
    with_code: int = 0
    first_at: Moment | None = None
    days: Days = ()

    @classmethod
    def of(cls, *orders: Order) -> "Tally":
        """The tally of these orders."""
        return cls(
            count=len(orders),
            revenue=sum(total for _, total, _ in orders),
            with_code=sum(with_code for _, _, with_code in orders),
            first_at=min((at for at, _, _ in orders), default=None),
            days=merged((), tuple((at, 1, total) for at, total, _ in orders), REMEMBERED_DAYS),
        )

    def joined(self, other: "Tally") -> "Tally":
        """Both tallies as one; the order of joining makes no difference. No order may be in both."""
        if not self.count or not other.count:
            return self if self.count else other
        return Tally(
            count=self.count + other.count,
            revenue=self.revenue + other.revenue,
            with_code=self.with_code + other.with_code,
            first_at=min(at for at in (self.first_at, other.first_at) if at is not None),
            days=merged(self.days, other.days, REMEMBERED_DAYS),
        )

    @property
    def last_at(self) -> Moment | None:
        """When the last order was placed."""
        return self.days[-1][0] if self.days else None

    @property
    def median_gap(self) -> Duration | None:
        """The middle of the gaps between the remembered days with an order; None before the second.

        Two invoices of one morning are one visit to the shop, so gaps are taken between days.
        """
        return median_gap([moment for moment, *_ in self.days])


class Orders(Frozen):
    """Counts and sums over all orders, and the recent ones in more detail. Money in hundredths.

    `open` (by the order's fingerprint) and `cancellations` (fingerprints) are what may still be told again, by client
    and server, or in two histories of one shopper: it counts once. Of an order that is told differently, the earliest
    moment counts, the greater amount, and the code that either tells of. What cannot be told again is `settled`.

    `bought` are the last purchases, of each order those lines on which most was spent.
    """

    settled: Tally = Tally()
    open: dict[str, Order] = Field(default_factory=dict)
    cancelled: int = 0
    cancellations: tuple[str, ...] = ()
    refunded: int = 0
    bought: tuple[Purchase, ...] = ()

    @classmethod
    def told_by(cls, event: Event) -> "Orders":
        """What the event alone tells of orders."""
        match event.name:
            case "Order Completed":
                order = (event.at, event.total or 0, event.coupon is not None)
                if event.order_id:
                    return cls(open={fingerprint(event.fact): order}, bought=_purchases(event))
                return cls(settled=Tally.of(order), bought=_purchases(event))
            case "Order Refunded":
                return cls(refunded=event.total or 0)
            case "Order Cancelled":
                return cls(cancelled=1, cancellations=(fingerprint(event.fact),))
            case _:
                return _NONE

    def joined(self, other: "Orders") -> "Orders":
        """Both histories as one; the order of joining makes no difference."""
        if other is _NONE:
            return self
        told_twice = {mark: _as_one(self.open[mark], other.open[mark]) for mark in self.open.keys() & other.open}
        cancellations = {*self.cancellations, *other.cancellations}
        cancelled_twice = len(self.cancellations) + len(other.cancellations) - len(cancellations)
        return Orders(
            settled=self.settled.joined(other.settled),
            open=dict(sorted({**self.open, **other.open, **told_twice}.items())),
            cancelled=self.cancelled + other.cancelled - cancelled_twice,
            cancellations=tuple(sorted(cancellations)),
            refunded=self.refunded + other.refunded,
            bought=_latest_purchases((*self.bought, *other.bought)),
        )

    def remembering(self, may_come_again: Callable[[str], bool]) -> "Orders":
        """With those orders settled, and those cancellations forgotten, whose fingerprints cannot come again."""
        still_open = {mark: order for mark, order in self.open.items() if may_come_again(mark)}
        cancellations = tuple(mark for mark in self.cancellations if may_come_again(mark))
        if len(still_open) == len(self.open) and len(cancellations) == len(self.cancellations):
            return self
        settled = self.settled.joined(Tally.of(*(self.open[mark] for mark in self.open.keys() - still_open)))
        return self.model_copy(update={"settled": settled, "open": still_open, "cancellations": cancellations})

    @property
    def tally(self) -> Tally:
        """All orders, settled or open."""
        return self.settled.joined(Tally.of(*self.open.values()))

    @property
    def count(self) -> int:
        """Orders placed, cancelled ones too."""
        return self.tally.count

    @property
    def revenue(self) -> int:
        """What was ordered for, before refunds."""
        return self.tally.revenue

    @property
    def last_at(self) -> Moment | None:
        """When the last order was placed."""
        return self.tally.last_at


_NONE = Orders()


def median_gap(moments: list[Moment]) -> Duration | None:
    """The middle of the gaps between the days of these moments, whole days as a duration; None for less than two days.

    Of an even number of gaps the lower middle counts: it needs no rounding.
    """
    days = sorted({moment // DAY for moment in moments})
    if len(days) < 2:
        return None
    return median_low(later - earlier for earlier, later in pairwise(days)) * DAY


def _as_one(ours: Order, theirs: Order) -> Order:
    """One order, told twice."""
    return min(ours[0], theirs[0]), max(ours[1], theirs[1]), ours[2] or theirs[2]


def _purchases(event: Event) -> tuple[Purchase, ...]:
    """The order's products, several lines of one product (in two sizes, say) as one purchase."""
    spent: Counter[tuple[str, str]] = Counter()
    pieces: Counter[tuple[str, str]] = Counter()
    for line in event.products:
        product = line.product_id, line.category or ""
        spent[product] += (line.price or 0) * line.quantity
        pieces[product] += line.quantity
    dearest = sorted(pieces, key=lambda product: (-spent[product], product))[:PURCHASES_PER_ORDER]
    return _latest_purchases(tuple((event.at, *product, pieces[product]) for product in dearest))


def _latest_purchases(purchases: tuple[Purchase, ...]) -> tuple[Purchase, ...]:
    """A product bought on a day is one purchase, so that an order which two tell of is not two purchases."""
    return keep_latest_of_each(purchases, REMEMBERED_PURCHASES, lambda purchase: (purchase[0] // DAY, purchase[1]))
