"""`homing preview` and `homing mails check`."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, NoReturn

import typer
from rich.console import Console

# Imports stand inside the commands: `--help` answers at once.

mails = typer.Typer(name="mails", help="The shop's mails, before anybody gets them.", no_args_is_help=True)
# Without emoji: a line number between colons is one.
_errors = Console(stderr=True, highlight=False, soft_wrap=True, emoji=False)
_console = Console(highlight=False, soft_wrap=True, emoji=False)

SHOP = Path("shop")
ShopDir = Annotated[Path, typer.Argument(metavar="SHOP_DIR", help="The shop's folder, with emails/ in it.")]


@mails.callback()
def _group() -> None:
    """Keep `check` a command of its own, as long as it is the only one."""


@mails.command()
def check(shop_dir: ShopDir = SHOP) -> None:
    """Check every mail in every language against the rules of inboxes and of the law; status 1 where one is broken.

    Each is rendered with full, minimal and hostile data. Each fault is told
    with the file to mend, as editors and CI like it.

    Example:  homing mails check shop && git commit
    """
    from homing.emails.assembly import mails_of
    from local.mail_lint import check_mails, sample_data

    emails_dir = _emails_dir(shop_dir)
    with _told_plainly():
        faults = check_mails(emails_dir)
        written = mails_of(emails_dir)
    for fault in faults:
        _errors.print(str(fault), markup=False)
    if faults:
        raise typer.Exit(1)
    names, languages = ({part[number] for part in written} for number in (0, 1))
    *some, last = sample_data()
    counted = f"{_count(len(names), 'mail')} in {_count(len(languages), 'language')}"
    _console.print(f"{emails_dir}: {counted}, all sound with {', '.join(some)} and {last} data", markup=False)


def _count(number: int, word: str) -> str:
    return f"{number} {word}{'' if number == 1 else 's'}"


def _emails_dir(shop_dir: Path) -> Path:
    emails_dir = shop_dir / "emails"
    if not emails_dir.is_dir():
        _fail(f"{shop_dir}: no shop's folder, for it has no emails/; name one, such as shop")
    return emails_dir


@contextmanager
def _told_plainly() -> Iterator[None]:
    """What is wrong ends the command with what to do about it, and status 2."""
    from homing.emails import EmailError
    from local.shop_files import ShopFileError

    try:
        yield
    except (EmailError, ShopFileError) as error:
        # Each fault begins with its file and line, for editors to jump to.
        _errors.print(str(error), markup=False)
        raise typer.Exit(2) from error


def _fail(message: str) -> NoReturn:
    _errors.print(f"homing: {message}", markup=False)
    raise typer.Exit(2)
