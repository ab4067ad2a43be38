"""The facts of a profile that a rule may name, each worked out only when a rule asks for it."""

from collections import defaultdict
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property
from typing import NamedTuple, TypeAlias

from homing.domain.daily import Days
from homing.domain.moments import DAY, Duration, Moment
from homing.domain.orders import Purchase, Tally, median_gap
from homing.domain.profile import Doing, Profile

History: TypeAlias = tuple[tuple[Moment, float], ...]
"""Ascending (latest moment, amount), one for each UTC day on which it happened."""

Fact: TypeAlias = bool | int | float | str | frozenset[str] | tuple[object, ...] | None

NEW_FOR: Duration = 30 * DAY
"""How long a product is new: what is bought up to its end is bought early."""

SHOWN_ON_DAYS = 2
"""A category looked at, put in a cart or bought on so many days is an interest."""

RHYTHM_FROM_DAYS = 3
"""A product bought on so many days has a rhythm, from which it is seen when it runs out."""


@dataclass(frozen=True, slots=True)
class Assortment:
    """What the shop says of its products, and what was learned of them.

    `life_spans`: how long one piece lasts, by product id or category, case-folded. `launches`: when a product was
    launched, by its id.
    """

    life_spans: Mapping[str, Duration] = field(default_factory=dict)
    launches: Mapping[str, Moment] = field(default_factory=dict)


class ProfileFacts:
    """A profile's facts by the names of the rule language."""

    def __init__(self, profile: Profile, assortment: Assortment = Assortment()) -> None:
        self.profile = profile
        self.assortment = assortment
        self._known: dict[str, Fact] = {}

    def get(self, name: str) -> Fact:
        """The fact's value; None where it is not known. KeyError for a name that is no fact."""
        if name not in self._known:
            self._known[name] = _FACTS[name](self)
        return self._known[name]

    @cached_property
    def names(self) -> Collection[str]:
        """All names that `get` answers."""
        return _FACTS.keys()

    @cached_property
    def orders(self) -> Tally:
        """All orders placed."""
        return self.profile.orders.tally

    @cached_property
    def supplies(self) -> tuple["Supply", ...]:
        """What the shopper has bought that runs out."""
        return tuple(_supplies(self.profile.orders.bought, self.assortment.life_spans))


def birthday(profile: Profile) -> tuple[int, int] | None:
    """Month and day, from `1980-02-29` or `--02-29`; None where unknown or no date."""
    text = profile.trait("birthday") or ""
    try:
        born = date.fromisoformat(text.replace("--", "2000-", 1) if text.startswith("--") else text[:10])
    except ValueError:
        return None
    return born.month, born.day


class Supply(NamedTuple):
    """A thing that runs out: when it was or will be used up, and how many purchases followed those of the first day."""

    end_at: Moment
    bought_again: int


