"""A mail as it is seen: in light and dark surroundings, wide and on a phone, each with the rules that hold there."""

import re
from collections.abc import Iterable, Iterator
from functools import cache
from typing import NamedTuple

import tinycss2
from css_inline import CSSInliner
from tinycss2.ast import AtRule, Node, QualifiedRule

from local.mail_lint.page import Page

WIDE, PHONE = 700, 360
"""Widths in pixels. Most phones have more than 360; few people have one with less."""


class View(NamedTuple):
    """Surroundings: how wide they are, in pixels, and which colours they have where the mail names none."""

    name: str
    scheme: str
    width: int
    ink: str
    ground: str
    link: str


LIGHT = View("in light surroundings", "light", WIDE, ink="#000000", ground="#ffffff", link="#0000ee")
DARK = View("in dark surroundings", "dark", WIDE, ink="#ffffff", ground="#121212", link="#9e9eff")
LIGHT_PHONE = LIGHT._replace(name="on a phone", width=PHONE)
DARK_PHONE = DARK._replace(name="on a phone in dark surroundings", width=PHONE)
VIEWS = (LIGHT, DARK, LIGHT_PHONE, DARK_PHONE)

_FEATURE = re.compile(r"\(\s*([a-z-]+)\s*:\s*([a-z]+|[0-9]+(?=px))[a-z]*\s*\)")
_TYPE_OF_OTHERS = re.compile(r"\b(?:not|print|speech)\b")


def page_in(view: View, html: str) -> Page:
    """The mail with all rules that hold in the view written into its `style` attributes."""
    inliner = CSSInliner(
        extra_css=rules_in(view, Page(html).sheets),
        inline_style_tags=False,
        keep_style_tags=True,
        load_remote_stylesheets=False,
    )
    return Page(inliner.inline(html))


@cache
def rules_in(view: View, sheets: tuple[str, ...]) -> str:
    """The rules of the style sheets that hold in the view, without the media queries around them."""
    rules = (rule for sheet in sheets for rule in tinycss2.parse_stylesheet(sheet))
    return "\n".join(rule.serialize() for rule in _holding(view, rules))


def _holding(view: View, rules: Iterable[Node]) -> Iterator[QualifiedRule]:
    for rule in rules:
        if isinstance(rule, QualifiedRule):
            yield rule
        elif isinstance(rule, AtRule) and rule.lower_at_keyword == "media" and _is_met(rule.prelude, view):
            yield from _holding(view, tinycss2.parse_rule_list(rule.content or []))


def _is_met(condition: list[Node], view: View) -> bool:
    return any(_is_each_met(query, view) for query in tinycss2.serialize(condition).lower().split(","))


def _is_each_met(query: str, view: View) -> bool:
    features = _FEATURE.findall(query)
    if _TYPE_OF_OTHERS.search(query) or len(features) != query.count("("):
        return False
    return all(
        value == view.scheme if name == "prefers-color-scheme" else name == "max-width" and view.width <= int(value)
        for name, value in features
    )
