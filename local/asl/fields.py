"""A definition's objects, read field by field with messages that name the place."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any, Final

from local.asl.errors import InvalidDefinition, UnsupportedFeature

_LARGEST: Final = 99_999_999
# Fields of the language that this interpreter refuses, wherever they stand.
_REFUSED: Final = {
    "Credentials": "Credentials",
    "HeartbeatSeconds": "HeartbeatSeconds",
    "InputPath": "JSONPath (InputPath)",
    "ItemBatcher": "distributed Map (ItemBatcher)",
    "ItemReader": "distributed Map (ItemReader)",
    "ItemsPath": "JSONPath (ItemsPath)",
    "Iterator": "Iterator, the old name of ItemProcessor",
    "Label": "distributed Map (Label)",
    "OutputPath": "JSONPath (OutputPath)",
    "Parameters": "JSONPath (Parameters)",
    "Result": "JSONPath (Result)",
    "ResultPath": "JSONPath (ResultPath)",
    "ResultSelector": "JSONPath (ResultSelector)",
    "ResultWriter": "distributed Map (ResultWriter)",
    "ToleratedFailureCount": "distributed Map (ToleratedFailureCount)",
    "ToleratedFailurePercentage": "distributed Map (ToleratedFailurePercentage)",
    "Variable": "JSONPath (Variable)",
}


class Fields:
    """One object of a definition; `where` is its path."""

    def __init__(self, where: str, content: Mapping[str, Any]) -> None:
        self.where = where
        self.content = content

    def place(self, name: str) -> str:
        """The path of a field."""
        return f"{self.where}/{name}" if ": " in self.where else f"{self.where}: {name}"

    def has(self, name: str) -> bool:
        return name in self.content

    def get(self, name: str, default: Any = None) -> Any:
        return self.content.get(name, default)

    def allow(self, known: Collection[str]) -> None:
        """Refuse every field that is not `known`."""
        for name in self.content:
            if name in known:
                continue
            if name in _REFUSED or name.endswith("Path"):
                raise UnsupportedFeature(self.where, _REFUSED.get(name, f"JSONPath ({name})"))
            raise InvalidDefinition(self.where, f"the field {name} does not belong here")

    def need(self, name: str) -> Any:
        if name not in self.content:
            raise InvalidDefinition(self.where, f"the field {name} is missing")
        return self.content[name]

    def string(self, name: str) -> str:
        value = self.need(name)
        if not isinstance(value, str) or not value:
            raise InvalidDefinition(self.place(name), f"must be a string, not {value!r}")
        return value

    def object(self, name: str) -> Mapping[str, Any]:
        return self.object_in(self.need(name), name)

    def object_in(self, value: Any, name: str) -> Mapping[str, Any]:
        if not isinstance(value, Mapping) or not all(isinstance(key, str) for key in value):
            raise InvalidDefinition(self.place(name), f"must be an object, not {value!r}")
        return value

    def part(self, name: str) -> "Fields":
        """The object that stands in a field."""
        return Fields(self.place(name), self.object(name))

    def parts(self, name: str) -> Sequence["Fields"]:
        """The objects of the array that stands in a field; none where it is absent."""
        value = self.get(name, [])
        if not isinstance(value, list):
            raise InvalidDefinition(self.place(name), f"must be an array, not {value!r}")
        places = [f"{name}[{index}]" for index in range(len(value))]
        return [
            Fields(self.place(place), self.object_in(item, place)) for place, item in zip(places, value, strict=True)
        ]

    def whole_number(self, name: str, *, at_least: int = 0) -> int | None:
        """The constant whole number in a field; None where it is absent."""
        value = self.get(name)
        if value is None:
            return None
        if not isinstance(value, int) or isinstance(value, bool) or not at_least <= value <= _LARGEST:
            raise InvalidDefinition(self.place(name), f"must be a whole number, {at_least} or more, not {value!r}")
        return value
