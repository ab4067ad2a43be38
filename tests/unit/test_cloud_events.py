"""Asynchronous invocations are tried again and given up by rule; the bus gives events to the rules they match."""

import json
from typing import TYPE_CHECKING, Any, cast

import pytest

from homing.domain.moments import HOUR, MINUTE
from local.cloud.events import AsyncInvocations, AsyncOptions, EventBus, Rule
from local.cloud.functions import Function, Functions, Outcome
from local.cloud.patterns import compile_pattern
from local.timers import ManualClock, Timers

if TYPE_CHECKING:
    from local.cloud.queues import Queues

START = 1_700_000_000_000
FAILURE = Outcome(error={"errorType": "E", "errorMessage": "no", "requestId": "r"})


class FakeFunctions:
    def __init__(self) -> None:
        self.outcome = Outcome()
        self.events: list[Any] = []

    def invoke(self, function: Function, event: Any) -> Outcome:
        del function
        self.events.append(event)
        return self.outcome


class FakeQueues:
    def __init__(self) -> None:
        self.sent: list[tuple[str, Any]] = []

    def send(self, arn: str, body: str) -> None:
        self.sent.append((arn, json.loads(body)))


class Stack:
    def __init__(self, *, dead_letter_queue: str | None = None, options: AsyncOptions | None = None) -> None:
        self.timers = Timers(ManualClock(START))
        self.functions = FakeFunctions()
        self.queues = FakeQueues()
        self.function = Function("F", "f", "arn:f", "app.handler", [], {}, dead_letter_queue=dead_letter_queue)
        queues = cast("Queues", self.queues)
        self.invocations = AsyncInvocations(cast("Functions", self.functions), queues, self.timers)
        self.bus = EventBus(self.invocations, queues, self.timers, "eu-central-1", seed=1)
        if options is not None:
            self.invocations.options["arn:f"] = options

    def advance(self, duration: int) -> None:
        until = self.timers.now() + duration
        self.settle()
        while (due := self.timers.next_moment()) is not None and due <= until:
            self.timers.run_next()
            self.settle()
        self.timers.advance_to(until)

    def settle(self) -> None:
        while self.invocations.pump():
            pass


def test_a_failed_invocation_is_tried_after_one_minute_and_after_two_more() -> None:
    stack = Stack()
    stack.functions.outcome = FAILURE
    stack.invocations.submit(stack.function, {"n": 1})
    tries = []
    for _ in range(5):
        stack.settle()
        tries.append(len(stack.functions.events))
        stack.advance(MINUTE)
    assert tries == [1, 2, 2, 3, 3]


def test_what_is_given_up_goes_to_the_failure_destination_with_its_error() -> None:
    stack = Stack(options=AsyncOptions(retries=0, on_failure="arn:dead"))
    stack.functions.outcome = FAILURE
    stack.invocations.submit(stack.function, {"n": 1})
    stack.advance(HOUR)
    ((arn, record),) = stack.queues.sent
    assert arn == "arn:dead"
    assert record["requestPayload"] == {"n": 1}
    assert record["responsePayload"]["errorType"] == "E"
    assert record["requestContext"]["condition"] == "RetriesExhausted"


def test_a_dead_letter_queue_gets_the_event_alone() -> None:
    stack = Stack(dead_letter_queue="arn:dead")
    stack.functions.outcome = FAILURE
    stack.invocations.submit(stack.function, {"n": 1})
    stack.advance(HOUR)
    assert stack.queues.sent == [("arn:dead", {"n": 1})]


def test_an_event_that_would_be_too_old_is_not_tried_again() -> None:
    stack = Stack(options=AsyncOptions(maximum_age=2 * MINUTE, on_failure="arn:dead"))
    stack.functions.outcome = FAILURE
    stack.invocations.submit(stack.function, {})
    stack.advance(HOUR)
    assert len(stack.functions.events) == 2
    assert stack.queues.sent[0][1]["requestContext"]["condition"] == "EventAgeExceeded"


@pytest.mark.parametrize(("status", "events"), [("SUCCEEDED", 1), ("RUNNING", 0)])
def test_the_bus_gives_an_event_to_the_rules_that_it_matches(status: str, events: int) -> None:
    stack = Stack()
    matches = compile_pattern({"source": ["aws.states"], "detail": {"status": ["SUCCEEDED"]}})
    stack.bus.rules.append(Rule("R", matches, [stack.function], ["arn:queue"]))
    stack.bus.publish(source="aws.states", detail_type="Change", resources=["arn:x"], detail={"status": status})
    stack.settle()
    assert len(stack.functions.events) == len(stack.queues.sent) == events
    for event in stack.functions.events:
        assert event["detail-type"] == "Change"
        assert event["time"] == "2023-11-14T22:13:20Z"
