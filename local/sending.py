"""`homing resend` and `homing brake`: what only a person may decide about mails that go out."""

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console

if TYPE_CHECKING:
    from homing.adapters.pace import TablePace
    from homing.domain.sends import Send
    from homing.ports import Pacing

# Imports stand inside the functions: `--help` answers at once.

_errors = Console(stderr=True, highlight=False, soft_wrap=True, emoji=False)

Live = Annotated[
    str,
    typer.Option("--from", metavar="table:NAME", help="The live table; the stack's output TableName tells its name."),
]
Yes = Annotated[bool, typer.Option("--yes", help="Do not ask.")]


def resend(
    send_id: Annotated[str, typer.Argument(metavar="SEND_ID", help="As `homing sends --unknown --json` tells it.")],
    *,
    source: Live,
    function: Annotated[
        str, typer.Option(metavar="NAME", help="The send function; the stack's output SendFunctionName tells it.")
    ],
    profile: Annotated[
        str | None, typer.Option(metavar="PROFILE", help="Whose mail it is: without, the whole table is read.")
    ] = None,
    yes: Yes = False,
) -> None:
    """Send a mail once more of which nobody knows whether it went out. It asks first.

    The shopper may get it twice: Homing never does this by itself. All that
    keeps a mail back keeps this one back too, such as the frequency cap, in
    which the first try has a place: ask again a day later.

    Examples:

      homing sends --from table:NAME --unknown --json
      homing resend zjdhmvzubj7fmoj4 --from table:NAME --function NAME
    """
    with _told_plainly():
        from local.rights.stack import live_table, told_plainly

        send = _unknown(send_id, source, profile)
        print(f"{send.journey}, {send.step}, of profile {send.profile_id}: {send.outcome} ({send.reason})")
        if not yes:
            typer.confirm("Send it? The shopper may have it already.", abort=True)
        with told_plainly(live_table(source)):
            answer = _ask(function, send)
    print(answer)


def brake(
    action: Annotated[
        str | None, typer.Argument(metavar="[release]", help="Let marketing go on.", show_default=False)
    ] = None,
    *,
    source: Live,
    yes: Yes = False,
) -> None:
    """Say whether marketing stands still, since when and why; or let it go on.

    It stops by itself where 4 % of mails bounced, or readers complained of
    0.08 %, and goes on only by a person's word. What bounced or was complained
    of before that counts no more.

    Examples:

      homing brake --from table:NAME
      homing brake release --from table:NAME
    """
    if action not in (None, "release"):
        raise typer.BadParameter(f"{action}: there is only release")
    with _told_plainly(), _pace(source) as pace:
        told, is_braked = _as_lines(pace.load())
        print(told)
        if action is None or not is_braked:
            return
        if not yes:
            typer.confirm("Have you found out why, and mended it?", abort=True)
        pace.release(time.time_ns() // 1_000_000)
    print("released: mails that were held go out within an hour")


def _as_lines(pacing: "Pacing") -> tuple[str, bool]:
    """What the brake is like, in words, and whether it is on."""
    from homing.domain.moments import format_moment

    if pacing.brake is not None:
        return f"marketing stands still since {format_moment(pacing.braked_at)}: {pacing.brake}", True
    released = f"; released last at {format_moment(pacing.released_at)}" if pacing.released_at else ""
    return f"marketing goes on{released}", False


@contextmanager
def _pace(source: str) -> Iterator["TablePace"]:
    import boto3

    from homing.adapters.pace import TablePace
    from homing.adapters.table import Table
    from local.rights.stack import live_table, told_plainly

    name = live_table(source)
    with told_plainly(name):
        yield TablePace(Table(boto3.client("dynamodb"), name), rate=1.0)


def _unknown(send_id: str, source: str, profile: str | None) -> "Send":
    """The ledger's entry of that mail. Raises SourceUnreadable where there is none, or where its fate is known."""
    from local.segments.sources import SourceUnreadable, open_source
    from local.sends import ledger

    entries = ledger(open_source(source, time.time_ns() // 1_000_000), profile)
    send = next((entry for entry in entries if entry.send_id == send_id), None)
    if send is None:
        raise SourceUnreadable(f"no mail {send_id} in the ledger of {source}")
    if send.outcome != "unknown":
        raise SourceUnreadable(f"mail {send_id} is {send.outcome}: only one that is unknown may be sent again")
    return send


def _ask(function: str, send: "Send") -> str:
    """Ask the send function, and say what came of it."""
    import boto3

    entry = send.run_id.removeprefix(f"{send.journey}-{send.profile_id}-")
    run = {"run_id": send.run_id, "journey": send.journey, "profile_id": send.profile_id, "entry": entry}
    payload = json.dumps({"run": run, "step": send.step, "again": True})
    response = boto3.client("lambda").invoke(FunctionName=function, Payload=payload)
    told: dict[str, Any] = json.loads(response["Payload"].read())
    if "FunctionError" in response:
        return f"not sent: {told.get('errorType')}: {told.get('errorMessage')}"
    return " ".join(filter(None, (told["outcome"], told["reason"])))


@contextmanager
def _told_plainly() -> Iterator[None]:
    """What is wrong with the user's words or places, as a line and status 2."""
    from local.segments.population import NoProfile
    from local.segments.sources import SourceUnreadable

    try:
        yield
    except (NoProfile, SourceUnreadable) as error:
        _errors.print(f"homing: {error}", markup=False)
        raise typer.Exit(2) from error
