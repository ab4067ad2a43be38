"""The bench of cold starts wires every function as it is deployed."""

from pathlib import Path

import pytest

from bench.imports import WIRING, environment, measure, wired

FUNCTIONS = Path(__file__).parents[2] / "functions"


def test_every_function_is_measured() -> None:
    assert set(WIRING) == {app.parent.name for app in FUNCTIONS.glob("*/app.py")}


@pytest.mark.parametrize("function", WIRING)
def test_a_function_is_wired_in_the_environment_that_the_template_gives_it(function: str, built_shop: Path) -> None:
    assert measure(wired(function), environment(function, str(built_shop)), runs=1) > 0
