"""Build time: a file of texts, as a marketer writes it, becomes a template with one macro for each text.

A text is a string, or differs by what is known:

    subject:
      with_name: "{{ shopper.first_name }}, your cart is waiting"
      without_name: "Your cart is waiting"

A macro stands on its text's line, so that a failure in it is reported where the marketer can mend it.
"""

import re
from pathlib import Path
from typing import Literal

import yaml
from jinja2 import TemplateSyntaxError
from jinja2.environment import Environment
from markupsafe import escape

from homing.emails.errors import TemplateInvalid
from homing.emails.masking import around_jinja

Form = Literal["html", "txt"]

CONDITIONS = {
    "name": "shopper.first_name",
    "offer": "offer",
    "items": "items",
    "suggestions": "suggestions",
    "percent": "offer.percent",
    "free_shipping": "offer.free_shipping",
}
_DEEPEST = 10
"""Mappings within each other: more than there are facts that a text could differ by."""
_HOW_TO_WRITE = "put texts in quotes, or on the lines after a |"
_KEY = re.compile(r"[a-z][a-z0-9_]*")
_LINE_BREAK_IN_PARAGRAPH = re.compile(r"(?<!\n)\n(?!\n)")
_STRONG = re.compile(r"\*\*(.+?)\*\*", re.DOTALL)


class Texts:
    """The texts of one file, in the order in which they are written."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._texts = _pairs(path, _load(path))

    @property
    def keys(self) -> frozenset[str]:
        """The names of the texts."""
        return frozenset(self._texts)

    def template(self, environment: Environment, form: Form) -> str:
        """The source of a template with a macro for each text, its prose prepared for HTML or plain text."""
        source = ""
        for key, node in self._texts.items():
            source += "\n" * (_line(node) - 1 - source.count("\n"))
            source += f"{{% macro {key}() %}}{self._body(environment, node, form)}{{% endmacro %}}"
        return source

    def _body(self, environment: Environment, node: yaml.Node, form: Form) -> str:
        if isinstance(node, yaml.ScalarNode):
            prepare = _as_html if form == "html" else _as_plain_text
            try:
                return around_jinja(environment, node.value.strip(), prepare)
            except TemplateSyntaxError as error:
                line = _line(node) + error.lineno - 1
                raise TemplateInvalid(f"{self.path}:{line}: {error.message}") from error
        texts = _pairs(self.path, node)
        variants = {key: self._body(environment, child, form) for key, child in texts.items()}
        fact = next(iter(variants)).removeprefix("without_").removeprefix("with_")
        if fact not in CONDITIONS or not variants.keys() <= {f"with_{fact}", f"without_{fact}"}:
            facts = ", ".join(CONDITIONS)
            raise _invalid(self.path, node, f"a text varies by with_… and without_… one of: {facts}")
        present, missing = variants.get(f"with_{fact}", ""), variants.get(f"without_{fact}", "")
        return f"{{% if {CONDITIONS[fact]} %}}{present}{{% else %}}{missing}{{% endif %}}"


def _load(path: Path) -> yaml.Node:
    try:
        source = path.read_text(encoding="utf-8")
        _refuse_what_grows(path, source)
        node = yaml.compose(source, yaml.SafeLoader)
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise TemplateInvalid(f"{path}:{line}: {error.problem} ({_HOW_TO_WRITE})") from error
    except (yaml.reader.ReaderError, UnicodeDecodeError) as error:
        raise TemplateInvalid(f"{path}:1: expected text in UTF-8 without control characters") from error
    if node is None:
        raise TemplateInvalid(f"{path}:1: there are no texts")
    return node


def _refuse_what_grows(path: Path, source: str) -> None:
    """Aliases may contain themselves, or each other twice over; and what is nested is read by recursion."""
    depth = 0
    for event in yaml.parse(source, yaml.SafeLoader):
        line = event.start_mark.line + 1 if event.start_mark else 1
        depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
        if isinstance(event, yaml.AliasEvent) or depth > _DEEPEST:
            what = "texts are nested too deeply" if depth > _DEEPEST else "write the text out instead of an alias"
            raise TemplateInvalid(f"{path}:{line}: {what}")


def _pairs(path: Path, node: yaml.Node) -> dict[str, yaml.Node]:
    if not isinstance(node, yaml.MappingNode) or not node.value:
        raise _invalid(path, node, f"texts are written as `name: text` ({_HOW_TO_WRITE})")
    pairs: dict[str, yaml.Node] = {}
    for key, child in node.value:
        if not isinstance(key, yaml.ScalarNode) or not _KEY.fullmatch(key.value):
            raise _invalid(path, key, "a name is small letters, digits and underscores")
        if key.value in pairs:
            raise _invalid(path, key, f"`{key.value}` is there twice")
        pairs[key.value] = child
    return pairs


def _line(node: yaml.Node) -> int:
    """The line of the file on which the text's first word stands, from 1."""
    is_block = isinstance(node, yaml.ScalarNode) and node.style in {"|", ">"}
    return int(node.start_mark.line) + (2 if is_block else 1)


def _invalid(path: Path, node: yaml.Node, problem: str) -> TemplateInvalid:
    return TemplateInvalid(f"{path}:{node.start_mark.line + 1}: {problem}")


def _as_html(prose: str) -> str:
    return _STRONG.sub(r"<strong>\1</strong>", str(escape(_joined(prose))))


def _as_plain_text(prose: str) -> str:
    return _STRONG.sub(r"\1", _joined(prose))


def _joined(prose: str) -> str:
    """Paragraphs on one line each: where the writer broke a line is no matter of the reader's screen."""
    return _LINE_BREAK_IN_PARAGRAPH.sub(" ", prose)
