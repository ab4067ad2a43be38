"""Step Functions as its callers see it: executions start, stop, are described and announce themselves."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import partial
from random import Random
from typing import Any, Final
from uuid import UUID

from homing.domain.moments import DAY, Moment
from local.asl import Execution, Interpreter, Machine, Status, TaskFailed
from local.cloud.events import EventBus
from local.cloud.functions import Functions
from local.cloud.seam import Refusal, Seam
from local.cloud.services import call_service
from local.timers import Timers

_NAME_IS_TAKEN_FOR: Final = 90 * DAY
_NAME: Final = re.compile(r"[^\s<>{}\[\]?*\"#%\\^|~`$&,;:/\x00-\x1f\x7f-\x9f]{1,80}")
_MAXIMUM_INPUT: Final = 256 * 1024


@dataclass(frozen=True, slots=True)
class StateMachine:
    """A deployed state machine."""

    logical_id: str
    name: str
    arn: str
    role_arn: str
    machine: Machine


@dataclass(frozen=True, slots=True, eq=False)
class Run:
    """An execution with its state machine; `input` is the text that it was started with."""

    arn: str
    state_machine: StateMachine
    execution: Execution
    input: str


class Workflows:
    """All state machines and executions of a stack."""

    def __init__(self, functions: Functions, bus: EventBus, timers: Timers, seed: int) -> None:
        self.machines: dict[str, StateMachine] = {}
        self.runs: list[Run] = []
        """Every execution, in the order of their starts."""
        self._functions = functions
        self._bus = bus
        self._timers = timers
        self._random = Random(f"execution names {seed}")
        self._interpreter = Interpreter(timers, self._invoke, Random(f"state machines {seed}"), call_service)
        self._by_arn: dict[str, Run] = {}

    @property
    def transitions(self) -> int:
        """State transitions of all executions so far, as AWS bills them."""
        return sum(run.execution.billed_transitions for run in self.runs)

    def add(self, machine: StateMachine) -> None:
        self.machines[machine.arn] = machine

    def redefine(self, logical_id: str, machine: Machine) -> None:
        """Gives a state machine another definition, as a deploy does: executions that run keep the one they have."""
        (known,) = (each for each in self.machines.values() if each.logical_id == logical_id)
        self.add(replace(known, machine=machine))

    def answer_at(self, seam: Seam) -> None:
        """Answers Step Functions' operations at the seam."""
        seam.answer("sfn", "StartExecution", self.start)
        seam.answer("sfn", "StopExecution", self.stop)
        seam.answer("sfn", "DescribeExecution", self.describe)

    def start(self, request: Mapping[str, Any]) -> dict[str, Any]:
        """StartExecution.

        A name stands for one execution until 90 days after its end. While it runs, starting it again with the
        same input changes nothing and succeeds.
        """
        machine = self.machines.get(request["stateMachineArn"])
        if machine is None:
            raise Refusal("StateMachineDoesNotExist", f"State Machine Does Not Exist: '{request['stateMachineArn']}'")
        name = request.get("name") or str(UUID(int=self._random.getrandbits(128), version=4))
        if not _NAME.fullmatch(name):
            raise Refusal("InvalidName", f"Invalid Name: '{name}'")
        text = request.get("input", "{}")
        data = _parse_input(text)
        arn = f"{machine.arn.replace(':stateMachine:', ':execution:')}:{name}"
        existing = self._by_arn.get(arn)
        if existing is not None and self._name_is_taken(existing.execution):
            if existing.execution.status is Status.RUNNING and existing.input == text:
                return {"executionArn": arn, "startDate": existing.execution.started_at / 1_000}
            raise Refusal("ExecutionAlreadyExists", f"Execution Already Exists: '{arn}'")
        execution = self._interpreter.start(
            machine.machine,
            name,
            data,
            on_end=partial(self._announce, arn),
            context={
                "Execution": {"Id": arn, "RoleArn": machine.role_arn},
                "StateMachine": {"Id": machine.arn, "Name": machine.name},
            },
        )
        run = self._by_arn[arn] = Run(arn, machine, execution, text)
        self.runs.append(run)
        self._announce(arn, execution)
        return {"executionArn": arn, "startDate": execution.started_at / 1_000}

    def stop(self, request: Mapping[str, Any]) -> dict[str, Any]:
        """StopExecution."""
        execution = self._find(request["executionArn"]).execution
        self._interpreter.stop(execution, request.get("error"), request.get("cause"))
        return {"stopDate": (execution.ended_at or self._timers.now()) / 1_000}

    def describe(self, request: Mapping[str, Any]) -> dict[str, Any]:
        """DescribeExecution."""
        run = self._find(request["executionArn"])
        execution = run.execution
        description = {
            "executionArn": run.arn,
            "stateMachineArn": run.state_machine.arn,
            "name": execution.name,
            "status": execution.status.value,
            "startDate": execution.started_at / 1_000,
            "stopDate": _seconds(execution.ended_at),
            "input": run.input,
            "output": json.dumps(execution.output) if execution.status is Status.SUCCEEDED else None,
            "error": execution.error,
            "cause": execution.cause,
        }
        return {name: value for name, value in description.items() if value is not None}

    def resumes_at(self, run: Run) -> Moment | None:
        """When a run goes on by itself: the end of its wait or of a retry's delay; None for one that has ended."""
        return self._interpreter.resumes_at(run.execution)

    def _find(self, arn: str) -> Run:
        try:
            return self._by_arn[arn]
        except KeyError:
            raise Refusal("ExecutionDoesNotExist", f"Execution Does Not Exist: '{arn}'") from None

    def _name_is_taken(self, execution: Execution) -> bool:
        return execution.ended_at is None or self._timers.now() < execution.ended_at + _NAME_IS_TAKEN_FOR

    def _invoke(self, function_name: str, payload: Any) -> Any:
        outcome = self._functions.invoke(self._functions.find(function_name), payload)
        if outcome.error is not None:
            raise TaskFailed(outcome.error["errorType"], json.dumps(outcome.error))
        return outcome.value

    def _announce(self, arn: str, execution: Execution) -> None:
        run = self._by_arn[arn]
        succeeded = execution.status is Status.SUCCEEDED
        self._bus.publish(
            source="aws.states",
            detail_type="Step Functions Execution Status Change",
            resources=[arn],
            detail={
                "executionArn": arn,
                "stateMachineArn": run.state_machine.arn,
                "name": execution.name,
                "status": execution.status.value,
                "startDate": execution.started_at,
                "stopDate": execution.ended_at,
                "input": run.input,
                "inputDetails": {"included": True},
                "output": json.dumps(execution.output) if succeeded else None,
                "outputDetails": {"included": True} if succeeded else None,
                "error": execution.error,
                "cause": execution.cause,
            },
        )


def _parse_input(text: str) -> Any:
    if len(text.encode()) > _MAXIMUM_INPUT:
        raise Refusal("ValidationException", "input is longer than 262144 bytes")
    try:
        return json.loads(text)
    except ValueError as error:
        raise Refusal("InvalidExecutionInput", f"Invalid State Machine Execution Input: '{error}'") from error


def _seconds(moment: Moment | None) -> float | None:
    return None if moment is None else moment / 1_000
