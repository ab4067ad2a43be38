"""Facts, values and times in words."""

from collections.abc import Callable, Iterable, Mapping
from types import MappingProxyType
from typing import Any, Final

from homing.domain.moments import DAY, HOUR, MINUTE, SECOND, Duration, Moment, datetime_of
from homing.domain.rules.vocabulary import FACTS, Kind, is_known

WORDS: Final = MappingProxyType(
    {
        "consent.marketing": "consent to marketing mails",
        "consent.marketing_at": "the first consent to marketing mails",
        "consent.marketing_asked_at": "the wish for marketing mails, yet to be confirmed",
        "consent.newsletter": "consent to the newsletter",
        "consent.newsletter_at": "the first consent to the newsletter",
        "consent.newsletter_asked_at": "the wish for the newsletter, yet to be confirmed",
        "consent.tracking": "consent to tracking",
        "signed_up_at": "the sign-up",
        "orders.count": "the number of orders",
        "orders.revenue": "the revenue",
        "orders.average": "the average order",
        "orders.coupon_share": "the percentage of orders placed with a code",
        "orders.first_at": "the first order",
        "orders.last_at": "the last order",
        "orders.median_gap": "the median gap between orders",
        "orders.placed": "orders placed",
        "orders.spent": "spent on orders",
        "cart.size": "the number of pieces in the cart",
        "cart.changed_at": "the last change of the cart",
        "cart.stage": "the stage of the cart",
        "cart.shipping_shown": "shipping cost shown for this cart",
        "cart.categories": "the categories in the cart",
        "bought.products": "the products bought",
        "bought.categories": "the categories bought",
        "interests.declared": "the interests declared",
        "interests.shown": "the interests shown",
        "launches.bought": "the number of purchases soon after a launch",
        "supplies.bought_again": "the number of supplies bought again",
        "supplies.end_at": "the end of a supply",
        "visits": "visits",
        "visits.last_at": "the last visit",
        "activity.last_at": "the last activity",
        "products.viewed": "products viewed",
        "products.added": "products put in the cart",
        "mails.opened": "mails opened",
        "mails.clicked": "clicks in mails",
        "campaigns.joined": "the campaigns joined",
        "event": "other events",
        "birthday": "the birthday",
        "gender": "the gender",
        "language": "the language",
        "country": "the country",
        "region": "the region",
        "city": "the city",
        "timezone": "the time zone",
        "currency": "the currency",
        "channel": "the preferred channel",
    }
)
"""Every fact as a person would name it."""

COMPARED: Final = MappingProxyType(
    {"equals": "", "at_least": "at least ", "at_most": "at most ", "more_than": "more than ", "less_than": "less than "}
)

_UNITS: Final = (("day", DAY), ("hour", HOUR), ("minute", MINUTE), ("second", SECOND))


def one_of(words: Iterable[str]) -> str:
    """`DE, AT or CH`."""
    *others, last = words
    return f"{', '.join(others)} or {last}" if others else last


def counted(amount: float, digits: int = 2) -> str:
    """`1250`, `49.99`: no more decimals than there are."""
    return f"{amount:.{digits}f}".rstrip("0").rstrip(".")


def length(duration: Duration) -> str:
    """`60 days`, `40 days 19 hours`: the two greatest units."""
    parts, rest = [], duration
    for unit, size in _UNITS:
        number, rest = divmod(rest, size)
        if number:
            parts.append(f"{number} {unit}{'s' if number > 1 else ''}")
    return " ".join(parts[:2]) or "less than a second"


def moment_seen_from(moment: Moment, at: Moment) -> str:
    """`2026-01-03, 75 days ago` or `2026-04-01, in 13 days`; the date is that of UTC."""
    distance = abs(at - moment)
    size = next((size for _, size in _UNITS if distance >= size), SECOND)
    rounded = length(distance // size * size)
    return f"{datetime_of(moment):%Y-%m-%d}, {f'{rounded} ago' if moment <= at else f'in {rounded}'}"


def known(fact: str, value: Any, at: Moment) -> str | None:
    """A fact's value; None where it is not known."""
    return _VALUES[FACTS[fact]](value, at) if is_known(value) else None


def _history(entries: tuple[tuple[Moment, Any], ...], at: Moment) -> str:
    return f"the latest {moment_seen_from(entries[-1][0], at)}"


_VALUES: Final[Mapping[Kind, Callable[[Any, Moment], str]]] = {
    Kind.YES_NO: lambda value, _: "yes" if value else "no",
    Kind.MOMENT: moment_seen_from,
    Kind.MOMENTS: lambda value, at: "; ".join(moment_seen_from(moment, at) for moment in value),
    Kind.NUMBER: lambda value, _: counted(float(value)),
    Kind.DURATION: lambda value, _: length(value),
    Kind.YEARLY_DATE: lambda value, _: f"{value[0]:02}-{value[1]:02}",
    Kind.TEXT: lambda value, _: str(value),
    Kind.TEXTS: lambda value, _: ", ".join(sorted(value)),
    Kind.HISTORY: _history,
    Kind.EVENTS: _history,
}
