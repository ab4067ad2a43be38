"""CloudFormation's intrinsic functions, resolved to plain values."""

import base64
import re
from collections.abc import Callable, Mapping
from typing import Any

from local.cloud.errors import TemplateError, Unsupported

_PLACEHOLDER = re.compile(r"\$\{(!?)([^}]*)\}")
_NO_VALUE = object()

References = Callable[[str, str | None], Any]
"""(logical id, attribute or None) ─▶ what `Ref` or `Fn::GetAtt` gives."""


class Resolver:
    """Resolves values of one template, given its parameters, conditions, mappings and resources."""

    def __init__(
        self,
        parameters: Mapping[str, Any],
        conditions: Mapping[str, Any],
        mappings: Mapping[str, Any],
        references: References,
    ) -> None:
        self._parameters = parameters
        self._conditions = conditions
        self._mappings = mappings
        self._references = references
        self._functions: Mapping[str, Callable[[Any], Any]] = {
            "Ref": self._ref,
            "Condition": self.condition,
            "Fn::GetAtt": self._get_att,
            "Fn::Sub": self._sub,
            "Fn::Join": self._join,
            "Fn::Select": self._select,
            "Fn::Split": self._split,
            "Fn::If": self._if,
            "Fn::Equals": self._equals,
            "Fn::And": lambda operands: all(self.resolve(operands)),
            "Fn::Or": lambda operands: any(self.resolve(operands)),
            "Fn::Not": lambda operands: not self.resolve(operands[0]),
            "Fn::FindInMap": self._find_in_map,
            "Fn::Base64": lambda value: base64.b64encode(self.resolve(value).encode()).decode(),
        }

    def resolve(self, value: Any) -> Any:
        """The value without intrinsics. Raises Unsupported for a function that is not known."""
        if isinstance(value, list):
            return [item for item in map(self.resolve, value) if item is not _NO_VALUE]
        if isinstance(value, str) and "{{resolve:" in value:
            raise Unsupported(f"dynamic reference {value}")
        if not isinstance(value, dict):
            return value
        if len(value) == 1:
            ((name, argument),) = value.items()
            # A policy statement also has a member `Condition`, whose value is a mapping.
            if name in self._functions and not (name == "Condition" and isinstance(argument, dict)):
                return self._functions[name](argument)
            if name.startswith("Fn::"):
                raise Unsupported(f"intrinsic function {name}")
        resolved = {key: self.resolve(item) for key, item in value.items()}
        return {key: item for key, item in resolved.items() if item is not _NO_VALUE}

    def condition(self, name: str) -> bool:
        """Whether the template's condition of this name holds."""
        if name not in self._conditions:
            raise TemplateError(f"condition {name} is not defined")
        return bool(self.resolve(self._conditions[name]))

    def _ref(self, name: str) -> Any:
        if name == "AWS::NoValue":
            return _NO_VALUE
        return self._parameters[name] if name in self._parameters else self._references(name, None)

    def _get_att(self, argument: str | list[Any]) -> Any:
        logical_id, attribute = argument.split(".", 1) if isinstance(argument, str) else argument
        return self._references(logical_id, self.resolve(attribute))

    def _sub(self, argument: str | list[Any]) -> str:
        text, given = (argument, {}) if isinstance(argument, str) else argument
        values = {name: self.resolve(value) for name, value in given.items()}

        def substitute(match: re.Match[str]) -> str:
            literal, name = match.groups()
            if literal:
                return f"${{{name}}}"
            if name in values:
                return str(values[name])
            return str(self._get_att(name) if "." in name else self._ref(name))

        return _PLACEHOLDER.sub(substitute, text)

    def _join(self, argument: list[Any]) -> str:
        delimiter, values = argument
        return str(delimiter).join(map(str, self.resolve(values)))

    def _select(self, argument: list[Any]) -> Any:
        index, values = self.resolve(argument)
        try:
            return values[int(index)]
        except IndexError:
            raise TemplateError(f"Fn::Select: no element {index} in {values}") from None

    def _split(self, argument: list[Any]) -> list[str]:
        delimiter, text = self.resolve(argument)
        return str(text).split(delimiter)

    def _if(self, argument: list[Any]) -> Any:
        name, when_true, when_false = argument
        return self.resolve(when_true if self.condition(name) else when_false)

    def _equals(self, argument: list[Any]) -> bool:
        left, right = self.resolve(argument)
        return str(left) == str(right)

    def _find_in_map(self, argument: list[Any]) -> Any:
        name, first, second = self.resolve(argument)
        try:
            return self._mappings[name][first][second]
        except KeyError:
            raise TemplateError(f"Fn::FindInMap: nothing at {name}.{first}.{second}") from None
