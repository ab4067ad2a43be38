"""The mail of one step, made from the profile, the catalogue and the shop's files."""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any, Literal, NamedTuple

from homing.domain.catalogue import CatalogueProduct
from homing.domain.ids import contact_id
from homing.domain.journeys import Journey, Step
from homing.domain.moments import Moment, datetime_of
from homing.domain.offers import DEFAULT_LANGUAGE
from homing.domain.profile import Profile
from homing.domain.rules.birthdays import zone_named
from homing.domain.sends import Run, Send
from homing.domain.shop import Shop
from homing.domain.unsubscribe import Subscriber, make_token
from homing.ports import Catalogue, Mail, Renderer

SUGGESTIONS = 4
CONSIDERED = 12
"""Products of the shelf, from which those of the shopper's own categories come first."""

_TAG = re.compile(
    r"[a-z]{2,3}(?![a-z0-9])(-(arab|cyrl|hans|hant|latn)(?![a-z0-9]))?(-([a-z]{2}|[0-9]{3})(?![a-z0-9]))?",
    re.ASCII | re.IGNORECASE,
)
"""The language, the script and the region of a BCP 47 tag; of scripts those that tell languages' forms apart, for four
letters of a stranger's choice may be a word.
"""


class NothingToShow(Exception):
    """The mail is pointless without the shopper's own products, and none of them is known."""


@dataclass(frozen=True, slots=True)
class Identity:
    """How the shop appears in its mails: the parameters of the deployment."""

    shop_name: str
    postal_address: str
    pages_url: str
    """Where the shopper's pages are: the links to them are made of it."""


class Intent(NamedTuple):
    """One intended mail: a step of a run."""

    run: Run
    journey: Journey
    step_name: str

    @property
    def step(self) -> Step:
        """What the step sends."""
        return self.journey.steps[self.step_name]

    @property
    def send_id(self) -> str:
        """The id of the mail."""
        return self.run.send_id(self.step_name)


