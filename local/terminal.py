"""What the commands share at the terminal: the options that mean the same everywhere, and how mistakes are told."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, NoReturn

import typer
from rich.console import Console

from homing.domain.moments import Moment, parse_moment

# Without emoji: a line number between colons is one.
errors = Console(stderr=True, highlight=False, soft_wrap=True, emoji=False)

SHOP = Path("shop")

From = Annotated[
    str,
    typer.Option(
        "--from",
        metavar="PLACE",
        help="Where the profiles are: the folder of a run, a folder or file of a DynamoDB export (DYNAMODB_JSON), or "
        "table:NAME, a live table that your AWS credentials may read.",
    ),
]
Live = Annotated[
    str,
    typer.Option("--from", metavar="table:NAME", help="The live table; the stack's output TableName tells its name."),
]
Profile = Annotated[
    str, typer.Argument(metavar="PROFILE", help="A userId, an anonymousId, a profile_id, or an address.")
]
AsJson = Annotated[bool, typer.Option("--json", help="For programs: one JSON object.")]
Yes = Annotated[bool, typer.Option("--yes", help="Do not ask.")]


class Unusable(Exception):
    """What somebody has typed or named cannot be used; the message says why, and what to do."""


class FaultyFile(Unusable):
    """Faults in files: each line of the message begins with a file and a line, for editors to jump to."""


@contextmanager
def told_plainly(*of_files: type[Exception]) -> Iterator[None]:
    """What is wrong with somebody's words, files or places ends the command with a line on what to do, and status 2.

    Exceptions of the kinds `of_files` are told as a FaultyFile is.
    """
    faulty: tuple[type[Exception], ...] = (FaultyFile, *of_files)
    try:
        yield
    except faulty as error:
        errors.print(str(error), markup=False)
        raise typer.Exit(2) from error
    except OSError as error:
        fail(f"{error.filename}: {error.strerror}" if error.filename else str(error))
    except Unusable as error:
        fail(str(error))


def fail(message: str) -> NoReturn:
    """End the command with status 2 and a message, which says what to do."""
    errors.print(f"homing: {message}", markup=False)
    raise typer.Exit(2)


def moment(option: str, text: str) -> Moment:
    """The moment that somebody has typed at an option; else the end of the command."""
    try:
        return parse_moment(text)
    except ValueError as error:
        fail(f"{option}: {error}; write it as 2026-12-31T00:00:00Z")


def now() -> Moment:
    """The moment that it is for who sits at the terminal."""
    return time.time_ns() // 1_000_000
