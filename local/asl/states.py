"""The states that end at once or wait: Pass, Choice, Wait, Succeed, Fail. The others are in tasks.py."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeAlias

from homing.domain.moments import SECOND, Moment, parse_moment
from local.asl.errors import NO_CHOICE_MATCHED, QUERY_EVALUATION_ERROR, StateError
from local.asl.expressions import JSON, Names, Template
from local.asl.frame import Frame
from local.asl.requests import Running, Sleep

Transition: TypeAlias = tuple[str | None, JSON]
"""The next state, or None at the end, and the data that goes there."""

_LONGEST_WAIT_SECONDS = 99_999_999


class State(ABC):
    """One step of a state machine."""

    @abstractmethod
    def run(self, frame: Frame, data: JSON) -> Running:
        """Do what the state does with its input; the generator returns a Transition."""


@dataclass(frozen=True, slots=True)
class Departure:
    """How a state is left: variables assigned, output made, next state named."""

    next: str | None
    assign: Mapping[str, Template]
    output: Template | None

    def take(self, frame: Frame, names: Names, default: JSON) -> Transition:
        """Leave with `default` as output where none is defined.

        All expressions see the variables as they were: AWS evaluates Assign and Output side by side.
        """
        output = default if self.output is None else self.output.evaluate(names)
        if self.assign:
            assigned = {name: value.evaluate(names) for name, value in self.assign.items()}
            frame.variables = {**frame.variables, **assigned}
        return self.next, output


@dataclass(frozen=True, slots=True)
class Pass(State):
    departure: Departure

    def run(self, frame: Frame, data: JSON) -> Running:
        yield from ()
        return self.departure.take(frame, frame.names(data), default=data)


@dataclass(frozen=True, slots=True)
class Succeed(State):
    departure: Departure

    def run(self, frame: Frame, data: JSON) -> Running:
        yield from ()
        return self.departure.take(frame, frame.names(data), default=data)


@dataclass(frozen=True, slots=True)
class Fail(State):
    error: Template | None
    cause: Template | None

    def run(self, frame: Frame, data: JSON) -> Running:
        yield from ()
        names = frame.names(data)
        raise StateError(_text(self.error, names, "Error"), _text(self.cause, names, "Cause"))


@dataclass(frozen=True, slots=True)
class Rule:
    """One entry of a Choice."""

    condition: Template
    departure: Departure


@dataclass(frozen=True, slots=True)
class Choice(State):
    rules: tuple[Rule, ...]
    default: Departure | None

    def run(self, frame: Frame, data: JSON) -> Running:
        yield from ()
        names = frame.names(data)
        for rule in self.rules:
            if _truth(rule.condition.evaluate(names)):
                return rule.departure.take(frame, names, default=data)
        if self.default is None:
            raise StateError(NO_CHOICE_MATCHED, "No choice rule matched, and there is no Default.")
        return self.default.take(frame, names, default=data)


@dataclass(frozen=True, slots=True)
class WaitSeconds(State):
    seconds: Template
    departure: Departure

    def run(self, frame: Frame, data: JSON) -> Running:
        seconds = whole_number(self.seconds.evaluate(frame.names(data)), "Seconds", at_most=_LONGEST_WAIT_SECONDS)
        yield Sleep(frame.now() + seconds * SECOND)
        return self.departure.take(frame, frame.names(data), default=data)


@dataclass(frozen=True, slots=True)
class WaitUntil(State):
    timestamp: Template
    departure: Departure

    def run(self, frame: Frame, data: JSON) -> Running:
        # Step Functions does so: https://docs.aws.amazon.com/step-functions/latest/dg/state-wait.html
        yield Sleep(_without_milliseconds(_moment(self.timestamp.evaluate(frame.names(data)))))
        return self.departure.take(frame, frame.names(data), default=data)


def whole_number(value: JSON, field: str, *, at_most: int, at_least: int = 0) -> int:
    """The value of an expression as the whole number that the field needs."""
    whole = isinstance(value, int | float) and not isinstance(value, bool) and value == int(value)
    if not whole or not at_least <= value <= at_most:
        raise _unexpected(field, f"a whole number from {at_least} to {at_most}", value)
    return int(value)


def text(value: JSON, field: str) -> str:
    """The value of an expression as the string that the field needs."""
    if not isinstance(value, str):
        raise _unexpected(field, "a string", value)
    return value


def _text(template: Template | None, names: Names, field: str) -> str | None:
    return None if template is None else text(template.evaluate(names), field)


def _truth(value: JSON) -> bool:
    if not isinstance(value, bool):
        raise _unexpected("Condition", "a boolean", value)
    return value


def _moment(value: JSON) -> Moment:
    try:
        return parse_moment(text(value, "Timestamp"))
    except ValueError as error:
        raise _unexpected("Timestamp", "an ISO 8601 date with time and zone", value) from error


def _without_milliseconds(moment: Moment) -> Moment:
    return moment - moment % SECOND


def _unexpected(field: str, expected: str, value: JSON) -> StateError:
    return StateError(QUERY_EVALUATION_ERROR, f"The field '{field}' must be {expected}, but was {value!r}.")
