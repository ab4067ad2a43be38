"""Build time: set a template's Jinja aside, so that its text can be worked on as HTML or prose."""

import re
from collections.abc import Callable

from jinja2.environment import Environment

# Private-use characters: part of no template, a word to CSS, and left alone by HTML parsers.
_OPEN, _CLOSE = "\ue000", "\ue001"
_MASK = re.compile(f"{_OPEN}([0-9]+){_CLOSE}")
# Between the tags of a table, HTML parsers move text out, but leave comments where they are.
_COMMENT_MASK = re.compile(f"<!--({_OPEN}[0-9]+{_CLOSE})-->")
_TAG_OR_MASK = re.compile(
    rf"(?P<kept><!--.*?-->|<title>.*?</title>|<style.*?</style>|<[^>]*>)|(?P<mask>{_MASK.pattern})",
    re.DOTALL | re.IGNORECASE,
)


class MaskLost(Exception):
    """The work on the text lost or doubled a part of the template."""


def around_jinja(environment: Environment, source: str, work: Callable[[str], str]) -> str:
    """`work` done on the source with each run of Jinja replaced by a mask, and the Jinja put back.

    Raises MaskLost where `work` does not return every mask once.
    """
    masked, hidden = _mask(environment, source)
    worked = work(masked)
    if sorted(int(number) for number in _MASK.findall(worked)) != list(range(len(hidden))):
        raise MaskLost
    return _MASK.sub(lambda mask: hidden[int(mask[1])], worked)


def masks_as_comments(masked: str) -> str:
    """Masks that stand between tags, turned into HTML comments."""
    return _TAG_OR_MASK.sub(lambda m: m["kept"] or f"<!--{m['mask']}-->", masked)


def masks_as_text(commented: str) -> str:
    """The reverse of `masks_as_comments`. Raises MaskLost where a mask was taken for an attribute's name."""
    if f'{_CLOSE}=""' in commented:
        raise MaskLost
    return _COMMENT_MASK.sub(r"\1", commented)


def _mask(environment: Environment, source: str) -> tuple[str, list[str]]:
    masked: list[str] = []
    hidden: list[str] = []
    after_jinja = False
    for _, kind, value in environment.lex(source):
        if kind == "data":
            masked.append(value)
        elif after_jinja:
            hidden[-1] += value
        else:
            masked.append(f"{_OPEN}{len(hidden)}{_CLOSE}")
            hidden.append(value)
        after_jinja = kind != "data"
    return "".join(masked), hidden
