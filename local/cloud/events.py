"""What runs later: asynchronous invocations of functions, and the default event bus that makes them."""

import json
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from random import Random
from typing import Any, Final
from uuid import UUID

from homing.domain.moments import HOUR, MINUTE, Moment, format_moment
from local.cloud.deliveries import PUNCTUAL
from local.cloud.functions import Function, Functions, Outcome
from local.cloud.patterns import Matcher
from local.cloud.queues import Queues
from local.cloud.template import ACCOUNT
from local.timers import Timers

_BACK_OFF: Final = (1 * MINUTE, 2 * MINUTE)
_MAXIMUM_AGE: Final = 6 * HOUR


@dataclass(frozen=True)
class AsyncOptions:
    """A function's EventInvokeConfig. `maximum_age` in milliseconds; `on_failure` is a queue's ARN."""

    retries: int = 2
    maximum_age: Moment = _MAXIMUM_AGE
    on_failure: str | None = None


@dataclass(frozen=True, slots=True)
class _Invocation:
    function: Function
    event: Any
    at: Moment
    tries: int = 0


class AsyncInvocations:
    """Invocations that nobody waits for.

    A failed one is tried again after one minute and after two more; then its event goes to the function's
    failure destination and dead-letter queue.
    """

    def __init__(self, functions: Functions, queues: Queues, timers: Timers) -> None:
        self.options: dict[str, AsyncOptions] = {}
        """By the function's ARN."""
        self.deliveries = PUNCTUAL
        self._functions = functions
        self._queues = queues
        self._timers = timers
        self._waiting: deque[_Invocation] = deque()

    def submit(self, function: Function, event: Any) -> None:
        invocation = _Invocation(function, event, self._timers.now())
        self._come(invocation)
        if self.deliveries.again("async"):
            self._come(invocation)

    def _come(self, invocation: _Invocation) -> None:
        if delay := self.deliveries.delay("async"):
            self._timers.call_at(self._timers.now() + delay, partial(self._waiting.append, invocation))
        else:
            self._waiting.append(invocation)

    def pump(self) -> bool:
        """Makes one invocation; False where none waits."""
        if not self._waiting:
            return False
        invocation = self._waiting.popleft()
        outcome = self._functions.invoke(invocation.function, invocation.event)
        if outcome.failed:
            self._retry(invocation, outcome)
        return True

    def _retry(self, invocation: _Invocation, outcome: Outcome) -> None:
        options = self.options.get(invocation.function.arn, AsyncOptions())
        tried = invocation.tries + 1
        now = self._timers.now()
        if tried > options.retries:
            self._give_up(invocation, outcome, options, "RetriesExhausted")
            return
        again = now + _BACK_OFF[tried - 1]
        if again - invocation.at > options.maximum_age:
            self._give_up(invocation, outcome, options, "EventAgeExceeded")
            return
        next_try = _Invocation(invocation.function, invocation.event, invocation.at, tried)
        self._timers.call_at(again, partial(self._waiting.append, next_try))

    def _give_up(self, invocation: _Invocation, outcome: Outcome, options: AsyncOptions, condition: str) -> None:
        error = outcome.error or {}
        if options.on_failure is not None:
            record = {
                "version": "1.0",
                "timestamp": format_moment(self._timers.now()),
                "requestContext": {
                    "requestId": error.get("requestId"),
                    "functionArn": f"{invocation.function.arn}:$LATEST",
                    "condition": condition,
                    "approximateInvokeCount": invocation.tries + 1,
                },
                "requestPayload": invocation.event,
                "responseContext": {
                    "statusCode": 200,
                    "executedVersion": "$LATEST",
                    "functionError": "Unhandled",
                },
                "responsePayload": error,
            }
            self._queues.send(options.on_failure, json.dumps(record))
        if invocation.function.dead_letter_queue is not None:
            self._queues.send(invocation.function.dead_letter_queue, json.dumps(invocation.event))


@dataclass(frozen=True)
class Rule:
    """A rule of the default event bus: which events go to which functions and queues (by ARN)."""

    logical_id: str
    matches: Matcher
    functions: Sequence[Function] = field(default=())
    queue_arns: Sequence[str] = field(default=())


class EventBus:
    """EventBridge's default bus, for the events that AWS's own services put there."""

    def __init__(self, invocations: AsyncInvocations, queues: Queues, timers: Timers, region: str, seed: int) -> None:
        self.rules: list[Rule] = []
        self._invocations = invocations
        self._queues = queues
        self._timers = timers
        self._region = region
        self._random = Random(f"event ids {seed}")

    def publish(self, *, source: str, detail_type: str, resources: Sequence[str], detail: Mapping[str, Any]) -> None:
        """Gives the event to every rule that it matches."""
        if not self.rules:
            return
        event = {
            "version": "0",
            "id": str(UUID(int=self._random.getrandbits(128), version=4)),
            "detail-type": detail_type,
            "source": source,
            "account": ACCOUNT,
            "time": format_moment(self._timers.now() // 1_000 * 1_000),
            "region": self._region,
            "resources": list(resources),
            "detail": detail,
        }
        for rule in self.rules:
            if rule.matches(event):
                for function in rule.functions:
                    self._invocations.submit(function, event)
                for arn in rule.queue_arns:
                    self._queues.send(arn, json.dumps(event))
