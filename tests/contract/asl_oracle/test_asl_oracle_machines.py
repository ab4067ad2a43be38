"""The journeys' state machines on both interpreters, through every failure that they name.

That of recompute calls other services than Lambda, and runs in tests/workflows/test_recompute.py.

Scenarios are computed: the run in which all goes well tells how many calls there are; then each call in turn
meets each kind of error that the machine retries or catches, three times and for ever.
"""

import json
from collections.abc import Callable, Iterator
from functools import partial
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from local.asl.files import load, substitute_samples

RECOMPUTE = Path(__file__).parents[3] / "statemachines/recompute.asl.yaml"
MACHINES = sorted(set((Path(__file__).parents[3] / "statemachines").glob("*.asl.yaml")) - {RECOMPUTE})
OUTCOMES = ("sent", "skipped", "failed", "unknown")
REPEATS = (3, 99)
NEXT = {"due_at": "2026-01-09T09:00:00Z", "at": "2026-01-09T20:00:00Z"}
"""The turn that the send function tells of: that of the next mail, and in the message of NotYet that of its own."""
UNNAMED_ERROR = "NobodyNamedThis"

Definition = dict[str, Any]
Functions = Callable[[str, Any], dict[str, Any]]
Run = Callable[[Definition, Any, Functions], dict[str, Any]]

each_machine = pytest.mark.parametrize("path", MACHINES, ids=lambda path: path.name.split(".")[0])


def test_there_are_machines_to_test() -> None:
    assert MACHINES


@each_machine
def test_a_state_machine_runs_as_the_oracle_says_in_every_scenario(path: Path, our_run: Run, moto_run: Run) -> None:
    definition = read(path)
    for name, functions in scenarios(definition, our_run, journey(path)):
        ours = our_run(definition, data(journey(path)), functions())
        oracle = moto_run(definition, data(journey(path)), functions())

        assert oracle == ours, name


@each_machine
def test_every_state_of_a_state_machine_is_entered_in_some_scenario(path: Path, our_run: Run) -> None:
    definition = read(path)
    entered: set[str] = set()
    for _, functions in scenarios(definition, our_run, journey(path)):
        entered.update(our_run(definition, data(journey(path)), functions())["states"])

    assert set(state_names(definition)) - entered == set()


def read(path: Path) -> Definition:
    definition: Definition = substitute_samples(load(path))
    return definition


def journey(path: Path) -> str:
    return path.name.split(".")[0]


def data(name: str) -> dict[str, Any]:
    """The input of an execution, as `enroll` gives it."""
    run = {"run_id": "run1", "journey": name, "profile_id": "profile1", "entry": "entry1"}
    return {"run": run, "starts_at": "2026-01-08T09:00:00Z"}


def scenarios(definition: Definition, our_run: Run, name: str) -> Iterator[tuple[str, Callable[[], Functions]]]:
    """Names of scenarios, and how to make the functions of each afresh."""
    for outcome in OUTCOMES:
        yield f"all {outcome}", partial(answering, outcome)
    calls = our_run(definition, data(name), answering("sent"))["calls"]
    for index in range(len(calls)):
        for error in sorted(named_errors(definition)):
            for repeats in REPEATS:
                failures = range(index, index + repeats)
                script = partial(answering, "sent", failures, error)
                yield f"{error} from call {index}, {repeats} times", script


def answering(outcome: str, failures: range = range(0), error: str = "") -> Functions:
    """Functions that answer with an outcome, save for some calls that fail."""
    numbers = count()

    def answer(_function_name: str, _payload: Any) -> dict[str, Any]:
        if next(numbers) in failures:
            return {"raises": error, "message": json.dumps(NEXT)}
        return {"returns": {"outcome": outcome, "reason": None if outcome == "sent" else "a reason", "next": NEXT}}

    return answer


def named_errors(definition: Definition) -> set[str]:
    """One of each kind of error that the machine tells apart, and one that it does not name."""
    lists = [part["ErrorEquals"] for part in parts(definition) if "ErrorEquals" in part]
    names = sorted({name for names in lists for name in names if not name.startswith("States.")})
    kinds = {(name.startswith("Lambda."), tuple(name in names for names in lists)): name for name in names}
    return {*kinds.values(), UNNAMED_ERROR}


def state_names(definition: Definition) -> Iterator[str]:
    for part in parts(definition):
        yield from part.get("States", ())


def parts(value: Any) -> Iterator[dict[str, Any]]:
    """All objects of a definition, at any depth."""
    if isinstance(value, dict):
        yield value
        for item in value.values():
            yield from parts(item)
    elif isinstance(value, list):
        for item in value:
            yield from parts(item)
