"""Which tags and attributes a mail may use: what Gmail, Outlook and Apple Mail all know, and what can be missed."""

from collections.abc import Iterable, Iterator, Mapping
from types import MappingProxyType

from local.caniemail import Support, support_of

_OF_OLD = """
    a b br center em font head html i meta sub sup tbody td tfoot th thead title tr u
"""
KNOWN_OF_OLD = frozenset(_OF_OLD.split())
"""Tags that nobody doubts, so that caniemail.com does not list them."""
_LISTED_TOGETHER = MappingProxyType(
    dict.fromkeys(("h1", "h2", "h3", "h4", "h5", "h6"), "h1-h6")
    | dict.fromkeys(("ul", "ol", "li", "dl", "dt", "dd"), "lists")
    | dict.fromkeys(("article", "aside", "footer", "header", "main", "nav", "section"), "semantics")
)
"""Tags that caniemail.com lists under one name."""
MISSED_WITHOUT_HARM = MappingProxyType(
    {
        "abbr": "the words stay",
        "aria-describedby": "what it names is read as well",
        "aria-labelledby": "what it names is read as well",
        "body": "Gmail makes a <div> of it, with its style",
        "loading": "the picture is loaded at once",
        "srcset": "the picture of src is shown",
        "style": "some Gmail accounts see the mail as on a desktop in light surroundings",
        "target": "the program chooses where a link opens",
        "wbr": "a long word breaks elsewhere",
    }
)
"""Tags and attributes that one of them does not know, and what that costs."""


def unsupported_in_tags(tags: Iterable[tuple[str, Mapping[str, str | None]]]) -> Iterator[str]:
    """What of the tags, each with its attributes, is not known everywhere: `<video>`, `hidden`."""
    for tag, attributes in tags:
        support = support_of(f"html-{_LISTED_TOGETHER.get(tag, tag)}")
        if tag not in KNOWN_OF_OLD and _is_missed(tag, support):
            yield f"<{tag}>"
        yield from (name for name in attributes if _lacks(name))


def _is_missed(tag: str, support: Support | None) -> bool:
    return tag not in MISSED_WITHOUT_HARM and (support is None or bool(support.missing_in))


def _lacks(attribute: str) -> bool:
    """Whether one does not know the attribute. Most are not listed, and do no harm."""
    support = support_of(f"html-{attribute}")
    return attribute not in MISSED_WITHOUT_HARM and support is not None and bool(support.missing_in)
