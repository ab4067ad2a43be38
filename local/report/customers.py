"""What a shop learns of its customers at the end of a run: the RFM grid, and what each segment spends."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from homing.domain.moments import Moment
from homing.domain.record import ProfileRecord
from local.report.rfm import Grid, rfm_grid
from local.report.spending import Spending, Spread, spending_of_segments


@dataclass(frozen=True, slots=True)
class Scale:
    """An axis of amounts that all segments share, so that their boxes can be compared."""

    top: float

    def place(self, amount: float) -> float:
        """From 0 to 1; what lies beyond the axis stands at its end."""
        return min(1.0, max(0.0, amount / self.top))


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
    """Up to the highest 90 % quantile of all."""
    return Scale(max((spread.quantiles[-1] for spread in spreads if spread), default=0) * 1.04 or 1)
