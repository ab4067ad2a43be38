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
    counts states entered and retries. `children` are the executions of its distributed Maps.
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
    children: "list[Execution]" = field(default_factory=list, repr=False)

    @property
    def billed_transitions(self) -> int:
        """The transitions that AWS bills: its own, and those of its children, which are of the Standard type."""
        return self.transitions + sum(child.billed_transitions for child in self.children)

    def end(
        self,
        status: Status,
        at: Moment,
        *,
        output: JSON = None,
        error: str | None = None,
        cause: str | None = None,
    ) -> None:
        """Note how it ended."""
        self.status, self.ended_at = status, at
        self.output, self.error, self.cause = output, error, cause
