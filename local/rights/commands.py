"""`homing export`, `erase`, `readmit` and `requests`: what shoppers may ask of the shop, and its answers."""

import json
import os
import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from local.terminal import AsJson, From, Live, Profile, Yes, errors, now, told_plainly

if TYPE_CHECKING:
    from homing.domain.rights import Erasure
    from homing.usecases.erase import Eraser

# Imports stand inside the functions: `--help` answers at once.

_KINDS = {
    "EVENT": "events",
    "PROFILE": "profiles, with the histories that have joined",
    "RUN": "journeys' runs",
    "SEND": "mails of the ledger",
    "CONTACT": "contacts: one for each address",
    "ADDRESS": "notes of addresses",
}
_ELSEWHERE = """What is left, and until when:
  backups (point-in-time recovery)  35 days; after a restore, erase again whoever was erased since
  exports in S3, under recompute/   3 days, if a full recompute of a large table ran lately
  dead letters of feedback          14 days, if SES's notices could not be taken: they hold addresses, until the
                                    queue is redriven or purged
  Step Functions, logs              opaque ids only; histories 90 days, logs as long as LogRetentionDays says
  SES's suppression list            the address, if a mail to it bounced or was complained about:
                                    aws sesv2 delete-suppressed-destination --email-address ADDRESS"""


def export(
    profile: Profile,
    *,
    source: From = "demo",
    out: Annotated[
        Path | None, typer.Option(help="Write it to this file, which only you can read.", dir_okay=False)
    ] = None,
) -> None:
    """Everything that is held about a person, as JSON with a word about each part: for the person.

    It holds their addresses and all else in clear. Reads only.

    Examples:

      homing export tc-00096                                    the demo's, shown
      homing export ada@example.com --from table:NAME --out ada.json
    """
    from local.rights.export import export_of
    from local.rights.person import find_person
    from local.segments.sources import open_source

    with told_plainly():
        opened = open_source(source, now())
        with errors.status("reading"):
            person = find_person(opened, profile)
        text = json.dumps(export_of(person, opened), indent=2, ensure_ascii=False)
        if out is not None:
            _write_for_nobody_else(out, text + "\n")
    if out is None:
        print(text)
    else:
        print(f"{out}: {len(person.items):,} items about profile {person.profile_id}; only you can read the file")


def erase(
    profile: Profile,
    *,
    source: Live,
    yes: Yes = False,
) -> None:
    """Erase everything that is held about a person, for good. It shows first what will go, and asks.

    No mail goes to the person from the first seconds on. A second pass follows
    16 minutes later, when all that was under way has come to its end; the
    command waits for it. It may be stopped at any time and run again: it goes
    on where it was. What stays is a keyed hash of each id and address, so that
    late events bring nobody back.

    Examples:

      homing erase tc-00096 --from table:NAME
      homing erase ada@example.com --from table:NAME --yes
    """
    from local.rights.stack import find_stack, open_eraser
    from local.segments.sources import asking_aws

    with told_plainly(), asking_aws(f"stack of {source}"):
        eraser = open_eraser(find_stack(source))
        erasure = _begun(eraser, profile)
        if erasure is None and _is_erased(eraser, profile):
            print("erased before: nothing is held")
            return
        if erasure is None:
            erasure = _confirmed(eraser, profile, source, yes=yes)
        if erasure.cleared_at is None:
            with errors.status("first pass"):
                erasure = eraser.begin(erasure, now())
            print("First pass done: nothing is sent to them any more, and all that was found is gone.")
        _wait(erasure)
        with errors.status("second pass"):
            eraser.finish(erasure, now())
    print("Second pass done: erased.")
    print(_ELSEWHERE)


