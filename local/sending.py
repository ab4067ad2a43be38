"""`homing resend` and `homing brake`: what only a person may decide about mails that go out."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any

import typer

from local.terminal import Live, Yes, errors, now, told_plainly

if TYPE_CHECKING:
    from homing.adapters.pace import TablePace
    from homing.domain.sends import Send
    from homing.ports import Pacing

# Imports stand inside the functions: `--help` answers at once.


class Action(StrEnum):
    """What a person may do about the brake."""

    RELEASE = "release"


def resend(
    send_id: Annotated[str, typer.Argument(metavar="SEND_ID", help="As `homing sends --unknown` tells it.")],
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
    keeps a mail back keeps this one back too, such as the shopper's quiet hours
    and the frequency cap, in which the first try has a place. The command says
    when to ask again.

    Examples:

      homing sends --from table:NAME --unknown
      homing resend zjdhmvzubj7fmoj4 --from table:NAME --function NAME
    """
    with told_plainly():
        send = _unknown(send_id, source, profile)
        print(f"{send.journey}, {send.step}, of profile {send.profile_id}: {send.outcome} ({send.reason})")
        if not yes:
            typer.confirm("Send it? The shopper may have it already.", abort=True)
        with errors.status("asking the send function"):
            outcome, why = _ask(function, send)
    print(f"{outcome}: {why}" if why else outcome)
    if outcome != "sent":
        raise typer.Exit(1)


def brake(
    action: Annotated[Action | None, typer.Argument(help="Let marketing go on.", show_default=False)] = None,
    *,
    source: Live,
    yes: Yes = False,
) -> None:
    """Say whether marketing stands still, since when and why, and what is left of SES's quota; or let it go on.

    It stops by itself where 4 % of the latest 10,000 mails bounced, or readers
    complained of 0.08 %, and goes on only by a person's word. Fewer than four
    bounces or two complaints stop nothing, whatever their share: the first mails
    of a new shop make no rate. What was counted before a release counts no more.

    Examples:

      homing brake --from table:NAME
      homing brake release --from table:NAME
    """
    with told_plainly(), _pace(source) as pace:
        pacing = pace.load()
        print("\n".join(_as_lines(pacing)))
        if action is None or pacing.brake is None:
            return
        if not yes:
            typer.confirm("Have you found out why, and mended it?", abort=True)
        pace.release(now())
    print("released: mails that were held go out within an hour")


def _as_lines(pacing: "Pacing") -> Iterator[str]:
    """What the brake is like, in words, and when it acts; and what is left of the daily quota, where it has an end."""
    from homing.domain.moments import format_moment
    from homing.domain.reputation import (
        FEWEST_BOUNCES,
        FEWEST_COMPLAINTS,
        MOST_BOUNCES,
        MOST_COMPLAINTS,
        REPRESENTATIVE,
    )

    if pacing.brake is not None:
        yield f"marketing stands still since {format_moment(pacing.braked_at)}: {pacing.brake}"
    else:
        released = f"; released last at {format_moment(pacing.released_at)}" if pacing.released_at else ""
        yield f"marketing goes on{released}"
        bounces = f"{100 * MOST_BOUNCES:g} % of the latest {REPRESENTATIVE:,} mails bounce ({FEWEST_BOUNCES} at least)"
        complaints = f"readers complain of {100 * MOST_COMPLAINTS:g} % ({FEWEST_COMPLAINTS} at least)"
        yield f"it stops where {bounces}, or {complaints}"
    if pacing.room is not None:
        measured = format_moment(pacing.measured_at)
        yield f"SES takes {max(0, pacing.room):,} mails more of its daily quota, measured at {measured}"


@contextmanager
def _pace(source: str) -> Iterator["TablePace"]:
    import boto3

    from homing.adapters.pace import TablePace
    from homing.adapters.table import Table
    from local.rights.stack import live_table
    from local.segments.sources import asking_aws

    name = live_table(source)
    with asking_aws(f"table '{name}'"):
        yield TablePace(Table(boto3.client("dynamodb"), name), rate=1.0)


def _unknown(send_id: str, source: str, profile: str | None) -> "Send":
    """The ledger's entry of that mail. Raises SourceUnreadable where there is none, or where its fate is known."""
    from local.segments.sources import SourceUnreadable, open_source
    from local.sends import ledger

    entries = ledger(open_source(source, now()), profile)
    send = next((entry for entry in entries if entry.send_id == send_id), None)
    if send is None:
        listed = f"`homing sends --from {source} --unknown` lists those that may be sent again"
        raise SourceUnreadable(f"no mail {send_id} in the ledger of {source}; {listed}")
    if send.outcome != "unknown":
        raise SourceUnreadable(f"mail {send_id} is {send.outcome}: only one that is unknown may be sent again")
    return send


def _ask(function: str, send: "Send") -> tuple[str, str | None]:
    """Ask the send function, and tell the outcome with its reason: `sent`, or what stands in the way.

    It is asked once: where its answer is lost, nobody knows whether the mail went out, and a person decides again.
    """
    import boto3
    from botocore.config import Config

    from homing.domain.moments import format_moment
    from homing.domain.turns import Turn
    from local.segments.sources import asking_aws

    entry = send.run_id.removeprefix(f"{send.journey}-{send.profile_id}-")
    run = {"run_id": send.run_id, "journey": send.journey, "profile_id": send.profile_id, "entry": entry}
    payload = json.dumps({"run": run, "step": send.step, "again": True})
    with asking_aws(f"function '{function}'"):
        client = boto3.client("lambda", config=Config(retries={"total_max_attempts": 1}))
        response = client.invoke(FunctionName=function, Payload=payload)
    told: dict[str, Any] = json.loads(response["Payload"].read())
    if "FunctionError" not in response:
        return told["outcome"], told["reason"]
    if told.get("errorType") == "NotYet":
        turn = Turn.model_validate_json(told["errorMessage"])
        return "not sent", f"quiet hours, the cap or the like hold it; ask again at {format_moment(turn.at)}"
    return "not sent", f"{told.get('errorType')}: {told.get('errorMessage')}"
