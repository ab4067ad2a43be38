"""`homing sends`: what became of every intended mail, as the ledger has it."""

import json
from collections import Counter
from collections.abc import Iterable
from typing import TYPE_CHECKING, Annotated, Any

import typer

from local.terminal import AsJson, From, errors, now, told_plainly

if TYPE_CHECKING:
    from homing.domain.sends import Send
    from local.segments.sources import Source

# Imports stand inside the functions: `--help` answers at once.

_TOLD = (
    *("journey", "step", "outcome", "reason", "delivery", "profile_id"),
    *("send_id", "run_id", "template", "message_id"),
)
"""What programs are told of an entry beside its moment. Not the subject: it may hold a name."""


def sends(
    *,
    source: From = "demo",
    unknown: Annotated[
        bool, typer.Option("--unknown", help="Only those of which nobody knows whether they went out.")
    ] = False,
    unsettled: Annotated[
        bool, typer.Option("--unsettled", help="Only those that went out a day ago and of which SES is silent since.")
    ] = False,
    profile: Annotated[
        str | None,
        typer.Option(metavar="PROFILE", help="Only theirs: a userId, an anonymousId, a profile_id, or an address."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """What became of every intended mail, and why: the ledger, newest first. No address is shown.

    A mail is unknown where SES gave no clear answer, or a function was cut off
    between asking and noting, and SES has not told since that it went out. It
    is never sent again by itself: that is for a person, with `homing resend`.

    Examples:

      homing sends                                  the demo's
      homing sends --from table:NAME --unknown      of a live table: reads it all
      homing sends --unknown --unsettled            both: all that is in doubt
      homing sends --from out --profile tc-00096    one shopper's
    """
    from local.segments.sources import open_source

    with told_plainly():
        opened = open_source(source, now())
        entries = ledger(opened, profile)
    shown = [
        entry
        for entry in entries
        if not (unknown or unsettled)
        or (unknown and entry.outcome == "unknown")
        or (unsettled and _is_unsettled(entry, opened))
    ]
    if as_json:
        print(_as_json(opened, shown))
    else:
        _show(opened, entries, shown)


def ledger(source: "Source", profile: str | None = None) -> list["Send"]:
    """The entries of everybody, or of who is known by that name, newest first. Raises NoProfile, SourceUnreadable."""
    from homing.adapters.ledger import SEND_PREFIX, send_of
    from homing.adapters.profiles import partition
    from local.segments.population import Population
    from local.segments.show import watched

    if profile is None:
        items = watched(source.items(SEND_PREFIX), errors, "reading", "mails")
    else:
        # Mails of the time before a browser and its shopper were known as one stand under the browser's name.
        record = Population(source).find(profile)
        names = (record.profile_id, *record.facts.anonymous)
        items = source.items_of([partition(name) for name in names], SEND_PREFIX)
    return sorted(map(send_of, items), key=lambda entry: (entry.at, entry.send_id), reverse=True)


def _is_unsettled(entry: "Send", source: "Source") -> bool:
    from homing.domain.sends import TOLD_WITHIN

    return entry.outcome == "sent" and entry.is_silent and entry.at <= source.as_of - TOLD_WITHIN


def _as_json(source: "Source", entries: Iterable["Send"]) -> str:
    from homing.domain.moments import format_moment

    told: list[dict[str, Any]] = [
        {"at": format_moment(entry.at), **entry.model_dump(include=set(_TOLD))} for entry in entries
    ]
    return json.dumps(
        {"from": source.name, "as_of": format_moment(source.as_of), "sends": told}, indent=2, ensure_ascii=False
    )


def _show(source: "Source", entries: list["Send"], shown: list["Send"]) -> None:
    """A head, and a line for each mail: plain, for a year of them takes rich's tables a quarter of a minute."""
    from local.segments.show import minute

    counted = Counter(entry.outcome for entry in entries)
    outcomes = ", ".join(f"{number:,} {outcome}" for outcome, number in counted.most_common()) or "none"
    print(f"{source.name} as of {minute(source.as_of)}; mails: {outcomes}")
    if entries and not shown:
        print("none is of the kind that was asked for")
    rows = [("at", "journey", "step", "outcome", "delivery", "profile", "mail", "reason")] if shown else []
    rows += (
        (
            *(minute(entry.at), entry.journey, entry.step),
            *(entry.outcome, entry.delivery or "", entry.profile_id, entry.send_id, entry.reason or ""),
        )
        for entry in shown
    )
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        print("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())