@dataclass(frozen=True, slots=True)
class Composer:
    """Makes mails. Nothing is sent here, and nothing kept.

    `sent_before` tells the ledger's entry of a profile's mail, by profile and send id.
    """

    shop: Shop
    identity: Identity
    token_key: bytes
    catalogue: Catalogue
    sent_before: Callable[[str, str], Send | None]
    renderer: Renderer

    def compose(self, intent: Intent, facts: Profile, now: Moment) -> Mail:
        """The mail to the profile's address, which must be known. Raises NothingToShow and RenderFailed."""
        email = facts.trait("email") or ""
        subscriber = Subscriber(contact_id(email), intent.run.profile_id)
        is_service = intent.journey.kind == "service"
        if is_service:
            context = self._service_context(facts, subscriber)
        else:
            context = self._context(intent, facts, subscriber, now)
        rendered = self.renderer.render(intent.step.template, _language(facts), context)
        return Mail(
            send_id=intent.send_id,
            run_id=intent.run.run_id,
            profile_id=intent.run.profile_id,
            journey=intent.run.journey,
            step=intent.step_name,
            template=intent.step.template,
            to=email,
            subject=rendered.subject,
            html=rendered.html,
            text=rendered.text,
            unsubscribe_url=None if is_service else self._page("unsubscribe", subscriber),
            # Who reads a service mail may be another than who has agreed to be seen.
            tracked=not is_service and facts.agrees_to("tracking"),
        )

    def _service_context(self, facts: Profile, subscriber: Subscriber) -> dict[str, Any]:
        """The data of a service mail: nothing in it was typed by anybody but the shop."""
        language = _language(facts)
        return {
            "shop": self._shop_context(),
            "shopper": {"language": language},
            "links": {
                "shop": self.shop.settings.url,
                "confirm": f"{self._page('confirm', subscriber)}?lang={language}",
            },
        }

    def _context(self, intent: Intent, facts: Profile, subscriber: Subscriber, now: Moment) -> dict[str, Any]:
        """The data of a marketing mail, as docs/architecture.md describes it."""
        own = _own_products(intent.step, facts)
        products = self._products(own, facts)
        if intent.step.needs_items and not any(product_id in products for product_id in own):
            raise NothingToShow
        currency = facts.currency[1] if facts.currency else self.shop.settings.currency
        items = [_card(products[product_id], n, currency) for product_id, n in own.items() if product_id in products]
        return {
            "shop": self._shop_context(),
            "shopper": {"first_name": facts.trait("first_name"), "language": _language(facts)},
            "links": self._links(facts, subscriber),
            "items": items[:SUGGESTIONS] if not intent.step.needs_items else items,
            "suggestions": [
                _card(product, 1, currency) for product_id, product in products.items() if product_id not in own
            ],
            "total": _total(items) if intent.step.needs_items and len(items) == len(own) else None,
            "currency": currency,
            "offer": self._offer(intent, facts, now),
        }

    def _shop_context(self) -> dict[str, Any]:
        settings = self.shop.settings
        return {
            "name": self.identity.shop_name,
            "postal_address": self.identity.postal_address,
            "url": settings.url,
            "support_email": settings.support_email,
            "colour": settings.colour,
            "logo_url": settings.logo_url,
        }

    def _links(self, facts: Profile, subscriber: Subscriber) -> dict[str, str]:
        language = f"?lang={_language(facts)}"
        return {
            "shop": self.shop.settings.url,
            "cart": self.shop.settings.cart_url,
            "unsubscribe": self._page("unsubscribe", subscriber) + language,
            "preferences": self._page("preferences", subscriber) + language,
        }

    def _page(self, name: Literal["unsubscribe", "preferences", "confirm"], subscriber: Subscriber) -> str:
        """Where the subscriber's page of that name is, in the language of the browser that opens it."""
        token = make_token(subscriber, self.token_key, "confirm" if name == "confirm" else "unsubscribe")
        return f"{self.identity.pages_url}/{name}/{token}"

    def _products(self, own: Iterable[str], facts: Profile) -> dict[str, CatalogueProduct]:
        """Details of all products that the mail may show: the shopper's own, and some that may please them."""
        own = list(own)
        theirs = {*own, *facts.cart.lines(), *(product_id for _, product_id, *_ in facts.orders.bought)}
        offered = self.catalogue.shelf().suggestions(theirs, CONSIDERED)
        known = self.catalogue.load([*own, *offered])
        affinity = facts.affinity()
        pleasing = sorted(
            (known[product_id] for product_id in offered if product_id in known),
            key=lambda product: -affinity.get(product.category or "", 0),
        )
        shown = [*(known[product_id] for product_id in own if product_id in known), *pleasing[:SUGGESTIONS]]
        return {product.product_id: product for product in shown}

    def _offer(self, intent: Intent, facts: Profile, now: Moment) -> dict[str, Any] | None:
        if intent.step.offer is None:
            return None
        offer = self.shop.offers[intent.step.offer]
        return {
            "name": offer.called(_language(facts)),
            "code": offer.code,
            "percent": offer.percent,
            "free_shipping": offer.free_shipping,
            "ends_on": offer.ends_on(self._offer_given_on(intent, facts, now)),
        }

    def _offer_given_on(self, intent: Intent, facts: Profile, now: Moment) -> date:
        """The shopper's day on which the run first made this offer: a reminder must not prolong it."""
        first = next(name for name, step in intent.journey.steps.items() if step.offer == intent.step.offer)
        earlier = None
        if first != intent.step_name:
            earlier = self.sent_before(intent.run.profile_id, intent.run.send_id(first))
        given_at = earlier.at if earlier is not None and earlier.outcome in ("sent", "unknown") else now
        return datetime_of(given_at).astimezone(zone_named(facts.trait("timezone"))).date()


def _own_products(step: Step, facts: Profile) -> dict[str, int]:
    """Product ids with pieces: the cart's where the step is about the cart, else what was bought last."""
    if step.needs_items:
        return facts.cart.lines()
    return dict.fromkeys((product_id for _, product_id, *_ in reversed(facts.orders.bought)), 1)


def _card(product: CatalogueProduct, quantity: int, currency: str) -> dict[str, Any]:
    """A product as the templates show it, with its price in the shopper's currency where that is known."""
    price = product.prices.get(currency)
    return {
        "product_id": product.product_id,
        "name": product.name or product.product_id,
        "url": product.url,
        "image_url": product.image_url,
        "price": None if price is None else Decimal(price).scaleb(-2),
        "currency": currency,
        "quantity": quantity,
    }


def _total(items: Iterable[dict[str, Any]]) -> Decimal | None:
    """The sum of all lines; None where a price is missing."""
    lines = list(items)
    if not lines or any(line["price"] is None for line in lines):
        return None
    return sum((line["price"] * line["quantity"] for line in lines), Decimal(0))


def _language(facts: Profile) -> str:
    """The shopper's language tag, such as `de` or `de-AT`. It stands in links: no more of what was told than that."""
    told = _TAG.match((facts.trait("language") or "").replace("_", "-"))
    return told[0] if told else DEFAULT_LANGUAGE
