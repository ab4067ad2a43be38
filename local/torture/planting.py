"""How a bug is planted: in the loaded modules of some functions, and among which faults and acts it is looked for."""

import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import wraps
from typing import Any

from local.cloud.functions import Function
from local.torture.stories import Act
from local.torture.trial import Case, Verdict, case_of


@dataclass(frozen=True, slots=True)
class Plant:
    """A bug. `plant` is called inside each instance of these functions.

    `breaks` are the rules that a reader would expect it to break: it is found where a judge sees one of them broken,
    and not where another rule is.

    Most bugs show in any story sooner or later. For those that would take hundreds of seeds, `rates` are faults that
    are as frequent as this whatever the seed drew, and `acts` what the first shopper, at `mailbox`, does besides.
    """

    name: str
    told: str
    functions: frozenset[str]
    plant: Callable[[], None]
    breaks: frozenset[str]
    seed: int = 0
    """The first seed known to show it, from which on it is looked for."""
    rates: Mapping[str, float] = field(default_factory=dict)
    acts: Sequence[Act] = ()
    mailbox: str | None = None

    def __call__(self, function: Function) -> None:
        if function.logical_id in self.functions:
            self.plant()

    def is_found_in(self, verdict: Verdict) -> bool:
        """Whether a rule that the bug breaks is among those that were violated."""
        return any(violation.rule in self.breaks for violation in verdict.violations)

    def case_of(self, seed: int) -> Case:
        """The case of a seed, with what this bug needs to show."""
        case = case_of(seed)
        story = case.story
        if self.acts:
            first = replace(story.shoppers[0], mailbox=self.mailbox)
            acts = sorted([*story.acts, *self.acts], key=lambda act: act.at)
            story = replace(story, shoppers=[first, *story.shoppers[1:]], acts=acts)
        return Case(seed, story, replace(case.rates, **self.rates))


PLANTS: dict[str, Plant] = {}


def planted(
    *functions: str, breaks: Sequence[str], **looked_for: Any
) -> Callable[[Callable[[], None]], Callable[[], None]]:
    """Makes the decorated function a plant in these functions of the template; the others are as in `Plant`."""

    def named(plant: Callable[[], None]) -> Callable[[], None]:
        name = plant.__name__
        told = plant.__doc__ or ""
        PLANTS[name] = Plant(name, told, frozenset(functions), plant, frozenset(breaks), **looked_for)
        return plant

    return named


def wrapped(owner: Any, name: str, wrap: Callable[[Callable[..., Any]], Callable[..., Any]]) -> None:
    """`owner`'s function of this name as `wrap` makes it of the old one."""
    old = getattr(owner, name)
    setattr(owner, name, wraps(old)(wrap(old)))


def everywhere(name: str, new: Any) -> None:
    """Replaces a function where it was defined and wherever it was imported."""
    for module in list(sys.modules.values()):
        if getattr(module, "__name__", "").partition(".")[0] in ("homing", "app") and hasattr(module, name):
            setattr(module, name, new)
