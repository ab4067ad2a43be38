"""The bench of cold starts wires every function with what the bootstrap has."""

import re
from pathlib import Path

from bench.imports import WIRING
from homing import bootstrap

FUNCTIONS = Path(__file__).parents[2] / "functions"


def test_every_function_is_measured() -> None:
    assert set(WIRING) == {app.parent.name for app in FUNCTIONS.glob("*/app.py")}


def test_what_is_wired_is_there_to_be_wired() -> None:
    named = {name for wiring in WIRING.values() for name in re.findall(r"bootstrap\.(\w+)\(", wiring)}
    assert {name for name in named if not callable(getattr(bootstrap, name, None))} == set()
