"""Faults: what the seed lets go wrong, before and after every AWS call, in Lambda, and in deliveries."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, fields, replace
from random import Random
from typing import Final, Literal

from botocore.exceptions import ConnectTimeoutError, ReadTimeoutError

from homing.domain.moments import HOUR, MINUTE, SECOND, Duration
from local.cloud import Cloud, Refusal
from local.cloud.deliveries import Deliveries, Source
from local.cloud.functions import Function
from local.cloud.seam import Fault
from local.torture.invocations import Invocations

Phase = Literal["before", "after"]

_DEPTH: Final = 2
"""Invocations within invocations: two are enough for any two to race."""

_LATE: Final = (SECOND, 30 * SECOND, 5 * MINUTE, HOUR, 5 * HOUR)


@dataclass(frozen=True, slots=True)
class Rates:
    """How likely each kind of fault is, each time that it could happen."""

    kill: float = 0
    throttle: float = 0
    fail: float = 0
    lose: float = 0
    interleave: float = 0
    cold: float = 0
    lambda_fails: float = 0
    ses: float = 0
    """The send function dies at its call of SES: before it, or after SES has taken the mail."""
    outage: float = 0
    """A call fails, and so do all that follow within the invocation."""
    late: float = 0
    again: float = 0
    client: float = 0
    """The client's request or its answer is lost."""

    @classmethod
    def draw(cls, random: Random) -> "Rates":
        """Some kinds of faults, from rare to common; each seed has others."""
        return cls(
            kill=random.choice((0, 0.002, 0.01, 0.02)),
            throttle=random.choice((0, 0.01, 0.05)),
            fail=random.choice((0, 0.01, 0.03)),
            lose=random.choice((0, 0.005, 0.02, 0.05)),
            interleave=random.choice((0, 0.02, 0.1)),
            cold=random.choice((0, 0.01)),
            lambda_fails=random.choice((0, 0.01, 0.05)),
            ses=random.choice((0, 0.05, 0.2)),
            outage=random.choice((0, 0.002, 0.01)),
            late=random.choice((0, 0.05, 0.2)),
            again=random.choice((0, 0.05, 0.2)),
            client=random.choice((0, 0.1, 0.3)),
        )

    def without(self, kind: str) -> "Rates":
        """The same without one kind."""
        return replace(self, **{kind: 0})

    def kinds(self) -> list[str]:
        """The kinds that happen at all."""
        return [field.name for field in fields(self) if getattr(self, field.name)]


class Faults(Deliveries):
    """The faults of one seed. They are switched on by `begin` and off by `end`."""

    def __init__(
        self, cloud: Cloud, rates: Rates, seed: int, note: Callable[[str], None], invocations: Invocations
    ) -> None:
        self.happened: Counter[str] = Counter()
        self._cloud = cloud
        self._invocations = invocations
        invocations.happened = self.happened.total
        self._rates = rates
        self._random = Random(f"faults {seed}")
        self._note = note
        self._on = False
        self._depth = 0
        self._outage = -1

    def begin(self) -> None:
        self._on = True
        self._cloud.seam.faults = self._call
        self._cloud.functions.trouble = self._invocation
        self._cloud.on_call(self._boundary)
        self._cloud.deliver_by(self)

    def end(self) -> None:
        """From now on all goes as it should."""
        self._on = False
        self._outage = -1

    def strikes(self, kind: str) -> bool:
        """Whether a fault of the kind happens now."""
        rate: float = getattr(self._rates, kind)
        if not self._on or not rate or self._random.random() >= rate:
            return False
        self.happened[kind] += 1
        self._note(kind)
        return True

    def shuffled(self, things: list[Callable[[], bool]]) -> list[Callable[[], bool]]:
        """The things in an order of the seed's."""
        return self._random.sample(things, len(things))

    # Deliveries

    def delay(self, source: Source) -> Duration:
        return self._random.choice(_LATE) if self.strikes("late") else 0

    def again(self, source: Source) -> bool:
        return self.strikes("again")

    def batch(self, source: Source, waiting: int) -> int:
        return self._random.randint(1, waiting) if self._on and waiting > 1 else waiting

    # Calls and invocations

    def _boundary(self, service: str, operation: str, phase: Phase) -> None:
        if self._cloud.functions.running is None:
            return
        self._invocations.hold_the_dead()
        if self.strikes("kill") or (service == "sesv2" and self.strikes("ses")):
            self._invocations.die()
        if self._depth < _DEPTH and self.strikes("interleave"):
            self._depth += 1
            for _ in range(self._random.randint(1, 3)):
                any(pump() for pump in self.shuffled(self._cloud.pumps))
            self._depth -= 1

    def _call(self, service: str, operation: str) -> Fault | None:
        if self._cloud.functions.running is None:
            return None
        phase: Phase = "before" if self._random.random() < 0.5 else "after"
        if self._cloud.functions.invocations == self._outage or self.strikes("outage"):
            self._outage = self._cloud.functions.invocations
            return Fault("before", Refusal("InternalServerError", "Internal server error", 500))
        if self.strikes("throttle"):
            return Fault("before", Refusal("ThrottlingException", "Rate exceeded"))
        if self.strikes("fail"):
            return Fault(phase, Refusal("InternalServerError", "Internal server error", 500))
        if self.strikes("lose"):
            error = ConnectTimeoutError if phase == "before" else ReadTimeoutError
            return Fault(phase, error(endpoint_url=f"https://{service}.example"))
        return None

    def _invocation(self, function: Function, phase: Phase) -> str | None:
        if phase == "before" and self.strikes("cold"):
            self._cloud.functions.cool(function.logical_id)
        fails = self.strikes("lambda_fails")
        if phase == "after":
            self._invocations.ends()
        elif not fails:
            self._invocations.begins(function.logical_id)
        if not fails:
            return None
        return "Lambda.TooManyRequestsException" if phase == "before" else "Lambda.SdkClientException"
