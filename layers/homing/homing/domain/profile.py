"""The profile: what is known of a shopper, as a fold over events that gives the same for any order and repetition."""

from collections import Counter
from typing import TypeAlias

from pydantic import Field

from homing.domain.cart import Cart
from homing.domain.events import Event, Frozen
from homing.domain.ids import FINGERPRINT_LENGTH, fingerprint
from homing.domain.moments import DAY, Moment
from homing.domain.orders import Orders
from homing.domain.recent import keep_latest

Stamped: TypeAlias = tuple[Moment, str]
"""A value and since when it is known; the later one wins, of two at once the greater."""

TRAITS = frozenset(
    {
        "email",
        "first_name",
        "last_name",
        "language",
        "timezone",
        "country",
        "region",
        "city",
        "gender",
        "birthday",
        "phone",
    }
)
REMEMBERED_VISITS = 5
REMEMBERED_VIEWS = 6
REMEMBERED_INTERESTS = 12

SEEN_DAYS = 15
"""A stream repeats a record within one day, a dead-letter queue within fourteen: older repeats cannot come."""

_VISIT_TYPES = frozenset({"page", "screen"})
_VISIT_NAMES = frozenset(
    {
        "Products Searched",
        "Product List Viewed",
        "Product Clicked",
        "Product Viewed",
        "Product Added",
        "Cart Viewed",
    }
)


class Consent(Frozen):
    """Whether a purpose is agreed to, as of when, and who said so.

    `first_at` is when it was first agreed to: clients repeat a consent with every message.
    """

    granted: bool
    at: Moment
    source: str
    first_at: Moment | None = None

    def later(self, other: "Consent") -> "Consent":
        """The one that counts: the later, and of two at once the withdrawal."""
        first_at = min((at for at in (self.first_at, other.first_at) if at is not None), default=None)
        latest = max(self, other, key=lambda consent: (consent.at, not consent.granted, consent.source))
        return latest.model_copy(update={"first_at": first_at})


class Profile(Frozen):
    """The facts of one shopper. Moments in ms since the epoch, money in hundredths.

    `anonymous` are the aliases whose history has joined; `seen` the fingerprints of the facts already folded in, by
    the day (since the epoch) on which they were received.
    """

    user_id: str | None = None
    anonymous: tuple[str, ...] = ()
    identified_at: Moment | None = None
    traits: dict[str, Stamped] = Field(default_factory=dict)
    consent: dict[str, Consent] = Field(default_factory=dict)
    currency: Stamped | None = None
    orders: Orders = Orders()
    cart: Cart = Cart()
    visits: tuple[tuple[int], ...] = ()
    viewed: tuple[tuple[Moment, str], ...] = ()
    interests: tuple[tuple[int, str], ...] = ()
    seen: dict[int, str] = Field(default_factory=dict)

    def trait(self, name: str) -> str | None:
        """The trait's value, or None."""
        stamped = self.traits.get(name)
        return stamped[1] if stamped else None

    @property
    def last_visit_at(self) -> Moment | None:
        """The last day (UTC midnight) with a visit to the shop; visits are remembered by day."""
        return self.visits[-1][0] * DAY if self.visits else None

    def affinity(self) -> dict[str, int]:
        """Categories, by the number of remembered days on which they were looked at, put into a cart or bought."""
        return dict(Counter(category for _, category in self.interests))

    def has_seen(self, fact: str) -> bool:
        """Whether the fact is folded in already."""
        return self._has_seen(fingerprint(fact))

    def _has_seen(self, mark: str) -> bool:
        return any(
            day[start : start + FINGERPRINT_LENGTH] == mark
            for day in self.seen.values()
            for start in range(0, len(day), FINGERPRINT_LENGTH)
        )

    def after(self, event: Event, received_at: Moment) -> "Profile":
        """The profile with one more event; equal to itself where the event is folded in already.

        `received_at` is when the event was stored: it tells when its fingerprint may be forgotten.
        """
        if event.fact == event.message_fact and self.has_seen(event.fact):
            return self
        # An order that is told again, by another message, still counts once, but brings its consent and traits.
        return self.joined(_alone(event, received_at))

    def with_anonymous(self, alias: str) -> "Profile":
        """With the alias named among those whose history has joined."""
        return self.model_copy(update={"anonymous": tuple(sorted({*self.anonymous, alias}))})

    def joined(self, other: "Profile") -> "Profile":
        """Both histories as one person's; the order of joining makes no difference."""
        user_ids = [user_id for user_id in (self.user_id, other.user_id) if user_id is not None]
        identified = [at for at in (self.identified_at, other.identified_at) if at is not None]
        currencies = [currency for currency in (self.currency, other.currency) if currency is not None]
        joined = Profile(
            user_id=min(user_ids, default=None),
            anonymous=tuple(sorted({*self.anonymous, *other.anonymous})),
            identified_at=min(identified, default=None),
            traits=_latest(self.traits, other.traits),
            consent=_latest_consent(self.consent, other.consent),
            currency=max(currencies, default=None),
            orders=self.orders.joined(other.orders),
            cart=self.cart.joined(other.cart),
            visits=keep_latest((*self.visits, *other.visits), REMEMBERED_VISITS),
            viewed=keep_latest((*self.viewed, *other.viewed), REMEMBERED_VIEWS),
            interests=keep_latest((*self.interests, *other.interests), REMEMBERED_INTERESTS),
            seen=_seen_in_either(self.seen, other.seen),
        )
        if not joined.orders.amounts and not joined.orders.cancellations:
            return joined
        return joined.model_copy(update={"orders": joined.orders.remembering(joined._has_seen)})


