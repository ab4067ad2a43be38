"""What the functions of a state machine answer in a scenario, and what AWS makes of it."""

import json
from collections.abc import Callable
from typing import Any

Answer = dict[str, Any]
"""What a function does when called: `{"returns": value}` or `{"raises": error name}`, with a `message` or without."""
Functions = Callable[[str, Any], Answer]
"""From a function's name and payload to its answer."""
Outcome = dict[str, Any]
"""What a run came to: `{"status", "output", "error", "cause", "states", "calls"}`, the states entered in order and the
functions called with their payloads."""
Run = Callable[[dict[str, Any], Any, Functions], Outcome]
"""From a definition, its input and its functions to what the run came to."""

SERVICE_ERROR = "Lambda."


def is_service_error(error: str) -> bool:
    """Whether Lambda itself raised it, and not the function."""
    return error.startswith(SERVICE_ERROR)


def service_cause(error: str) -> str:
    """The cause that AWS gives an error of the Lambda service."""
    code = error.removeprefix(SERVICE_ERROR)
    details = f"Service: AWSLambda; Status Code: 429; Error Code: {code}; Request ID: request; Proxy: null"
    return f"scripted ({details})"


def function_cause(answer: Answer) -> str:
    """The cause that AWS gives an error that the function raised."""
    told = {"errorMessage": answer.get("message", "scripted"), "errorType": answer["raises"]}
    return json.dumps(told, separators=(",", ":"))
