"""No rule of the judges is held only where nothing breaks it: of each somebody shows that it is seen to be broken."""

import ast
from collections.abc import Iterator
from pathlib import Path

from local.torture.plants import PLANTS

JUDGES = Path(__file__).parents[2] / "local" / "torture"
TELLS = frozenset({"violated", "_violated", "_hold_to", "_nothing_changes", "Violation"})
OF_THE_SWEEP = frozenset({"life goes on", "at most one unknown", "the journey is lived"})
"""Told of the sweep itself."""


def rules() -> set[str]:
    """The rules by their names: the first words with which a violation is told of."""
    return {name for path in JUDGES.glob("*.py") for name in _told_in(ast.parse(path.read_text("utf-8")))}


def _told_in(tree: ast.Module) -> Iterator[str]:
    for call in ast.walk(tree):
        if isinstance(call, ast.Call) and _name_of(call.func) in TELLS:
            words = [argument.value for argument in call.args if isinstance(argument, ast.Constant)]
            yield from (word for word in words[:1] if isinstance(word, str))


def _name_of(function: ast.expr) -> str:
    return getattr(function, "attr", getattr(function, "id", ""))


def test_each_rule_is_seen_to_be_broken_by_a_plant_or_a_told_story() -> None:
    told = "".join(path.read_text("utf-8") for path in Path(__file__).parent.glob("test_*.py"))
    planted = frozenset[str]().union(*(plant.breaks for plant in PLANTS.values()))
    unseen = {rule for rule in rules() - OF_THE_SWEEP - planted if f'"{rule}"' not in told}
    assert unseen == set()


def test_a_plant_breaks_rules_that_there_are() -> None:
    assert {rule for plant in PLANTS.values() for rule in plant.breaks} <= rules()
