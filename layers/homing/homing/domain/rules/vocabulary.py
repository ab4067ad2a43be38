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
    MOMENTS = "list of moments"
    """tuple of int, ascending, past and to come"""
    NUMBER = "number"
    """int, float or Decimal"""
    DURATION = "duration"
    """int: milliseconds"""
    YEARLY_DATE = "yearly date"
    """(month, day), (2, 29) included"""
    TEXT = "text"
    """str"""
    TEXTS = "set of texts"
    """a collection of str"""
    HISTORY = "history"
    """tuple of (moment, amount), ascending, one for each UTC day, with the latest moment of that day"""
    EVENTS = "history of events"
    """tuple of (moment, name of the event), ascending"""


FACTS: Final[Mapping[str, Kind]] = MappingProxyType(
    {
        "consent.marketing": Kind.YES_NO,
        "consent.marketing_at": Kind.MOMENT,
        "consent.marketing_asked_at": Kind.MOMENT,
        "consent.newsletter": Kind.YES_NO,
        "consent.newsletter_at": Kind.MOMENT,
        "consent.newsletter_asked_at": Kind.MOMENT,
        "consent.tracking": Kind.YES_NO,
        "signed_up_at": Kind.MOMENT,
        "orders.count": Kind.NUMBER,
        "orders.revenue": Kind.NUMBER,
        "orders.average": Kind.NUMBER,
        "orders.coupon_share": Kind.NUMBER,
        "orders.first_at": Kind.MOMENT,
        "orders.last_at": Kind.MOMENT,
        "orders.median_gap": Kind.DURATION,
        "orders.placed": Kind.HISTORY,
        "orders.spent": Kind.HISTORY,
        "cart.size": Kind.NUMBER,
        "cart.changed_at": Kind.MOMENT,
        "cart.stage": Kind.TEXT,
        "cart.shipping_shown": Kind.YES_NO,
        "cart.categories": Kind.TEXTS,
        "bought.products": Kind.TEXTS,
        "bought.categories": Kind.TEXTS,
        "interests.declared": Kind.TEXTS,
        "interests.shown": Kind.TEXTS,
        "launches.bought": Kind.NUMBER,
        "supplies.bought_again": Kind.NUMBER,
        "supplies.end_at": Kind.MOMENTS,
        "visits": Kind.HISTORY,
        "visits.last_at": Kind.MOMENT,
        "activity.last_at": Kind.MOMENT,
        "products.viewed": Kind.HISTORY,
        "products.added": Kind.HISTORY,
        "mails.opened": Kind.HISTORY,
        "mails.clicked": Kind.HISTORY,
        "campaigns.joined": Kind.TEXTS,
        "event": Kind.EVENTS,
        "birthday": Kind.YEARLY_DATE,
        "gender": Kind.TEXT,
        "language": Kind.TEXT,
        "country": Kind.TEXT,
        "region": Kind.TEXT,
        "city": Kind.TEXT,
        "timezone": Kind.TEXT,
        "currency": Kind.TEXT,
        "channel": Kind.TEXT,
    }
)

REMEMBERED_DAYS: Final[Mapping[str, int]] = MappingProxyType(
    {
        "orders.placed": 24,
        "orders.spent": 24,
        "visits": 12,
        "products.viewed": 10,
        "products.added": 10,
        "mails.opened": 10,
        "mails.clicked": 10,
    }
)
"""On how many of the latest days with an entry a profile's histories reach back."""

REMEMBERED_EVENTS: Final = 12
"""How many of the latest other events a profile remembers."""


def is_known(value: Any) -> bool:
    """Whether a fact's value says anything: of a list, a set or a history nothing is known while it is empty."""
    return value is not None and (bool(value) or not isinstance(value, tuple | list | set | frozenset))


class Facts(Protocol):
    """The facts of one profile; a dict will do."""

    def get(self, fact: str, /) -> Any:
        """The value, of the kind that FACTS gives; None where it is not known."""