def readmit(
    name: Annotated[str, typer.Argument(metavar="NAME", help="An address, a userId or an anonymousId.")],
    *,
    source: Live,
) -> None:
    """Let somebody in again who was erased and has come back: what is told of them under this name counts from now on.

    Nothing of what was erased comes back. Call it for the address and for the
    userId, where they come back under both.

    Example:  homing readmit ada@example.com --from table:NAME
    """
    from local.rights.stack import find_stack, open_eraser
    from local.segments.sources import asking_aws

    with told_plainly(), asking_aws(f"stack of {source}"):
        eraser = open_eraser(find_stack(source))
        ids = _ids(name)
        marked = eraser.erasures.erased(ids)
        eraser.erasures.unmark(ids)
    print("let in again from now on" if marked else "nobody of that name was erased: nothing to do")


def requests(
    *,
    source: Live,
    answered: Annotated[
        str | None, typer.Option(metavar="PROFILE", help="Their data has been sent to them: take the request away.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """What shoppers have asked for on the preferences page, for how long, and the command that answers it.

    The law gives a month. An erasure answers itself; that somebody's data has
    been sent to them you have to say.

    Examples:

      homing requests --from table:NAME
      homing requests --from table:NAME --answered 2kqjx3v5d7a6cyzp
    """
    from local.rights.requests import answer, as_lines, waiting
    from local.rights.stack import live_table, open_requests
    from local.segments.sources import asking_aws

    with told_plainly():
        table = live_table(source)
        with asking_aws(f"table '{table}'"):
            asked = open_requests(table)
            if answered is not None:
                answer(asked, source, answered, now())
            rows = waiting(asked.open(), source, now())
    print(json.dumps({"from": source, "requests": rows}, indent=2) if as_json else "\n".join(as_lines(rows)))


def _begun(eraser: "Eraser", name: str) -> "Erasure | None":
    """The erasure of who is known by that name, where one is under way."""
    ids = _ids(name)
    return next((each for each in eraser.erasures.under_way() if ids & each.ids), None)


def _is_erased(eraser: "Eraser", name: str) -> bool:
    """Whether who was known by that name has been erased, and nothing is held under it again."""
    ids = _ids(name)
    held = any(eraser.erasures.held(an_id).items for an_id in ids)
    return not held and bool(eraser.erasures.erased(ids))


def _ids(name: str) -> frozenset[str]:
    """The ids of all that a name may stand for."""
    from homing.domain.ids import alias_id
    from local.segments.population import contact_of

    return frozenset((alias_id("user", name), alias_id("anonymous", name), name, contact_of(name)))


def _confirmed(eraser: "Eraser", name: str, source: str, *, yes: bool) -> "Erasure":
    """What will go, shown and agreed to."""
    from local.segments.population import Population
    from local.segments.sources import open_source

    profile_id = Population(open_source(source, now())).find(name).profile_id
    erasure, kinds = eraser.find(profile_id)
    print(f"profile {profile_id} of {source}: this will go, for good")
    for kind, number in sorted(kinds.items()):
        print(f"  {number:>7,}  {_KINDS.get(kind, kind.lower())}")
    print("           and whatever names them among the moments to look, the mails in the balance, and the requests")
    for neighbour in eraser.neighbours(erasure):
        print(f"  profile {neighbour} has an address in common: it stays, and gets no mail there any more")
    if not yes and not typer.confirm("Erase?"):
        raise typer.Exit(1)
    return erasure


def _wait(erasure: "Erasure") -> None:
    """Sleep until the second pass may begin, and say so."""
    from homing.domain.moments import MINUTE
    from homing.usecases.erase import wait_before_finish

    left = wait_before_finish(erasure, now())
    if left <= 0:
        return
    print(f"The second pass follows in {-(-left // MINUTE)} minutes; stopped and run again, it goes on from here.")
    with errors.status("") as status:
        while (left := wait_before_finish(erasure, now())) > 0:
            status.update(f"{-(-left // MINUTE)} minutes left")
            _sleep(min(left, MINUTE) / 1000)


def _write_for_nobody_else(path: Path, text: str) -> None:
    """The text as a file that its owner alone can read, also where it was another's before."""
    path.unlink(missing_ok=True)
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
        file.write(text)


def _sleep(seconds: float) -> None:
    time.sleep(seconds)
