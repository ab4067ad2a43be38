"""A shop's raw messages, read with nothing of Homing's own: what counts of each, and who is who.

The rules are those that bench/second_opinion.py states.
"""

import base64
import gzip
import hashlib
import json
import lzma
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import IO, Any, NamedTuple

TYPES = frozenset({"identify", "track", "page", "screen", "group", "alias"})
ONE_PRODUCT = frozenset({"Product Viewed", "Product Clicked", "Product Added", "Product Removed"})
ORDERS = {
    "Order Completed": "completed",
    "Completed Order": "completed",
    "Placed Order": "completed",
    "Order Refunded": "refunded",
    "Order Cancelled": "cancelled",
}
_OPENERS: Mapping[str, Callable[..., IO[str]]] = {".gz": gzip.open, ".xz": lzma.open}


# The messages


class Refused(ValueError):
    """A line that is no message, or one that the API would not take."""


class Message(NamedTuple):
    """What counts here of one message; `at` in ms since 1970, `amount` in hundredths."""

    at: int
    text: str
    alias: str
    browser: str | None
    address: str | None
    message: str
    told: str | None
    order: str | None
    amount: int | None


def read_messages(paths: Iterable[Path]) -> list[Message]:
    """The messages of all files that the API takes, by time, without those told again."""
    told = sorted(message for path in paths for line in lines_of(path) if (message := taken(line)) is not None)
    first: dict[tuple[str, str], Message] = {}
    for message in told:
        first.setdefault((message.alias, message.message), message)
    return list(first.values())


def lines_of(path: Path) -> Iterator[str]:
    """The lines that are not empty, of a file that is plain or packed."""
    opened = _OPENERS.get(path.suffix, open)
    with opened(path, "rt", encoding="utf-8") as file:
        for line in file:
            if line.strip():
                yield line.strip()


def taken(line: str) -> Message | None:
    """The line's message, or None where the API would not take it."""
    try:
        return read_message(line)
    except Refused:
        return None


def read_message(line: str) -> Message:
    """The line's message. Raises Refused."""
    try:
        message = json.loads(line)
    except ValueError as error:
        raise Refused("no JSON") from error
    if not isinstance(message, dict) or message.get("type") not in TYPES:
        raise Refused("no message of the spec")
    name = text(message.get("event")) if isinstance(message.get("event"), str) else None
    if message["type"] == "track" and name is None:
        raise Refused("a track message without a name")
    user, browser = who(message.get("userId")), who(message.get("anonymousId"))
    if user is None and browser is None:
        raise Refused("nobody's message")
    properties = part(message, "properties")
    check_products(name, properties)
    return Message(
        at=moment(message.get("timestamp")),
        text=line,
        alias=opaque_id("user", user) if user is not None else opaque_id("anonymous", browser or ""),
        browser=None if browser is None else opaque_id("anonymous", browser),
        address=address_of(message),
        message=str(message.get("messageId") or json.dumps(message, sort_keys=True)),
        told=ORDERS.get(name or ""),
        order=text(properties.get("order_id")),
        amount=amount(properties, "total", "revenue", "value"),
    )


def opaque_id(kind: str, value: str) -> str:
    """The id of a profile as docs/architecture.md defines it: 80 bits of a SHA-256, in base32."""
    told = "\x1f".join(("alias", kind, value))
    return base64.b32encode(hashlib.sha256(told.encode()).digest()[:10]).decode().lower()


