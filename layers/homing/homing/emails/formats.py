"""The filters of the templates. Those that write for a reader take the locale from the render context."""

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from functools import lru_cache
from typing import Any

from babel.dates import format_skeleton
from babel.numbers import format_currency, format_percent
from jinja2 import pass_context
from jinja2.runtime import Context

_DARK_TEXT, _LIGHT_TEXT, _DARKEST_TEXT = "#1c1b1a", "#ffffff", "#000000"
_READABLE = 4.5
"""The contrast that WCAG 2.2 wants of text (AA)."""


@pass_context
def money(context: Context, amount: Decimal, currency: str) -> str:
    """An amount in major units as the reader writes it: `£12.34`, `12,34 €`."""
    return _money(amount, currency, context["locale"])


@pass_context
def percent(context: Context, number: int | Decimal) -> str:
    """A share of hundred as the reader writes it: `10%`, `10 %`."""
    return format_percent(Decimal(str(number)) / 100, locale=context["locale"])


@pass_context
def day(context: Context, moment: date) -> str:
    """A day of this year as the reader writes it: `June 30`, `30. Juni`."""
    return format_skeleton("MMMMd", moment, locale=context["locale"])


@lru_cache(maxsize=4096)
def _money(amount: Decimal, currency: str, locale: str) -> str:
    return format_currency(amount, currency, locale=locale)


def line_price(product: Mapping[str, Any]) -> Decimal:
    """What all pieces of a cart line cost together."""
    return Decimal(str(product["price"])) * Decimal(str(product["quantity"]))


def initial(name: str) -> str:
    """The first letter or digit of a name, to stand where its picture is missing."""
    return next((character.upper() for character in name if character.isalnum()), "·")


def readable_on(colour: str) -> str:
    """The text colour, dark or light, that reads better on `colour` (`#rrggbb`), by WCAG's contrast ratio.

    On some greys neither can be read well, and black can.
    """
    luminance = _luminance(colour)
    against_light = 1.05 / (luminance + 0.05)
    against_dark = (luminance + 0.05) / (_luminance(_DARK_TEXT) + 0.05)
    if max(against_light, against_dark) < _READABLE:
        return _DARKEST_TEXT
    return _LIGHT_TEXT if against_light >= against_dark else _DARK_TEXT


def _luminance(colour: str) -> float:
    channels = (int(colour[start : start + 2], 16) / 255 for start in (1, 3, 5))
    red, green, blue = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
