"""Which CSS a mail may use: what Gmail, Outlook and Apple Mail all know, and what can be missed."""

import re
from collections.abc import Iterator
from types import MappingProxyType

from tinycss2.color3 import parse_color

from local.caniemail import support_of

KNOWN_OF_OLD = frozenset({"color"})
"""Properties that nobody doubts, so that caniemail.com does not list them."""

MISSED_WITHOUT_HARM = MappingProxyType(
    {
        "border-radius": "Outlook shows square corners",
        "color-scheme": "for Apple Mail, which alone has a dark mode that mails can shape",
        "max-height": "hides the preheader; Outlook hides it by mso-hide",
        "opacity": "hides the preheader; Outlook hides it by mso-hide",
        "overflow": "hides the preheader; Outlook hides it by mso-hide",
        "supported-color-schemes": "the earlier name of color-scheme",
        "table-layout": "Outlook lays columns out by their width attributes",
        "white-space": "Outlook may break a price over two lines",
        "-ms-text-size-adjust": "for the one program that it is named after",
        "-webkit-text-size-adjust": "for the one engine that it is named after",
    }
)
"""Properties that one of them does not know, and what that costs."""

_COLOURED = frozenset({"background-color", "color"})
_OUTLOOKS_OWN = "mso-"
_COMMENT = re.compile(r"/\*.*?\*/", re.DOTALL)
_AT_RULE = re.compile(r"@([a-z-]+)([^{;]*)")
_DECLARATIONS = re.compile(r"{([^{}]*)}")
_QUOTED = re.compile(r"'[^']*'|\"[^\"]*\"")
_MEDIA_FEATURE = re.compile(r"\(\s*([a-z-]+)")
_MEDIA_FEATURES = frozenset({"max-width", "prefers-color-scheme"})
"""Where media queries are not known, the mail is seen as on a desktop in light surroundings."""
_UNKNOWN_VALUE = re.compile(
    r"\b(?:var|calc|clamp|min|max|url|rgba|hsla?|oklch|linear-gradient|radial-gradient)\(|"
    r"\b(?:inline-)?(?:flex|grid)\b|\d(?:rem|vh|vw|ch)\b"
)


def unsupported_in_style(style: str) -> Iterator[str]:
    """What of a `style` attribute is not known everywhere, each as it is written."""
    for declaration in filter(str.strip, style.split(";")):
        name, _, value = (part.strip().lower() for part in declaration.partition(":"))
        if not _is_known(name) or _UNKNOWN_VALUE.search(_QUOTED.sub("", value)) or not _is_plain(name, value):
            yield f"{name}: {value}"


def _is_plain(name: str, value: str) -> bool:
    """Whether what should be a colour is one that has long been known: `#rrggbb`, `rgb(…)`, a name."""
    colour = value.removesuffix("!important").strip()
    return name not in _COLOURED or colour == "inherit" or parse_color(colour) is not None


def _is_known(name: str) -> bool:
    """Whether each program knows the property, or the one that it is a part of, at least in part; or may miss it."""
    if name in KNOWN_OF_OLD or name in MISSED_WITHOUT_HARM or name.startswith(_OUTLOOKS_OWN):
        return True
    support = support_of(f"css-{name}") or support_of(f"css-{name.partition('-')[0]}")
    return support is not None and not support.missing_in


def unsupported_in_sheet(sheet: str) -> Iterator[str]:
    """What of a `<style>` block is not known everywhere, each as it is written."""
    sheet = _COMMENT.sub("", sheet)
    for name, condition in _AT_RULE.findall(sheet):
        if name != "media" or not set(_MEDIA_FEATURE.findall(condition)) <= _MEDIA_FEATURES:
            yield f"@{name}{condition}".strip()
    for declarations in _DECLARATIONS.findall(sheet):
        yield from unsupported_in_style(declarations)
