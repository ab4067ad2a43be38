"""Queue mappings receive when there is something to receive, and keep to their window and filter."""

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, cast

import pytest

from homing.domain.moments import SECOND
from local.cloud.errors import Unsupported
from local.cloud.event_sources import read_options
from local.cloud.functions import Function, Functions, Outcome
from local.cloud.queues import QueueMapping, Queues
from local.timers import ManualClock, Timers

if TYPE_CHECKING:
    from local.cloud.inside_moto import Queue

START = 1_700_000_000_000
ARN = "arn:aws:sqs:eu-central-1:123456789012:queue"
TIMEOUT = 30 * SECOND


@dataclass
class Message:
    body: str
    visible_at: int
    id: str = ""
    receipt_handle: str = "handle"
    approximate_receive_count: int = 1
    sent_timestamp: int = START
    sender_id: str = "sender"
    approximate_first_receive_timestamp: int = START
    body_md5: str = "md5"
    message_attributes: dict[str, Any] = field(default_factory=dict)


class FakeQueue:
    """A queue that hides what it gives for half a minute."""

    name = "queue"

    def __init__(self, timers: Timers) -> None:
        self.messages: list[Message] = []
        self._timers = timers

    def add(self, body: str) -> None:
        self.messages.append(Message(body, self._timers.now(), id=body))

    def receive(self, count: int) -> list[Message]:
        now = self._timers.now()
        given = [message for message in self.messages if message.visible_at <= now][:count]
        for message in given:
            message.visible_at = now + TIMEOUT
        return given

    def delete(self, message: Message) -> None:
        self.messages.remove(message)

    def next_visible(self) -> int | None:
        return min((message.visible_at for message in self.messages), default=None)


class FakeFunctions:
    def __init__(self) -> None:
        self.batches: list[list[str]] = []
        self.failing: set[str] = set()

    def invoke(self, function: Function, event: Any) -> Outcome:
        del function
        bodies = [record["body"] for record in event["Records"]]
        self.batches.append(bodies)
        failed = [record["messageId"] for record in event["Records"] if record["body"] in self.failing]
        return Outcome({"batchItemFailures": [{"itemIdentifier": each} for each in failed]})


class Poller:
    def __init__(self, **properties: Any) -> None:
        self.timers = Timers(ManualClock(START))
        self.functions = FakeFunctions()
        self.queue = FakeQueue(self.timers)
        queues = Queues("eu-central-1")
        queues.by_arn[ARN] = cast("Queue", self.queue)
        options = read_options(
            {"FunctionResponseTypes": ["ReportBatchItemFailures"], **properties}, default_batch_size=10
        )
        function = Function("F", "f", "arn:f", "app.handler", [], {})
        self.mapping = QueueMapping(ARN, queues, cast("Functions", self.functions), function, options, self.timers)
        queues.mappings.append(self.mapping)

    def send(self, *bodies: str) -> None:
        for body in bodies:
            self.queue.add(body)
            self.mapping.wake()

    def advance(self, duration: int) -> None:
        until = self.timers.now() + duration
        self.settle()
        while (due := self.timers.next_moment()) is not None and due <= until:
            self.timers.run_next()
            self.settle()
        self.timers.advance_to(until)

    def settle(self) -> None:
        while self.mapping.pump():
            pass


def test_messages_come_in_batches_and_are_deleted_when_they_are_done() -> None:
    poller = Poller(BatchSize=2)
    poller.send("a", "b", "c")
    poller.settle()
    assert poller.functions.batches == [["a", "b"], ["c"]]
    assert poller.queue.messages == []


def test_messages_wait_for_the_batching_window() -> None:
    poller = Poller(MaximumBatchingWindowInSeconds=20)
    poller.send("a")
    poller.advance(19 * SECOND)
    poller.send("b")
    assert poller.functions.batches == []
    poller.advance(1 * SECOND)
    assert poller.functions.batches == [["a", "b"]]


def test_a_message_that_failed_comes_back_when_it_is_visible_again() -> None:
    poller = Poller()
    poller.functions.failing = {"a"}
    poller.send("a", "b")
    poller.advance(TIMEOUT - 1)
    assert poller.functions.batches == [["a", "b"]]
    poller.functions.failing = set()
    poller.advance(1)
    assert poller.functions.batches == [["a", "b"], ["a"]]
    assert poller.queue.messages == []


def test_a_hidden_message_does_not_hold_up_a_new_one_beyond_the_window() -> None:
    poller = Poller(MaximumBatchingWindowInSeconds=5)
    poller.functions.failing = {"a"}
    poller.send("a")
    poller.advance(5 * SECOND)
    poller.send("b")
    poller.advance(5 * SECOND)
    assert poller.functions.batches == [["a"], ["b"]]


def test_a_message_that_no_filter_lets_through_is_deleted_unseen() -> None:
    poller = Poller(FilterCriteria={"Filters": [{"Pattern": json.dumps({"body": {"kind": ["wanted"]}})}]})
    wanted, other = json.dumps({"kind": "wanted"}), json.dumps({"kind": "other"})
    poller.send(other, wanted, "no JSON")
    poller.settle()
    assert poller.functions.batches == [[wanted]]
    assert poller.queue.messages == []


def test_dead_letters_to_what_is_no_queue_are_refused() -> None:
    with pytest.raises(Unsupported, match="arn:topic"):
        Queues("eu-central-1").mark_dead_letters("arn:topic")
