"""One step of a run: the permit, the mail, and the ledger. No mail goes out on any other road."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from homing.domain.catalogue import CatalogueProduct
from homing.domain.ids import contact_id
from homing.domain.journeys import Journey, Step
from homing.domain.moments import Moment, datetime_of
from homing.domain.offers import DEFAULT_LANGUAGE
from homing.domain.permit import Claim, SkipReason, Withheld
from homing.domain.profile import Profile
from homing.domain.record import ProfileRecord
from homing.domain.rules.birthdays import zone_named
from homing.domain.sends import INTERRUPTED, Outcome, Run, Send
from homing.domain.shop import Shop
from homing.domain.unsubscribe import Subscriber, make_token
from homing.emails import RenderFailed
from homing.errors import MailRefused, MailUncertain, RetryLater, RunEnded
from homing.ports import Catalogue, Contacts, Mail, Mailer, Profiles, Renderer, Runs, Sends
from homing.usecases.histories import owner_of

SUGGESTIONS = 4
CONSIDERED = 12
"""Products of the shelf, from which those of the shopper's own categories come first."""
_NOTHING_TO_SHOW: SkipReason = "nothing_to_show"
"""The one reason for which a step is left out and the run goes on."""
_ENDING: frozenset[str] = frozenset({"no_consent", "suppressed", "run_ended"})
"""Reasons after which no later step can send either."""


@dataclass(frozen=True, slots=True)
class Identity:
    """How the shop appears in its mails: the parameters of the deployment."""

    shop_name: str
    postal_address: str
    unsubscribe_url: str
    """The address of the unsubscribe page, to which the token is added."""


@dataclass(frozen=True, slots=True)
class Sender:
    """Sends the mails of journeys."""

    shop: Shop
    identity: Identity
    token_key: bytes
    profiles: Profiles
    contacts: Contacts
    runs: Runs
    sends: Sends
    catalogue: Catalogue
    renderer: Renderer
    mailer: Mailer

    def send(self, run: Run, step_name: str, now: Moment) -> Send:
        """Do what the step intends, and keep in the ledger what came of it; done already, tell only that.

        Raises RunEnded where the run is over, RetryLater where SES has to be asked again later.
        """
        done = self.sends.load(run.profile_id, run.send_id(step_name))
        if done is not None and done.outcome == "skipped" and done.reason != _NOTHING_TO_SHOW:
            # Whoever withheld it was cut off before the execution was stopped.
            raise RunEnded(done.reason)
        if done is not None:
            return done
        journey = self.shop.journeys.get(run.journey)
        step = journey.steps.get(step_name) if journey else None
        if journey is None or step is None:
            raise RunEnded(f"{run.journey}.{step_name} is no step of journeys.yaml any more")
        return _Attempt(self, run, journey, step_name, step, now).make()


