"""One run of a state machine."""

from dataclasses import dataclass, field
from enum import StrEnum

from homing.domain.moments import Moment
from local.asl.expressions import JSON


class Status(StrEnum):
    """As Step Functions' DescribeExecution names them."""

    RUNNING = "RUNNING"
    SUCCEEDED = "SUCCEEDED"
    FAILED = "FAILED"
    TIMED_OUT = "TIMED_OUT"
    ABORTED = "ABORTED"


@dataclass(slots=True, eq=False)
class Execution:
    """`output` is set where it succeeded, `error` and `cause` where it did not and there are any.

    `entered` holds (moment, state name) in order, those of branches and iterations among them. `transitions`
    is what AWS bills: states entered and retries.
    """

    name: str
    input: JSON
    started_at: Moment
    status: Status = Status.RUNNING
    output: JSON = None
    error: str | None = None
    cause: str | None = None
    ended_at: Moment | None = None
    entered: list[tuple[Moment, str]] = field(default_factory=list, repr=False)
    transitions: int = 0
