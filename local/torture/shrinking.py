"""A failing case cut down to the shortest that still breaks the same invariant, as far as the time allows."""

import time
from collections.abc import Callable, Collection, Iterator
from dataclasses import replace
from typing import Final

from local.torture.forks import ChildFailed, in_children
from local.torture.trial import Case, Verdict

TRIAL_BOUND: Final = 300.0
"""Seconds: far more than any trial takes, on a busy machine too."""


def shrink(
    case: Case,
    verdict: Verdict,
    attempt: Callable[[Case], Verdict],
    *,
    workers: int,
    seconds: float,
    rules: Collection[str] = (),
) -> tuple[Case, Verdict]:
    """The shortest case found, and its verdict; `attempt` tries a case, in a child.

    One of `rules` goes on being broken; of none, the one that was broken first.
    """
    kept = rules or {verdict.violations[0].rule}
    ends_by = time.monotonic() + seconds
    shorter = True
    while shorter and time.monotonic() < ends_by:
        shorter = False
        for smaller, told in in_children(_smaller(case), attempt, workers=workers, bound=TRIAL_BOUND):
            if not isinstance(told, ChildFailed) and any(each.rule in kept for each in told.violations):
                case, verdict, shorter = smaller, told, True
                break
            if time.monotonic() > ends_by:
                break
    return case, verdict


def _smaller(case: Case) -> Iterator[Case]:
    """Cases that are a little less: first without much, in the end without a single act or kind of faults."""
    acts = len(case.story.acts)
    size = acts // 2
    while size > 1:
        for start in range(0, acts, size):
            yield replace(case, story=case.story.without(set(range(start, min(start + size, acts)))))
        size //= 2
    for kind in case.rates.kinds():
        yield replace(case, rates=case.rates.without(kind))
    for place in range(acts):
        yield replace(case, story=case.story.without({place}))
