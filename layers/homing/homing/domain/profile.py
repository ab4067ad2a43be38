"""The profile: what is known of a shopper, as a fold over events that gives the same for any order and repetition."""

from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Literal, TypeAlias

from pydantic import Field

from homing.domain.cart import Cart
from homing.domain.consent import Asked, Consent, later_of_each
from homing.domain.daily import Days, merged
from homing.domain.events import NEED_PROOF, PURPOSES, Event, Frozen
from homing.domain.ids import FINGERPRINT_LENGTH, contact_id, fingerprint
from homing.domain.moments import DAY, Moment
from homing.domain.orders import Orders
from homing.domain.recent import keep_earliest_of_each, keep_latest, keep_latest_of_each

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
        "interests",
        "channel",
    }
)
REMEMBERED_INTERESTS = 12
REMEMBERED_EVENTS = 12
REMEMBERED_CAMPAIGNS = 12
REMEMBERED_ADDRESSES = 3
LONGEST_NAME = 60

Doing = Literal["visits", "viewed", "added", "opened", "clicked"]
"""What is counted by the day: visits to the shop, products looked at and put in a cart, mails opened and clicked."""

REMEMBERED_DAYS: dict[Doing, int] = {"visits": 12, "viewed": 10, "added": 10, "opened": 10, "clicked": 10}

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
_COUNTED: dict[str, Doing] = {
    "Product Viewed": "viewed",
    "Product Added": "added",
    "Email Opened": "opened",
    "Email Link Clicked": "clicked",
}
_UNDERSTOOD = frozenset(
    {
        *_VISIT_NAMES,
        *_COUNTED,
        "Product Removed",
        "Checkout Started",
        "Checkout Step Viewed",
        "Checkout Step Completed",
        "Payment Info Entered",
        "Order Completed",
        "Order Refunded",
        "Order Cancelled",
        "Email Bounced",
        "Email Marked as Spam",
        "Email Unsubscribed",
        "Preferences Changed",
        "Subscription Confirmed",
    }
)
"""Names of track events of which the profile remembers more than the name."""


