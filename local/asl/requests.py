"""What a running state asks of the interpreter: a state is a generator that yields these."""

from collections.abc import Generator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

from homing.domain.moments import Moment

if TYPE_CHECKING:
    from local.asl.distributed import Child
    from local.asl.frame import Frame
    from local.asl.machine import Machine

JSON: TypeAlias = Any


@dataclass(frozen=True, slots=True)
class Sleep:
    """Go on at `until`."""

    until: Moment


@dataclass(frozen=True, slots=True)
class Invoke:
    """Go on with what the function returns, or have its TaskFailed thrown in."""

    function_name: str
    payload: JSON


@dataclass(frozen=True, slots=True)
class AskService:
    """Go on with what an AWS service answers, or have its TaskFailed thrown in."""

    service: str
    action: str
    arguments: JSON


@dataclass(frozen=True, slots=True)
class Branch:
    """A sub-machine to run beside others, in a frame of its own."""

    machine: "Machine | Child"
    frame: "Frame"
    input: JSON


@dataclass(frozen=True, slots=True)
class Fork:
    """Go on with the outputs of all branches, in their order, or have the first StateError thrown in.

    At most `limit` branches run at once; the others wait their turn. A failed branch stops the rest.
    """

    branches: Sequence[Branch]
    limit: int


Request: TypeAlias = Sleep | Invoke | AskService | Fork
Running: TypeAlias = Generator[Request, Any, Any]
