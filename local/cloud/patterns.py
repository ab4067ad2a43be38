"""Event patterns, as Lambda's filter criteria and EventBridge's rules have them.

https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-create-pattern-operators.html
"""

import operator
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final, TypeAlias

from local.cloud.errors import TemplateError, Unsupported

Matcher: TypeAlias = Callable[[Any], bool]

MISSING: Final = object()
"""Stands for a field that the event does not have."""

_COMPARISONS: Final[Mapping[str, Callable[[float, float], bool]]] = {
    "=": operator.eq,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}


def compile_pattern(pattern: Mapping[str, Any]) -> Matcher:
    """A matcher over events. Raises Unsupported for an operator that is not known."""
    fields = {name: _compile_field(name, below) for name, below in pattern.items()}

    def matches(event: Any) -> bool:
        if not isinstance(event, Mapping):
            event = {}
        return all(field(event.get(name, MISSING)) for name, field in fields.items())

    return matches


def _compile_field(name: str, below: Any) -> Matcher:
    if name == "$or":
        raise Unsupported("the event pattern operator $or")
    if isinstance(below, Mapping):
        return compile_pattern(below)
    if not isinstance(below, list) or not below:
        raise TemplateError(f"an event pattern's field must be an object or a list that is not empty: {name}")
    choices = [_compile_choice(choice) for choice in below]

    def matches(value: Any) -> bool:
        values = value if isinstance(value, list) else [value]
        return any(choice(each) for choice in choices for each in values)

    return matches


def _compile_choice(choice: Any) -> Matcher:
    if not isinstance(choice, Mapping):
        return lambda value: _same(value, choice)
    ((name, operand),) = choice.items()
    match name:
        case "exists":
            return lambda value: (value is not MISSING) == operand
        case "prefix" if isinstance(operand, str):
            return lambda value: isinstance(value, str) and value.startswith(operand)
        case "suffix" if isinstance(operand, str):
            return lambda value: isinstance(value, str) and value.endswith(operand)
        case "equals-ignore-case":
            return lambda value: isinstance(value, str) and value.casefold() == operand.casefold()
        case "anything-but":
            return _anything_but(operand)
        case "numeric":
            return _numeric(operand)
    raise Unsupported(f"the event pattern operator {name}: {operand}")


def _same(value: Any, expected: Any) -> bool:
    # In JSON 1 is not true, as it is in Python.
    return value is not MISSING and value == expected and isinstance(value, bool) == isinstance(expected, bool)


def _anything_but(operand: Any) -> Matcher:
    excluded = [_compile_choice(each) for each in (operand if isinstance(operand, list) else [operand])]
    return lambda value: value is not MISSING and not any(choice(value) for choice in excluded)


def _numeric(operand: Sequence[Any]) -> Matcher:
    try:
        bounds = [(_COMPARISONS[sign], float(bound)) for sign, bound in zip(operand[::2], operand[1::2], strict=True)]
    except (KeyError, ValueError):
        raise TemplateError(f"not a numeric event pattern: {operand}") from None

    def matches(value: Any) -> bool:
        is_number = isinstance(value, int | float) and not isinstance(value, bool)
        return is_number and all(compare(value, bound) for compare, bound in bounds)

    return matches
