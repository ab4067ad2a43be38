"""The command `homing torture`."""

import os
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console

from local.terminal import errors, fail

if TYPE_CHECKING:
    from local.cloud import Cloud
    from local.torture.plants import Plant
    from local.torture.trial import Case, Verdict

_console = Console(highlight=False, soft_wrap=True, emoji=False)

_SEEDS = 100
_SHRINKING_SECONDS = 60
_SHRUNK = 3
"""Violated seeds that are cut down; where there are more, they most often are the same."""


def torture(
    *,
    seeds: Annotated[
        int | None,
        typer.Option(help=f"How many seeds, from 0 on, or from a plant's own first; {_SEEDS} unless told.", min=1),
    ] = None,
    seed: Annotated[int | None, typer.Option(help="Only this seed, as a failure names it.", min=0)] = None,
    kill_sweep: Annotated[
        bool, typer.Option("--kill-sweep", help="Instead of seeds: a death at every call boundary of every journey.")
    ] = False,
    plant: Annotated[
        str | None, typer.Option(help="Plant this bug first; it is to be found, so that 1 is right.")
    ] = None,
    list_plants: Annotated[bool, typer.Option("--list-plants", help="Tell which bugs can be planted.")] = False,
    workers: Annotated[int, typer.Option(help="Processes at a time; 0 takes one for each core.", min=0)] = 0,
) -> None:
    """Let faults befall the deployed template, and hold it to its word.

    That is: never twice, never after "stop", never lost. Each seed draws a
    story of a few shoppers over some weeks, and what goes wrong on the way:
    functions die between any two AWS calls, calls are throttled, fail or lose
    their answers after the effect, deliveries come again, late and in another
    order, functions run in the middle of others. After every step all
    invariants are held (docs/decisions/0020-torture.md).

    Ends with 0 where nothing is violated; else with 1, the violations, and the
    shortest story found that shows them. A planted bug is to break a rule of
    its own: with 2, where only others were seen to be broken.

    Example:  homing torture --seeds 1000
    """
    from local.torture.plants import PLANTS

    tasks = {"--seeds": seeds, "--seed": seed, "--kill-sweep": kill_sweep or None, "--list-plants": list_plants or None}
    told = [name for name, value in tasks.items() if value is not None]
    if len(told) > 1:
        fail(f"{' and '.join(told)} are tasks of their own: give one of them")
    if list_plants:
        for each in PLANTS.values():
            _console.print(f"{each.name:28} {each.told}", markup=False)
            _console.print(f"{'':28} breaks: {', '.join(sorted(each.breaks))}", markup=False)
        return
    if plant is not None and plant not in PLANTS:
        fail(f"no plant {plant}; --list-plants tells which there are")
    planted = None if plant is None else PLANTS[plant]
    workers = workers or os.cpu_count() or 1
    with _opened(planted) as cloud:
        if kill_sweep:
            violated = _sweep(cloud, workers)
        else:
            first = planted.seed if planted is not None else 0
            numbers = range(first, first + (seeds or _SEEDS)) if seed is None else [seed]
            violated = _try_seeds(cloud, numbers, planted, workers)
    raise typer.Exit(1 if violated else 0)


def _try_seeds(cloud: "Cloud", numbers: Sequence[int], plant: "Plant | None", workers: int) -> bool:
    from local.torture.show import failure, summary
    from local.torture.shrinking import shrink
    from local.torture.trial import case_of, try_case

    draw = case_of if plant is None else plant.case_of

    def attempt(case: "Case") -> "Verdict":
        return try_case(cloud, case)

    started = time.perf_counter()
    verdicts = _try_all(cloud, numbers, draw, workers, until=None if plant is None else plant.is_found_in)
    _console.print(summary(verdicts, time.perf_counter() - started), markup=False)
    violated = [verdict for verdict in verdicts if verdict.violations]
    found = [] if plant is None else [verdict for verdict in violated if plant.is_found_in(verdict)]
    rules = plant.breaks if plant is not None and found else ()
    for verdict in (found or violated)[:_SHRUNK]:
        case = draw(verdict.seed)
        errors.print(f"seed {case.seed} is violated; looking for its shortest story, for up to {_SHRINKING_SECONDS} s")
        shortest = shrink(case, verdict, attempt, workers=workers, seconds=_SHRINKING_SECONDS, rules=rules)
        for line in failure(*shortest, plant.name if plant else None):
            _console.print(line, markup=False)
    if len(violated) > _SHRUNK:
        _console.print("violated as well: " + ", ".join(str(verdict.seed) for verdict in violated[_SHRUNK:]))
    if plant is not None and violated and not found:
        fail(f"{plant.name} breaks {', '.join(sorted(plant.breaks))}, and only other rules were seen to be broken")
    return bool(violated)


def _try_all(
    cloud: "Cloud",
    numbers: Sequence[int],
    draw: "Callable[[int], Case]",
    workers: int,
    *,
    until: "Callable[[Verdict], bool] | None",
) -> "list[Verdict]":
    """The verdicts on these seeds, up to the first that `until` takes."""
    from local.torture.forks import ChildFailed, in_children
    from local.torture.show import progress
    from local.torture.shrinking import TRIAL_BOUND
    from local.torture.trial import try_case

    verdicts: list[Verdict] = []
    with progress(errors, "seeds", len(numbers)) as step:
        for number, told in in_children(
            numbers, lambda each: try_case(cloud, draw(each)), workers=workers, bound=TRIAL_BOUND
        ):
            if isinstance(told, ChildFailed):
                fail(f"seed {number} could not be judged: {told}")
            verdicts.append(told)
            step(sum(bool(verdict.violations) for verdict in verdicts))
            if until is not None and until(told):
                break
    return sorted(verdicts, key=lambda verdict: verdict.seed)


def _sweep(cloud: "Cloud", workers: int) -> bool:
    from local.torture.forks import ChildFailed, in_children
    from local.torture.show import swept
    from local.torture.sweep import LIVES, SWEEP_BOUND, sweep

    violated = False
    errors.print(f"killing a function at each call of {', '.join(LIVES)}, each of which takes a minute or more")
    for journey, told in in_children(LIVES, lambda each: sweep(cloud, each), workers=workers, bound=SWEEP_BOUND):
        if isinstance(told, ChildFailed):
            fail(f"the sweep of {journey} could not be judged: {told}")
        violated = violated or bool(told.violations)
        for line in swept(told):
            _console.print(line, markup=False)
    return violated


@contextmanager
def _opened(plant: "Plant | None") -> Iterator["Cloud"]:
    """The stage of all trials, with the bug in it; exit status 2 where it cannot be set up."""
    from homing.emails import EmailError
    from local.cloud import CloudError
    from local.shop_files import ShopFileError
    from local.torture.stage import opened

    errors.print("deploying the template, and letting every function run once")
    with ExitStack() as stack:
        try:
            cloud = stack.enter_context(opened())
        except (CloudError, EmailError, ShopFileError) as error:
            fail(str(error))
        if plant is not None:
            cloud.functions.alter(plant)
        yield cloud