class Profile(Frozen):
    """The facts of one shopper. Moments in ms since the epoch, money in hundredths.

    `days` holds, of each doing, the latest days on which it happened as (latest moment, how often), of visits the
    moment alone; `addresses` the first addresses, each as (when it was first received, fingerprint of its contact);
    `events` the latest track events that the shop itself has named; `campaigns` those whose mails were clicked in, with
    the latest click. `consent` is what was told last of each purpose, `firm` what was last proven or told Homing
    itself, where that is something else; `consent_to` tells which of them counts. `anonymous` are the aliases whose
    history has joined; `seen` the fingerprints of the facts already folded in, by the day (since the epoch) on which
    they were received.
    """

    user_id: str | None = None
    anonymous: tuple[str, ...] = ()
    identified_at: Moment | None = None
    traits: dict[str, Stamped] = Field(default_factory=dict)
    consent: dict[str, Consent] = Field(default_factory=dict)
    firm: dict[str, Consent] = Field(default_factory=dict)
    asked: dict[str, Asked] = Field(default_factory=dict)
    currency: Stamped | None = None
    orders: Orders = Orders()
    cart: Cart = Cart()
    days: dict[Doing, Days] = Field(default_factory=dict)
    addresses: tuple[tuple[Moment, str], ...] = ()
    interests: tuple[tuple[int, str], ...] = ()
    events: tuple[tuple[Moment, str], ...] = ()
    campaigns: tuple[tuple[Moment, str], ...] = ()
    seen: dict[int, str] = Field(default_factory=dict)

    def trait(self, name: str) -> str | None:
        """The trait's value; None where it was never told, or was taken back by an empty text."""
        stamped = self.traits.get(name)
        return (stamped[1] or None) if stamped else None

    def last(self, doing: Doing) -> Moment | None:
        """When it was last done."""
        days = self.days.get(doing)
        return days[-1][0] if days else None

    def consent_to(self, purpose: str) -> Consent | None:
        """What counts of the purpose: what was told last, unless it grants without proof what was firmly withdrawn."""
        latest, firm = self.consent.get(purpose), self.firm.get(purpose)
        return firm if latest is not None and firm is not None and latest.yields_to(firm) else latest

    def firm_words(self) -> dict[str, Consent]:
        """Of each purpose what was last proven, or told Homing itself."""
        latest = {purpose: consent.firm for purpose, consent in self.consent.items()}
        return later_of_each(self.firm, {purpose: firm for purpose, firm in latest.items() if firm is not None})

    def agrees_to(self, purpose: str) -> bool:
        """Whether the shopper agrees to the purpose, at the address that is known now."""
        consent = self.consent_to(purpose)
        return consent is not None and consent.holds_for(self.trait("email"))

    def has_confirmed(self, purpose: str) -> bool:
        """Whether the shopper agrees to the purpose, and has proven it since they last withdrew it with Homing."""
        firm = self.firm_words().get(purpose)
        return firm is not None and firm.granted and self.agrees_to(purpose)

    def pending(self) -> dict[str, Asked]:
        """The purposes that were asked for and wait for proof: not agreed to, nor withdrawn since."""
        return {purpose: asked for purpose, asked in self.asked.items() if self._waits(purpose, asked)}

    def _waits(self, purpose: str, asked: Asked) -> bool:
        consent = self.consent_to(purpose)
        return consent is None or (asked.at > consent.at and not self.agrees_to(purpose))

    def corrected_on(self) -> int | None:
        """The day (since the epoch) on which the address was first received; None for a first one, and for a fourth."""
        email = self.trait("email")
        return {name: at // DAY for at, name in self.addresses[1:]}.get(fingerprint(contact_id(email or "")))

    def affinity(self) -> dict[str, int]:
        """Categories, by the number of remembered days on which they were looked at, put into a cart or bought."""
        return dict(Counter(category for _, category in self.interests))

    def has_seen(self, fact: str) -> bool:
        """Whether the fact is folded in already."""
        return fingerprint(fact) in self._marks()

    def _marks(self) -> set[str]:
        """The fingerprints of all facts that are folded in and may come again."""
        return {mark for day in self.seen.values() for mark in _split(day)}

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
        consent = later_of_each(self.consent, other.consent)
        joined = Profile(
            user_id=min(user_ids, default=None),
            anonymous=tuple(sorted({*self.anonymous, *other.anonymous})),
            identified_at=min(identified, default=None),
            traits=_latest(self.traits, other.traits),
            consent=consent,
            firm=_without_what_is_told(later_of_each(self.firm_words(), other.firm_words()), consent),
            asked=later_of_each(self.asked, other.asked),
            currency=max(currencies, default=None),
            orders=self.orders.joined(other.orders),
            cart=self.cart.joined(other.cart),
            days=_days_of_both(self.days, other.days),
            addresses=_first_addresses((*self.addresses, *other.addresses)),
            interests=keep_latest((*self.interests, *other.interests), REMEMBERED_INTERESTS),
            events=keep_latest((*self.events, *other.events), REMEMBERED_EVENTS),
            campaigns=_latest_campaigns((*self.campaigns, *other.campaigns)),
            seen=_seen_in_either(self.seen, other.seen),
        )
        orders = joined.orders.remembering(joined._marks().__contains__)
        return joined if orders is joined.orders else joined.model_copy(update={"orders": orders})


def _alone(event: Event, received_at: Moment) -> Profile:
    """What the event alone tells."""
    day, email = event.at // DAY, event.traits.get("email")
    interested = event.name in ("Product Viewed", "Product Added", "Order Completed")
    clicked = event.name == "Email Link Clicked"
    purposes = [purpose for purpose in event.consent if purpose in PURPOSES]
    consent = {purpose: Consent.told_by(event, purpose, received_at) for purpose in purposes}
    firm = {purpose: Consent.firmly_told_by(event, purpose, received_at) for purpose in purposes}
    return Profile(
        user_id=event.user_id,
        identified_at=event.at if event.type == "identify" else None,
        traits={name: (event.at, value) for name, value in event.traits.items() if name in TRAITS},
        consent=consent,
        firm=_without_what_is_told({purpose: word for purpose, word in firm.items() if word is not None}, consent),
        asked={purpose: Asked.told_by(event, received_at) for purpose in _asked(event)},
        currency=(event.at, event.currency) if event.currency else None,
        orders=Orders.told_by(event),
        cart=Cart.told_by(event),
        days=_days(event),
        addresses=((received_at, fingerprint(contact_id(email))),) if email else (),
        interests=tuple((day, line.category) for line in event.products if line.category) if interested else (),
        events=((event.at, event.name[:LONGEST_NAME]),) if event.name and _is_of_the_shop(event) else (),
        campaigns=((event.at, event.campaign[:LONGEST_NAME]),) if event.campaign and clicked else (),
        seen={received_at // DAY: fingerprint(event.fact)},
    )


def _asked(event: Event) -> Iterator[str]:
    """The purposes that are agreed to without proof, though where none is wanted that is consent as well."""
    unproven = event.consent if event.confirmed_at is None else {}
    granted = (purpose for purpose, granted in unproven.items() if granted and purpose in NEED_PROOF)
    return (purpose for purpose in sorted({*event.asked, *granted}) if purpose in PURPOSES)


def _without_what_is_told(firm: dict[str, Consent], latest: dict[str, Consent]) -> dict[str, Consent]:
    """The firm words but for those that `latest` holds already."""
    return {purpose: word for purpose, word in firm.items() if not word.tells_the_same_as(latest[purpose])}


def _days(event: Event) -> dict[Doing, Days]:
    days: dict[Doing, Days] = {}
    if event.type in _VISIT_TYPES or event.name in _VISIT_NAMES:
        days["visits"] = ((event.at,),)
    if event.name in _COUNTED:
        days[_COUNTED[event.name]] = ((event.at, 1),)
    return days


def _is_of_the_shop(event: Event) -> bool:
    """Whether the event is of a kind that the shop has made up: nothing but its name is understood."""
    return event.type == "track" and event.name not in _UNDERSTOOD


def _days_of_both(ours: dict[Doing, Days], theirs: dict[Doing, Days]) -> dict[Doing, Days]:
    return {
        doing: merged(ours.get(doing, ()), theirs.get(doing, ()), limit)
        for doing, limit in REMEMBERED_DAYS.items()
        if doing in ours or doing in theirs
    }


def _first_addresses(addresses: Iterable[tuple[Moment, str]]) -> tuple[tuple[Moment, str], ...]:
    return keep_earliest_of_each(addresses, REMEMBERED_ADDRESSES, lambda address: address[1])


def _latest_campaigns(campaigns: Iterable[tuple[Moment, str]]) -> tuple[tuple[Moment, str], ...]:
    return keep_latest_of_each(campaigns, REMEMBERED_CAMPAIGNS, lambda campaign: campaign[1])


def _latest(ours: dict[str, Stamped], theirs: dict[str, Stamped]) -> dict[str, Stamped]:
    nothing: Stamped = (-1, "")
    return {name: max(ours.get(name, nothing), theirs.get(name, nothing)) for name in sorted({*ours, *theirs})}


def _seen_in_either(ours: dict[int, str], theirs: dict[int, str]) -> dict[int, str]:
    """Fingerprints of both, sorted within a day, without the days that no repeat can come from any more."""
    days = {*ours, *theirs}
    horizon = max(days, default=0) - SEEN_DAYS
    return {day: _merged(ours.get(day, ""), theirs.get(day, "")) for day in sorted(days) if day > horizon}


def _merged(ours: str, theirs: str) -> str:
    if not theirs or not ours:
        return ours or theirs
    return "".join(sorted({*_split(ours), *_split(theirs)}))


def _split(day: str) -> Iterator[str]:
    """The fingerprints of a day."""
    return (day[start : start + FINGERPRINT_LENGTH] for start in range(0, len(day), FINGERPRINT_LENGTH))