@dataclass(slots=True)
class _Attempt:
    """One attempt at one step of one run."""

    sender: Sender
    run: Run
    journey: Journey
    step_name: str
    step: Step
    now: Moment

    def make(self) -> Send:
        record = self._profile()
        facts = record.facts
        email = facts.trait("email")
        exit_reason = self.journey.exit_reason(facts, self.run.entry)
        if email is None:
            raise self._ended(exit_reason or "no_address")
        contact = contact_id(email)
        if exit_reason is not None:
            raise self._ended(exit_reason, contact)
        products = self._products(facts)
        if self.step.needs_items and not any(products.get(product_id) for product_id in facts.cart.lines()):
            return self._not_sent("skipped", "nothing_to_show", contact)
        try:
            context = self._context(record, products, contact)
            rendered = self.sender.renderer.render(self.step.template, _language(facts), context)
        except RenderFailed as error:
            return self._not_sent("failed", f"render: {error}", contact)
        mail = Mail(
            send_id=self.send_id,
            run_id=self.run.run_id,
            profile_id=self.run.profile_id,
            journey=self.run.journey,
            step=self.step_name,
            template=self.step.template,
            to=email,
            subject=rendered.subject,
            html=rendered.html,
            text=rendered.text,
            unsubscribe_url=context["links"]["unsubscribe"],
        )
        return self._post(mail, contact)

    @property
    def send_id(self) -> str:
        return self.run.send_id(self.step_name)

    def _post(self, mail: Mail, contact: str) -> Send:
        """The permit, then SES, once."""
        claim = Claim(run_id=self.run.run_id, send_id=mail.send_id, at=self.now)
        withheld = self.sender.contacts.claim(contact, claim)
        if withheld is not None:
            return self._withheld(withheld, mail.subject, contact)
        try:
            message_id = self.sender.mailer.send(mail)
        except RetryLater:
            self.sender.contacts.release(contact, claim)
            raise
        except MailRefused as error:
            return self._record("failed", str(error), mail.subject)
        except MailUncertain:
            return self._record("unknown", "no_answer", mail.subject)
        return self._record("sent", None, mail.subject, message_id)

    def _withheld(self, withheld: Withheld, subject: str, contact: str) -> Send:
        if withheld.reason == "already_claimed":
            return self._interrupted(subject)
        if withheld.reason == "changed":
            raise RetryLater(withheld.reason)
        if withheld.reason in _ENDING:
            raise self._ended(withheld.reason, contact)
        return self._record("skipped", withheld.reason, subject)

    def _interrupted(self, subject: str | None = None) -> Send:
        """An attempt before this one claimed the send and was cut off: only SES knows whether it was asked."""
        return self._record("unknown", INTERRUPTED, subject)

    def _not_sent(self, outcome: Outcome, reason: str, contact: str) -> Send:
        """The entry of a mail that does not go out now, unless it may have gone out before."""
        known = self.sender.contacts.load(contact)
        if known is not None and self.send_id in known.claims:
            return self._interrupted()
        return self._record(outcome, reason)

    def _ended(self, reason: SkipReason, contact: str = "") -> RunEnded:
        """The error that ends the run, after the ledger and the run's record know why."""
        kept = self.sender.runs.load(self.run)
        told = kept.reason if kept is not None and kept.reason is not None else reason
        self._not_sent("skipped", told, contact)
        ended = {"ended": "exited", "reason": told, "ended_at": self.now}
        self.sender.runs.end(self.run.model_copy(update=ended))
        return RunEnded(told)

    def _record(
        self, outcome: Outcome, reason: str | None, subject: str | None = None, message_id: str | None = None
    ) -> Send:
        entry = self.run.ledger_entry(self.step_name, self.step.template, outcome=outcome, reason=reason, at=self.now)
        send = entry.model_copy(update={"subject": subject, "message_id": message_id})
        self.sender.sends.record(send)
        return send

    def _profile(self) -> ProfileRecord:
        """The run's profile, or the one that it has become part of."""
        record, _ = owner_of(self.sender.profiles, self.run.profile_id)
        return record

    def _products(self, facts: Profile) -> dict[str, CatalogueProduct]:
        """Details of all products that the mail may show: the shopper's own, and some that may please them."""
        own = self._own_products(facts)
        theirs = {*own, *facts.cart.lines(), *(product_id for _, product_id, *_ in facts.orders.bought)}
        offered = self.sender.catalogue.shelf().suggestions(theirs, CONSIDERED)
        known = self.sender.catalogue.load([*own, *offered])
        affinity = facts.affinity()
        pleasing = sorted(
            (known[product_id] for product_id in offered if product_id in known),
            key=lambda product: -affinity.get(product.category or "", 0),
        )
        shown = [*(known[product_id] for product_id in own if product_id in known), *pleasing[:SUGGESTIONS]]
        return {product.product_id: product for product in shown}

    def _own_products(self, facts: Profile) -> dict[str, int]:
        """Product ids with pieces: the cart's where the step is about the cart, else what was bought last."""
        if self.step.needs_items:
            return facts.cart.lines()
        return dict.fromkeys((product_id for _, product_id, *_ in reversed(facts.orders.bought)), 1)

    def _context(self, record: ProfileRecord, products: dict[str, CatalogueProduct], contact: str) -> dict[str, Any]:
        """The data of the mail, as docs/architecture.md describes it."""
        settings, identity = self.sender.shop.settings, self.sender.identity
        facts = record.facts
        own = self._own_products(facts)
        currency = facts.currency[1] if facts.currency else settings.currency
        items = [_card(products[product_id], n, currency) for product_id, n in own.items() if product_id in products]
        token = make_token(Subscriber(contact, self.run.profile_id), self.sender.token_key)
        return {
            "shop": {
                "name": identity.shop_name,
                "postal_address": identity.postal_address,
                "url": settings.url,
                "support_email": settings.support_email,
                "colour": settings.colour,
                "logo_url": settings.logo_url,
            },
            "shopper": {"first_name": facts.trait("first_name"), "language": _language(facts)},
            "links": {
                "shop": settings.url,
                "cart": settings.cart_url,
                "unsubscribe": f"{identity.unsubscribe_url}/{token}",
            },
            "items": items[:SUGGESTIONS] if not self.step.needs_items else items,
            "suggestions": [
                _card(product, 1, currency) for product_id, product in products.items() if product_id not in own
            ],
            "total": _total(items) if self.step.needs_items and len(items) == len(own) else None,
            "currency": currency,
            "offer": self._offer(facts),
        }

    def _offer(self, facts: Profile) -> dict[str, Any] | None:
        if self.step.offer is None:
            return None
        offer = self.sender.shop.offers[self.step.offer]
        return {
            "name": offer.called(_language(facts)),
            "code": offer.code,
            "percent": offer.percent,
            "free_shipping": offer.free_shipping,
            "ends_on": offer.ends_on(self._offer_given_on(facts)),
        }

    def _offer_given_on(self, facts: Profile) -> date:
        """The shopper's day on which the run first made this offer: a reminder must not prolong it."""
        first = next(name for name, step in self.journey.steps.items() if step.offer == self.step.offer)
        earlier = None
        if first != self.step_name:
            earlier = self.sender.sends.load(self.run.profile_id, self.run.send_id(first))
        given_at = earlier.at if earlier is not None and earlier.outcome in ("sent", "unknown") else self.now
        return datetime_of(given_at).astimezone(zone_named(facts.trait("timezone"))).date()


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
    """The shopper's language tag, such as `de` or `de-AT`."""
    return (facts.trait("language") or DEFAULT_LANGUAGE).replace("_", "-")
