"""Languages: which texts a shopper gets, and how prices and dates are written for them."""

from functools import lru_cache
from typing import NamedTuple

from babel import Locale, UnknownLocaleError

FALLBACK = "en"


class Writing(NamedTuple):
    """How a mail is written: `locale` is an identifier of Babel's, `direction` is `ltr` or `rtl`."""

    language: str
    locale: str
    direction: str


def languages_for(tag: str) -> tuple[str, ...]:
    """The languages to try for a BCP 47 tag, best first: `de-AT` gives `de`, then the fallback."""
    language = _subtags(tag)[0]
    return (language, FALLBACK) if language.isascii() and language not in {"", FALLBACK} else (FALLBACK,)


@lru_cache(maxsize=256)
def writing(language: str, tag: str) -> Writing:
    """How to write in `language` for a shopper with `tag`: German in Austria is written as Austrians do."""
    locale = _locale(tag) if _subtags(tag)[0] == language else None
    locale = locale or _locale(language) or Locale.parse(FALLBACK)
    return Writing(language, str(locale), locale.text_direction)


def _subtags(tag: str) -> list[str]:
    return tag.replace("_", "-").lower().split("-")


def _locale(tag: str) -> Locale | None:
    try:
        return Locale.parse(tag.replace("_", "-"), sep="-")
    except (ValueError, UnknownLocaleError):
        return None
