"""The facts of a profile that a rule may name, each worked out only when a rule asks for it."""

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property
from typing import TypeAlias

from homing.domain.daily import Days
from homing.domain.moments import DAY, Duration, Moment
from homing.domain.orders import Purchase, Tally, median_gap
from homing.domain.profile import Consent, Doing, Profile

History: TypeAlias = tuple[tuple[Moment, float], ...]
"""Ascending (latest moment, amount), one for each UTC day on which it happened."""

Fact: TypeAlias = (
    bool | int | float | str | tuple[int, int] | frozenset[str] | History | tuple[Moment, ...] | Consent | None
)

NEW_FOR: Duration = 30 * DAY
"""How long after its launch a product is new."""

SHOWN_ON_DAYS = 2
"""On how many days a category has to be looked at, put in a cart or bought, until it is an interest."""

RHYTHM_FROM = 3
"""On how many days a product has to be bought, until the gaps between them tell how long it lasts."""


@dataclass(frozen=True, slots=True)
class Assortment:
    """What the shop says of its products, and what was learned of them.

    `life_spans`: how long one piece lasts, by product id or category, case-folded. `launches`: when a product was
    first seen, by its id.
    """

    life_spans: Mapping[str, Duration] = field(default_factory=dict)
    launches: Mapping[str, Moment] = field(default_factory=dict)

    def thing(self, purchase: Purchase) -> str:
        """What runs out: a product with a life span of its own, else a category with one, else the product."""
        _, product_id, category, _ = purchase
        product, kind = product_id.casefold(), category.casefold()
        return kind if product not in self.life_spans and kind in self.life_spans else product


class ProfileFacts:
    """A profile's facts by the names of the rule language."""

    def __init__(self, profile: Profile, assortment: Assortment = Assortment()) -> None:
        self.profile = profile
        self.assortment = assortment
        self._worked_out: dict[str, Fact] = {}

    def get(self, name: str) -> Fact:
        """The fact's value; None where it is not known. KeyError for a name that is no fact."""
        if name not in self._worked_out:
            self._worked_out[name] = _FACTS[name](self)
        return self._worked_out[name]

    @cached_property
    def names(self) -> Collection[str]:
        """All names that `get` answers."""
        return _FACTS.keys()

    @cached_property
    def orders(self) -> Tally:
        """All orders."""
        return self.profile.orders.tally
