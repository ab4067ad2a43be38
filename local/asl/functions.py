"""The functions that Step Functions adds to JSONata, and those whose answer must come from the interpreter.

Source: https://docs.aws.amazon.com/step-functions/latest/dg/transforming-data.html, "JSONata functions
provided by Step Functions". Raised ValueErrors become States.QueryEvaluationError.
"""

import json
from collections.abc import Callable
from random import Random
from typing import Any, Final

from jsonata import Jsonata
from jsonata.functions import Functions
from jsonata.utils import Utils

from homing.domain.moments import Moment


def partition(array: Any, size: Any) -> list[list[Any]]:
    """`$partition`: the array cut into arrays of `size`, the last one shorter."""
    if not isinstance(array, list) or not isinstance(size, int) or size < 1:
        raise ValueError("$partition takes an array and a positive integer")
    return [list(array[start : start + size]) for start in range(0, len(array), size)]


def range_(first: Any, last: Any, step: Any) -> list[int]:
    """`$range`: the numbers from `first` up (or down) to and with `last`."""
    if not all(isinstance(number, int) for number in (first, last, step)) or step == 0:
        raise ValueError("$range takes three integers, the last of them not 0")
    return list(range(first, last + (1 if step > 0 else -1), step))


def parse(text: Any) -> Any:
    """`$parse`: the value of a JSON text."""
    if not isinstance(text, str):
        raise ValueError("$parse takes a string")  # noqa: TRY004 - a value of the expression, not of our code
    value = json.loads(text)
    return Utils.NULL_VALUE if value is None else value


PURE: Final[dict[str, Callable[..., Any]]] = {"parse": parse, "partition": partition, "range": range_}
IMPURE: Final = frozenset({"millis", "now", "random"})


def impure(moment: Moment, random: Random) -> dict[str, Any]:
    """The functions of IMPURE, answering from the interpreter's clock and seed instead of the machine's."""

    def now(picture: str | None = None, timezone: str | None = None) -> str:
        text: str = Functions.datetime_from_millis(moment, picture, timezone)
        return text

    return {
        "millis": Jsonata.JLambda(lambda: moment),
        "now": Jsonata.JLambda(now),
        "random": Jsonata.JLambda(random.random),
    }
