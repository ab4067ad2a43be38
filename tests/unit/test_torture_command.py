"""The command `homing torture`, up to where it would begin: it takes one task at a time."""

import pytest
from typer.testing import CliRunner

from local.cli import app
from local.torture.plants import PLANTS


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (["--seeds", "3", "--seed", "5"], "--seeds and --seed"),
        (["--kill-sweep", "--seed", "5"], "--seed and --kill-sweep"),
        (["--kill-sweep", "--seeds", "100"], "--seeds and --kill-sweep"),
        (["--list-plants", "--seed", "0"], "--seed and --list-plants"),
        (["--plant", "nobody"], "no plant nobody"),
        (["--seeds", "0"], "--seeds"),
        (["--seed", "-1"], "--seed"),
    ],
)
def test_what_cannot_be_done_at_once_is_refused_by_name(options: list[str], told: str) -> None:
    result = CliRunner().invoke(app, ["torture", *options])
    assert result.exit_code == 2
    assert told in result.stderr


def test_every_plant_is_listed_with_the_rules_that_it_breaks() -> None:
    result = CliRunner().invoke(app, ["torture", "--list-plants"])
    assert result.exit_code == 0
    for plant in PLANTS.values():
        assert plant.name in result.stdout
        assert plant.breaks <= {
            rule.strip() for rule in result.stdout.replace("breaks:", ",").replace("\n", ",").split(",")
        }
