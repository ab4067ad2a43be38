"""What a profile remembers of its orders."""

from statistics import median_low

from pydantic import Field

from homing.domain.events import Event, Frozen
from homing.domain.moments import DAY, Duration, Moment
from homing.domain.recent import keep_latest

REMEMBERED_DAYS = 13
REMEMBERED_PURCHASES = 8
PURCHASES_PER_ORDER = 3


class Orders(Frozen):
    """Counts and sums over all orders, and the recent ones in more detail. Money in hundredths.

    `days` are the last thirteen days (days since the epoch, UTC) with an order: the shopper's rhythm. `bought` are
    the last products with their order's moment, the dearest lines of each order first.
    """

    count: int = 0
    cancelled: int = 0
    revenue: int = 0
    refunded: int = 0
    first_at: Moment | None = None
    last_at: Moment | None = None
    days: tuple[int, ...] = ()
    bought: tuple[tuple[Moment, str], ...] = Field(default=())

    def completed(self, event: Event) -> "Orders":
        """With one more order."""
        lines = sorted(event.products, key=lambda line: (-(line.price or 0) * line.quantity, line.product_id))
        purchases = [(event.at, line.product_id) for line in lines[:PURCHASES_PER_ORDER]]
        return self.joined(
            Orders(
                count=1,
                revenue=event.total or 0,
                first_at=event.at,
                last_at=event.at,
                days=(event.at // DAY,),
                bought=keep_latest(purchases, REMEMBERED_PURCHASES),
            )
        )

    def refunded_by(self, event: Event) -> "Orders":
        """With money given back."""
        return self.model_copy(update={"refunded": self.refunded + (event.total or 0)})

    def cancelled_by(self) -> "Orders":
        """With one order cancelled."""
        return self.model_copy(update={"cancelled": self.cancelled + 1})

    def joined(self, other: "Orders") -> "Orders":
        """Both histories as one; the order of joining makes no difference."""
        firsts = [at for at in (self.first_at, other.first_at) if at is not None]
        lasts = [at for at in (self.last_at, other.last_at) if at is not None]
        return Orders(
            count=self.count + other.count,
            cancelled=self.cancelled + other.cancelled,
            revenue=self.revenue + other.revenue,
            refunded=self.refunded + other.refunded,
            first_at=min(firsts, default=None),
            last_at=max(lasts, default=None),
            days=tuple(sorted({*self.days, *other.days}))[-REMEMBERED_DAYS:],
            bought=keep_latest((*self.bought, *other.bought), REMEMBERED_PURCHASES),
        )

    @property
    def median_gap(self) -> Duration | None:
        """The middle of the gaps between order days, whole days as a duration; None before the second day.

        Two invoices of one morning are one visit to the shop, so gaps are taken between days. Of an even number of
        gaps the lower middle counts: it needs no rounding.
        """
        if len(self.days) < 2:
            return None
        return median_low(later - earlier for earlier, later in zip(self.days, self.days[1:], strict=False)) * DAY
