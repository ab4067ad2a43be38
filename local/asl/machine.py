"""A parsed state machine, ready to run."""

from collections.abc import Mapping
from dataclasses import dataclass

from homing.domain.moments import Duration
from local.asl.expressions import JSON
from local.asl.frame import Frame
from local.asl.requests import Running
from local.asl.states import State


@dataclass(frozen=True, slots=True, eq=False)
class Machine:
    """A state machine, or the part of one that a branch or an iteration runs; `timeout` in milliseconds."""

    start_at: str
    states: Mapping[str, State]
    timeout: Duration | None = None

    def run(self, frame: Frame, data: JSON) -> Running:
        """Run from the first state to the end; the generator returns the output."""
        name: str | None = self.start_at
        while name is not None:
            frame.enter(name)
            name, data = yield from self.states[name].run(frame, data)
        return data
