"""How the shopper's pages look and what they say: templates, the words of each language, and the shop's own colour."""

import json
import re
from base64 import b64encode
from collections.abc import Mapping
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Any, Final, NamedTuple, TypeAlias
from urllib.parse import urlsplit

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup, escape

from homing.domain.moments import Moment, datetime_of
from homing.web.colours import accent_on, mixed
from homing.web.http import Answer, page

FALLBACK: Final = "en"
LIGHT, DARK = ("#f6f5f1", "#ffffff"), ("#121617", "#1c2224")
"""Paper and cards, as style.css has them."""

Words: TypeAlias = Mapping[str, Any]
"""All that the pages say in one language: words/<language>.json."""

_HERE = Path(__file__).parent
_HOST = re.compile(r"[a-z0-9.-]+(:[0-9]+)?", re.IGNORECASE)


class ShopLook(NamedTuple):
    """What the pages show of the shop."""

    name: str
    url: str
    support_email: str
    colour: str
    logo_url: str | None = None


@cache
def languages() -> tuple[tuple[str, str], ...]:
    """The languages that the pages speak, each with its own name."""
    tags = sorted(path.stem for path in (_HERE / "words").glob("*.json"))
    return tuple((tag, words(tag)["name"]) for tag in tags)


@cache
def words(language: str) -> Words:
    """All that the pages say in one of the `languages`."""
    told: Words = json.loads((_HERE / "words" / f"{language}.json").read_text("utf-8"))
    return told


def day(moment: Moment, language: str) -> str:
    """`3 May 2026`, as the language writes it."""
    date, said = datetime_of(moment), words(language)
    written: str = said["date"].format(day=date.day, month=said["months"][date.month - 1], year=date.year)
    return written


class Look:
    """The pages of one shop."""

    def __init__(self, shop: ShopLook) -> None:
        self._shop = shop
        self._style = _colours(shop.colour) + (_HERE / "templates" / "style.css").read_text("utf-8")
        self._policy = _policy(self._style, shop.logo_url)
        self._templates = Environment(
            loader=FileSystemLoader(_HERE / "templates"),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self._templates.filters["fill"] = fill

    def page(self, status: int, template: str, language: str, *, switch: bool, **context: Any) -> Answer:
        """The page; `switch` offers it in the other languages too, which is to ask for it once more by GET."""
        html = self._templates.get_template(f"{template}.html").render(
            shop=self._shop,
            style=Markup(self._style),  # noqa: S704 - our own file and a colour of six digits
            language=language,
            words=words(language),
            languages=languages() if switch else (),
            **context,
        )
        return page(status, html, self._policy)

    def message(
        self,
        status: int,
        language: str,
        title: str,
        text: str,
        *,
        switch: bool = False,
        press: str | None = None,
        do: str | None = None,
        action: str | None = None,
        items: tuple[str, ...] = (),
        note: str | None = None,
        rather: tuple[str, str] | None = None,
        email: str = "",
    ) -> Answer:
        """A page that says one thing.

        It may have a button: `press` is what it says, `do` what it sends, `action` where to, `items` what it is about.
        `rather` is an address, and the words that link to it; `email` the address that the text may name.
        """
        button = {"press": press, "do": do, "action": action, "items": [self.filled(item) for item in items]}
        told = {"title": title, "text": self.filled(text, email=email), "note": note, "rather": rather}
        return self.page(status, "message", language, switch=switch, **told, **button)

    def wording(self, language: str) -> str:
        """The version of the words in which the preference page asks for a consent: other words, another version."""
        purposes = json.dumps(words(language)["preferences"]["purposes"], sort_keys=True)
        return f"preferences-{language}-{sha256(purposes.encode()).hexdigest()[:8]}"

    def filled(self, text: str, **values: object) -> Markup:
        """The text of a words file with the shop's name in its place, and the values in theirs."""
        return fill(text, shop=self._shop.name, **values)


def fill(text: str, **values: object) -> Markup:
    """The text with the values in their places; both are escaped, and no value is looked into for places."""
    return Markup(escape(text)).format(**values)  # noqa: S704 - it is escaped


def _colours(colour: str) -> str:
    """The shop's colour in shades that can be read by day and by night, as custom properties."""
    shades = []
    for name, (paper, card) in {"light": LIGHT, "dark": DARK}.items():
        tint = mixed(card, colour, 0.08)
        accent = accent_on((paper, card, tint), colour)
        shades += [f"--{name}-accent: {accent.colour}", f"--{name}-on-accent: {accent.on_colour}"]
        shades.append(f"--{name}-tint: {tint}")
    return f":root {{ {'; '.join(shades)} }}\n"


def _policy(style: str, logo_url: str | None) -> str:
    """The content security policy: this very style, the logo's host, forms to here, and nothing else at all."""
    digest = b64encode(sha256(style.encode()).digest()).decode()
    host = urlsplit(logo_url).netloc if logo_url else ""
    images = [f"img-src https://{host}"] if _HOST.fullmatch(host) else []
    rules = [f"style-src 'sha256-{digest}'", *images, "form-action 'self'", "frame-ancestors 'none'", "base-uri 'none'"]
    return "; ".join(["default-src 'none'", *rules])
