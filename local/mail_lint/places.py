"""Where a fault of a rendered mail is to be mended: a rule names an element, and the file is found by it."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from local.mail_lint.page import Element, Page

_CODE = re.compile(r"{{.*?}}|{%.*?%}|{#.*?#}", re.DOTALL)
_MASK = "\ue000"
"""Stands for template code, which may become anything."""


class Finding(NamedTuple):
    """A rule that a mail breaks, with what to do; and the file within `emails/` or the element, where one can say."""

    message: str
    file: str | None = None
    element: Element | None = None


class Place(NamedTuple):
    """A file of the shop, and the line in it, where it is known."""

    file: Path
    line: int | None = None

    def __str__(self) -> str:
        """`file:line`, as editors like it."""
        return str(self.file) if self.line is None else f"{self.file}:{self.line}"


class Sources:
    """The layout and the blocks of a shop's mails, as elements."""

    def __init__(self, emails_dir: Path) -> None:
        self._emails_dir = emails_dir
        self._elements = [
            (path, element)
            for path in sorted((emails_dir / "look").glob("*.html"))
            for element in _elements_of(path.read_text(encoding="utf-8"))
        ]

    def faults(self) -> Iterator[tuple[Place, str]]:
        """What only the files show: once styles are inlined, `<img alt>` has become `<img alt="">`."""
        for path, element in self._elements:
            if element.tag == "img" and element.attributes.get("alt", "") is None:
                yield Place(path, element.line), 'write alt="" where a picture only decorates, else an alt text'

    def place_of(self, finding: Finding) -> Place | None:
        """The place, where it is known. The element is found by its attributes; its style has been added to."""
        if finding.file is not None:
            return Place(self._emails_dir / finding.file)
        wanted = finding.element
        if wanted is None:
            return None
        same = [(path, element) for path, element in self._elements if _can_become(element, wanted)]
        path, element = max(same, key=lambda each: _has_the_style_of(wanted, each[1]), default=(None, None))
        return None if path is None or element is None else Place(path, element.line)


def _elements_of(source: str) -> Iterator[Element]:
    page = Page(_CODE.sub(lambda code: _MASK + "\n" * code[0].count("\n"), source))
    yield from (*page.elements, *page.in_comments)


def _can_become(source: Element, rendered: Element) -> bool:
    """Whether a template's element can be rendered as this one, to go by its tag and all attributes but the style."""
    if source.tag != rendered.tag or source.attributes.keys() - {"style"} != rendered.attributes.keys() - {"style"}:
        return False
    return all(
        re.fullmatch(_pattern(value), _squeezed(rendered.attributes[name]), re.DOTALL)
        for name, value in source.attributes.items()
        if name != "style"
    )


def _has_the_style_of(rendered: Element, source: Element) -> bool:
    style = source.attributes.get("style")
    return style is not None and bool(
        re.search(_pattern(style), _squeezed(rendered.attributes.get("style")), re.DOTALL)
    )


def _pattern(value: str | None) -> str:
    return ".*".join(map(re.escape, _squeezed(value).split(_MASK)))


def _squeezed(value: str | None) -> str:
    return "".join((value or "").split()).lower().rstrip(";")
