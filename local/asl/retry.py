"""When a failed state is tried again."""

from dataclasses import dataclass
from math import inf
from random import Random
from typing import Final

from homing.domain.moments import DAY, SECOND, Duration
from local.asl.errors import StateError

# An execution lasts at most a year, so nobody sees a longer delay end.
LONGEST_DELAY: Final = 366 * DAY


@dataclass(frozen=True, slots=True)
class Retrier:
    """One entry of a Retry field; `interval` and `max_delay` in milliseconds."""

    errors: tuple[str, ...]
    interval: Duration = SECOND
    max_attempts: int = 3
    backoff_rate: float = 2.0
    max_delay: Duration = LONGEST_DELAY
    jitter: bool = False

    def delay(self, retries: int, random: Random) -> Duration:
        """How long to wait before the next attempt, after so many `retries` of this retrier."""
        try:
            backed_off = self.interval * self.backoff_rate**retries
        except OverflowError:
            backed_off = inf
        delay = min(backed_off, self.max_delay)
        return int(random.uniform(0, delay) if self.jitter else delay)


class Attempts:
    """The attempts at one visit of a state: each retrier counts its own."""

    __slots__ = ("_counts", "_retriers")

    def __init__(self, retriers: tuple[Retrier, ...]) -> None:
        self._retriers = retriers
        self._counts = [0] * len(retriers)

    def delay_before_retry(self, error: StateError, random: Random) -> Duration | None:
        """How long to wait before trying again; None where `error` is not to be retried, or no longer.

        The first retrier that names the error decides, even where its attempts are spent.
        """
        for index, retrier in enumerate(self._retriers):
            if error.matches(retrier.errors):
                retries = self._counts[index]
                if retries >= retrier.max_attempts:
                    return None
                self._counts[index] += 1
                return retrier.delay(retries, random)
        return None
