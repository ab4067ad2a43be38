"""Both interpreters behind one shape, so that a test can give them the same and compare."""

from collections.abc import Iterator
from random import Random
from typing import Any

import pytest
from moto import mock_aws

from local.asl import Interpreter, TaskFailed, parse
from local.timers import ManualClock, Timers
from tests.contract.asl_oracle.answers import (
    Functions,
    Outcome,
    Run,
    function_cause,
    is_service_error,
    service_cause,
)

NEW_YEAR = 1_767_225_600_000


@pytest.fixture
def our_run() -> Run:
    """Runs a definition on the interpreter under test."""

    def run(definition: dict[str, Any], data: Any, functions: Functions) -> Outcome:
        calls: list[list[Any]] = []

        def invoke(function_name: str, payload: Any) -> Any:
            calls.append([function_name, payload])
            answer = functions(function_name, payload)
            if error := answer.get("raises"):
                raise TaskFailed(error, service_cause(error) if is_service_error(error) else function_cause(answer))
            return answer["returns"]

        timers = Timers(ManualClock(NEW_YEAR))
        execution = Interpreter(timers, invoke, Random(1)).start(parse(definition), "run", data)
        while timers.run_next():
            pass
        return {
            "status": str(execution.status),
            "output": execution.output,
            "error": execution.error,
            "cause": execution.cause,
            "states": [name for _, name in execution.entered],
            "calls": calls,
        }

    return run


@pytest.fixture(scope="module")
def moto_run() -> Iterator[Run]:
    """Runs a definition on the oracle."""
    from tests.contract.asl_oracle.oracle import MotoRunner

    with pytest.MonkeyPatch.context() as patch, mock_aws(config={"stepfunctions": {"execute_state_machine": True}}):
        yield MotoRunner(patch)
