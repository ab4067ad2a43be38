"""JSONata in state machines: templates are compiled once, when the definition is read.

A template is any JSON value in which a string `{% … %}` stands for the value of a JSONata expression.
Constants and plain paths such as `{% $states.input.run %}` are evaluated without JSONata: they are most of
what journeys say, and JSONata takes twenty times as long to say the same.
"""

import re
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field
from random import Random
from typing import Any, TypeAlias

from jsonata import Jsonata
from jsonata.jexception import JException
from jsonata.utils import Utils

from homing.domain.moments import Moment
from local.asl import functions
from local.asl.errors import QUERY_EVALUATION_ERROR, InvalidDefinition, StateError
from local.asl.vocabulary import Vocabulary, check

JSON: TypeAlias = Any
"""What `json.loads` returns."""

_PATH = re.compile(r"\$([A-Za-z_]\w*)((?:\.[A-Za-z_]\w*)*)")
_KEYWORDS = {"and", "or", "in"}


@dataclass(slots=True)
class Names:
    """What expressions may name, and what their impure functions draw on."""

    states: Mapping[str, JSON]
    variables: Mapping[str, JSON]
    now: Moment
    random: Random = field(repr=False)


class Template(ABC):
    """A compiled JSON value with expressions in it."""

    @abstractmethod
    def evaluate(self, names: Names) -> JSON:
        """Its value. Raises StateError (States.QueryEvaluationError) where an expression has none."""


@dataclass(frozen=True, slots=True)
class Constant(Template):
    value: JSON

    def evaluate(self, names: Names) -> JSON:
        return self.value


@dataclass(frozen=True, slots=True)
class ObjectTemplate(Template):
    fields: Mapping[str, Template]

    def evaluate(self, names: Names) -> JSON:
        return {key: template.evaluate(names) for key, template in self.fields.items()}


@dataclass(frozen=True, slots=True)
class ArrayTemplate(Template):
    items: tuple[Template, ...]

    def evaluate(self, names: Names) -> JSON:
        return [template.evaluate(names) for template in self.items]


class Expression(Template):
    """One JSONata expression."""

    def __init__(self, source: str, where: str, field_name: str) -> None:
        self._source = source
        self._field = field_name
        try:
            self._jsonata = Jsonata(source)
        except JException as error:
            raise InvalidDefinition(where, f"{source!r} is no JSONata: {error}") from error
        # Only so can null be told from undefined.
        self._jsonata.set_output_convert_nulls(False)
        for name, function in functions.PURE.items():
            self._jsonata.register_lambda(name, function)

    @property
    def syntax_tree(self) -> Any:
        return self._jsonata.ast

    def evaluate(self, names: Names) -> JSON:
        bindings = {name: _bound(value) for name, value in names.variables.items()}
        bindings["states"] = names.states
        bindings |= functions.impure(names.now, names.random)
        try:
            value = self._jsonata.evaluate(None, bindings)
        except Exception as error:
            raise self._error(f"failed: {error}") from error
        if value is None:
            raise self._error("returned nothing (undefined).")
        return self._plain(value)

    def _plain(self, value: Any) -> JSON:
        """The value as `json.loads` would give it: JSONata has lists, nulls and functions of its own."""
        if value is Utils.NULL_VALUE or value is None:
            return None
        if isinstance(value, list):
            return [self._plain(item) for item in value]
        if isinstance(value, dict):
            return {key: self._plain(item) for key, item in value.items()}
        if isinstance(value, bool | int | float | str):
            return value
        raise self._error("returned an unsupported result type.")

    def _error(self, what: str) -> StateError:
        place = f"The JSONata expression '{self._source}' specified for the field '{self._field}'"
        return StateError(QUERY_EVALUATION_ERROR, f"{place} {what}")


class Path(Template):
    """`$states.input.a.b` or `$variable.a`: looked up directly wherever only objects lie on the way."""

    def __init__(self, variable: str, keys: tuple[str, ...], expression: Expression) -> None:
        self._variable = variable
        self._keys = keys
        self._expression = expression

    def evaluate(self, names: Names) -> JSON:
        value = names.states if self._variable == "states" else names.variables.get(self._variable)
        for key in self._keys:
            if not isinstance(value, dict) or key not in value:
                return self._expression.evaluate(names)
            value = value[key]
        # JSONata alone knows its rules for missing and empty values.
        return self._expression.evaluate(names) if value is None else value


def compile_template(value: JSON, vocabulary: Vocabulary, where: str) -> Template:
    """Compile a JSON value; `where` is the path of the field, for messages.

    Raises InvalidDefinition for what is no JSONata, and UnsupportedFeature for functions that are refused.
    """
    if isinstance(value, str):
        return _compile_string(value, vocabulary, where)
    if isinstance(value, dict):
        fields = {key: compile_template(item, vocabulary, f"{where}/{key}") for key, item in value.items()}
        if all(isinstance(template, Constant) for template in fields.values()):
            return Constant(value)
        return ObjectTemplate(fields)
    if isinstance(value, list):
        items = tuple(compile_template(item, vocabulary, f"{where}[{index}]") for index, item in enumerate(value))
        return Constant(value) if all(isinstance(item, Constant) for item in items) else ArrayTemplate(items)
    return Constant(value)


def is_expression(value: JSON) -> bool:
    """Whether a JSON value is a string `{% … %}`."""
    return isinstance(value, str) and value.startswith("{%") and value.endswith("%}")


def _compile_string(value: str, vocabulary: Vocabulary, where: str) -> Template:
    if not is_expression(value):
        stripped = value.strip()
        if stripped.startswith("{%") or stripped.endswith("%}"):
            raise InvalidDefinition(where, f"{value!r} is neither text nor '{{% expression %}}'")
        return Constant(value)
    source = value[2:-2].strip()
    expression = Expression(source, where, where.rpartition(": ")[2])
    check(expression.syntax_tree, vocabulary, where)
    path = _PATH.fullmatch(source)
    if path is None:
        return expression
    keys = tuple(path[2].split(".")[1:])
    return expression if _KEYWORDS & set(keys) else Path(path[1], keys, expression)


def _bound(value: JSON) -> JSON:
    """A variable's value as JSONata binds it, which takes None for undefined."""
    return Utils.NULL_VALUE if value is None else value
