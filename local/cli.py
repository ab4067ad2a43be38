"""The command line, `homing`: its commands, and those of them that run the system."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.markup import escape

from homing.domain.moments import Moment
from local.preview.commands import mails, preview
from local.rights.commands import erase, export, readmit, requests
from local.segments.commands import app as segments
from local.send_test import send_test
from local.sending import brake, resend
from local.sends import sends
from local.terminal import errors, fail, moment, told_plainly
from local.torture.commands import torture

if TYPE_CHECKING:
    from local.simulation import Inputs

# Imports stand inside the commands: `--help` answers at once.

app = typer.Typer(
    name="homing",
    help="Lifecycle email for online shops: run the deployed system on this machine, in virtual time.",
    epilog="Begin with:  homing demo",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
)

_TOLD = 20
"""Rejected lines that are told one by one: a file of another kind is nothing but such lines."""

Seed = Annotated[
    int, typer.Option(help="Chooses what chance would choose: ids, jitter. The same seed, the same files.")
]
Out = Annotated[Path, typer.Option(help="The folder for the files; it is made if need be.", file_okay=False)]


def simulate(
    events: Annotated[
        list[str],
        typer.Argument(metavar="EVENTS", help="Files of messages: .jsonl, .jsonl.gz, .jsonl.xz; - for stdin."),
    ],
    out: Out,
    until: Annotated[
        str | None, typer.Option(help="Let time pass until then, such as 2026-12-31T00:00:00Z; else 60 days more.")
    ] = None,
    seed: Seed = 0,
    *,
    double_opt_in: Annotated[
        bool, typer.Option("--double-opt-in", help="Ask each shopper to confirm, who does so within a minute.")
    ] = False,
) -> None:
    """Send a shop's events through the deployed template, and let time pass.

    EVENTS are Segment-spec messages, one JSON object a line, each with its
    `timestamp`; they are sent at that time, through the real API, handlers and
    state machines, in virtual time. The folder then holds every email, every
    change of a segment, every journey's run, a summary, and a report to open
    in a browser.

    Nobody of a year gone by is there to press a button: what the events agree
    to counts as confirmed, unless --double-opt-in has everybody asked.

    Example:  homing simulate shop-events.jsonl.gz --out out
    """
    from local.simulation import read_inputs

    end = None if until is None else moment("--until", until)
    with told_plainly():
        inputs = read_inputs(events)
    _run(inputs, out, end, seed, double_opt_in=double_opt_in)


def demo(out: Out = Path("demo"), seed: Seed = 1) -> None:
    """Run the sample shop for 120 days of virtual time, and name the report to open.

    The shop, its shoppers and their year are made up from the seed: prospects,
    cart leavers, first and regular buyers, lapsed ones, birthdays, people
    without consent, and people who unsubscribe. Whoever asks for mails
    confirms it a minute later.

    Example:  homing demo && homing segments list
    """
    from homing.domain.moments import DAY, moment_of
    from local.sample_shop import START, flawed_lines
    from local.simulation import Inputs, read_lines

    inputs = Inputs()
    read_lines(inputs, flawed_lines(seed, shoppers=150), "sample shop")
    inputs.messages.sort()
    _run(inputs, out, moment_of(START) + 120 * DAY, seed, double_opt_in=True)


def serve(
    *,
    port: Annotated[int, typer.Option(help="The port on 127.0.0.1; 0 takes any free one.", min=0, max=65535)] = 8787,
    write_key: Annotated[str, typer.Option(help="The key that the shop's clients send.")] = "local",
    virtual: Annotated[
        bool, typer.Option("--virtual/--real", help="A clock that stands until it is moved, or the real one.")
    ] = True,
) -> None:
    """Serve the local cloud on this machine, with a page to watch it: mails, profiles, journeys, and the clock.

    The shop's clients send events to the paths of the deployed API. The page
    at /_local/ shows what comes of them, and lets virtual time pass; so does
    POST /_local/clock with {"advance": "PT72H"}.

    Example:  homing local --port 8000
    """
    from local.server import serve as serve_forever

    if not write_key or ":" in write_key:
        fail("--write-key: at least one character, and no colon")
    with _deploying():
        serve_forever(port, write_key=write_key, virtual=virtual, console=Console())


def _run(inputs: "Inputs", out: Path, until: Moment | None, seed: int, *, double_opt_in: bool) -> None:
    """Simulate with progress, then show the table and name the report."""
    from local import simulation
    from local.report import write_report
    from local.simulation.show import progress, table

    with _deploying(), progress(errors, len(inputs.messages)) as on_progress:
        result = simulation.simulate(
            inputs, out, until=until, seed=seed, double_opt_in=double_opt_in, on_progress=on_progress
        )
        report = write_report(out)
    for place, reason in result.rejected[:_TOLD]:
        errors.print(f"rejected {place}: {reason}", markup=False)
    if len(result.rejected) > _TOLD:
        errors.print(f"and {len(result.rejected) - _TOLD:,} more were rejected")
    Console().print(table(result.summary))
    told = f"Open [bold]{escape(str(report))}[/bold] in a browser to see the mails, the journeys and the segments."
    Console(highlight=False, soft_wrap=True).print(told)


@contextmanager
def _deploying() -> Iterator[None]:
    """What is wrong with the shop's files or the template ends the command, with what to do about it."""
    from homing.emails import EmailError
    from local.cloud import CloudError

    try:
        with told_plainly(EmailError):
            yield
    except CloudError as error:
        fail(str(error))


# In the order of `--help`, and under its headings.
app.command(rich_help_panel="Try it")(demo)
app.command(rich_help_panel="Try it")(simulate)
app.command("local", rich_help_panel="Try it")(serve)
app.command(rich_help_panel="Look at mails before anybody gets them")(preview)
app.command(rich_help_panel="Look at mails before anybody gets them")(send_test)
app.add_typer(mails, rich_help_panel="Look at mails before anybody gets them")
app.command(rich_help_panel="Ask what is, and why")(sends)
app.add_typer(segments, rich_help_panel="Ask what is, and why")
app.command(rich_help_panel="Operate")(brake)
app.command(rich_help_panel="Operate")(resend)
app.command(rich_help_panel="Operate")(requests)
app.command(rich_help_panel="Operate")(export)
app.command(rich_help_panel="Operate")(erase)
app.command(rich_help_panel="Operate")(readmit)
app.command(rich_help_panel="Prove it")(torture)


def main() -> None:
    """The entry point of the `homing` command."""
    app()
