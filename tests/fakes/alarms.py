"""CloudWatch's alarms as the template states them, held to metrics that were really written, or that AWS itself makes.

AWS makes here, of what happens in the local cloud: the messages in dead-letter queues, executions that failed or timed
out, answers of the API of 500 and above, and how old the records are that a stream's consumer is given.
"""

import json
import operator
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from homing.domain.moments import SECOND, Duration, Moment
from local.cloud import Cloud, Response
from local.torture.invocations import Count, read_metrics

_STATISTICS: Final[Mapping[str, Callable[[Sequence[float]], float]]] = {"Sum": sum, "Maximum": max}
_EXPRESSIONS: Final[Mapping[str, Callable[[Sequence[float]], float]]] = {
    "SUM(METRICS())": sum,
    "MAX(METRICS())": max,
}
_COMPARISONS: Final[Mapping[str, Callable[[float, float], bool]]] = {
    "GreaterThanThreshold": operator.gt,
    "GreaterThanOrEqualToThreshold": operator.ge,
}

Points = Mapping[Count, Sequence[tuple[Moment, float]]]


@dataclass(frozen=True, slots=True)
class Alarm:
    """An alarm of the template. `period` is in milliseconds; missing data are no cause for it."""

    metrics: Sequence[tuple[Count, str]]
    """Each with its statistic."""
    expression: str
    period: Duration
    periods: int
    threshold: float
    comparison: str
    actions: Sequence[str]

    @classmethod
    def read(cls, properties: Mapping[str, Any]) -> "Alarm":
        """The alarm of these properties. Raises KeyError for what is not known here."""
        told = [each for each in properties.get("Metrics", ()) if "MetricStat" in each]
        stats = [each["MetricStat"] for each in told] or [
            {"Metric": properties, "Stat": properties["Statistic"], "Period": properties["Period"]}
        ]
        (expression,) = [each["Expression"] for each in properties.get("Metrics", ()) if "Expression" in each] or [
            "SUM(METRICS())"
        ]
        (period,) = {stat["Period"] for stat in stats}
        if properties["TreatMissingData"] != "notBreaching":
            raise KeyError(properties["TreatMissingData"])
        return cls(
            metrics=[(_count(stat["Metric"]), stat["Stat"]) for stat in stats],
            expression=expression,
            period=period * SECOND,
            periods=properties["EvaluationPeriods"],
            threshold=properties["Threshold"],
            comparison=properties["ComparisonOperator"],
            actions=properties.get("AlarmActions", ()),
        )

    def rings(self, points: Points, since: Moment, until: Moment) -> bool:
        """Whether it goes off in this time: as many of its periods in a row break the threshold as it waits for."""
        in_a_row = 0
        for start in range(since // self.period * self.period, until + 1, self.period):
            in_a_row = in_a_row + 1 if self._breaks(points, start) else 0
            if in_a_row >= self.periods:
                return True
        return False

    def _breaks(self, points: Points, start: Moment) -> bool:
        values = [
            _STATISTICS[statistic](within)
            for count, statistic in self.metrics
            if (within := [value for at, value in points.get(count, ()) if start <= at < start + self.period])
        ]
        return bool(values) and _COMPARISONS[self.comparison](_EXPRESSIONS[self.expression](values), self.threshold)


def _count(metric: Mapping[str, Any]) -> Count:
    dimensions = tuple(sorted((each["Name"], each["Value"]) for each in metric.get("Dimensions", ())))
    return Count(metric["Namespace"], metric["MetricName"], dimensions)


class Watch:
    """Watches a cloud's metrics, and its template's alarms."""

    def __init__(self, cloud: Cloud) -> None:
        self.alarms = {
            logical_id: Alarm.read(cloud.properties(logical_id))
            for logical_id, resource in cloud.template.resources.items()
            if resource.type == "AWS::CloudWatch::Alarm"
        }
        self._cloud = cloud
        self._made: dict[Count, list[tuple[Moment, float]]] = defaultdict(list)
        """What AWS makes as it happens."""
        self._request = cloud.http
        cloud.http = self._http  # type: ignore[method-assign] # listened to
        cloud.on_call(self._see_age)

    def rings(self, alarm: str, since: Moment) -> bool:
        """Whether the alarm of this logical id has gone off since that moment, or does now."""
        return self.alarms[alarm].rings(self.points(), since, self._cloud.timers.now())

    def points(self) -> Points:
        """All that was measured so far."""
        points = defaultdict(list, {count: list(made) for count, made in self._made.items()})
        for count, at, value in (*self._written(), *self._parked(), *self._failed()):
            points[count].append((at, value))
        return points

    def _written(self) -> Iterator[tuple[Count, Moment, float]]:
        for function in self._cloud.functions.by_arn.values():
            for line in function.log:
                if '"_aws"' in line:
                    at = json.loads(line)["_aws"]["Timestamp"]
                    yield from ((count, at, value) for count, value in read_metrics(line))

    def _parked(self) -> Iterator[tuple[Count, Moment, float]]:
        for letter in self._cloud.dead_letters():
            dimensions = (("QueueName", letter.queue),)
            yield Count("AWS/SQS", "ApproximateNumberOfMessagesVisible", dimensions), self._cloud.timers.now(), 1

    def _failed(self) -> Iterator[tuple[Count, Moment, float]]:
        names = {"FAILED": "ExecutionsFailed", "TIMED_OUT": "ExecutionsTimedOut"}
        for run in self._cloud.executions:
            name, at = names.get(run.execution.status), run.execution.ended_at
            if name is not None and at is not None:
                yield Count("AWS/States", name, (("StateMachineArn", run.state_machine.arn),)), at, 1

    def _http(self, *asked: Any, **more: Any) -> Response:
        answer = self._request(*asked, **more)
        if answer.status >= 500:
            dimensions = (("ApiId", self._cloud.physical_id("Api")),)
            self._made[Count("AWS/ApiGateway", "5xx", dimensions)].append((self._cloud.timers.now(), 1))
        return answer

    def _see_age(self, _service: str, _operation: str, phase: str) -> None:
        running, payload, now = self._cloud.functions.running, self._cloud.functions.payload, self._cloud.timers.now()
        records = payload.get("Records", ()) if isinstance(payload, dict) else ()
        if running is not None and phase == "before" and records and "dynamodb" in records[-1]:
            written_at = records[-1]["dynamodb"]["ApproximateCreationDateTime"] * SECOND
            age = Count("AWS/Lambda", "IteratorAge", (("FunctionName", running.name),))
            self._made[age].append((now, now - written_at))
