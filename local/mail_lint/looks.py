"""How the words of an element look, and what it is wide: its own style, and what it takes over from those around it."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cache
from types import MappingProxyType

from tinycss2.color3 import RGBA, parse_color

from homing.web.colours import contrast, mixed
from local.mail_lint.page import Element
from local.mail_lint.styles import font_size, pixels, style_of
from local.mail_lint.views import View

_SIZE_OF_TAG = MappingProxyType({"h1": "2em", "h2": "1.5em", "h3": "1.17em", "small": "0.83em", "sub": "0.83em"})
_BOLD_TAGS = frozenset({"b", "h1", "h2", "h3", "h4", "h5", "h6", "strong", "th"})
_BOLD = frozenset({"bold", "bolder", "700", "800", "900"})
_UNSEEN_TAGS = frozenset({"head", "script", "style", "title"})
_FAR_AWAY = -100
"""Pixels by which words are moved only so that nobody sees them."""


@dataclass(frozen=True, slots=True)
class Look:
    """How words look: colours as `#rrggbb`, `size` in pixels; `hidden` where nobody sees them."""

    ink: str
    ground: str
    size: float = 16
    bold: bool = False
    opacity: float = 1
    hidden: bool = False

    @property
    def contrast(self) -> float:
        """The contrast of the words with what is behind them, from 1 to 21."""
        return contrast(mixed(self.ground, self.ink, self.opacity), self.ground)


def looks_in(view: View, root: Element) -> Iterator[tuple[Element, Look]]:
    """Each element with the look of its words."""
    yield from _looks(root, Look(view.ink, view.ground), view)


def _looks(element: Element, look: Look, view: View) -> Iterator[tuple[Element, Look]]:
    yield element, look
    for child in element.children:
        if isinstance(child, Element):
            yield from _looks(child, _look_of(child, look, view), view)


def _look_of(element: Element, around: Look, view: View) -> Look:
    link = {"color": view.link} if element.tag == "a" and "href" in element.attributes else {}
    style = {"font-size": _SIZE_OF_TAG.get(element.tag, "100%"), **link, **style_of(element)}
    ground = _painted(style.get("background-color"), around.ground) or around.ground
    size, weight = font_size(style["font-size"], around.size), style.get("font-weight")
    return replace(
        around,
        ink=_painted(style.get("color"), ground) or around.ink,
        ground=ground,
        size=size,
        bold=(around.bold or element.tag in _BOLD_TAGS) if weight is None else weight in _BOLD,
        opacity=around.opacity * _opacity(style),
        hidden=around.hidden or element.tag in _UNSEEN_TAGS or size == 0 or _hides(style),
    )


@cache
def _painted(colour: str | None, ground: str) -> str | None:
    """What the colour gives upon the ground; None where it is none, or says to take over that around it."""
    parsed = parse_color(colour or "")
    if not isinstance(parsed, RGBA):
        return None
    opaque = "#" + "".join(f"{round(part * 255):02x}" for part in parsed[:3])
    return mixed(ground, opaque, parsed.alpha)


def _opacity(style: Mapping[str, str]) -> float:
    try:
        return min(1.0, max(0.0, float(style.get("opacity", 1))))
    except ValueError:
        return 1.0


def _hides(style: Mapping[str, str]) -> bool:
    if style.get("display") == "none" or style.get("visibility") in {"hidden", "collapse"} or _opacity(style) == 0:
        return True
    sizes = [pixels(style.get(side)) for side in ("width", "max-width", "height", "max-height")]
    moves = [pixels(style.get(side)) or 0 for side in ("text-indent", "margin-left", "margin-top")]
    return (
        style.get("mso-hide") == "all" or (style.get("overflow") == "hidden" and 0 in sizes) or min(moves) < _FAR_AWAY
    )
