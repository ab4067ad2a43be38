"""DynamoDB streams as event sources, with the semantics of Lambda's pollers.

One shard for each table: records come in the order of the writes, and a batch that fails holds up what stands
behind it until it succeeds, is bisected, grows too old or runs out of attempts.
https://docs.aws.amazon.com/lambda/latest/dg/services-dynamodb-eventsourcemapping.html
"""

import json
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from homing.domain.moments import SECOND, Moment, datetime_of
from local.cloud.database import Stream, StreamRecord
from local.cloud.event_sources import MappingOptions, failed_items
from local.cloud.functions import Function, Functions, Outcome
from local.cloud.queues import Queues
from local.timers import Timer, Timers

_LONGEST_BACK_OFF: Final = 60 * SECOND
_SHARD: Final = "shardId-00000000000000000000-00000000"


@dataclass(frozen=True, slots=True)
class _Pending:
    """A record and the moment at which it came."""

    at: Moment
    event: StreamRecord

    @property
    def sequence_number(self) -> str:
        number: str = self.event["dynamodb"]["SequenceNumber"]
        return number


@dataclass(frozen=True, slots=True)
class _Batch:
    """Records that are tried together. `tries` counts invocations, `retries` those that the quota counts."""

    records: Sequence[_Pending]
    tries: int = 0
    retries: int = 0


class StreamMapping:
    """One event source mapping from a table's stream to a function."""

    def __init__(
        self,
        stream: Stream,
        queues: Queues,
        functions: Functions,
        function: Function,
        options: MappingOptions,
        timers: Timers,
    ) -> None:
        self._stream = stream
        self._queues = queues
        self._functions = functions
        self._function = function
        self._options = options
        self._timers = timers
        self._waiting: deque[_Pending] = deque()
        self._batches: deque[_Batch] = deque()
        self._back_off: Timer | None = None
        self._window: Timer | None = None
        stream.listeners.append(self._offer)

    def pump(self) -> bool:
        """Handles one batch; False where none is ready now."""
        if self._back_off is not None and self._back_off.waits:
            return False
        if not self._batches and not self._gather():
            return False
        self._try(self._batches.popleft())
        return True

    def _offer(self, record: StreamRecord) -> None:
        if self._options.wants(record):
            self._waiting.append(_Pending(self._timers.now(), record))

    def _gather(self) -> bool:
        """Makes a batch of what waits, if it is full or its window is over."""
        if not self._waiting:
            return False
        size = self._options.batch_size
        closes = self._waiting[0].at + self._options.window
        if len(self._waiting) < size and self._timers.now() < closes:
            if self._window is None or not self._window.waits:
                self._window = self._timers.call_at(closes, lambda: None)  # the pump looks after every timer
            return False
        self._batches.append(_Batch([self._waiting.popleft() for _ in range(min(size, len(self._waiting)))]))
        return True

    def _try(self, batch: _Batch) -> None:
        oldest = self._timers.now() - self._options.maximum_age
        if expired := [record for record in batch.records if record.at < oldest]:
            self._discard(_Batch(expired, batch.tries), "RecordAgeExceeded", None)
            batch = _Batch(batch.records[len(expired) :], batch.tries, batch.retries)
            if not batch.records:
                return
        event = {"Records": [record.event for record in batch.records]}
        outcome = self._functions.invoke(self._function, event)
        numbers = [record.sequence_number for record in batch.records]
        failed = failed_items(outcome, numbers, self._options)
        if failed:
            first = next(index for index, number in enumerate(numbers) if number in failed)
            self._retry(batch, first, outcome)

    def _retry(self, batch: _Batch, first_failed: int, outcome: Outcome) -> None:
        """The checkpoint moves to the first failure; from there all is tried again."""
        records = batch.records[first_failed:]
        tries = 1 if first_failed else batch.tries + 1
        retries = 0 if first_failed else batch.retries
        middle = len(records) // 2
        if self._options.bisect and middle:
            # A split does not count against the quota of retries.
            halves = [_Batch(half, tries, retries) for half in (records[:middle], records[middle:])]
            self._batches.extendleft(reversed(halves))
        elif self._options.retries is not None and retries >= self._options.retries:
            self._discard(_Batch(records, tries, retries), "RetryAttemptsExhausted", outcome)
            return
        else:
            self._batches.appendleft(_Batch(records, tries, retries + 1))
        delay = min(SECOND * 2 ** min(tries - 1, 10), _LONGEST_BACK_OFF)
        self._back_off = self._timers.call_at(self._timers.now() + delay, lambda: None)

    def _discard(self, batch: _Batch, condition: str, outcome: Outcome | None) -> None:
        if self._options.on_failure is None:
            return
        first, last = batch.records[0], batch.records[-1]
        message: dict[str, Any] = {
            "requestContext": {
                "requestId": (outcome.error or {}).get("requestId") if outcome else None,
                "functionArn": self._function.arn,
                "condition": condition,
                "approximateInvokeCount": batch.tries,
            },
            "responseContext": {
                "statusCode": 200,
                "executedVersion": "$LATEST",
                "functionError": "Unhandled" if outcome and outcome.failed else None,
            },
            "version": "1.0",
            "timestamp": _iso(self._timers.now()),
            "DDBStreamBatchInfo": {
                "shardId": _SHARD,
                "startSequenceNumber": first.sequence_number,
                "endSequenceNumber": last.sequence_number,
                "approximateArrivalOfFirstRecord": _iso(first.at),
                "approximateArrivalOfLastRecord": _iso(last.at),
                "batchSize": len(batch.records),
                "streamArn": self._stream.arn,
            },
        }
        self._queues.send(self._options.on_failure, json.dumps(message))


def _iso(moment: Moment) -> str:
    return datetime_of(moment).isoformat(timespec="milliseconds").replace("+00:00", "Z")
