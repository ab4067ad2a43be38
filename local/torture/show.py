"""What a torture came to, for people."""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from time import perf_counter
from typing import Protocol

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from local.torture.sweep import Swept
from local.torture.trial import Case, Verdict


class Step(Protocol):
    """Is called when one more is done, with how many violations there are by now."""

    def __call__(self, violations: int) -> None: ...


@contextmanager
def progress(console: Console, what: str, total: int) -> Iterator[Step]:
    """A bar on a terminal; else a line every tenth of the way."""
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    # A real clock: the process's own stands still in virtual time.
    with Progress(*columns, console=console, get_time=perf_counter, transient=True) as bar:
        task = bar.add_task(what, total=total)
        done = 0

        def step(violations: int) -> None:
            nonlocal done
            done += 1
            bar.update(task, completed=done, description=f"{what}, {violations} violated")
            if not console.is_terminal and (done * 10 // total) > ((done - 1) * 10 // total):
                console.print(f"{what}: {done} of {total}, {violations} violated")

        yield step


def summary(verdicts: list[Verdict], seconds: float) -> str:
    """One line on many seeds."""
    faults: Counter[str] = Counter()
    for verdict in verdicts:
        faults.update(verdict.faults)
    told = ", ".join(f"{count:,} {kind}" for kind, count in faults.most_common())
    mails = sum(verdict.mails for verdict in verdicts)
    violated = sum(bool(verdict.violations) for verdict in verdicts)
    seeds = "1 seed" if len(verdicts) == 1 else f"{len(verdicts):,} seeds"
    return (
        f"{seeds} in {seconds:,.0f} s: {violated} violated; "
        f"{mails:,} {'mail' if mails == 1 else 'mails'} among {faults.total():,} faults ({told or 'none'})"
    )


def swept(told: Swept) -> Iterator[str]:
    """What a journey's kill sweep came to."""
    by_function = ", ".join(f"{function} {count}" for function, count in sorted(told.deaths.items()))
    yield (
        f"{told.journey}: {told.deaths.total()} deaths ({by_function}); "
        f"{told.unknown} mails unknown after all, {len(told.violations)} violations"
    )
    yield from (f"  {place}: {violation}" for place, violation in told.violations[:5])


def failure(case: Case, verdict: Verdict, plant: str | None) -> Iterator[str]:
    """A violated seed: what was violated, the shortest story found, and how to see it again."""
    yield f"seed {case.seed} violated:"
    yield from (f"  {violation}" for violation in verdict.violations[:5])
    happened = ", ".join(f"{count} {kind}" for kind, count in sorted(verdict.faults.items()))
    yield f"the shortest story found, with these faults: {happened or 'none'}"
    yield from (f"  {line}" for line in case.story.lines())
    again = f"homing torture --seed {case.seed}"
    yield f"again:  {again} --plant {plant}" if plant else f"again:  {again}"
