"""Segment-spec messages, as analytics clients send them (https://segment.com/docs/connections/spec/)."""

import json
from collections.abc import Mapping
from decimal import ROUND_HALF_EVEN, Decimal, DecimalException
from math import ceil
from typing import Any

from pydantic import ValidationError

from homing.dialects.addresses import mailable
from homing.dialects.countries import country_code
from homing.domain.events import MAX_PRODUCTS, Event
from homing.domain.ids import fact_id
from homing.domain.moments import HOUR, Moment, parse_moment
from homing.errors import InvalidMessage

_TRAITS = {
    "firstName": "first_name",
    "lastName": "last_name",
    "birthday": "birthday",
    "email": "email",
    "language": "language",
    "locale": "language",
    "timezone": "timezone",
    "gender": "gender",
    "phone": "phone",
    "first_name": "first_name",
    "last_name": "last_name",
}
_CHANNELS = frozenset({"email", "sms", "push", "whatsapp"})
_CHANNEL_TRAITS = ("preferredChannel", "preferred_channel", "channel")
_ADDRESS = {"country": "country", "state": "region", "region": "region", "city": "city"}
_ALIASES = {
    "Viewed Product": "Product Viewed",
    "Added Product": "Product Added",
    "Removed Product": "Product Removed",
    "Clicked Product": "Product Clicked",
    "Viewed Product Category": "Product List Viewed",
    "Started Order": "Checkout Started",
    "Updated Order": "Order Updated",
    "Completed Order": "Order Completed",
    "Added to Cart": "Product Added",
    "Started Checkout": "Checkout Started",
    "Placed Order": "Order Completed",
}
_ONE_PRODUCT = frozenset({"Product Viewed", "Product Clicked", "Product Added", "Product Removed"})
_CHECKOUTS = frozenset({"Checkout Started", "Checkout Step Viewed", "Checkout Step Completed"})
_MAIL_NEWS = frozenset({"Email Opened", "Email Link Clicked"})
_LARGEST_EVENT = 300_000
"""Bytes as JSON: DynamoDB takes no item beyond 400 KB, and one such message must not stop its batch."""
_LONGEST = 512
_LONGEST_WORDING = 100
_MOST_INTERESTS = 10
_LONGEST_INTEREST = 60


def read_message(message: object, *, received_at: Moment, sent_at: Moment | None = None) -> Event:
    """The event that a message tells.

    `sent_at` is the client's clock when it sent the message: the difference to `received_at` corrects its timestamp.
    Nothing happens later than it is told. Raises InvalidMessage with a reason for whoever sent it.
    """
    if not isinstance(message, dict):
        raise InvalidMessage("a message is a JSON object")
    properties = _mapping(message, "properties")
    context = _mapping(message, "context")
    consent = _mapping(context, "consent")
    traits = {**_mapping(context, "traits"), **_mapping(message, "traits")}
    name = message.get("event")
    if message.get("type") == "track" and not (isinstance(name, str) and name.strip()):
        raise InvalidMessage("event: a track message names its event")
    name = _text(name) if isinstance(name, str) else None
    name = _ALIASES.get(name, name) if name else None
    try:
        event = Event.model_validate(
            {
                "message_id": message.get("messageId") or _made_id(message),
                "type": message.get("type"),
                "name": name,
                "user_id": _identifier(message.get("userId")),
                "anonymous_id": _identifier(message.get("anonymousId")),
                "at": _time(message, received_at, sent_at),
                "traits": _traits(traits),
                "consent": _purposes(consent),
                "wording": _wording(consent.get("wording")),
                "agreed_at": _kept_moment(consent, "agreedAt", received_at),
                "confirmed_at": _kept_moment(consent, "confirmedAt", received_at),
                "products": _products(name, properties),
                "order_id": _text(properties.get("order_id")),
                "total": _money(properties, "total", "revenue", "value"),
                "currency": _currency(properties.get("currency")),
                "coupon": _text(properties.get("coupon")),
                "shipping": _money(properties, "shipping") if name in _CHECKOUTS else None,
                "campaign": _campaign(properties) if name in _MAIL_NEWS else None,
            }
        )
    except ValidationError as error:
        raise _refusal(error) from error
    if len(event.model_dump_json(exclude_defaults=True).encode()) > _LARGEST_EVENT:
        raise InvalidMessage(f"message: larger than {_LARGEST_EVENT} bytes")
    return event


def _refusal(error: ValidationError) -> InvalidMessage:
    first = error.errors()[0]
    place = ".".join(str(step) for step in first["loc"]) or "message"
    return InvalidMessage(f"{place}: {first['msg'].removeprefix('Value error, ')}")


def _made_id(message: Mapping[str, Any]) -> str:
    """A message without an id is known by its content, so that a repeat of it is one."""
    return fact_id("content", json.dumps(message, sort_keys=True))


def _time(message: Mapping[str, Any], received_at: Moment, sent_at: Moment | None) -> Moment:
    told = message.get("timestamp") or message.get("originalTimestamp")
    if told is None:
        return received_at
    if not isinstance(told, str):
        raise InvalidMessage("timestamp: an ISO 8601 text such as 2026-01-31T09:30:00Z")
    try:
        moment = parse_moment(told)
    except ValueError as error:
        raise InvalidMessage(f"timestamp: {error}") from error
    if moment < 0:
        raise InvalidMessage("timestamp: before 1970")
    skew = received_at - sent_at if sent_at is not None else 0
    return max(0, min(moment + skew, received_at))


