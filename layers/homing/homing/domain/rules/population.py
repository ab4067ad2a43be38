"""Tests against figures of all customers together, which a recompute counts."""

from dataclasses import dataclass

from homing.domain.rules.conditions import Timeless
from homing.domain.rules.vocabulary import Facts


@dataclass(frozen=True, slots=True)
class Top(Timeless):
    """`orders.revenue: {top: 10 %}`: customers who reach the least value among the top 10 % of them.

    `least` is that value; None while it has not been counted, and then nobody is in it.
    """

    fact: str
    percent: float
    least: float | None

    def holds(self, facts: Facts) -> bool:
        """Whether the profile is a customer's, with a value that is not below."""
        value = facts.get(self.fact)
        if value is None or self.least is None or value < self.least:
            return False
        return bool((facts.get("orders.count") or 0) > 0)
