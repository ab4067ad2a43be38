"""The facts that a rule may name."""

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import Any, Final, Protocol


class Kind(StrEnum):
    """What a fact is, and so which tests fit it. Every fact may also be None: not known."""

    YES_NO = "yes or no"
    """bool"""
    MOMENT = "moment"
    """int: milliseconds since 1970 UTC"""
    NUMBER = "number"
    """int, float or Decimal"""
    DURATION = "duration"
    """int: milliseconds"""
    YEARLY_DATE = "yearly date"
    """(month, day), (2, 29) included"""
    TEXT = "text"
    """str"""


FACTS: Final[Mapping[str, Kind]] = MappingProxyType(
    {
        "consent.marketing": Kind.YES_NO,
        "consent.marketing_at": Kind.MOMENT,
        "signed_up_at": Kind.MOMENT,
        "orders.count": Kind.NUMBER,
        "orders.revenue": Kind.NUMBER,
        "orders.first_at": Kind.MOMENT,
        "orders.last_at": Kind.MOMENT,
        "orders.median_gap": Kind.DURATION,
        "cart.size": Kind.NUMBER,
        "cart.changed_at": Kind.MOMENT,
        "cart.stage": Kind.TEXT,
        "visits.last_at": Kind.MOMENT,
        "birthday": Kind.YEARLY_DATE,
        "language": Kind.TEXT,
        "country": Kind.TEXT,
        "city": Kind.TEXT,
        "timezone": Kind.TEXT,
    }
)


class Facts(Protocol):
    """The facts of one profile; a dict will do."""

    def get(self, fact: str, /) -> Any:
        """The value, of the kind that FACTS gives; None where it is not known."""
