"""One heap of timers, and the clocks that it runs on.

Everything in the local cloud that waits, waits here: state machines, retries, schedules, batching windows.
Timers run one at a time, in order of moment and then of when they were set, so a run is the same every time.
"""

import heapq
import time
from collections.abc import Callable
from itertools import count
from types import TracebackType
from typing import Protocol, Self

import time_machine

from homing.domain.moments import Moment

_NANOSECONDS_PER_MILLISECOND = 1_000_000
# time-machine takes seconds as a float, whose steps are a quarter of a microsecond nowadays: without this
# surplus, half of all milliseconds would be read back as the one before.
_SURPLUS_SECONDS = 5e-7


class Clock(Protocol):
    """What tells the time, and may be told it."""

    def now(self) -> Moment: ...

    def move_to(self, moment: Moment) -> None: ...


class RealClock:
    """The wall clock: nobody moves it."""

    def now(self) -> Moment:
        return time.time_ns() // _NANOSECONDS_PER_MILLISECOND

    def move_to(self, moment: Moment) -> None:
        """Nothing to do: real time arrives by itself."""


class ManualClock:
    """A clock that stands until it is moved, and that nobody else sees."""

    def __init__(self, moment: Moment) -> None:
        self._moment = moment

    def now(self) -> Moment:
        return self._moment

    def move_to(self, moment: Moment) -> None:
        """Stand at `moment`. Raises ValueError for one that has passed."""
        if moment < self._moment:
            raise ValueError(f"time does not run backwards: from {self._moment} to {moment}")
        self._moment = moment


class VirtualClock(ManualClock):
    """A clock that stands until it is moved, and that the whole process sees, as a context manager.

    `time.time`, `datetime.now` and all that rests on them follow it, so handlers, boto3 and moto live in
    virtual time and know nothing of it. `time.perf_counter`, `time.monotonic` and `time.sleep` stay real.
    """

    def __enter__(self) -> Self:
        self._travel = time_machine.travel(_seconds(self.now()), tick=False)
        self._traveller = self._travel.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._travel.stop()

    def move_to(self, moment: Moment) -> None:
        super().move_to(moment)
        self._traveller.move_to(_seconds(moment))


class Timer:
    """A callback that waits for its moment."""

    __slots__ = ("_callback", "moment")

    def __init__(self, moment: Moment, callback: Callable[[], object]) -> None:
        self.moment = moment
        self._callback: Callable[[], object] | None = callback

    @property
    def waits(self) -> bool:
        """Whether it is still to run."""
        return self._callback is not None

    def cancel(self) -> None:
        """Never run; a timer that has run or is cancelled already stays as it is."""
        self._callback = None

    def run(self) -> None:
        callback, self._callback = self._callback, None
        if callback is not None:
            callback()


class Timers:
    """The timers of a clock, run one at a time in order of (moment, when they were set)."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._heap: list[tuple[Moment, int, Timer]] = []
        self._sequence = count()

    def now(self) -> Moment:
        return self._clock.now()

    def call_at(self, moment: Moment, callback: Callable[[], object]) -> Timer:
        """Run `callback` at `moment`, or next where that has passed already."""
        timer = Timer(max(moment, self.now()), callback)
        heapq.heappush(self._heap, (timer.moment, next(self._sequence), timer))
        return timer

    def next_moment(self) -> Moment | None:
        """When the next timer is due; None where nothing waits."""
        while self._heap and not self._heap[0][2].waits:
            heapq.heappop(self._heap)
        return self._heap[0][0] if self._heap else None

    def run_next(self) -> bool:
        """Run the next timer, moving a virtual clock to its moment; False where nothing waits."""
        moment = self.next_moment()
        if moment is None:
            return False
        timer = heapq.heappop(self._heap)[2]
        if moment > self.now():
            self._clock.move_to(moment)
        timer.run()
        return True

    def advance_to(self, moment: Moment) -> None:
        """Run all that is due up to and at `moment`, each timer at its own moment, and stand at `moment`.

        Timers set on the way run too if they fall due. On the real clock, `advance_to(now())` runs what is
        due.
        Raises ValueError where a virtual clock stands later than `moment`.
        """
        while (due := self.next_moment()) is not None and due <= moment:
            self.run_next()
        self._clock.move_to(moment)


def _seconds(moment: Moment) -> float:
    return moment / 1_000 + _SURPLUS_SECONDS
