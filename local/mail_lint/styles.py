"""What is declared for an element: by the attributes that older mail programs read, and by its `style`.

Declarations are read once and kept, for a mail says the same of hundreds of elements.
"""

from collections.abc import Mapping
from functools import cache
from types import MappingProxyType

import tinycss2
from tinycss2.ast import Declaration, DimensionToken, Node, NumberToken, PercentageToken, WhitespaceToken
from tinycss2.color3 import parse_color

from local.mail_lint.page import Element

_EM = 16
_PIXELS = MappingProxyType(
    {"px": 1.0, "em": float(_EM), "pt": 4 / 3, "pc": 16.0, "in": 96.0, "cm": 96 / 2.54, "mm": 9.6 / 2.54}
)
_KEYWORDS = MappingProxyType(
    {"xx-small": 9.0, "x-small": 10.0, "small": 13.0, "medium": 16.0, "large": 18.0, "x-large": 24.0, "xx-large": 32.0}
)
_LENGTH = DimensionToken | PercentageToken
_WEIGHTS = frozenset({"bold", "bolder", "lighter", "100", "200", "300", "400", "500", "600", "700", "800", "900"})
_FONT_SIZES = MappingProxyType({"1": "x-small", "2": "small", "3": "medium", "4": "large", "5": "x-large"})
_WIDE_BY_ATTRIBUTE = frozenset({"col", "hr", "img", "table", "td", "th"})


def style_of(element: Element) -> Mapping[str, str]:
    """The declarations by property, in lower case; the last counts, and what is important before what is not.

    Of `font` its size and weight are told, of `background` its colour.
    """
    return {**_by_attributes(element), **_declared_in(element.attributes.get("style") or "")}


@cache
def pixels(length: str | None) -> float | None:
    """A length in CSS pixels; None where it is a share of something, or no length."""
    match tinycss2.parse_one_component_value(length or ""):
        case DimensionToken(value=value, lower_unit=unit) if unit in _PIXELS:
            return value * _PIXELS[unit]
        case NumberToken(value=0):
            return 0
    return None


@cache
def font_size(size: str, around: float) -> float:
    """A font's size in CSS pixels, with that of the words around it."""
    if size in _KEYWORDS:
        return _KEYWORDS[size]
    match tinycss2.parse_one_component_value(size):
        case DimensionToken(value=value, lower_unit="em"):
            return value * around
        case PercentageToken(value=value):
            return value * around / 100
    absolute = pixels(size)
    return around if absolute is None else absolute


@cache
def _declared_in(style: str) -> Mapping[str, str]:
    declared = (each for each in tinycss2.parse_blocks_contents(style) if isinstance(each, Declaration))
    longhands: dict[str, str] = {}
    for each in sorted(declared, key=lambda declaration: declaration.important):
        longhands |= _longhands(each.lower_name, [part for part in each.value if not isinstance(part, WhitespaceToken)])
    return MappingProxyType(longhands)


def _by_attributes(element: Element) -> dict[str, str]:
    """What attributes say of the look: `<td bgcolor="#ffffff" width="72">`."""
    said = {name: (value or "").strip().lower() for name, value in element.attributes.items()}
    style = {"background-color": said.get("bgcolor"), "color": said.get("text")}
    if element.tag == "font":
        style |= {"color": said.get("color"), "font-size": _FONT_SIZES.get(said.get("size", ""))}
    if element.tag in _WIDE_BY_ATTRIBUTE and "width" in said:
        style["width"] = said["width"] + ("px" if said["width"].replace(".", "", 1).isdecimal() else "")
    return {name: value for name, value in style.items() if value}


def _longhands(name: str, parts: list[Node]) -> dict[str, str]:
    values = [part.serialize().lower() for part in parts]
    if name == "background":
        return {"background-color": next((value for value in values if parse_color(value)), "transparent")}
    if name == "font":
        sizes = (v for v, part in zip(values, parts, strict=True) if isinstance(part, _LENGTH) or v in _KEYWORDS)
        weights = (v for v in values if v in _WEIGHTS)
        return {"font-size": next(sizes, "medium"), "font-weight": next(weights, "normal")}
    return {name: " ".join(values)}
