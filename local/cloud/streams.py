"""DynamoDB streams as event sources, with the semantics of Lambda's pollers.

One shard for each table, unless it is split: records come in the order of the writes, and a batch that fails holds up
what stands behind it until it succeeds, is bisected, grows too old or runs out of attempts.
https://docs.aws.amazon.com/lambda/latest/dg/services-dynamodb-eventsourcemapping.html
"""

import json
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Final
from zlib import crc32

from homing.domain.moments import SECOND, Duration, Moment, datetime_of
from local.cloud.database import Stream, StreamRecord
from local.cloud.deliveries import PUNCTUAL
from local.cloud.event_sources import MappingOptions, failed_items
from local.cloud.functions import Function, Functions, Outcome
from local.cloud.queues import Queues
from local.timers import Timer, Timers

_LONGEST_BACK_OFF: Final = 60 * SECOND


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
        self.deliveries = PUNCTUAL
        self._options = options
        self._timers = timers
        self._shard = partial(_Shard, self, stream, queues, functions, function, options, timers)
        self._shards = [self._shard(0)]
        stream.listeners.append(self._offer)

    def split(self, count: int) -> None:
        """Spreads what comes from now on over so many shards, each in its own order; nothing may be under way."""
        self._shards = [self._shard(number) for number in range(count)]

    def pump(self) -> bool:
        """Handles one batch; False where none is ready now."""
        return any(shard.pump() for shard in self._shards)

    def _offer(self, record: StreamRecord) -> None:
        if self._options.wants(record):
            self._shard_of(record).offer(_Pending(self._timers.now(), record))

    def _shard_of(self, record: StreamRecord) -> "_Shard":
        """A partition's records all come in one shard."""
        if len(self._shards) == 1:
            return self._shards[0]
        (partition,) = record["dynamodb"]["Keys"]["pk"].values()
        return self._shards[crc32(partition.encode()) % len(self._shards)]


class _Shard:
    """A part of a stream, handled one batch after the other."""

    def __init__(
        self,
        mapping: StreamMapping,
        stream: Stream,
        queues: Queues,
        functions: Functions,
        function: Function,
        options: MappingOptions,
        timers: Timers,
        number: int,
    ) -> None:
        self._mapping = mapping
        self._id = f"shardId-{number:020}-00000000"
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
        self._busy = False

    def offer(self, record: _Pending) -> None:
        self._waiting.append(record)

    def pump(self) -> bool:
        """Handles one batch; False where none is ready now."""
        if self._busy or (self._back_off is not None and self._back_off.waits):
            return False
        if not self._batches and not self._gather():
            return False
        self._busy = True
        try:
            self._try(self._batches.popleft())
        finally:
            self._busy = False
        return True

    def _gather(self) -> bool:
        """Makes a batch of what waits, if it is full or its window is over."""
        if not self._waiting:
            return False
        if delay := self._mapping.deliveries.delay("stream"):
            self._pause(delay)
            return False
        size = self._options.batch_size
        closes = self._waiting[0].at + self._options.window
        if len(self._waiting) < size and self._timers.now() < closes:
            if self._window is None or not self._window.waits:
                self._window = self._timers.call_at(closes, lambda: None)  # the pump looks after every timer
            return False
        size = self._mapping.deliveries.batch("stream", min(size, len(self._waiting)))
        self._batches.append(_Batch([self._waiting.popleft() for _ in range(size)]))
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
        elif self._mapping.deliveries.again("stream"):
            self._batches.appendleft(batch)

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
        self._pause(delay)

    def _pause(self, duration: Duration) -> None:
        self._back_off = self._timers.call_at(self._timers.now() + duration, lambda: None)

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
                "shardId": self._id,
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
