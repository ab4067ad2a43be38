"""What every mail has to keep to, whoever gets it: for inboxes, for the law, and for the reader.

`mail_faults` holds the rules for one mail; `check_mails` renders a shop's mails with all that they may meet.
"""

import re
from collections.abc import Iterator, Mapping
from html.parser import HTMLParser
from pathlib import Path
from typing import Any, NamedTuple

from homing.emails import RenderedEmail, RenderFailed
from homing.emails.assembly import body_of, is_service, mails_of
from homing.emails.compiler import checked_environment
from homing.emails.renderer import render_email
from homing.emails.samples import everything, hostile, nothing, service
from local.mail_css import unsupported_in_sheet, unsupported_in_style
from local.mail_html import unsupported_in_tags

GMAIL_CLIPS_AT = 102_400
"""Bytes of HTML after which Gmail hides the rest of a mail, with it the link to unsubscribe."""
SHORTEST_SUBJECT, LONGEST_SUBJECT = 5, 70

_VOID_TAGS = frozenset({"meta", "img", "br", "hr", "link", "input", "base", "embed"})
_FORBIDDEN_TAGS = frozenset({"script", "form", "input", "link", "iframe", "object", "embed", "video", "base"})
_UNTRACKED = frozenset({"confirm", "preferences", "unsubscribe"})
"""The links by which shoppers say what they want: SES must not lead them elsewhere first."""
_LEFT_OVER = re.compile(r"{{|}}|{%|%}|\bNone\b|Undefined")
_ATTACK = '<script>alert(1)</script><img src=x onerror="alert(1)">\u202e\r\nBcc: victim@example.com'


class Page(HTMLParser):
    """What a mail program sees: the tags with their attributes, the style sheets, and the readable text."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.unbalanced: list[str] = []
        self.sheets: list[str] = []
        self._words: list[str] = []
        self._open: list[str] = []
        self.feed(html)
        self.close()
        self.unbalanced += (f"<{tag}>" for tag in self._open)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note the tag, and that it is open."""
        self.tags.append((tag, dict(attrs)))
        if tag not in _VOID_TAGS:
            self._open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        """Close the innermost tag, or note that this closes another."""
        if self._open and self._open[-1] == tag:
            self._open.pop()
        else:
            self.unbalanced.append(f"</{tag}>")

    def handle_data(self, data: str) -> None:
        """Note the words, or the style sheet."""
        within = self._open[-1] if self._open else ""
        (self.sheets if within == "style" else self._words).append(data)

    @property
    def text(self) -> str:
        """The readable text, on one line."""
        return " ".join(" ".join(self._words).split())

    def values(self, attribute: str) -> list[str]:
        """The attribute's values in all tags that have it."""
        return [attrs[attribute] or "" for _, attrs in self.tags if attribute in attrs]

    def meta(self, name: str) -> str | None:
        """The content of the `<meta>` of that name."""
        return next(
            (attrs.get("content") for tag, attrs in self.tags if (tag, attrs.get("name")) == ("meta", name)), None
        )


class Fault(NamedTuple):
    """A rule that a shop's mail breaks, in the file where it is to be mended."""

    file: Path
    mail: str
    language: str
    data: str
    message: str

    def __str__(self) -> str:
        """`file: mail in 'language' with such data: message`."""
        return f"{self.file}: {self.mail} in '{self.language}' with {self.data} data: {self.message}"


def sample_data(*, of_service: bool = False) -> dict[str, Mapping[str, Any]]:
    """What mails are checked with, by name; nothing that a service mail says comes from outside."""
    if of_service:
        return {"full": service()}
    return {"full": everything(), "minimal": nothing(), "hostile": hostile(_ATTACK)}


def check_mails(emails_dir: Path) -> list[Fault]:
    """Every fault of every mail in every language, told with the first data that shows it. Raises TemplateInvalid."""
    environment = checked_environment(emails_dir)
    found: dict[tuple[str, str, str], Fault] = {}
    for mail, language in mails_of(emails_dir):
        words = emails_dir / "texts" / language / f"{mail}.yaml"
        blocks = body_of(emails_dir, mail)
        for data, context in sample_data(of_service=is_service(emails_dir, mail)).items():
            try:
                rendered = render_email(environment, mail, language, context)
                told = [(words, fault) for fault in subject_faults(rendered.subject)]
                told += [(blocks, fault) for fault in body_faults(rendered, context)]
            except RenderFailed as error:
                told = [(blocks, error.detail)]
            for file, message in told:
                found.setdefault((mail, language, message), Fault(file, mail, language, data, message))
    return list(found.values())


