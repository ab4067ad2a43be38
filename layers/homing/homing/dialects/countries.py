"""Countries by their ISO 3166 codes, whatever a shop's client calls them."""

from collections.abc import Mapping
from functools import cache
from typing import Final

_LANGUAGES: Final = ("de", "en")
"""The languages whose names of countries are understood; where two disagree, the later one counts."""

_ALSO_CALLED: Final[Mapping[str, str]] = {
    "america": "US",
    "britain": "GB",
    "czech republic": "CZ",
    "eire": "IE",
    "england": "GB",
    "great britain": "GB",
    "holland": "NL",
    "korea": "KR",
    "northern ireland": "GB",
    "republic of ireland": "IE",
    "republic of korea": "KR",
    "rsa": "ZA",
    "russian federation": "RU",
    "scotland": "GB",
    "turkey": "TR",
    "uk": "GB",
    "united states of america": "US",
    "usa": "US",
    "wales": "GB",
}


def country_code(told: str) -> str:
    """The country's ISO 3166 code: `DE` for `de`, `Germany` and `Deutschland`. What is no country stays as told."""
    if len(told) == 2 and told.isascii() and told.isalpha() and told.upper() != "UK":
        return told.upper()
    return _codes().get(told.casefold(), told)


@cache
def _codes() -> Mapping[str, str]:
    """Names, case-folded, to codes."""
    from babel import Locale  # paid for by those functions only that see a country written out

    named: dict[str, str] = {
        name.casefold(): code
        for language in _LANGUAGES
        for code, name in Locale(language).territories.items()
        if len(code) == 2 and code.isalpha()
    }
    return {**named, **_ALSO_CALLED}
