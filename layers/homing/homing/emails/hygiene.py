"""Data from outside, made fit for a mail: events may carry any text, and a form field any name."""

import re
import unicodedata
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

LONGEST_FIRST_NAME = 40
LONGEST_PRODUCT_NAME = 120
LONGEST_WEB_ADDRESS = 1000
LONGEST_CURRENCY = 8
LONGEST_SUBJECT = 150
MOST_PRODUCTS = 50
"""Of a cart, and of what is suggested; mails show eight."""

# Bidirectional marks, embeddings, overrides and isolates: they can turn the text around them over.
_BIDI_CONTROLS = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
_UNPRINTABLE = frozenset({"Cc", "Cs", "Zl", "Zp"})
_BETWEEN_NAME_PARTS = re.compile(r"[ '’‘·‧-]|\.(?=[ ]|$)")


def tidy(context: Mapping[str, Any]) -> dict[str, Any]:
    """The context with every name and address that came from outside made safe to print."""
    tidied: dict[str, Any] = dict(context)
    if "first_name" in context.get("shopper", ()):
        first_name = plausible_first_name(context["shopper"]["first_name"])
        tidied["shopper"] = {**context["shopper"], "first_name": first_name}
    if "currency" in context:
        tidied["currency"] = single_line(context["currency"], LONGEST_CURRENCY)
    for products in {"items", "suggestions"} & context.keys():
        tidied[products] = [_tidy_product(product) for product in context[products][:MOST_PRODUCTS]]
    return tidied


def single_line(text: str, longest: int) -> str:
    """The text on one line without control characters, at most `longest` characters, cut with an ellipsis."""
    line = " ".join((text if text.isprintable() else _printable(text)).split())
    return line if len(line) <= longest else line[: longest - 1].rstrip() + "…"


def plausible_first_name(name: str | None) -> str | None:
    """The name if one would greet a person with it, else None.

    Sign-up forms are abused to send advertising in the name field, so only letters and what joins them pass.
    """
    if name is None:
        return None
    line = single_line(name, LONGEST_FIRST_NAME + 1)
    letters = _BETWEEN_NAME_PARTS.sub("", line)
    is_name = bool(letters) and all(unicodedata.category(c)[0] in "LM" for c in letters)
    return line if is_name and len(line) <= LONGEST_FIRST_NAME else None


def web_address(url: str | None) -> str | None:
    """The URL if it is absolute http or https and of a sound length, else None."""
    if not url or url != single_line(url, LONGEST_WEB_ADDRESS):
        return None
    try:
        parts = urlsplit(url)
    except ValueError:
        return None
    return url if parts.scheme in {"http", "https"} and parts.netloc else None


def _printable(text: str) -> str:
    visible = (c for c in text if c not in _BIDI_CONTROLS)
    return "".join(" " if unicodedata.category(c) in _UNPRINTABLE else c for c in visible)


def _tidy_product(product: Mapping[str, Any]) -> dict[str, Any]:
    return {
        **product,
        "name": single_line(product["name"] or product["product_id"], LONGEST_PRODUCT_NAME),
        "currency": single_line(product["currency"], LONGEST_CURRENCY),
        "url": web_address(product["url"]),
        "image_url": web_address(product["image_url"]),
    }
