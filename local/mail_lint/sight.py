"""What readers have to see of a mail, in light and dark surroundings, wide and on a phone.

The size and contrast of words are those of WCAG 2.2 (AA), https://www.w3.org/TR/WCAG22/#contrast-minimum.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from homing.web.colours import READABLE, contrast
from local.mail_lint.looks import Look, looks_in
from local.mail_lint.page import Element
from local.mail_lint.places import Finding
from local.mail_lint.styles import pixels, style_of
from local.mail_lint.views import DARK, LIGHT, LIGHT_PHONE, PHONE, VIEWS, View, page_in

SMALLEST_WORDS = 12
"""In pixels."""
WIDEST = 600
"""Pixels that mail programs leave a mail beside their list of mails."""
READABLE_IF_LARGE = 3.0
LARGE, LARGE_IF_BOLD = 24, 18.66
"""Pixels from which on words are large: 18 points, and 14."""

_REMEDY = {
    "light": "choose another colour for one of the two",
    "dark": "let look/dark.css change one of the two, by a class",
}
_WIDTH_REMEDY = 'write width="100%" and a max-width, or let look/phone.css make it fluid'

Looks = dict[Element, Look]
"""The elements of a mail, as they are written."""


def sight_faults(html: str, context: Mapping[str, Any]) -> Iterator[Finding]:
    """What somebody does not see, or not well; each told with the first view of `VIEWS` that shows it."""
    seen = {view: dict(looks_in(view, page_in(view, html).root)) for view in VIEWS}
    yield from _unadapted(seen)
    told: set[str] = set()
    for view, looks in seen.items():
        for finding in (*_hidden(looks, context), *_hard_to_read(looks, view), *_too_wide(looks, view)):
            if finding.message not in told:
                told.add(finding.message)
                yield finding._replace(message=f"{view.name}, {finding.message}")


def _unadapted(seen: Mapping[View, Looks]) -> Iterator[Finding]:
    dark = [contrast(look.ground, "#ffffff") >= READABLE for _, look in _worded(seen[DARK])]
    if sum(dark) * 2 < len(dark):
        message = "most words stand on a light ground in dark surroundings, and dazzle"
        rule = "@media (prefers-color-scheme: dark) { .canvas { background-color: … !important; } … }"
        yield Finding(f"{message}; write {rule}, and include it in look/layout.html", file="look/dark.css")
    wide, narrow = ([style_of(element) for element in seen[view]] for view in (LIGHT, LIGHT_PHONE))
    if wide == narrow:
        message = "nothing changes on phones, where wide margins leave no room for words"
        rule = "@media (max-width: 600px) { .card { padding: … !important; } … }"
        yield Finding(f"{message}; write {rule}, and include it in look/layout.html", file="look/phone.css")


def _hidden(looks: Looks, context: Mapping[str, Any]) -> Iterator[Finding]:
    """What the law wants everybody to find, and nobody sees."""
    unsubscribe, address = context["links"].get("unsubscribe"), context["shop"]["postal_address"]
    for link in looks:
        if unsubscribe and link.attributes.get("href") == unsubscribe and not _is_seen(link, looks):
            yield Finding("nobody sees the link to unsubscribe; show its words", element=link)
    visible = [element for element, look in looks.items() if not look.hidden]
    if address in _words_of(looks) and address not in _words_of(visible):
        yield Finding("nobody sees the postal address; show it", file="look/layout.html")


def _is_seen(element: Element, looks: Looks) -> bool:
    within = (element, *element.descendants)
    return any(_is_worded(_own_words(each)) for each in within if not looks[each].hidden)


def _hard_to_read(looks: Looks, view: View) -> Iterator[Finding]:
    for element, look in _worded(looks):
        if look.size < SMALLEST_WORDS:
            message = f"the words in {element} have {look.size:g} pixels; give them {SMALLEST_WORDS} or more"
            yield Finding(message, element=element)
        large = look.size >= (LARGE_IF_BOLD if look.bold else LARGE)
        wanted = READABLE_IF_LARGE if large else READABLE
        if look.contrast < wanted:
            message = (
                f"the words in {element} are {look.ink} on {look.ground}, a contrast of {look.contrast:.1f} where "
                f"reading takes {wanted:g}; {_REMEDY[view.scheme]}"
            )
            yield Finding(message, element=element)


def _too_wide(looks: Looks, view: View) -> Iterator[Finding]:
    """Fixed widths. Those of tables between `<!--[if mso]>` are none: only Outlook reads them, on a desktop."""
    for element, look in looks.items():
        style = style_of(element)
        bound = style.get("max-width", "")
        if element.tag == "img" and "width" not in style and not bound:
            message = f'{element} may be of any width; write how wide it is shown, such as width="280"'
            yield Finding(message, element=element)
        width = max(pixels(style.get(name)) or 0 for name in ("width", "min-width"))
        fluid = view.width == PHONE and (bound.endswith("%") or (pixels(bound) or width) <= PHONE)
        if not look.hidden and not fluid and width > min(view.width, WIDEST):
            message = f"{element} is {width:g} pixels wide; mail programs leave it {WIDEST}, phones {PHONE}"
            yield Finding(f"{message}; {_WIDTH_REMEDY}", element=element)


def _worded(looks: Looks) -> list[tuple[Element, Look]]:
    """The elements in which there is something to read."""
    return [(each, look) for each, look in looks.items() if not look.hidden and _is_worded(_own_words(each))]


def _own_words(element: Element) -> str:
    """The words that stand in the element itself, with those that stand for a picture."""
    written = (child for child in element.children if isinstance(child, str))
    return " ".join((element.attributes.get("alt") or "", *written))


def _words_of(elements: Iterable[Element]) -> str:
    return " ".join(" ".join(map(_own_words, elements)).split())


def _is_worded(words: str) -> bool:
    """Whether there is something to read: spaces that cannot be broken, and what fills up a preheader, are nothing."""
    return any(character.isalnum() for character in words)