def mail_faults(mail: RenderedEmail, context: Mapping[str, Any]) -> list[str]:
    """The rules that a mail made from this context breaks, each with what to do."""
    return [*subject_faults(mail.subject), *body_faults(mail, context)]


def subject_faults(subject: str) -> Iterator[str]:
    """What is wrong with a subject."""
    if not SHORTEST_SUBJECT <= len(subject) <= LONGEST_SUBJECT:
        yield (
            f"the subject has {len(subject)} characters; inboxes show up to {LONGEST_SUBJECT}, and it needs at least "
            f"{SHORTEST_SUBJECT}: {subject!r}"
        )
    if not subject.isprintable():
        yield f"the subject holds a line break or a control character: {subject!r}"


def body_faults(mail: RenderedEmail, context: Mapping[str, Any]) -> Iterator[str]:
    """What is wrong with the two bodies."""
    page = Page(mail.html)
    yield from _what_everybody_must_find(page, mail.text, context)
    yield from _head_faults(page)
    yield from _tag_faults(page)
    yield from _link_faults(page, context["links"])
    yield from _style_faults(page)
    size = len(mail.html.encode())
    if size >= GMAIL_CLIPS_AT:
        yield f"the HTML has {size:,} bytes, and Gmail clips at {GMAIL_CLIPS_AT:,}: show less, or shorten the styles"


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


def _head_faults(page: Page) -> Iterator[str]:
    if not any(tag == "html" and attrs.get("lang") for tag, attrs in page.tags):
        yield 'no language is named, by which screen readers choose a voice; write <html lang="{{ language }}">'
    if "dark" not in (page.meta("color-scheme") or ""):
        yield 'dark mode is left to chance; add <meta name="color-scheme" content="light dark">'
    if "width=device-width" not in (page.meta("viewport") or ""):
        yield 'phones will shrink the page; add <meta name="viewport" content="width=device-width, initial-scale=1">'


def _tag_faults(page: Page) -> Iterator[str]:
    for tag in page.unbalanced:
        yield f"{tag} has no other half in its place"
    for found in dict.fromkeys(
        unsupported_in_tags((tag, attrs) for tag, attrs in page.tags if tag not in _FORBIDDEN_TAGS)
    ):
        yield f"{found} is not known to Gmail, Outlook and Apple Mail alike; see caniemail.com and local/mail_html.py"
    for tag, attrs in page.tags:
        if tag in _FORBIDDEN_TAGS:
            yield f"<{tag}> is cut out or blocked by mail programs, and looks like an attack; take it out"
        if tag == "img" and "alt" not in attrs:
            yield f'the picture {attrs.get("src")!r} has no alt text; give it one, or alt="" where it only decorates'
        for name in attrs:
            if name.startswith("on"):
                yield f"<{tag} {name}> is script; take it out"


def _link_faults(page: Page, links: Mapping[str, str]) -> Iterator[str]:
    for name in sorted(_UNTRACKED & links.keys()):
        if any(attrs.get("href") == links[name] and "ses:no-track" not in attrs for _, attrs in page.tags):
            yield f"SES counts who presses links.{name}, which is nobody's business; write <a ses:no-track href=…>"
    for address in page.values("href"):
        if not address.startswith(("https://", "mailto:")):
            yield f"a link leads to {address!r}; only https:// and mailto: are safe"
    for address in (*page.values("src"), *page.values("background")):
        if not address.startswith("https://"):
            yield f"a picture comes from {address!r}; only https:// is loaded everywhere"


def _style_faults(page: Page) -> Iterator[str]:
    styles = (found for style in page.values("style") for found in unsupported_in_style(style))
    sheets = (found for sheet in page.sheets for found in unsupported_in_sheet(sheet))
    for found in dict.fromkeys((*styles, *sheets)):
        yield f"'{found}' is not known to Gmail, Outlook and Apple Mail alike; see caniemail.com and local/mail_css.py"
