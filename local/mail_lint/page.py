"""A mail's HTML as a tree: elements with their attributes, the words between them, and the line that each stands on."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from html.parser import HTMLParser

Attributes = dict[str, str | None]

_VOID_TAGS = frozenset({"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "wbr"})


@dataclass(slots=True, eq=False)
class Element:
    """A tag with what stands in it; `line` is that of the HTML, from 1. An attribute without a value is None."""

    tag: str
    attributes: Attributes
    line: int = 1
    children: "list[Element | str]" = field(default_factory=list)

    def __str__(self) -> str:
        """The tag by what tells it from others: `<td class="card">`."""
        told = next((name for name in ("class", "src", "href") if self.attributes.get(name)), None)
        return f"<{self.tag}>" if told is None else f'<{self.tag} {told}="{self.attributes[told]}">'

    @property
    def descendants(self) -> "Iterator[Element]":
        """All elements within, as they are written."""
        for child in self.children:
            if isinstance(child, Element):
                yield child
                yield from child.descendants

    @property
    def words(self) -> Iterator[str]:
        """All text within, as it is written."""
        for child in self.children:
            if isinstance(child, str):
                yield child
            else:
                yield from child.words


class Page(HTMLParser):
    """What a mail program reads: the elements, what only Outlook reads besides, and what is not closed where it should.

    Outlook reads `<!--[if mso]>`, so whatever stands in comments is kept, as `in_comments`.
    """

    def __init__(self, html: str, *, first_line: int = 1) -> None:
        super().__init__()
        self.root = Element("", {})
        self.in_comments: list[Element] = []
        self.unbalanced: list[str] = []
        self._open = [self.root]
        self._above = first_line - 1
        self.feed(html)
        self.close()
        self.unbalanced += (f"<{element.tag}>" for element in self._open[1:])

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note the element, and that it is open."""
        element = Element(tag, dict(attrs), self._line)
        self._open[-1].children.append(element)
        if tag not in _VOID_TAGS:
            self._open.append(element)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note the element: the slash says nothing in HTML."""
        self.handle_starttag(tag, attrs)

    def handle_endtag(self, tag: str) -> None:
        """Close the innermost element, or note that this closes another."""
        if self._open[-1].tag == tag:
            self._open.pop()
        else:
            self.unbalanced.append(f"</{tag}>")

    def handle_data(self, data: str) -> None:
        """Note the words, or the style sheet."""
        self._open[-1].children.append(data)

    def handle_comment(self, data: str) -> None:
        """Note what some program may read after all."""
        within = Page(data, first_line=self._line)
        self.in_comments += [*within.elements, *within.in_comments]

    @property
    def elements(self) -> list[Element]:
        """All elements, as they are written."""
        return list(self.root.descendants)

    @property
    def tags(self) -> list[tuple[str, Attributes]]:
        """All tags with their attributes."""
        return [(element.tag, element.attributes) for element in self.elements]

    @property
    def sheets(self) -> tuple[str, ...]:
        """The style sheets."""
        return tuple("".join(element.words) for element in self.elements if element.tag == "style")

    @property
    def text(self) -> str:
        """The readable text, on one line."""
        return " ".join(" ".join(_readable(self.root)).split())

    def values(self, attribute: str) -> list[str]:
        """The attribute's values in all tags that have it."""
        return [attributes[attribute] or "" for _, attributes in self.tags if attribute in attributes]

    def meta(self, name: str) -> str | None:
        """The content of the `<meta>` of that name."""
        return next((each.get("content") for tag, each in self.tags if (tag, each.get("name")) == ("meta", name)), None)

    @property
    def _line(self) -> int:
        return self._above + self.getpos()[0]


def _readable(element: Element) -> Iterator[str]:
    for child in element.children:
        if isinstance(child, str):
            yield child
        elif child.tag != "style":
            yield from _readable(child)
