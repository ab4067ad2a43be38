"""The page on which a mail is looked at: one HTML file that needs no other."""

import re
from html import unescape
from importlib.resources import files
from typing import NamedTuple

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from homing.emails import RenderedEmail

_PREHEADER = re.compile(r'class="preheader"[^>]*>(.*?)</div>', re.DOTALL)
_FILLING = "\u034f\u200c\xa0"
"""What keeps the first words of the mail out of the inbox's line."""
_PREFERS = re.compile(r"\(\s*prefers-color-scheme\s*:\s*(light|dark)\s*\)")
_ALWAYS, _NEVER = "(min-width: 0)", "(max-width: 0)"
_BOTH = re.compile(r"light dark|dark light")


class View(NamedTuple):
    """The mail in one of its surroundings; `width` in CSS pixels."""

    name: str
    scheme: str
    width: int
    html: str


def render_page(mail: RenderedEmail, title: str, notes: list[str]) -> str:
    """The page with the mail at both widths, light and dark, and its text part; `notes` say what it was made from."""
    environment = Environment(
        loader=PackageLoader("local.preview"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    theme = files("local.pages").joinpath("theme.css").read_text(encoding="utf-8")
    return environment.get_template("preview.html.j2").render(
        mail=mail,
        title=title,
        notes=notes,
        preheader=preheader_of(mail.html),
        size=len(mail.html.encode()),
        views=[
            View(f"{device}, {scheme}", scheme, width, in_scheme(mail.html, scheme))
            for scheme in ("light", "dark")
            for device, width in (("Desktop", 680), ("Phone", 390))
        ],
        theme=Markup(theme),  # noqa: S704 - our own file
    )


def preheader_of(html: str) -> str | None:
    """The line that an inbox shows beside the subject; None where the mail has none."""
    found = _PREHEADER.search(html)
    return None if found is None else unescape(found[1]).strip(_FILLING + " \n") or None


def in_scheme(html: str, scheme: str) -> str:
    """The mail as a program that is set to `light` or `dark` shows it, whatever the browser is set to."""
    fixed = _PREFERS.sub(lambda found: _ALWAYS if found[1] == scheme else _NEVER, html)
    return _BOTH.sub(scheme, fixed)
