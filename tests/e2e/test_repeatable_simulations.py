"""The same input gives the same files; repeating and reordering its lines gives the same mails."""

import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from typer.testing import CliRunner

from local.cli import app

if TYPE_CHECKING:
    from tests.e2e.conftest import Outcome, Simulate

HOMING = [sys.executable, "-c", "from local.cli import main; main()"]


def test_another_process_that_reads_standard_input_writes_the_same_bytes(
    few: "Outcome", few_lines: list[str], tmp_path: Path
) -> None:
    """With another hash seed, so that no order rests on a set's."""
    run = subprocess.run(
        [*HOMING, "simulate", "-", "--out", str(tmp_path)],
        input="".join(f"{line}\n" for line in few_lines).encode(),
        capture_output=True,
        env={**os.environ, "PYTHONHASHSEED": "4711"},
        check=False,
    )
    assert run.returncode == 0, run.stderr.decode()
    written = few.files()
    assert len(written) > 5 + 20
    for path, content in written.items():
        assert (tmp_path / path).read_bytes() == content, path
    assert len(list(tmp_path.glob("emails/*.eml"))) == len(few.sent)
    told = run.stderr.decode()
    for rejected in few.simulation.rejected:
        number = rejected.place.rpartition(":")[2]
        assert f"standard input:{number}: {rejected.reason}" in told


def test_every_line_twice_gives_the_same_mails(few: "Outcome", few_lines: list[str], simulated: "Simulate") -> None:
    twice = simulated([line for line in few_lines for _ in range(2)])
    assert twice.emails == few.emails
    assert twice.runs == few.runs
    events = twice.summary["events"]
    assert events["accepted"] == few.summary["events"]["accepted"]
    assert events["accepted"] + events["duplicate"] + events["rejected"] == events["read"] == 2 * len(few_lines)


def test_neighbouring_lines_swapped_give_the_same_mails(
    few: "Outcome", few_lines: list[str], simulated: "Simulate"
) -> None:
    """That any order gives the same is shown where lines are read: tests/unit/test_simulation_inputs.py."""
    swapped = [few_lines[number ^ 1] if number ^ 1 < len(few_lines) else line for number, line in enumerate(few_lines)]
    assert sorted(swapped) == sorted(few_lines)
    assert simulated(swapped).emails == few.emails


def test_an_input_that_cannot_be_read_is_one_clear_line_and_exit_status_2(tmp_path: Path) -> None:
    missing = tmp_path / "gone.jsonl"
    result = CliRunner().invoke(app, ["simulate", str(missing), "--out", str(tmp_path / "out")])
    assert result.exit_code == 2
    assert result.stderr.splitlines() == [f"homing: cannot read {missing}: No such file or directory"]
    assert result.stdout == ""
    assert not (tmp_path / "out").exists()
