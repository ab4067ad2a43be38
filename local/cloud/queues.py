"""SQS queues as event sources: batches, visibility timeouts, partial failures, redrive. moto keeps them."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from local.cloud.deliveries import PUNCTUAL
from local.cloud.errors import Unsupported
from local.cloud.event_sources import MappingOptions, failed_items
from local.cloud.functions import Function, Functions
from local.cloud.inside_moto import Queue
from local.timers import Timer, Timers


class Queues:
    """The stack's queues. As the observer of SQS and SNS it knows which of them are worth receiving from."""

    def __init__(self, region: str) -> None:
        self.by_arn: dict[str, Queue] = {}
        self.dead_letter_arns: list[str] = []
        self.mappings: list[QueueMapping] = []
        self._region = region

    def add(self, name: str, arn: str) -> None:
        self.by_arn[arn] = Queue(name, self._region)

    def mark_dead_letters(self, arn: str) -> None:
        """Something sends what it gives up to this queue."""
        if arn not in self.by_arn:
            raise Unsupported(f"dead letters that go to no queue: {arn}")
        if arn not in self.dead_letter_arns:
            self.dead_letter_arns.append(arn)

    def send(self, arn: str, body: str) -> None:
        """Sends a message as one of AWS's own services does: to a destination, a dead-letter queue."""
        self.by_arn[arn].send(body)
        self.wake(arn)

    def wake(self, arn: str | None = None) -> None:
        """A message may have come to this queue, or to any."""
        for mapping in self.mappings:
            if arn is None or mapping.queue_arn == arn:
                mapping.wake()

    def before(self, operation: str, parameters: dict[str, Any]) -> None:
        """Nothing to note."""

    def after(self, operation: str, parameters: dict[str, Any], result: Mapping[str, Any], noted: None) -> None:
        """Wakes the queue that a call may have put messages into."""
        if operation in {"Publish", "PublishBatch"}:
            self.wake()
        elif operation in {"SendMessage", "SendMessageBatch", "ChangeMessageVisibility"}:
            name = parameters["QueueUrl"].rpartition("/")[2]
            self.wake(next(arn for arn, queue in self.by_arn.items() if queue.name == name))


class QueueMapping:
    """One event source mapping from a queue to a function."""

    def __init__(
        self,
        queue_arn: str,
        queues: Queues,
        functions: Functions,
        function: Function,
        options: MappingOptions,
        timers: Timers,
    ) -> None:
        self.queue_arn = queue_arn
        self._queues = queues
        self._queue = queues.by_arn[queue_arn]
        self._functions = functions
        self._function = function
        self._options = options
        self._timers = timers
        self.deliveries = PUNCTUAL
        self._due = False
        self._timer: Timer | None = None

    def wake(self) -> None:
        """Something may be visible now, or will be: receive at once, or once the batching window is over."""
        if not self._options.window:
            self._due = True
            return
        closes = self._timers.now() + self._options.window
        if self._timer is None or not self._timer.waits or self._timer.moment > closes:
            self._wake_at(closes)

    def pump(self) -> bool:
        """Receives and handles one batch; False where nothing is to be had now."""
        if not self._due:
            return False
        self._due = False
        messages = self._queue.receive(self.deliveries.batch("queue", self._options.batch_size))
        ready = [message for message in messages if not self._kept_back(message)]
        wanted = [message for message in ready if self._options.wants(_filterable(message.body))]
        failed = self._handle(wanted) if wanted else set()
        for message in ready:
            if message.id not in failed and not self.deliveries.again("queue"):
                self._queue.delete(message)
        self._sleep()
        return bool(messages)

    def _kept_back(self, message: Any) -> bool:
        delay = self.deliveries.delay("queue")
        if delay:
            self._queue.hide(message, delay)
        return delay > 0

    def _handle(self, messages: Sequence[Any]) -> set[str]:
        event = {"Records": [self._record(message) for message in messages]}
        ids = [message.id for message in messages]
        return failed_items(self._functions.invoke(self._function, event), ids, self._options)

    def _sleep(self) -> None:
        moment = self._queue.next_visible()
        if moment is None:
            return
        if moment <= self._timers.now():
            self._due = True
        else:
            self._wake_at(moment)

    def _wake_at(self, moment: int) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._timer = self._timers.call_at(moment, self._come_due)

    def _come_due(self) -> None:
        self._due = True

    def _record(self, message: Any) -> dict[str, Any]:
        return {
            "messageId": message.id,
            "receiptHandle": message.receipt_handle,
            "body": message.body,
            "attributes": {
                "ApproximateReceiveCount": str(message.approximate_receive_count),
                "SentTimestamp": str(message.sent_timestamp),
                "SenderId": message.sender_id,
                "ApproximateFirstReceiveTimestamp": str(message.approximate_first_receive_timestamp),
            },
            "messageAttributes": {
                name: {
                    "dataType": value["DataType"],
                    "stringValue": value.get("StringValue"),
                    "stringListValues": [],
                    "binaryListValues": [],
                }
                for name, value in message.message_attributes.items()
            },
            "md5OfBody": message.body_md5,
            "eventSource": "aws:sqs",
            "eventSourceARN": self.queue_arn,
            "awsRegion": self.queue_arn.split(":")[3],
        }


def _filterable(body: str) -> dict[str, Any]:
    try:
        return {"body": json.loads(body)}
    except ValueError:
        return {"body": body}
