"""What surrounds the running states: the execution, its variables and its context object."""

from collections.abc import Mapping
from dataclasses import dataclass
from random import Random
from typing import TYPE_CHECKING

from homing.domain.moments import Moment, format_moment
from local.asl.expressions import JSON, Names
from local.timers import Timers

if TYPE_CHECKING:
    from local.asl.execution import Execution


@dataclass(slots=True)
class Frame:
    """One scope of variables: the execution's own, or that of a branch or an iteration within it.

    Variables and context are replaced and never changed, so that scopes may share them.
    """

    execution: "Execution"
    timers: Timers
    random: Random
    context: dict[str, JSON]
    variables: Mapping[str, JSON]

    def now(self) -> Moment:
        return self.timers.now()

    def enter(self, state_name: str) -> None:
        """Note that a state begins."""
        now = self.now()
        self.execution.entered.append((now, state_name))
        self.execution.transitions += 1
        self.context = {
            **self.context,
            "State": {"EnteredTime": format_moment(now), "Name": state_name, "RetryCount": 0},
        }

    def retry(self) -> None:
        """Note that the present state begins again; AWS bills a retry as a transition."""
        self.execution.transitions += 1
        state = self.context["State"]
        self.context = {**self.context, "State": {**state, "RetryCount": state["RetryCount"] + 1}}

    def names(self, data: JSON, **more: JSON) -> Names:
        """What an expression may name here, where `data` is the input of the state."""
        states = {"input": data, "context": self.context, **more}
        return Names(states, self.variables, self.now(), self.random)

    def inner(self, **context: JSON) -> "Frame":
        """The frame of a branch or an iteration: it reads the variables here, and writes only its own."""
        return Frame(self.execution, self.timers, self.random, {**self.context, **context}, self.variables)
