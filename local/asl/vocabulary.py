"""What the expressions of one field may say: read from JSONata's own syntax tree, before anything runs."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Final

from jsonata import Jsonata
from jsonata.parser import Parser

from local.asl.errors import InvalidDefinition, UnsupportedFeature
from local.asl.functions import IMPURE, PURE

REFUSED: Final = {
    "eval": "AWS has no $eval; use $parse",
    "hash": "$hash",
    "shuffle": "$shuffle",
    "uuid": "$uuid",
}

_BUILT_IN = frozenset(Jsonata.static_frame.bindings)
_KNOWN_FUNCTIONS = _BUILT_IN | PURE.keys() | IMPURE
_CONTEXT_DEPENDENT = {"name", "wildcard", "descendant", "parent"}


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """The fields of `$states` and the variables that a field may name."""

    states: frozenset[str] = frozenset({"input", "context"})
    variables: frozenset[str] = field(default_factory=frozenset)

    def with_states(self, *names: str) -> "Vocabulary":
        return Vocabulary(self.states | set(names), self.variables)


def check(tree: Any, vocabulary: Vocabulary, where: str) -> None:
    """Refuse names that have no value here.

    Raises InvalidDefinition for unknown variables, for `$states` fields that the place does not offer, and
    for names that depend on a context where there is none; UnsupportedFeature for functions that are refused.
    """
    locals_ = frozenset(_bound_names(tree))
    _Checker(vocabulary, locals_, where).visit(tree, in_context=False)


@dataclass(frozen=True, slots=True)
class _Checker:
    vocabulary: Vocabulary
    locals: frozenset[str]
    where: str

    def visit(self, node: Any, *, in_context: bool) -> None:
        """`in_context`: whether an enclosing path, filter or the like gives `$` a value."""
        if node.type == "variable":
            self._variable(node.value, in_context=in_context)
        elif node.type in _CONTEXT_DEPENDENT and not in_context:
            raise InvalidDefinition(self.where, f"{node.value!r} needs a context, and the top has none")
        elif node.type == "function":
            self._call(node)
        elif node.type == "path":
            self._states_field(node.steps)
        for child, opens_context in _children(node):
            self.visit(child, in_context=in_context or opens_context)

    def _variable(self, name: str, *, in_context: bool) -> None:
        if name in {"", "$"}:
            if not in_context or name == "$":
                raise InvalidDefinition(self.where, f"${name} has no value at the top of an expression")
        elif name in REFUSED:
            raise UnsupportedFeature(self.where, REFUSED[name])
        elif name != "states" and not (
            name in self.locals or name in self.vocabulary.variables or name in _KNOWN_FUNCTIONS
        ):
            raise InvalidDefinition(self.where, f"${name} is assigned nowhere, and no function has that name")

    def _call(self, node: Any) -> None:
        if node.procedure.value == "random" and node.arguments:
            raise UnsupportedFeature(self.where, "$random with a seed: AWS does not document its generator")

    def _states_field(self, steps: list[Any]) -> None:
        if len(steps) > 1 and steps[0].type == "variable" and steps[0].value == "states":
            name = steps[1].value
            if name not in self.vocabulary.states:
                raise InvalidDefinition(self.where, f"$states.{name} has no value here")


def _children(node: Any) -> Iterator[tuple[Any, bool]]:
    """The nodes below, and whether each is evaluated in a context of its own."""
    opens_context = node.type in {"filter", "index", "sort", "transform", None}
    for attribute, value in vars(node).items():
        if attribute == "_outer_instance":
            continue
        for index, child in enumerate(_symbols(value)):
            later_step = attribute == "steps" and index > 0
            yield child, opens_context or later_step or attribute in {"stages", "predicate", "group"}


def _symbols(value: Any) -> Iterator[Any]:
    if isinstance(value, Parser.Symbol):
        yield value
    elif isinstance(value, list | tuple):
        for item in value:
            yield from _symbols(item)


def _bound_names(node: Any) -> Iterator[str]:
    """The names that the expression binds itself, anywhere: `:=`, parameters, `@$x` and `#$x`."""
    if node.type == "bind":
        yield node.lhs.value
    if node.type == "lambda":
        yield from (argument.value for argument in node.arguments or ())
    for attribute in ("focus", "index"):
        name = getattr(node, attribute, None)
        if isinstance(name, str):
            yield name
    if node.type == "index":
        yield node.value
    for child, _ in _children(node):
        yield from _bound_names(child)
