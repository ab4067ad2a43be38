"""What was given up and lies in a dead-letter queue: it is not lost, where an alarm sees the queue."""

import json
from functools import cached_property

from local.torture.chronicle import Chronicle


class Parked:
    """The dead letters, once all has settled."""

    def __init__(self, chronicle: Chronicle) -> None:
        self._chronicle = chronicle
        self._letters = chronicle.cloud.dead_letters()
        self._told = "\n".join(letter.body for letter in self._letters)

    def tells_of(self, word: str) -> bool:
        """Whether a letter holds this word: an id, or an address."""
        return word in self._told

    @cached_property
    def partitions(self) -> frozenset[str]:
        """The partitions of which changes were given up: a stream's letter tells only their first and last number."""
        found: set[str] = set()
        for letter in self._letters:
            batch = json.loads(letter.body).get("DDBStreamBatchInfo")
            if batch is not None:
                first, last = int(batch["startSequenceNumber"]), int(batch["endSequenceNumber"])
                found |= {pk for number, pk in self._chronicle.places.items() if first <= number <= last}
        return frozenset(found)

    def judge(self) -> None:
        """An alarm looks at each queue that something was parked in."""
        seen = watched_queues(self._chronicle)
        for queue in sorted({letter.queue for letter in self._letters} - seen):
            self._chronicle.violated("parked where an alarm sees it", f"no alarm looks at {queue}")


def watched_queues(chronicle: Chronicle) -> frozenset[str]:
    """The queues that the template's alarms look at, whatever lies in them, and tell of."""
    cloud = chronicle.cloud
    resources = [each for each in cloud.template.resources.values() if each.type == "AWS::CloudWatch::Alarm"]
    alarms = [cloud.properties(each.logical_id) for each in resources]
    return frozenset(
        dimension["Value"]
        for alarm in alarms
        if alarm.get("MetricName") == "ApproximateNumberOfMessagesVisible" and alarm.get("AlarmActions")
        for dimension in alarm.get("Dimensions", ())
        if dimension["Name"] == "QueueName"
    )
