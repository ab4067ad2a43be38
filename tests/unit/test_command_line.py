"""`homing` itself: what `--help` teaches, and what a run says on the terminal."""

import io
import re
from pathlib import Path

import pytest
from rich.console import Console
from typer.testing import CliRunner, Result

from local.cli import app
from local.cloud import CloudError
from local.simulation import Simulation
from local.simulation import run as simulation
from local.simulation.inputs import Rejected
from local.simulation.show import table

COMMANDS = (
    *("demo", "simulate", "local", "preview", "send-test", "mails", "sends", "segments"),
    *("brake", "resend", "requests", "export", "erase", "readmit", "torture"),
)
SUMMARY = {
    "events": {"read": 1_949, "accepted": 1_943, "duplicate": 3, "rejected": 3},
    "profiles": 152,
    "virtual_days": 120.0,
    "wall_seconds": 25.3,
    "journeys": {"confirmation": {"runs": 1_234, "completed": 1_234, "emails_sent": 1_234}},
    "emails": {"sent": 1_234, "skipped": {"frequency_cap": 8}, "failed": {}, "unknown": {"no_answer": 1}},
    "segments": {"prefers_another_channel": 14},
    "operations": {"dynamodb_write_units": 15_856},
}


def homing(*arguments: str) -> Result:
    return CliRunner().invoke(app, arguments, env={"COLUMNS": "80", "NO_COLOR": "1"})


def test_every_command_stands_in_the_help_in_the_order_in_which_it_is_needed() -> None:
    listed = re.findall(r"^│ ([a-z][a-z-]*) ", homing("--help").stdout, re.MULTILINE)
    assert tuple(listed) == COMMANDS


@pytest.mark.parametrize("command", [command for command in COMMANDS if command != "mails"])
def test_the_help_of_a_command_has_an_example(command: str) -> None:
    subcommands = ("list", "explain", "diff", "check") if command == "segments" else ("",)
    for subcommand in subcommands:
        told = homing(*filter(None, (command, subcommand)), "--help").stdout
        assert f"homing {command} {subcommand}" in told.partition("Example")[2], f"{command} {subcommand}"


def test_a_folder_that_cannot_be_made_stops_a_run_before_it_begins(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def deployed(*_: object, **__: object) -> None:
        raise AssertionError("nothing is to be simulated in vain")

    monkeypatch.setattr(simulation, "deployed", deployed)
    (tmp_path / "file").touch()
    result = homing("demo", "--out", str(tmp_path / "file" / "demo"))
    assert (result.exit_code, "Not a directory" in result.stderr) == (2, True)


def test_what_the_local_cloud_does_not_know_ends_a_run_with_its_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def deployed(*_: object, **__: object) -> None:
        raise CloudError("Firehose: AWS::Kinesis::Stream")

    monkeypatch.setattr(simulation, "deployed", deployed)
    result = homing("demo", "--out", str(tmp_path))
    assert (result.exit_code, result.stderr.lstrip()) == (2, "homing: Firehose: AWS::Kinesis::Stream\n")


def test_of_many_rejected_lines_the_first_are_told_and_the_others_counted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rejected = [Rejected(f"shop.jsonl:{line}", "not JSON") for line in range(1, 1_025)]
    monkeypatch.setattr("local.simulation.simulate", lambda *_, **__: Simulation(SUMMARY, rejected))
    monkeypatch.setattr("local.report.write_report", lambda folder: folder / "report.html")
    told = homing("demo", "--out", str(tmp_path)).stderr.splitlines()
    assert told[-2:] == ["rejected shop.jsonl:20: not JSON", "and 1,004 more were rejected"]


def test_what_a_run_came_to_fits_a_terminal_of_80_columns() -> None:
    terminal = io.StringIO()
    Console(file=terminal, width=80).print(table(SUMMARY))
    told = terminal.getvalue()
    assert "…" not in told
    assert "confirmation   1,234       1,234" in told
    assert "withheld: frequency cap 8, no answer 1" in told
