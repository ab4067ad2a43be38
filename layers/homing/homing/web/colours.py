"""The shop's colour on light and dark pages: whatever a shop chooses, its buttons and links can be read."""

from collections.abc import Sequence
from typing import NamedTuple

READABLE = 4.5
"""The contrast that WCAG 2.2 wants of text (AA)."""

_STEPS = 40

Rgb = tuple[int, ...]


class Accent(NamedTuple):
    """A colour that stands out from a page, and the colour of texts upon it, each as `#rrggbb`."""

    colour: str
    on_colour: str


def accent_on(papers: Sequence[str], colour: str) -> Accent:
    """The colour, darkened or lightened as little as it takes to be read on each of the papers; all are `#rrggbb`.

    The papers are all light, or all dark.
    """
    away = max("#000000", "#ffffff", key=lambda ink: contrast(ink, papers[0]))
    shades = (mixed(colour, away, step / _STEPS) for step in range(_STEPS + 1))
    accent = next(shade for shade in shades if all(contrast(shade, paper) >= READABLE for paper in papers))
    return Accent(accent, max("#ffffff", "#000000", key=lambda ink: contrast(accent, ink)))


def contrast(one: str, other: str) -> float:
    """The contrast of two colours, from 1 to 21: https://www.w3.org/TR/WCAG22/#dfn-contrast-ratio."""
    darker, lighter = sorted((_luminance(_rgb(one)), _luminance(_rgb(other))))
    return (lighter + 0.05) / (darker + 0.05)


def mixed(colour: str, other: str, share: float) -> str:
    """The colour with so much of the other in it, from 0 to 1."""
    both = zip(_rgb(colour), _rgb(other), strict=True)
    return "#" + "".join(f"{round(ours + (theirs - ours) * share):02x}" for ours, theirs in both)


def _rgb(colour: str) -> Rgb:
    return tuple(bytes.fromhex(colour.removeprefix("#")))


def _luminance(rgb: Rgb) -> float:
    red, green, blue = (_linear(part / 255) for part in rgb)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _linear(part: float) -> float:
    return part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4
