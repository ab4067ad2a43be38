"""Frozen models built of JSON data that Homing itself has written, without validating it once more.

Reading a million profiles, validation would cost more than all the rest. What is built here equals what validation
gives; tests hold it to that.
"""

from collections.abc import Callable, Mapping
from functools import cache, partial
from types import NoneType, UnionType
from typing import Any, Literal, TypeVar, Union, get_args, get_origin

from pydantic import BaseModel

Model = TypeVar("Model", bound=BaseModel)
Build = Callable[[Any], Any]

_SCALARS = (bool, int, float, str, NoneType)


@cache
def builder(model: type[Model]) -> Callable[[Mapping[str, Any]], Model]:
    """What makes a model of its JSON data: lists become tuples, keys numbers, and what is missing is its default."""
    builds = {
        name: build for name, info in model.model_fields.items() if (build := _build(info.annotation)) is not None
    }
    defaults = {name: info.default for name, info in model.model_fields.items() if info.default_factory is None}
    factories = {
        name: partial(info.get_default, call_default_factory=True)
        for name, info in model.model_fields.items()
        if info.default_factory
    }
    new, put = model.__new__, object.__setattr__

    def built(data: Mapping[str, Any]) -> Model:
        values = {**defaults, **{name: make() for name, make in factories.items() if name not in data}, **data}
        for name in builds.keys() & data.keys():
            values[name] = builds[name](data[name])
        made = new(model)
        put(made, "__dict__", values)
        put(made, "__pydantic_fields_set__", set(data))
        put(made, "__pydantic_extra__", None)
        put(made, "__pydantic_private__", None)
        return made

    return built


def _build(annotation: Any) -> Build | None:
    """How a value of this type comes of JSON; None where it is in JSON as it is."""
    origin, arguments = get_origin(annotation), get_args(annotation)
    if annotation in _SCALARS or origin is Literal:
        return None
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return builder(annotation)
    if origin in (Union, UnionType):
        return _optional(arguments)
    if origin is tuple:
        return _tuple(arguments)
    if origin is dict:
        return _dict(*arguments)
    raise TypeError(f"no way to build {annotation} of JSON")


def _optional(arguments: tuple[Any, ...]) -> Build | None:
    (build,) = {_build(argument) for argument in arguments if argument is not NoneType}
    return None if build is None else lambda value: None if value is None else build(value)


def _tuple(arguments: tuple[Any, ...]) -> Build:
    if arguments[-1] is not ...:
        if any(_build(argument) for argument in arguments):
            raise TypeError(f"no way to build a tuple of {arguments} of JSON")
        return tuple
    build = _build(arguments[0])
    return tuple if build is None else lambda values: tuple(map(build, values))


def _dict(key: Any, value: Any) -> Build | None:
    build = _build(value)
    if key is int:
        return lambda items: {int(name): item if build is None else build(item) for name, item in items.items()}
    return None if build is None else lambda items: {name: build(item) for name, item in items.items()}
