"""What a shop learns of its customers at the end of a run: the RFM grid, and what each segment spends."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import log

from homing.domain.moments import Moment
from homing.domain.record import ProfileRecord
from local.report.rfm import Grid, rfm_grid
from local.report.spending import Spending, Spread, spending_of_segments

ROOM = 1.1


@dataclass(frozen=True, slots=True)
class Scale:
    """An axis of amounts that all segments share, so that their boxes can be compared: equal steps, equal factors."""

    low: float
    high: float

    def place(self, amount: float) -> float:
        """From 0 to 1; what lies beyond the axis stands at its end."""
        within = min(self.high, max(self.low, amount))
        return log(within / self.low) / log(self.high / self.low)

    def holds(self, amount: float) -> bool:
        """Whether the amount lies on the axis."""
        return self.low <= amount <= self.high


@dataclass(frozen=True, slots=True)
class Customers:
    """Amounts are in major units of `currency`, the one in which most shoppers buy."""

    currency: str
    grid: Grid | None
    segments: list[Spending]
    per_order: Scale
    per_year: Scale


def customers(records: Sequence[ProfileRecord], names: Sequence[str], at: Moment) -> Customers:
    """The customers among the records at `at`, and the segments of these names, with buyers first."""
    currencies = Counter(record.facts.currency[1] for record in records if record.facts.currency)
    currency = max(currencies, key=lambda name: (currencies[name], name), default="")
    told = spending_of_segments(records, names, at, currency)
    return Customers(
        currency=currency,
        grid=rfm_grid(records, at),
        segments=sorted(told, key=lambda spending: spending.per_order is None),
        per_order=_scale(spending.per_order for spending in told),
        per_year=_scale(spending.per_year for spending in told),
    )


def _scale(spreads: Iterable[Spread | None]) -> Scale:
    """From the lowest 10 % quantile of all to the highest 90 % quantile, with some room; of amounts above nothing."""
    told = [amount for spread in spreads if spread for amount in spread.quantiles if amount > 0] or [1.0]
    return Scale(min(told) / ROOM, max(told) * ROOM)