def _alone(event: Event, received_at: Moment) -> Profile:
    """What the event alone tells."""
    day = event.at // DAY
    looked_at = event.name == "Product Viewed"
    interested = looked_at or event.name in ("Product Added", "Order Completed")
    is_visit = event.type in _VISIT_TYPES or event.name in _VISIT_NAMES
    return Profile(
        user_id=event.user_id,
        identified_at=event.at if event.type == "identify" else None,
        traits={name: (event.at, value) for name, value in event.traits.items() if name in TRAITS},
        consent={
            purpose: Consent(granted=granted, at=event.at, source=event.source, first_at=event.at if granted else None)
            for purpose, granted in event.consent.items()
        },
        currency=(event.at, event.currency) if event.currency else None,
        orders=Orders.told_by(event),
        cart=Cart.told_by(event),
        visits=((day,),) if is_visit else (),
        viewed=tuple((event.at, line.product_id) for line in event.products) if looked_at else (),
        interests=tuple((day, line.category) for line in event.products if line.category) if interested else (),
        seen={received_at // DAY: fingerprint(event.fact)},
    )


def _latest(ours: dict[str, Stamped], theirs: dict[str, Stamped]) -> dict[str, Stamped]:
    nothing: Stamped = (-1, "")
    return {name: max(ours.get(name, nothing), theirs.get(name, nothing)) for name in sorted({*ours, *theirs})}


def _latest_consent(ours: dict[str, Consent], theirs: dict[str, Consent]) -> dict[str, Consent]:
    both = {purpose: ours[purpose].later(theirs[purpose]) for purpose in ours.keys() & theirs.keys()}
    return dict(sorted({**ours, **theirs, **both}.items()))


def _seen_in_either(ours: dict[int, str], theirs: dict[int, str]) -> dict[int, str]:
    """Fingerprints of both, sorted within a day, without the days that no repeat can come from any more."""
    days = {*ours, *theirs}
    horizon = max(days, default=0) - SEEN_DAYS
    return {day: _merged(ours.get(day, ""), theirs.get(day, "")) for day in sorted(days) if day > horizon}


def _merged(ours: str, theirs: str) -> str:
    if not theirs or not ours:
        return ours or theirs
    starts = range(0, len(ours) + len(theirs), FINGERPRINT_LENGTH)
    together = ours + theirs
    return "".join(sorted({together[start : start + FINGERPRINT_LENGTH] for start in starts}))
