"""The command line: `homing simulate`, `homing demo`, `homing local`, `homing preview`, `homing send-test`,
`homing mails`, `homing segments`, `homing sends`, `homing resend`, `homing brake`, `homing export`, `homing erase`,
`homing readmit`, `homing requests`, `homing torture`."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NoReturn

import typer
from rich.console import Console

from homing.domain.moments import Moment, parse_moment
from local.preview.commands import mails, preview
from local.rights.commands import erase, export, readmit, requests
from local.segments.commands import app as segments
from local.send_test import send_test
from local.sending import brake, resend
from local.sends import sends
from local.torture.commands import torture

if TYPE_CHECKING:
    from local.simulation import Inputs

# Imports stand inside the commands: `--help` answers at once.

app = typer.Typer(
    name="homing",
    help="Lifecycle email for online shops: run the deployed system on this machine, in virtual time.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
)
app.command()(preview)
app.command()(send_test)
app.add_typer(mails)
app.add_typer(segments)
app.command()(sends)
app.command()(resend)
app.command()(brake)
app.command()(export)
app.command()(erase)
app.command()(readmit)
app.command()(requests)
app.command()(torture)
# Without emoji: a line number between colons is one.
_errors = Console(stderr=True, highlight=False, soft_wrap=True, emoji=False)

Seed = Annotated[
    int, typer.Option(help="Chooses what chance would choose: ids, jitter. The same seed, the same files.")
]
Out = Annotated[Path, typer.Option(help="The folder for the files; it is made if need be.", file_okay=False)]


@app.command()
def simulate(
    events: Annotated[
        list[str],
        typer.Argument(metavar="EVENTS...", help="Files of messages: .jsonl, .jsonl.gz, .jsonl.xz; - for stdin."),
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

    EVENTS are Segment-spec messages, one JSON object a line, each with its `timestamp`; they are sent at that time,
    through the real API, handlers and state machines, in virtual time. The folder then holds every email, every
    change of a segment, every journey's run, a summary, and a report to open in a browser.

    Nobody of a year gone by is there to press a button: what the events agree to counts as confirmed, unless
    --double-opt-in has everybody asked.

    Example:  homing simulate shop-events.jsonl.gz --out out
    """
    from local.simulation import InputUnreadable, read_inputs

    try:
        end = None if until is None else parse_moment(until)
    except ValueError as error:
        _fail(f"--until: {error}")
    try:
        inputs = read_inputs(events)
    except InputUnreadable as error:
        _fail(str(error))
    _run(inputs, out, end, seed, double_opt_in=double_opt_in)


@app.command()
def demo(out: Out = Path("demo"), seed: Seed = 1) -> None:
    """Run the sample shop for 120 days of virtual time, and name the report to open.

    The shop, its shoppers and their year are made up from the seed: prospects, cart leavers, first and regular
    buyers, lapsed ones, birthdays, people without consent, and people who unsubscribe. Whoever asks for mails
    confirms it a minute later.
    """
    from homing.domain.moments import DAY, moment_of
    from local.sample_shop import START, flawed_lines
    from local.simulation import Inputs, read_lines

    inputs = Inputs()
    read_lines(inputs, flawed_lines(seed, shoppers=150), "sample shop")
    inputs.messages.sort()
    _run(inputs, out, moment_of(START) + 120 * DAY, seed, double_opt_in=True)


@app.command(name="local")
def serve(
    *,
    port: Annotated[int, typer.Option(help="The port on 127.0.0.1; 0 takes any free one.", min=0, max=65535)] = 8787,
    write_key: Annotated[str, typer.Option(help="The key that the shop's clients send.")] = "local",
    virtual: Annotated[
        bool, typer.Option("--virtual/--real", help="A clock that stands until it is moved, or the real one.")
    ] = True,
) -> None:
    """Serve the local cloud on this machine, with a page to watch it: mails, profiles, journeys, and the clock.

    The shop's clients send events to the paths of the deployed API. The page at /_local/ shows what comes of them,
    and lets virtual time pass; so does POST /_local/clock with {"advance": "PT72H"}.
    """
    from homing.emails import EmailError
    from local.cloud import CloudError
    from local.server import PortTaken
    from local.server import serve as serve_forever
    from local.shop_files import ShopFileError

    if not write_key or ":" in write_key:
        _fail("--write-key: at least one character, and no colon")
    try:
        serve_forever(port, write_key=write_key, virtual=virtual, console=Console())
    except (PortTaken, CloudError, EmailError, ShopFileError) as error:
        _fail(str(error))


def _run(inputs: "Inputs", out: Path, until: Moment | None, seed: int, *, double_opt_in: bool) -> None:
    """Simulate with progress, then show the table and name the report."""
    from homing.emails import EmailError
    from local import simulation
    from local.cloud import CloudError
    from local.report import write_report
    from local.shop_files import ShopFileError
    from local.simulation.show import progress, table

    try:
        with progress(_errors, len(inputs.messages)) as on_progress:
            result = simulation.simulate(
                inputs, out, until=until, seed=seed, double_opt_in=double_opt_in, on_progress=on_progress
            )
            report = write_report(out)
    except (CloudError, EmailError, ShopFileError, OSError) as error:
        _fail(str(error))
    for place, reason in result.rejected:
        _errors.print(f"rejected {place}: {reason}", markup=False)
    Console().print(table(result.summary))
    Console().print(f"Open [bold]{report}[/bold] in a browser to see the mails, the journeys and the segments.")


def _fail(message: str) -> NoReturn:
    _errors.print(f"homing: {message}", markup=False)
    raise typer.Exit(2)


def main() -> None:
    """The entry point of the `homing` command."""
    app()
