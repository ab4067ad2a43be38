"""The interpreter: runs any number of executions on one heap of timers, one step at a time."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from random import Random
from typing import TypeAlias

from homing.domain.moments import Moment, format_moment
from local.asl.errors import TIMEOUT, StateError, TaskFailed
from local.asl.execution import Execution, Status
from local.asl.expressions import JSON
from local.asl.frame import Frame
from local.asl.machine import Machine
from local.asl.requests import AskService, Fork, Invoke, Sleep
from local.asl.strand import Strand
from local.timers import Timer, Timers

InvokeFunction: TypeAlias = Callable[[str, JSON], JSON]
CallService: TypeAlias = Callable[[str, str, JSON], JSON]
OnEnd: TypeAlias = Callable[[Execution], object]


@dataclass(slots=True)
class _Run:
    """What an execution needs only while it runs."""

    strand: Strand
    on_end: OnEnd | None
    deadline: Timer | None = None


class Interpreter:
    """Runs state machines in the order that `timers` give.

    `invoke(function_name, payload)` answers the Lambda tasks: it returns the function's JSON result, must
    leave the payload unchanged, and raises TaskFailed where the function or its invocation failed. Whatever
    else it raises is a fault of the caller's own, passes through to whoever runs the timers, and leaves the
    execution where it stood. `call_service(service, action, arguments)` answers the tasks of AWS's services in the
    same way. `random` serves jitter and `$random`.
    """

    def __init__(
        self, timers: Timers, invoke: InvokeFunction, random: Random, call_service: CallService | None = None
    ) -> None:
        self._timers = timers
        self._invoke = invoke
        self._random = random
        self._call_service = call_service or _no_service
        self._running: dict[Execution, _Run] = {}

    def start(
        self,
        machine: Machine,
        name: str,
        data: JSON,
        on_end: OnEnd | None = None,
        context: Mapping[str, Mapping[str, JSON]] | None = None,
    ) -> Execution:
        """Start an execution; its first state begins when the timers run next.

        `context` adds to `$states.context`: `{"Execution": {"Id", "RoleArn"}, "StateMachine": {"Id",
        "Name"}}`. `on_end` is called once it has ended, however it ended.
        """
        execution = Execution(name, data, started_at=self._timers.now())
        frame = Frame(execution, self._timers, self._random, _context_object(execution, context or {}), variables={})
        run = _Run(Strand(machine.run(frame, data)), on_end)
        self._running[execution] = run
        self._resume_soon(execution, run.strand)
        if machine.timeout is not None:
            run.deadline = self._timers.call_at(
                execution.started_at + machine.timeout,
                partial(self._end, execution, Status.TIMED_OUT, error=TIMEOUT),
            )
        return execution

    def stop(self, execution: Execution, error: str | None = None, cause: str | None = None) -> None:
        """Abort an execution at once; one that has ended stays as it ended."""
        if execution.status is Status.RUNNING:
            self._end(execution, Status.ABORTED, error=error, cause=cause)

    def resumes_at(self, execution: Execution) -> Moment | None:
        """When an execution goes on by itself; None for one that has ended."""
        run = self._running.get(execution)
        return run.strand.resumes_at() if run else None

    def _resume_soon(self, execution: Execution, strand: Strand) -> None:
        strand.timer = self._timers.call_at(self._timers.now(), partial(self._resume, execution, strand))

    def _resume(
        self, execution: Execution, strand: Strand, answer: JSON = None, error: StateError | None = None
    ) -> None:
        """Let a strand go on until it waits or ends."""
        while not strand.stopped:
            try:
                request = strand.step(answer, error)
            except StopIteration as stop:
                return self._returned(execution, strand, stop.value)
            except StateError as failure:
                return self._failed(execution, strand, failure)
            answer = error = None
            if isinstance(request, Sleep):
                strand.timer = self._timers.call_at(request.until, partial(self._resume, execution, strand))
                return None
            if isinstance(request, Fork):
                return self._fork(execution, strand, request)
            answer, error = self._answer(request)
        return None

    def _answer(self, request: Invoke | AskService) -> tuple[JSON, StateError | None]:
        try:
            if isinstance(request, AskService):
                return self._call_service(request.service, request.action, request.arguments), None
            return self._invoke(request.function_name, request.payload), None
        except TaskFailed as failure:
            return None, failure

    def _fork(self, execution: Execution, strand: Strand, fork: Fork) -> None:
        strand.fork(fork)
        for _ in range(min(fork.limit, len(fork.branches))):
            self._resume_soon(execution, strand.next_branch())
        if not fork.branches:
            self._resume(execution, strand, [])

    def _returned(self, execution: Execution, strand: Strand, output: JSON) -> None:
        parent = strand.parent
        if parent is None:
            self._end(execution, Status.SUCCEEDED, output=output)
            return
        parent.note_output(strand, output)
        if parent.branches_wait:
            self._resume_soon(execution, parent.next_branch())
        elif (outputs := parent.join()) is not None:
            self._resume(execution, parent, outputs)

    def _failed(self, execution: Execution, strand: Strand, failure: StateError) -> None:
        if strand.parent is None:
            self._end(execution, Status.FAILED, error=failure.error, cause=failure.cause)
            return
        strand.parent.stop_branches()
        self._resume(execution, strand.parent, error=failure)

    def _end(
        self,
        execution: Execution,
        status: Status,
        output: JSON = None,
        error: str | None = None,
        cause: str | None = None,
    ) -> None:
        run = self._running.pop(execution)
        run.strand.stop()
        if run.deadline is not None:
            run.deadline.cancel()
        execution.end(status, self._timers.now(), output=output, error=error, cause=cause)
        if run.on_end is not None:
            run.on_end(execution)


def _no_service(service: str, action: str, _arguments: JSON) -> JSON:
    raise NotImplementedError(f"nobody answers {service}:{action} here")


def _context_object(execution: Execution, more: Mapping[str, Mapping[str, JSON]]) -> dict[str, JSON]:
    return {
        "Execution": {
            "Input": execution.input,
            "Name": execution.name,
            "StartTime": format_moment(execution.started_at),
            "RedriveCount": 0,
            **more.get("Execution", {}),
        },
        "StateMachine": dict(more.get("StateMachine", {})),
    }
