"""A strand: one sequence of states of an execution. Map and Parallel fork one into branches and join them."""

from typing import TYPE_CHECKING, Any

from local.asl.errors import StateError
from local.asl.expressions import JSON
from local.asl.requests import Fork, Request, Running

if TYPE_CHECKING:
    from homing.domain.moments import Moment
    from local.timers import Timer


class Strand:
    """A running generator, the timer that it waits for, and the branches that it has forked."""

    __slots__ = ("_branches", "_fork", "_generator", "_outputs", "parent", "stopped", "timer")

    def __init__(self, generator: Running, parent: "Strand | None" = None) -> None:
        self.parent = parent
        self.timer: Timer | None = None
        self.stopped = False
        self._generator = generator
        self._fork: Fork | None = None
        self._branches: list[Strand] = []
        self._outputs: dict[Strand, JSON] = {}

    def step(self, answer: JSON, error: StateError | None) -> Request:
        """Go on with an answer or an error; raises StopIteration with the output, or StateError."""
        if error is not None:
            return self._generator.throw(error)
        return self._generator.send(answer)

    def fork(self, fork: Fork) -> None:
        """Have branches to run; `next_branch` begins one."""
        self._fork, self._branches, self._outputs = fork, [], {}

    @property
    def branches_wait(self) -> bool:
        """Whether some branches have not begun."""
        return self._fork is not None and len(self._branches) < len(self._fork.branches)

    def next_branch(self) -> "Strand":
        """Begin the next branch."""
        branch = self._open_fork().branches[len(self._branches)]
        strand = Strand(branch.machine.run(branch.frame, branch.input), parent=self)
        self._branches.append(strand)
        return strand

    def note_output(self, branch: "Strand", output: JSON) -> None:
        """Keep what a branch returned."""
        self._outputs[branch] = output

    def join(self) -> list[Any] | None:
        """The outputs in the order of the branches, once all have returned."""
        if len(self._outputs) < len(self._open_fork().branches):
            return None
        outputs = [self._outputs[branch] for branch in self._branches]
        self._fork, self._branches, self._outputs = None, [], {}
        return outputs

    def resumes_at(self) -> "Moment | None":
        """The moment at which it goes on, or the first of its branches does; None where no timer waits."""
        moments = [branch.resumes_at() for branch in self._branches]
        if self.timer is not None and self.timer.waits:
            moments.append(self.timer.moment)
        return min((moment for moment in moments if moment is not None), default=None)

    def stop_branches(self) -> None:
        """Let no branch go on."""
        for branch in self._branches:
            branch.stop()
        self._fork, self._branches, self._outputs = None, [], {}

    def stop(self) -> None:
        """Never go on, nor any branch."""
        self.stop_branches()
        self.stopped = True
        if self.timer is not None:
            self.timer.cancel()
        self._generator.close()

    def _open_fork(self) -> Fork:
        if self._fork is None:
            raise RuntimeError("this strand has no branches")
        return self._fork
