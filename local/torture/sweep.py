"""The kill sweep: each journey is lived through once, and at every boundary of every AWS call somebody dies.

Before and after each call that a function makes, a child is forked. In the child the function is killed there, and all
lives on to the end, where it is judged; in the parent nothing has happened, and the life goes on to the next boundary.
"""

import os
import pickle
import signal
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from homing.domain.moments import DAY, HOUR, MINUTE
from local.cloud import Cloud
from local.torture.chronicle import Violation
from local.torture.faults import Rates
from local.torture.stories import OPENING, Act, Shopper, Story
from local.torture.trial import Case, Trial, Verdict

_HANGS_AFTER: Final = 60
"""Seconds that a child may take to live on."""

SWEEP_BOUND: Final = 3_000.0
"""Seconds for all deaths of one journey."""

_ADA: Final = Shopper("zqada1w", "en", "Europe/London")


def _life(*acts: tuple[int, str, dict[str, object]], birthday: str | None = None) -> Story:
    told = [Act(at, 0, verb, dict(more)) for at, verb, more in acts]
    return Story(OPENING + 10 * DAY, [replace(_ADA, birthday=birthday)], told)


_UNSUBSCRIBES: Final[tuple[int, str, dict[str, object]]] = (29 * DAY, "unsubscribes", {})

LIVES: Final = {
    "confirmation": _life((0, "signs_up", {}), (HOUR, "confirms", {}), (2 * HOUR, "unsubscribes", {})),
    "welcome": _life((0, "is_known", {"ago": 0}), _UNSUBSCRIBES),
    "cart": _life((0, "is_known", {"ago": 9}), (MINUTE, "adds", {"product": 0}), _UNSUBSCRIBES),
    "winback": _life(
        (0, "is_known", {"ago": 200}),
        (MINUTE, "orders", {"order": "o1", "total": 20, "ago": 90}),
        (25 * DAY, "orders", {"order": "o2", "total": 20}),
    ),
    "birthday": _life((0, "is_known", {"ago": 9}), birthday="1990-03-21"),
}
"""A life for each journey, from its first event to its last mail or its exit."""


@dataclass(frozen=True, slots=True)
class Swept:
    """What a journey's sweep came to: deaths by function, what they violated, and how many mails became unknown."""

    journey: str
    deaths: Counter[str]
    unknown: int
    violations: Sequence[tuple[str, Violation]] = ()
    """Each with the place of the death."""


@dataclass(slots=True)
class _Deaths:
    """Forks at each boundary. `heir` is the pipe of a child that has died there and lives on."""

    trial: Trial
    heir: int | None = None
    place: str = ""
    counts: Counter[str] = field(default_factory=Counter)
    unknown: int = 0
    violations: list[tuple[str, Violation]] = field(default_factory=list)

    def __call__(self, service: str, operation: str, phase: str) -> None:
        running = self.trial.cloud.functions.running
        if running is None or self.heir is not None:
            return
        self.counts[running.logical_id] += 1
        place = f"{running.logical_id} {phase} {service}.{operation}, death {self.counts.total()}"
        reader, writer = os.pipe()
        pid = os.fork()
        if pid == 0:
            os.close(reader)
            signal.alarm(_HANGS_AFTER)
            self.heir, self.place = writer, place
            self.trial.invocations.die()
        os.close(writer)
        self._learn(reader, pid, place)

    def _learn(self, reader: int, pid: int, place: str) -> None:
        with os.fdopen(reader, "rb") as pipe:
            told = pipe.read()
        os.waitpid(pid, 0)
        if not told:
            self.violations.append(
                (place, Violation("life goes on", "the child hung or died", self.trial.chronicle.now))
            )
            return
        verdict: Verdict = pickle.loads(told)  # noqa: S301 - our own child wrote it
        self.unknown += verdict.unknown
        self.violations += [(place, violation) for violation in verdict.violations]
        if verdict.unknown > 1:
            what = f"{verdict.unknown} mails are unknown after one death"
            self.violations.append((place, Violation("at most one unknown", what, self.trial.chronicle.now)))

    def tell(self, verdict: Verdict) -> None:
        """The child's last words."""
        with os.fdopen(self.heir or 0, "wb") as pipe:
            pickle.dump(verdict, pipe)
        os._exit(0)


def sweep(cloud: Cloud, journey: str) -> Swept:
    """Lives the journey's life on this cloud, which is nobody else's from now on."""
    trial = Trial(cloud, Case(0, LIVES[journey], Rates()))
    deaths = _Deaths(trial)
    cloud.on_call(deaths)
    verdict = trial.run()
    if deaths.heir is not None:
        deaths.tell(verdict)
    alive = [("nobody died", violation) for violation in verdict.violations]
    sent = [mail.tags["journey"] for mail in trial.chronicle.mails]
    if journey not in sent:
        alive.append(("nobody died", Violation("the journey is lived", f"no mail of {journey} was sent", 0)))
    return Swept(journey, deaths.counts, deaths.unknown, [*alive, *deaths.violations])