def moment(value: object) -> int:
    """Milliseconds since 1970 of an ISO 8601 text with a time zone. Raises Refused."""
    try:
        told = datetime.fromisoformat(value) if isinstance(value, str) else None
    except ValueError as error:
        raise Refused("no time") from error
    if told is None or told.tzinfo is None:
        raise Refused("no time, or one without a zone")
    since = (told - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(milliseconds=1)
    if since < 0:
        raise Refused("before 1970")
    return since


def who(value: object) -> str | None:
    """An id as a text; numbers are ids too, and an empty text is none."""
    if isinstance(value, bool) or not isinstance(value, str | int):
        return None
    return str(value).strip() or None


def text(value: object) -> str | None:
    """A text or a number as a text, trimmed."""
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return None
    return str(value).strip()[:512] or None


def part(parent: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    """An object within an object, empty where there is none. Raises Refused where it is something else."""
    value = parent.get(name)
    if value is not None and not isinstance(value, dict):
        raise Refused(f"{name} is no object")
    return value or {}


def amount(properties: Mapping[str, Any], *names: str) -> int | None:
    """Hundredths of the first amount that is told. Raises Refused where it is no number."""
    for name in names:
        value = properties.get(name)
        if value is None or isinstance(value, bool):
            continue
        try:
            hundredths = round(Decimal(str(value)) * 100)
        except (InvalidOperation, ValueError, OverflowError) as error:
            raise Refused(f"{name} is no amount") from error
        if abs(hundredths) >= 10**15:
            raise Refused(f"{name} is no amount")
        return hundredths
    return None


def check_products(name: str | None, properties: Mapping[str, Any]) -> None:
    """Raises Refused for products without an id, or with a price that is none."""
    products = properties.get("products")
    if products is None:
        products = [properties] if name in ONE_PRODUCT else []
    if not isinstance(products, list):
        raise Refused("products are a list")
    for product in products[:200]:
        if not isinstance(product, dict) or not (product.get("product_id") or product.get("sku")):
            raise Refused("a product without an id")
        amount(product, "price")


def address_of(message: Mapping[str, Any]) -> str | None:
    """The address that the message tells, in the form in which two spellings are one. Raises Refused."""
    context = part(message, "context")
    preferences = part(part(context, "consent"), "categoryPreferences")
    if not all(isinstance(granted, bool) for granted in preferences.values()):
        raise Refused("consent is true or false")
    address = text({**part(context, "traits"), **part(message, "traits")}.get("email"))
    if address is not None and ("@" not in address or any(letter.isspace() for letter in address)):
        raise Refused("no address")
    return None if address is None else address.casefold()


# Who is who


class Join(NamedTuple):
    """From this moment on, one id's history is part of another's."""

    at: int
    alias: str
    owner: str


@dataclass
class People:
    """Which histories are one shopper's, learned message by message."""

    joins: list[Join] = field(default_factory=list)
    _owners: dict[str, str] = field(default_factory=dict)
    _accounts: set[str] = field(default_factory=set)
    _addresses: dict[str, tuple[int, str]] = field(default_factory=dict)
    _first_with: dict[str, str] = field(default_factory=dict)

    def hear(self, message: Message) -> None:
        """Learn what the message tells of who is who."""
        if message.alias != message.browser:
            self._accounts.add(message.alias)
        ours = self._owner(message.alias)
        if message.address is not None:
            self._addresses[ours] = max(self._addresses.get(ours, (-1, "")), (message.at, message.address))
        if message.browser is not None and (theirs := self._owner(message.browser)) not in {ours, *self._accounts}:
            self._join(message.at, theirs, ours)
        self._meet_by_address(message.at, ours)

    def _meet_by_address(self, at: int, ours: str) -> None:
        """Who came with the same address before is the same shopper, unless both have accounts."""
        while ours in self._addresses:
            address = self._addresses[ours][1]
            theirs = self._owner(self._first_with.setdefault(address, ours))
            if theirs == ours or {ours, theirs} <= self._accounts:
                return
            # An account goes before a browser, and of two browsers the lesser id.
            ours, gone = sorted((ours, theirs), key=lambda alias: (alias not in self._accounts, alias))
            self._join(at, gone, ours)

    def _join(self, at: int, gone: str, owner: str) -> None:
        self._owners[gone] = owner
        self.joins.append(Join(at, gone, owner))
        known = [self._addresses[alias] for alias in (gone, owner) if alias in self._addresses]
        if known:
            self._addresses[owner] = max(known)

    def _owner(self, alias: str) -> str:
        while alias in self._owners:
            alias = self._owners[alias]
        return alias
