"""What a profile remembers of its orders."""

from collections.abc import Callable
from statistics import median_low

from pydantic import Field

from homing.domain.events import Event, Frozen
from homing.domain.ids import fingerprint
from homing.domain.moments import DAY, Duration, Moment
from homing.domain.recent import keep_latest

REMEMBERED_DAYS = 13
REMEMBERED_PURCHASES = 8
PURCHASES_PER_ORDER = 3


class Orders(Frozen):
    """Counts and sums over all orders, and the recent ones in more detail. Money in hundredths.

    `days` are the last thirteen days (days since the epoch, UTC) with an order: the shopper's rhythm. `bought` are
    the last products with their order's moment, the dearest lines of each order first. `amounts` (by the order's
    fingerprint) and `cancellations` (fingerprints) are what may still be told again, by client and server, or in two
    histories of one shopper: it counts once, with the greater of the amounts.
    """

    count: int = 0
    cancelled: int = 0
    revenue: int = 0
    refunded: int = 0
    first_at: Moment | None = None
    last_at: Moment | None = None
    days: tuple[int, ...] = ()
    bought: tuple[tuple[Moment, str], ...] = Field(default=())
    amounts: dict[str, int] = Field(default_factory=dict)
    cancellations: tuple[str, ...] = ()

    @classmethod
    def told_by(cls, event: Event) -> "Orders":
        """What the event alone tells of orders."""
        match event.name:
            case "Order Completed":
                return _completed(event)
            case "Order Refunded":
                return cls(refunded=event.total or 0)
            case "Order Cancelled":
                return cls(cancelled=1, cancellations=(fingerprint(event.fact),))
            case _:
                return _NONE

    def joined(self, other: "Orders") -> "Orders":
        """Both histories as one; the order of joining makes no difference."""
        firsts = [at for at in (self.first_at, other.first_at) if at is not None]
        lasts = [at for at in (self.last_at, other.last_at) if at is not None]
        amounts, cancellations = self.amounts, {*self.cancellations, *other.cancellations}
        told_twice = {order: min(amounts[order], other.amounts[order]) for order in amounts.keys() & other.amounts}
        cancelled_twice = len(self.cancellations) + len(other.cancellations) - len(cancellations)
        greater = {order: max(amounts[order], other.amounts[order]) for order in told_twice}
        return Orders(
            count=self.count + other.count - len(told_twice),
            cancelled=self.cancelled + other.cancelled - cancelled_twice,
            revenue=self.revenue + other.revenue - sum(told_twice.values()),
            refunded=self.refunded + other.refunded,
            first_at=min(firsts, default=None),
            last_at=max(lasts, default=None),
            days=tuple(sorted({*self.days, *other.days}))[-REMEMBERED_DAYS:],
            bought=keep_latest((*self.bought, *other.bought), REMEMBERED_PURCHASES),
            amounts=dict(sorted({**amounts, **other.amounts, **greater}.items())),
            cancellations=tuple(sorted(cancellations)),
        )

    def remembering(self, may_come_again: Callable[[str], bool]) -> "Orders":
        """Without the amounts and cancellations whose fingerprints cannot come again."""
        amounts = {order: amount for order, amount in self.amounts.items() if may_come_again(order)}
        cancellations = tuple(order for order in self.cancellations if may_come_again(order))
        return self.model_copy(update={"amounts": amounts, "cancellations": cancellations})

    @property
    def median_gap(self) -> Duration | None:
        """The middle of the gaps between order days, whole days as a duration; None before the second day.

        Two invoices of one morning are one visit to the shop, so gaps are taken between days. Of an even number of
        gaps the lower middle counts: it needs no rounding.
        """
        if len(self.days) < 2:
            return None
        return median_low(later - earlier for earlier, later in zip(self.days, self.days[1:], strict=False)) * DAY


_NONE = Orders()


def _completed(event: Event) -> Orders:
    lines = sorted(event.products, key=lambda line: (-(line.price or 0) * line.quantity, line.product_id))
    purchases = [(event.at, line.product_id) for line in lines[:PURCHASES_PER_ORDER]]
    total = event.total or 0
    return Orders(
        count=1,
        revenue=total,
        first_at=event.at,
        last_at=event.at,
        days=(event.at // DAY,),
        bought=keep_latest(purchases, REMEMBERED_PURCHASES),
        amounts={fingerprint(event.fact): total} if event.order_id else {},
    )