def _identifier(value: object) -> str | int | None:
    """Clients send null or an empty text beside the id that counts; a number is an id, a truth value is none."""
    if isinstance(value, str):
        return value.strip() or None
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def _traits(traits: Mapping[str, Any]) -> dict[str, str]:
    address = _mapping(traits, "address")
    known: dict[str, str | None] = {}
    for theirs, ours in _TRAITS.items():
        # Two spellings of one trait: of those that a client sends, the later in our list counts.
        known[ours] = _text(traits.get(theirs)) or known.get(ours)
    for theirs, ours in _ADDRESS.items():
        known[ours] = _text(address.get(theirs)) or _text(traits.get(theirs)) or known.get(ours)
    country = known.get("country")
    known["country"] = country_code(country) if country else None
    known["interests"] = _interests(traits.get("interests"))
    known["channel"] = _channel(traits)
    known["email"] = _email(known.get("email"))
    return {name: value for name, value in sorted(known.items()) if value}


def _email(told: str | None) -> str | None:
    try:
        return None if told is None else mailable(told)
    except ValueError as error:
        raise InvalidMessage(f"traits.email: {error}") from error


def _interests(told: object) -> str | None:
    """One interest a line, from a list of texts or a text with commas."""
    listed = told.split(",") if isinstance(told, str) else told if isinstance(told, list) else []
    texts = (" ".join((_text(interest) or "").split())[:_LONGEST_INTEREST].strip() for interest in listed)
    return "\n".join([text for text in dict.fromkeys(texts) if text][:_MOST_INTERESTS]) or None


def _channel(traits: Mapping[str, Any]) -> str | None:
    """The way on which the shopper wants to hear from the shop, where we know it by name."""
    wishes = ((_text(traits.get(name)) or "").lower() for name in _CHANNEL_TRAITS)
    return next((wish for wish in wishes if wish in _CHANNELS), None)


def _campaign(properties: Mapping[str, Any]) -> str | None:
    return _text(properties.get("campaign_name")) or _text(properties.get("campaign_id"))


def _purposes(consent: Mapping[str, Any]) -> dict[str, bool]:
    preferences = _mapping(consent, "categoryPreferences")
    for purpose, granted in preferences.items():
        if not isinstance(granted, bool):
            raise InvalidMessage(f"context.consent.categoryPreferences.{purpose}: true or false")
    return {_text(purpose) or "": granted for purpose, granted in sorted(preferences.items())}


def _wording(told: object) -> str | None:
    """The version of the words that were agreed to, as the shop counts them: a name, a number or a date."""
    wording = _text(told)
    if told is not None and (wording is None or len(wording) > _LONGEST_WORDING):
        raise InvalidMessage(f"context.consent.wording: a text of at most {_LONGEST_WORDING} characters, or a number")
    return wording


def _kept_moment(consent: Mapping[str, Any], name: str, received_at: Moment) -> Moment | None:
    """When a consent was agreed to, or confirmed. It is read off the shop's records, so no clock corrects it."""
    told = consent.get(name)
    if told is None:
        return None
    field = f"context.consent.{name}"
    if not isinstance(told, str):
        raise InvalidMessage(f"{field}: an ISO 8601 text such as 2026-01-31T09:30:00Z")
    try:
        moment = parse_moment(told)
    except ValueError as error:
        raise InvalidMessage(f"{field}: {error}") from error
    if not 0 <= moment <= received_at + HOUR:
        raise InvalidMessage(f"{field}: before 1970, or yet to come")
    return min(moment, received_at)


def _products(name: str | None, properties: Mapping[str, Any]) -> list[dict[str, Any]]:
    listed = properties.get("products")
    if listed is None:
        listed = [properties] if name in _ONE_PRODUCT else []
    if not isinstance(listed, list):
        raise InvalidMessage("properties.products: a list of products")
    return [_product(line) for line in listed[:MAX_PRODUCTS]]


def _product(line: object) -> dict[str, Any]:
    if not isinstance(line, dict):
        raise InvalidMessage("properties.products: each product is an object")
    told = {
        "product_id": line.get("product_id") or line.get("sku"),
        "name": _text(line.get("name")),
        "category": _text(line.get("category")),
        "brand": _text(line.get("brand")),
        "variant": _text(line.get("variant")),
        "url": _link(line.get("url")),
        "image_url": _link(line.get("image_url")),
        "price": _money(line, "price"),
        "quantity": _quantity(line.get("quantity")),
    }
    return {field: value for field, value in told.items() if value is not None}


def _quantity(value: object) -> int:
    """Pieces, of which half a pound is one; 1 where the client tells none, or nonsense."""
    if isinstance(value, str) and value.strip().isdecimal():
        value = int(value.strip()[:9])
    if isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value < 1_000_000:
        return ceil(value)
    return 1


def _money(properties: Mapping[str, Any], *names: str) -> int | None:
    """Hundredths of the first of the amounts that is told."""
    for name in names:
        value = properties.get(name)
        if value is None or isinstance(value, bool):
            continue
        try:
            hundredths = Decimal(str(value)).scaleb(2).quantize(Decimal(1), rounding=ROUND_HALF_EVEN)
        except DecimalException as error:
            raise InvalidMessage(f"properties.{name}: not an amount of money") from error
        if not hundredths.is_finite() or abs(hundredths) >= 10**15:
            raise InvalidMessage(f"properties.{name}: not an amount of money")
        return int(hundredths)
    return None


def _currency(value: object) -> str | None:
    text = _text(value)
    return text.upper() if text and len(text) == 3 and text.isascii() and text.isalpha() else None


def _link(value: object) -> str | None:
    """Only web addresses: nothing else may become a link in a mail."""
    text = _text(value)
    return text if text and text.startswith(("https://", "http://")) else None


def _text(value: object) -> str | None:
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return None
    # JSON can hold half of a character, which nothing else can.
    return str(value).encode(errors="replace").decode().strip()[:_LONGEST] or None


def _mapping(parent: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    value = parent.get(name)
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise InvalidMessage(f"{name}: an object")
    return value
