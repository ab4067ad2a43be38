"""What every mail has to keep to, whoever gets it: for inboxes, for the law, and for the reader.

Here stand the rules for what is written: subject, links, tags and styles. Those for what is seen stand in `sight.py`.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from homing.emails import RenderedEmail
from local.mail_css import unsupported_in_sheet, unsupported_in_style
from local.mail_html import unsupported_in_tags
from local.mail_lint.page import Element, Page
from local.mail_lint.places import Finding
from local.mail_lint.sight import sight_faults

GMAIL_CLIPS_AT = 102_400
"""Bytes of HTML after which Gmail hides the rest of a mail, with it the link to unsubscribe."""
SHORTEST_SUBJECT, LONGEST_SUBJECT = 5, 70

_FORBIDDEN_TAGS = frozenset({"script", "form", "input", "link", "iframe", "object", "embed", "video", "base"})
_UNTRACKED = frozenset({"confirm", "preferences", "unsubscribe"})
"""The links by which shoppers say what they want: SES must not lead them elsewhere first."""
_LEFT_OVER = re.compile(r"{{|}}|{%|%}|\bNone\b|Undefined")


def mail_faults(mail: RenderedEmail, context: Mapping[str, Any]) -> list[str]:
    """The rules that a mail made from this context breaks, each with what to do."""
    return [*subject_faults(mail.subject), *(finding.message for finding in body_faults(mail, context))]


def subject_faults(subject: str) -> Iterator[str]:
    """What is wrong with a subject."""
    if not SHORTEST_SUBJECT <= len(subject) <= LONGEST_SUBJECT:
        yield (
            f"the subject has {len(subject)} characters; inboxes show up to {LONGEST_SUBJECT}, and it needs at least "
            f"{SHORTEST_SUBJECT}: {subject!r}"
        )
    if not subject.isprintable():
        yield f"the subject holds a line break or a control character: {subject!r}"


def body_faults(mail: RenderedEmail, context: Mapping[str, Any]) -> Iterator[Finding]:
    """What is wrong with the two bodies."""
    page = Page(mail.html)
    yield from map(Finding, _what_everybody_must_find(page, mail.text, context))
    yield from _head_faults(page)
    yield from _tag_faults(page)
    yield from _picture_faults(page)
    yield from _link_faults(page, context["links"])
    yield from _style_faults(page)
    yield from sight_faults(mail.html, context)
    size = len(mail.html.encode())
    if size >= GMAIL_CLIPS_AT:
        yield Finding(
            f"the HTML has {size:,} bytes, and Gmail clips at {GMAIL_CLIPS_AT:,}: show less, or shorten the styles"
        )


def _what_everybody_must_find(page: Page, text: str, context: Mapping[str, Any]) -> Iterator[str]:
    unsubscribe, address = context["links"].get("unsubscribe", ""), context["shop"]["postal_address"]
    if not text.strip():
        yield "the text part is empty; look/layout.txt and look/blocks.txt make it"
    if unsubscribe and unsubscribe not in page.values("href"):
        yield "the HTML has no link to unsubscribe; put {{ links.unsubscribe }} into look/layout.html"
    if unsubscribe not in text:
        yield "the text part has no link to unsubscribe; put {{ links.unsubscribe }} into look/layout.txt"
    for part, form, words in (("HTML", "html", page.text), ("text part", "txt", text)):
        if address not in words:
            yield f"the {part} lacks the postal address; put {{{{ shop.postal_address }}}} into look/layout.{form}"
        if left_over := _LEFT_OVER.search(words):
            yield f"the {part} shows {left_over[0]!r}, which is template code or a missing value"


def _head_faults(page: Page) -> Iterator[Finding]:
    if not any(tag == "html" and attributes.get("lang") for tag, attributes in page.tags):
        yield _of_head(
            'no language is named, by which screen readers choose a voice; write <html lang="{{ language }}">'
        )
    if "dark" not in (page.meta("color-scheme") or ""):
        yield _of_head('dark mode is left to chance; add <meta name="color-scheme" content="light dark">')
    if "width=device-width" not in (page.meta("viewport") or ""):
        yield _of_head(
            'phones will shrink the page; add <meta name="viewport" content="width=device-width, initial-scale=1">'
        )
    for element in (*page.elements, *page.in_comments):
        if element.tag == "meta" and (element.attributes.get("http-equiv") or "").lower() == "refresh":
            yield Finding('<meta http-equiv="refresh"> leads readers away unasked; take it out', element=element)


def _of_head(message: str) -> Finding:
    return Finding(message, file="look/layout.html")


def _tag_faults(page: Page) -> Iterator[Finding]:
    for tag in page.unbalanced:
        yield Finding(f"{tag} has no other half in its place")
    for element in page.elements:
        if element.tag not in _FORBIDDEN_TAGS:
            for found in unsupported_in_tags([(element.tag, element.attributes)]):
                message = (
                    "is not known to Gmail, Outlook and Apple Mail alike; see caniemail.com and local/mail_html.py"
                )
                yield Finding(f"{found} {message}", element=element)
    for element in (*page.elements, *page.in_comments):
        if element.tag in _FORBIDDEN_TAGS:
            message = "is cut out or blocked by mail programs, and looks like an attack; take it out"
            yield Finding(f"<{element.tag}> {message}", element=element)
        for name in element.attributes:
            if name.startswith("on"):
                yield Finding(f"<{element.tag} {name}> is script; take it out", element=element)


def _picture_faults(page: Page) -> Iterator[Finding]:
    for element in page.elements:
        if element.tag == "img" and element.attributes.get("alt") is None:
            message = f"the picture {element.attributes.get('src')!r} has no alt text"
            yield Finding(f'{message}; give it one, or alt="" where it only decorates', element=element)
        if element.tag == "a" and "href" in element.attributes and not _has_name(element):
            message = f"{element} has no words: who does not see the picture is not told where it leads"
            yield Finding(f"{message}; give the picture an alt text, or the link an aria-label", element=element)


def _has_name(element: Element) -> bool:
    """Whether a screen reader finds words for the element."""
    said = (element.attributes.get(name) for name in ("alt", "aria-label", "title"))
    if any(words and words.strip() for words in said):
        return True
    return element.attributes.get("aria-hidden") != "true" and any(
        _has_name(child) if isinstance(child, Element) else child.strip() for child in element.children
    )


def _link_faults(page: Page, links: Mapping[str, str]) -> Iterator[Finding]:
    for element in page.elements:
        for name in sorted(_UNTRACKED & links.keys()):
            if element.attributes.get("href") == links[name] and "ses:no-track" not in element.attributes:
                message = f"SES counts who presses links.{name}, which is nobody's business"
                yield Finding(f"{message}; write <a ses:no-track href=…>", element=element)
    for element in (*page.elements, *page.in_comments):
        for name, value in element.attributes.items():
            if name == "href" and not (value or "").startswith(("https://", "mailto:")):
                yield Finding(f"a link leads to {value!r}; only https:// and mailto: are safe", element=element)
            if name in {"src", "background"} and not (value or "").startswith("https://"):
                yield Finding(f"a picture comes from {value!r}; only https:// is loaded everywhere", element=element)


def _style_faults(page: Page) -> Iterator[Finding]:
    found: dict[str, Element | None] = {}
    for element in page.elements:
        for declaration in unsupported_in_style(element.attributes.get("style") or ""):
            found.setdefault(declaration, element)
    for sheet in page.sheets:
        for rule in unsupported_in_sheet(sheet):
            found.setdefault(rule, None)
    for written, shown_by in found.items():
        message = "is not known to Gmail, Outlook and Apple Mail alike; see caniemail.com and local/mail_css.py"
        yield Finding(f"'{written}' {message}", element=shown_by)
