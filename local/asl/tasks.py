"""The states with work to do, which may fail, be retried and be caught: Task, Map and Parallel."""

from abc import abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass

from homing.domain.moments import SECOND
from local.asl.errors import QUERY_EVALUATION_ERROR, TIMEOUT, StateError
from local.asl.expressions import JSON, Template
from local.asl.frame import Frame
from local.asl.machine import Machine
from local.asl.requests import Branch, Fork, Invoke, Running, Sleep
from local.asl.retry import Attempts, Retrier
from local.asl.states import Departure, State, Transition, text, whole_number

_LONGEST_TIMEOUT_SECONDS = 99_999_999
# "Inline mode supports up to 40 concurrent iterations", whatever MaxConcurrency says:
# https://docs.aws.amazon.com/step-functions/latest/dg/state-map-inline.html
_INLINE_CONCURRENCY = 40


@dataclass(frozen=True, slots=True)
class Catcher:
    """One entry of a Catch field."""

    errors: tuple[str, ...]
    departure: Departure

    def catch(self, error: StateError, frame: Frame, data: JSON) -> Transition:
        error_output = {"Error": error.error or "", "Cause": error.cause or ""}
        names = frame.names(data, errorOutput=error_output)
        return self.departure.take(frame, names, default=error_output)


@dataclass(frozen=True, slots=True)
class Worker(State):
    """A state whose work may fail."""

    retriers: tuple[Retrier, ...]
    catchers: tuple[Catcher, ...]
    departure: Departure

    @abstractmethod
    def work(self, frame: Frame, data: JSON) -> Running:
        """One attempt; the generator returns the result."""

    def run(self, frame: Frame, data: JSON) -> Running:
        attempts = Attempts(self.retriers)
        while True:
            try:
                result = yield from self.work(frame, data)
                return self.departure.take(frame, frame.names(data, result=result), default=result)
            except StateError as error:
                failure = error
            delay = attempts.delay_before_retry(failure, frame.random)
            if delay is None:
                return self._catch(failure, frame, data)
            yield Sleep(frame.now() + delay)
            frame.retry()

    def _catch(self, failure: StateError, frame: Frame, data: JSON) -> Transition:
        for catcher in self.catchers:
            if failure.matches(catcher.errors):
                return catcher.catch(failure, frame, data)
        raise failure


@dataclass(frozen=True, slots=True)
class InvokeTask(Worker):
    """A Task on `arn:aws:states:::lambda:invoke`."""

    arguments: Mapping[str, Template]
    timeout_seconds: Template | None

    def work(self, frame: Frame, data: JSON) -> Running:
        names = frame.names(data)
        deadline = None
        if self.timeout_seconds is not None:
            seconds = self.timeout_seconds.evaluate(names)
            allowed = whole_number(seconds, "TimeoutSeconds", at_least=1, at_most=_LONGEST_TIMEOUT_SECONDS)
            deadline = frame.now() + allowed * SECOND
        function_name = text(self.arguments["FunctionName"].evaluate(names), "Arguments/FunctionName")
        payload = self.arguments["Payload"].evaluate(names) if "Payload" in self.arguments else {}
        returned = yield Invoke(function_name, payload)
        # Functions run in this process, one at a time: what has overrun is known only once it returns.
        if deadline is not None and frame.now() > deadline:
            raise StateError(TIMEOUT)
        return {"ExecutedVersion": "$LATEST", "Payload": returned, "StatusCode": 200}


@dataclass(frozen=True, slots=True)
class Parallel(Worker):
    branches: tuple[Machine, ...]
    arguments: Template | None

    def work(self, frame: Frame, data: JSON) -> Running:
        branch_input = data if self.arguments is None else self.arguments.evaluate(frame.names(data))
        branches = [Branch(machine, frame.inner(), branch_input) for machine in self.branches]
        return (yield Fork(branches, limit=len(branches)))


@dataclass(frozen=True, slots=True)
class Map(Worker):
    """An inline Map."""

    processor: Machine
    items: Template | None
    item_selector: Template | None
    max_concurrency: Template | None

    def work(self, frame: Frame, data: JSON) -> Running:
        items = data if self.items is None else self.items.evaluate(frame.names(data))
        if not isinstance(items, list):
            raise StateError(QUERY_EVALUATION_ERROR, f"The field 'Items' must be an array, not {items!r}.")
        branches = [self._iteration(index, item, frame, data) for index, item in enumerate(items)]
        return (yield Fork(branches, limit=self._limit(frame, data)))

    def _iteration(self, index: int, item: JSON, frame: Frame, data: JSON) -> Branch:
        inner = frame.inner(Map={"Item": {"Index": index, "Value": item}})
        selected = item if self.item_selector is None else self.item_selector.evaluate(inner.names(data))
        return Branch(self.processor, inner, selected)

    def _limit(self, frame: Frame, data: JSON) -> int:
        if self.max_concurrency is None:
            return _INLINE_CONCURRENCY
        value = self.max_concurrency.evaluate(frame.names(data))
        asked = whole_number(value, "MaxConcurrency", at_most=_LONGEST_TIMEOUT_SECONDS)
        return min(asked or _INLINE_CONCURRENCY, _INLINE_CONCURRENCY)
