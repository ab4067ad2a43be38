"""Stream mappings deliver as Lambda's pollers do: in order, at least once, with every option's rule."""

import json
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, cast

import pytest

from homing.domain.moments import DAY, HOUR, SECOND
from local.cloud.database import Stream
from local.cloud.errors import Unsupported
from local.cloud.event_sources import read_options
from local.cloud.functions import Function, Functions, Outcome
from local.cloud.streams import StreamMapping
from local.timers import ManualClock, Timers

if TYPE_CHECKING:
    from local.cloud.inside_moto import Table
    from local.cloud.queues import Queues

START = 1_700_000_000_000
FAILURE = Outcome(error={"errorType": "ValueError", "errorMessage": "no", "requestId": "r"})
Answer = Callable[[Sequence[str]], Outcome]


class FakeFunctions:
    """Answers each batch by the names of its records, and remembers them."""

    def __init__(self, answer: Answer) -> None:
        self.batches: list[list[str]] = []
        self._answer = answer

    def invoke(self, function: Function, event: Any) -> Outcome:
        del function
        names = [record["dynamodb"]["Keys"]["pk"]["S"] for record in event["Records"]]
        self.batches.append(names)
        return self._answer(names)


class FakeQueues:
    def __init__(self) -> None:
        self.sent: list[tuple[str, Any]] = []

    def send(self, arn: str, body: str) -> None:
        self.sent.append((arn, json.loads(body)))


class Poller:
    """A mapping with everything about it under the test's hand."""

    def __init__(self, answer: Answer | None = None, **properties: Any) -> None:
        self.timers = Timers(ManualClock(START))
        self.functions = FakeFunctions(answer or (lambda _: Outcome()))
        self.queues = FakeQueues()
        self._stream = Stream(cast("Table", None), "arn:stream", "NEW_AND_OLD_IMAGES")
        self._mapping = StreamMapping(
            self._stream,
            cast("Queues", self.queues),
            cast("Functions", self.functions),
            Function("F", "f", "arn:f", "app.handler", [], {}),
            read_options(properties, default_batch_size=100),
            self.timers,
        )

    @property
    def batches(self) -> list[list[str]]:
        return self.functions.batches

    def offer(self, *names: str) -> None:
        for name in names:
            record = {"dynamodb": {"Keys": {"pk": {"S": name}}, "SequenceNumber": f"n-{name}"}}
            for listener in self._stream.listeners:
                listener(record)

    def settle(self) -> None:
        while self._mapping.pump():
            pass

    def advance(self, duration: int) -> None:
        until = self.timers.now() + duration
        self.settle()
        while (due := self.timers.next_moment()) is not None and due <= until:
            self.timers.run_next()
            self.settle()
        self.timers.advance_to(until)


def failing(*bad: str) -> Answer:
    """The function fails for any batch with one of these in it."""
    return lambda names: FAILURE if set(bad) & set(names) else Outcome()


def partly_failing(*bad: str) -> Answer:
    """The function reports these as failed."""
    return lambda names: Outcome(
        {"batchItemFailures": [{"itemIdentifier": f"n-{name}"} for name in names if name in bad]}
    )


PARTIAL = {"FunctionResponseTypes": ["ReportBatchItemFailures"]}


def test_records_come_in_order_in_batches_of_the_given_size() -> None:
    poller = Poller(BatchSize=2)
    poller.offer("a", "b", "c")
    poller.settle()
    assert poller.batches == [["a", "b"], ["c"]]


def test_nothing_is_invoked_for_nothing() -> None:
    poller = Poller()
    poller.settle()
    assert poller.batches == []


def test_records_wait_for_their_batching_window() -> None:
    poller = Poller(MaximumBatchingWindowInSeconds=5)
    poller.offer("a")
    poller.advance(3 * SECOND)
    poller.offer("b")
    assert poller.batches == []
    poller.advance(2 * SECOND)
    assert poller.batches == [["a", "b"]]


def test_a_full_batch_does_not_wait_for_its_window() -> None:
    poller = Poller(MaximumBatchingWindowInSeconds=300, BatchSize=2)
    poller.offer("a", "b", "c")
    poller.settle()
    assert poller.batches == [["a", "b"]]
    poller.advance(300 * SECOND)
    assert poller.batches == [["a", "b"], ["c"]]


def test_filtered_records_never_reach_the_function() -> None:
    pattern = json.dumps({"dynamodb": {"Keys": {"pk": {"S": [{"prefix": "P#"}]}}}})
    poller = Poller(FilterCriteria={"Filters": [{"Pattern": pattern}]})
    poller.offer("P#1", "C#1", "P#2")
    poller.settle()
    assert poller.batches == [["P#1", "P#2"]]


