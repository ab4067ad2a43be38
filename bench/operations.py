"""What a simulation cost: `python bench/operations.py OUT_DIR...`.

For each folder that `homing simulate` wrote: messages a second, and the operations that AWS would count for each
message and for each email. The counts are exact and the same in every run; the speed is this machine's, of the day.
"""

import json
from pathlib import Path
from typing import Annotated, Any

import typer
from rich import box
from rich.console import Console
from rich.table import Table

from local.simulation.run import COUNTED

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)


@app.command()
def main(
    folders: Annotated[list[Path], typer.Argument(metavar="OUT_DIR", help="Folders that homing simulate wrote.")],
) -> None:
    """What simulations cost: the operations that AWS would count, for each event and each email."""
    for folder in folders:
        try:
            summary = json.loads((folder / "summary.json").read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            reason = f"{folder} holds no run of homing simulate: {error}"
            Console(stderr=True, soft_wrap=True).print(reason, markup=False)
            raise typer.Exit(2) from error
        Console().print(figures(folder.name, summary))


def figures(name: str, summary: dict[str, Any]) -> Table:
    """The table of one run."""
    accepted, sent = summary["events"]["accepted"], summary["emails"]["sent"]
    table = Table(title=f"{name}: {accepted:,} events, {sent:,} emails", title_justify="left", box=box.SIMPLE_HEAD)
    table.add_column("operation", no_wrap=True)
    for column in ("in all", "per event", "per email"):
        table.add_column(column, justify="right")
    for operation in COUNTED:
        count = summary["operations"][operation]
        table.add_row(operation.replace("_", " "), f"{count:,}", _ratio(count, accepted), _ratio(count, sent))
    for function, units in summary["write_units_by_function"].items():
        table.add_row(f"  write units of {function}", f"{units:,}", _ratio(units, accepted), _ratio(units, sent))
    for machine, transitions in summary["state_transitions_by_machine"].items():
        each = _ratio(transitions, accepted), _ratio(transitions, sent)
        table.add_row(f"  state transitions of {machine}", f"{transitions:,}", *each)
    looks = summary["scheduled_looks"]
    table.caption = (
        f"scheduled looks: {looks['due_rows']:,} rows of the due index and {looks['profiles']:,} profiles read, "
        f"{looks['changed']:,} profiles changed: {_ratio(looks['profiles'], looks['changed'])} read for each\n"
        f"{summary['events']['read'] / summary['wall_seconds']:,.1f} events a second on this machine"
    )
    table.caption_justify = "left"
    return table


def _ratio(count: int, of: int) -> str:
    return f"{count / of:.2f}" if of else "-"


if __name__ == "__main__":
    app()