def _supplies(bought: tuple[Purchase, ...], life_spans: Mapping[str, Duration]) -> Iterator[Supply]:
    """Of each thing that lasts for a time that is known, or that the shopper's own rhythm tells."""
    things: dict[str, list[Purchase]] = defaultdict(list)
    for purchase in bought:
        things[_thing(purchase, life_spans)].append(purchase)
    for thing, purchases in things.items():
        end_at = _end(purchases, life_spans.get(thing))
        if end_at is not None:
            first_day = purchases[0][0] // DAY
            yield Supply(end_at, sum(at // DAY > first_day for at, *_ in purchases))


def _thing(purchase: Purchase, life_spans: Mapping[str, Duration]) -> str:
    """The product, unless only its category has a life span: one green tea stands in for another."""
    _, product_id, category, _ = purchase
    product, kind = product_id.casefold(), category.casefold()
    return kind if kind in life_spans and product not in life_spans else product


def _end(purchases: list[Purchase], life_span: Duration | None) -> Moment | None:
    """When what was bought last is used up; of several pieces, one after the other."""
    moments = [at for at, *_ in purchases]
    last_at = moments[-1]
    if life_span is not None:
        return last_at + life_span * max(quantity for at, _, _, quantity in purchases if at == last_at)
    if len({at // DAY for at in moments}) < RHYTHM_FROM_DAYS:
        return None
    return last_at + (median_gap(moments) or 0)


def _granted(purpose: str) -> Callable[[ProfileFacts], Fact]:
    return lambda facts: facts.profile.agrees_to(purpose)


def _first_granted_at(purpose: str) -> Callable[[ProfileFacts], Fact]:
    def first_granted_at(facts: ProfileFacts) -> Moment | None:
        consent = facts.profile.consent.get(purpose)
        return consent.first_at if consent else None

    return first_granted_at


def _asked_at(purpose: str) -> Callable[[ProfileFacts], Fact]:
    """When it was asked for last, while it waits for proof."""

    def asked_at(facts: ProfileFacts) -> Moment | None:
        asked = facts.profile.pending().get(purpose)
        return asked.at if asked else None

    return asked_at


def _trait(name: str) -> Callable[[ProfileFacts], Fact]:
    return lambda facts: facts.profile.trait(name)


def _by_day(doing: Doing) -> Callable[[ProfileFacts], Fact]:
    return lambda facts: facts.profile.days.get(doing, ())


def _active_at(facts: ProfileFacts) -> Moment | None:
    """Opened mails do not count: many a mail program opens them by itself."""
    profile = facts.profile
    moments = (profile.identified_at, facts.orders.last_at, profile.last("visits"), profile.last("clicked"))
    return max((at for at in moments if at is not None), default=None)


def _ordered(facts: ProfileFacts) -> int:
    return facts.orders.count - facts.profile.orders.cancelled


def _revenue(facts: ProfileFacts) -> float:
    return (facts.orders.revenue - facts.profile.orders.refunded) / 100


def _average(facts: ProfileFacts) -> float | None:
    return _revenue(facts) / _ordered(facts) if _ordered(facts) > 0 else None


def _coupon_share(facts: ProfileFacts) -> float | None:
    return 100 * facts.orders.with_code / facts.orders.count if facts.orders.count else None


def _bought_early(facts: ProfileFacts) -> int:
    launches = facts.assortment.launches
    since_launch = (at - launches[product] for at, product, *_ in facts.profile.orders.bought if product in launches)
    return sum(0 <= age <= NEW_FOR for age in since_launch)


def _interests_declared(facts: ProfileFacts) -> frozenset[str]:
    return frozenset((facts.profile.trait("interests") or "").splitlines())


def _interests_shown(facts: ProfileFacts) -> frozenset[str]:
    return frozenset(category for category, days in facts.profile.affinity().items() if days >= SHOWN_ON_DAYS)


def _placed(days: Days) -> History:
    return tuple((at, orders) for at, orders, _ in days)


def _spent(days: Days) -> History:
    return tuple((at, hundredths / 100) for at, _, hundredths in days)


_FACTS: dict[str, Callable[[ProfileFacts], Fact]] = {
    "consent.marketing": _granted("marketing"),
    "consent.marketing_at": _first_granted_at("marketing"),
    "consent.marketing_asked_at": _asked_at("marketing"),
    "consent.newsletter": _granted("newsletter"),
    "consent.newsletter_at": _first_granted_at("newsletter"),
    "consent.newsletter_asked_at": _asked_at("newsletter"),
    "consent.tracking": _granted("tracking"),
    "signed_up_at": lambda facts: facts.profile.identified_at,
    "activity.last_at": _active_at,
    "orders.count": _ordered,
    "orders.revenue": _revenue,
    "orders.average": _average,
    "orders.coupon_share": _coupon_share,
    "orders.first_at": lambda facts: facts.orders.first_at,
    "orders.last_at": lambda facts: facts.orders.last_at,
    "orders.median_gap": lambda facts: facts.orders.median_gap,
    "orders.placed": lambda facts: _placed(facts.orders.days),
    "orders.spent": lambda facts: _spent(facts.orders.days),
    "bought.products": lambda facts: frozenset(product for _, product, *_ in facts.profile.orders.bought),
    "bought.categories": lambda facts: frozenset(kind for _, _, kind, _ in facts.profile.orders.bought if kind),
    "launches.bought": _bought_early,
    "supplies.end_at": lambda facts: tuple(sorted(supply.end_at for supply in facts.supplies)),
    "supplies.bought_again": lambda facts: sum(supply.bought_again for supply in facts.supplies),
    "cart.size": lambda facts: facts.profile.cart.size,
    "cart.changed_at": lambda facts: facts.profile.cart.changed_at,
    "cart.stage": lambda facts: facts.profile.cart.stage,
    "cart.shipping_shown": lambda facts: facts.profile.cart.shipping_shown,
    "cart.categories": lambda facts: facts.profile.cart.categories(),
    "visits": lambda facts: tuple((at, 1) for (at,) in facts.profile.days.get("visits", ())),
    "visits.last_at": lambda facts: facts.profile.last("visits"),
    "products.viewed": _by_day("viewed"),
    "products.added": _by_day("added"),
    "mails.opened": _by_day("opened"),
    "mails.clicked": _by_day("clicked"),
    "campaigns.joined": lambda facts: frozenset(campaign for _, campaign in facts.profile.campaigns),
    "event": lambda facts: facts.profile.events,
    "interests.declared": _interests_declared,
    "interests.shown": _interests_shown,
    "birthday": lambda facts: birthday(facts.profile),
    "language": _trait("language"),
    "country": _trait("country"),
    "region": _trait("region"),
    "city": _trait("city"),
    "timezone": _trait("timezone"),
    "gender": _trait("gender"),
    "channel": _trait("channel"),
    "currency": lambda facts: facts.profile.currency[1] if facts.profile.currency else None,
}
