"""`homing preview` and `homing mails check`."""

import re
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.text import Text

from local.preview.making import Data, Lang, MadeUp, ShopOption, Shopper, Wish, emails_dir_of, make_mail
from local.terminal import SHOP, From, errors, fail, told_plainly

# Imports stand inside the commands: `--help` answers at once.

mails = typer.Typer(name="mails", help="The shop's mails, before anybody gets them.", no_args_is_help=True)
# Without emoji: a line number between colons is one.
_console = Console(highlight=False, soft_wrap=True, emoji=False)

ShopDir = Annotated[Path, typer.Argument(metavar="SHOP_DIR", help="The shop's folder, with emails/ in it.")]


def preview(
    template: Annotated[str | None, typer.Argument(metavar="TEMPLATE", help="A mail, such as cart-offer.")] = None,
    *,
    lang: Lang = None,
    data: MadeUp = Data.FULL,
    profile: Shopper = None,
    source: From = "demo",
    shop_dir: ShopOption = SHOP,
    out: Annotated[
        Path | None, typer.Option(help="The file for the page; else out/previews/TEMPLATE.LANG.html.")
    ] = None,
    open_it: Annotated[bool, typer.Option("--open/--no-open", help="Open the page in the browser.")] = False,
) -> None:
    """Look at a mail before anybody gets it: wide and narrow, light and dark, and as text. Without TEMPLATE: list all.

    The page is one file. With --profile the mail is made as it would be sent,
    from what a run's folder, an export or a table knows; nothing is sent or
    written there.

    Examples:

      homing preview                                      all mails, by subject
      homing preview cart-offer --lang de --open
      homing preview cart-offer --data minimal
      homing preview winback-offer --profile tc-00096 --from demo
    """
    from homing.emails import EmailError

    if template is None and profile is not None:
        fail("--profile: name the mail as well, such as cart-offer; `homing preview` lists all")
    with told_plainly(EmailError):
        if template is None:
            _list_mails(emails_dir_of(shop_dir))
            return
        page, name = _page(Wish(shop_dir, template, lang, data.value, profile, source))
        path = out or Path("out/previews") / f"{name}.html"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(page, encoding="utf-8")
    print(path)
    if open_it:
        typer.launch(path.resolve().as_uri())


def _list_mails(emails_dir: Path) -> None:
    """Every mail with its subject in each language, from full sample data."""
    from rich.table import Table

    from homing.emails.assembly import is_service, mails_of
    from homing.emails.compiler import checked_environment
    from homing.emails.renderer import render_email
    from homing.emails.samples import everything, service

    environment = checked_environment(emails_dir)
    table = Table("mail", "language", "subject, with full sample data", box=None, pad_edge=False)
    above = None
    for mail, language in mails_of(emails_dir):
        context = service() if is_service(emails_dir, mail) else everything()
        subject = render_email(environment, mail, language, context).subject
        table.add_row("" if mail == above else mail, language, Text(subject))
        above = mail
    _console.print(table)


def _page(wish: Wish) -> tuple[str, str]:
    """The page, and the name of its file without the suffix."""
    from local.preview.page import render_page

    made = make_mail(wish)
    # The tag may be whatever a shopper's client has told.
    safe_tag = re.sub("[^A-Za-z0-9-]", "", made.language)
    return render_page(made.mail, f"{wish.template}, {made.language}", made.notes), f"{wish.template}.{safe_tag}"


@mails.callback()
def _group() -> None:
    """Keep `check` a command of its own, as long as it is the only one."""


@mails.command()
def check(shop_dir: ShopDir = SHOP) -> None:
    """Check every mail in every language against what inboxes, the law and readers ask; status 1 where it lacks it.

    Each is rendered with full, minimal and hostile data, with pictures and
    without, and looked at in light and dark, wide and on a phone. Each fault is
    told with the file and line to mend, as editors and CI like it.

    Example:  homing mails check shop && git commit
    """
    from homing.emails import EmailError
    from homing.emails.assembly import mails_of
    from local.mail_lint import check_mails, sample_data

    with told_plainly(EmailError):
        emails_dir = emails_dir_of(shop_dir)
        with errors.status("rendering every mail"):
            faults = check_mails(emails_dir)
        written = mails_of(emails_dir)
    for fault in faults:
        errors.print(str(fault), markup=False)
    if faults:
        raise typer.Exit(1)
    names, languages = ({part[number] for part in written} for number in (0, 1))
    *some, last = sample_data()
    counted = f"{_count(len(names), 'mail')} in {_count(len(languages), 'language')}"
    _console.print(f"{emails_dir}: {counted}, all sound with {', '.join(some)} and {last} data", markup=False)


def _count(number: int, word: str) -> str:
    return f"{number} {word}{'' if number == 1 else 's'}"
