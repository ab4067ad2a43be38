"""The invocations of functions: what each was given, what it counted, what it came to, and whether it died."""

import json
from collections import Counter, deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple, NoReturn

from homing.domain.moments import Moment
from local.cloud import Cloud, Killed, Outcome

_METRIC: Final = '"_aws"'
"""What a line in CloudWatch's embedded metric format holds, and no line of a log does."""


class Count(NamedTuple):
    """A metric, and its dimensions in the order of their names."""

    namespace: str
    name: str
    dimensions: tuple[tuple[str, str], ...]


@dataclass(slots=True)
class Invocation:
    """One run of a handler. `outcome` is None where nobody heard it, and `payload` where it did nothing."""

    function: str
    at: Moment
    payload: Any = None
    outcome: Outcome | None = None
    is_dead: bool = False
    is_disturbed: bool = False
    """Whether a fault happened in it, or in what ran within it."""
    noted: Counter[str] = field(default_factory=Counter)
    """What those who watch have seen it do."""
    lines: list[str] = field(default_factory=list)

    @property
    def error(self) -> str | None:
        """The name of the error that it raised."""
        return None if self.outcome is None or self.outcome.error is None else str(self.outcome.error["errorType"])

    @property
    def answered(self) -> bool:
        """Whether it came to its end, and was heard."""
        return self.outcome is not None and not self.outcome.failed

    def counted(self) -> Counter[Count]:
        """The sums of its metrics, as CloudWatch reads them off the log."""
        sums: Counter[Count] = Counter()
        for line in self.lines:
            for count, amount in read_metrics(line):
                sums[count] += int(amount)
        return sums


class Invocations:
    """Watches what functions write and come to. `happened` tells how many faults there have been.

    Whoever stands at the beginning and the end of invocations tells of them; nothing is seen before the first.
    """

    def __init__(self, cloud: Cloud) -> None:
        self.all: list[Invocation] = []
        self.happened: Callable[[], int] = lambda: 0
        self._cloud = cloud
        self._running: list[tuple[Invocation, int]] = []
        self._last: Invocation | None = None
        for function in cloud.functions.by_arn.values():
            function.log = _Heard(function.log, self._hear)
        cloud.observe_answers(self._answered)

    @property
    def current(self) -> Invocation | None:
        """The one that runs now."""
        if not self._running:
            return None
        invocation, _ = self._running[-1]
        if invocation.payload is None:
            invocation.payload = self._cloud.functions.payload
        return invocation

    def begins(self, function: str) -> None:
        """A handler is about to run."""
        invocation = Invocation(function, self._cloud.timers.now())
        self.all.append(invocation)
        self._running.append((invocation, self.happened()))

    def ends(self) -> None:
        """The one that ran has come to its end, or died."""
        invocation, before = self._running.pop()
        invocation.is_disturbed = invocation.is_dead or self.happened() > before
        self._last = invocation

    def die(self) -> NoReturn:
        """The function that runs dies here: nothing that it writes from now on is heard."""
        if self.current is not None:
            self.current.is_dead = True
        raise Killed

    def hold_the_dead(self) -> None:
        """Raises Killed where the function that runs has died: what stands in a `finally` does not run on Lambda."""
        if self.current is not None and self.current.is_dead:
            raise Killed

    def _hear(self, line: str) -> None:
        if _METRIC in line and self.current is not None and not self.current.is_dead:
            self.current.lines.append(line)

    def _answered(self, _function: str, outcome: Outcome) -> None:
        if self._last is not None:
            self._last.outcome, self._last = outcome, None


class _Heard(deque[str]):
    """A log that tells of each line as it is written."""

    def __init__(self, lines: deque[str], hear: Callable[[str], None]) -> None:
        super().__init__(lines, lines.maxlen)
        self._hear = hear

    def extend(self, lines: Any, /) -> None:
        for line in lines:
            self.append(line)
            self._hear(line)


def read_metrics(line: str) -> Iterator[tuple[Count, float]]:
    """The metrics of a line in embedded metric format, each with its sum.

    Source: https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html
    """
    told = json.loads(line)
    for directive in told["_aws"]["CloudWatchMetrics"]:
        for names in directive["Dimensions"]:
            dimensions = tuple(sorted((name, str(told[name])) for name in names))
            for metric in directive["Metrics"]:
                value = told[metric["Name"]]
                count = Count(directive["Namespace"], metric["Name"], dimensions)
                yield count, sum(value) if isinstance(value, list) else value