def test_a_failed_batch_is_tried_again_later_and_later_and_holds_up_what_follows() -> None:
    failures = iter([FAILURE, FAILURE, Outcome(), Outcome()])
    poller = Poller(lambda _: next(failures), BatchSize=1)
    poller.offer("a", "b")
    poller.settle()
    assert poller.batches == [["a"]]
    poller.advance(1 * SECOND)
    assert poller.batches == [["a"], ["a"]]
    poller.advance(1 * SECOND)
    assert poller.batches == [["a"], ["a"]]
    poller.advance(1 * SECOND)
    assert poller.batches == [["a"], ["a"], ["a"], ["b"]]


def test_partial_failures_move_the_checkpoint_to_the_first_of_them() -> None:
    bad = {"b", "d"}

    def answer(names: Sequence[str]) -> Outcome:
        outcome = partly_failing(*bad)(names)
        bad.clear()
        return outcome

    poller = Poller(answer, **PARTIAL)
    poller.offer("a", "b", "c", "d")
    poller.advance(2 * SECOND)
    assert poller.batches == [["a", "b", "c", "d"], ["b", "c", "d"]]


@pytest.mark.parametrize("value", [None, {}, {"batchItemFailures": []}, {"batchItemFailures": None}])
def test_an_empty_report_is_success(value: Any) -> None:
    poller = Poller(lambda _: Outcome(value), **PARTIAL)
    poller.offer("a")
    poller.advance(HOUR)
    assert poller.batches == [["a"]]


@pytest.mark.parametrize(
    "value",
    [{"batchItemFailures": [{"itemIdentifier": "unknown"}]}, {"batchItemFailures": [{"x": 1}]}, ["nonsense"]],
)
def test_a_report_that_makes_no_sense_fails_the_whole_batch(value: Any) -> None:
    answers = iter([Outcome(value), Outcome()])
    poller = Poller(lambda _: next(answers), **PARTIAL)
    poller.offer("a", "b")
    poller.advance(2 * SECOND)
    assert poller.batches == [["a", "b"], ["a", "b"]]


def test_a_report_counts_for_nothing_where_the_mapping_does_not_ask_for_it() -> None:
    poller = Poller(partly_failing("a"))
    poller.offer("a")
    poller.advance(HOUR)
    assert poller.batches == [["a"]]


def test_bisecting_finds_the_one_record_that_fails() -> None:
    poller = Poller(failing("c"), BisectBatchOnFunctionError=True, MaximumRetryAttempts=1)
    poller.offer("a", "b", "c", "d")
    poller.advance(HOUR)
    assert poller.batches == [
        ["a", "b", "c", "d"],
        ["a", "b"],
        ["c", "d"],
        ["c"],
        ["c"],  # a split does not count as a retry
        ["d"],
    ]


def test_what_is_given_up_goes_to_the_failure_destination() -> None:
    poller = Poller(failing("a"), MaximumRetryAttempts=2, DestinationConfig={"OnFailure": {"Destination": "arn:dead"}})
    poller.offer("a", "b")
    poller.advance(HOUR)
    assert len(poller.batches) == 3
    ((arn, message),) = poller.queues.sent
    assert arn == "arn:dead"
    assert message["requestContext"]["condition"] == "RetryAttemptsExhausted"
    assert message["requestContext"]["approximateInvokeCount"] == 3
    assert message["DDBStreamBatchInfo"] == {
        "shardId": message["DDBStreamBatchInfo"]["shardId"],
        "startSequenceNumber": "n-a",
        "endSequenceNumber": "n-b",
        "approximateArrivalOfFirstRecord": "2023-11-14T22:13:20.000Z",
        "approximateArrivalOfLastRecord": "2023-11-14T22:13:20.000Z",
        "batchSize": 2,
        "streamArn": "arn:stream",
    }


def test_what_comes_after_a_batch_that_was_given_up_is_delivered() -> None:
    poller = Poller(failing("a"), MaximumRetryAttempts=0, BatchSize=1)
    poller.offer("a", "b")
    poller.settle()
    assert poller.batches == [["a"], ["b"]]


def test_records_that_grow_too_old_are_given_up() -> None:
    poller = Poller(
        failing("a"),
        MaximumRecordAgeInSeconds=60,
        DestinationConfig={"OnFailure": {"Destination": "arn:dead"}},
    )
    poller.offer("a")
    poller.advance(HOUR)
    ((_, message),) = poller.queues.sent
    assert message["requestContext"]["condition"] == "RecordAgeExceeded"
    assert poller.timers.next_moment() is None


def test_a_stream_keeps_its_records_for_a_day() -> None:
    poller = Poller(failing("a"))
    poller.offer("a")
    poller.advance(DAY)
    tries = len(poller.batches)
    poller.advance(DAY)
    assert tries > 1_000
    assert len(poller.batches) <= tries + 1


@pytest.mark.parametrize("properties", [{"StartingPosition": "AT_TIMESTAMP"}, {"FunctionResponseTypes": ["Nonsense"]}])
def test_an_option_that_would_not_be_honoured_is_refused(properties: dict[str, Any]) -> None:
    with pytest.raises(Unsupported):
        read_options(properties, default_batch_size=100)
