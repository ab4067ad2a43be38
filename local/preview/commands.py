"""`homing preview` and `homing mails check`."""

import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NamedTuple, NoReturn

import typer
from rich.console import Console
from rich.text import Text

from homing.domain.offers import DEFAULT_LANGUAGE
from local.segments.commands import From

if TYPE_CHECKING:
    from homing.emails import RenderedEmail

# Imports stand inside the commands: `--help` answers at once.

mails = typer.Typer(name="mails", help="The shop's mails, before anybody gets them.", no_args_is_help=True)
# Without emoji: a line number between colons is one.
_errors = Console(stderr=True, highlight=False, soft_wrap=True, emoji=False)
_console = Console(highlight=False, soft_wrap=True, emoji=False)

SHOP = Path("shop")


class Data(StrEnum):
    """What is known of the made-up shopper."""

    FULL = "full"
    MINIMAL = "minimal"


ShopDir = Annotated[Path, typer.Argument(metavar="SHOP_DIR", help="The shop's folder, with emails/ in it.")]


@dataclass(frozen=True, slots=True)
class Wish:
    """What somebody wants to look at."""

    template: str
    language: str | None
    data: str
    profile: str | None
    source: str


class Made(NamedTuple):
    """A mail, and what it was made from; `language` is a tag, which may hold anything that a client has told."""

    mail: "RenderedEmail"
    language: str
    notes: list[str]


def preview(
    template: Annotated[str | None, typer.Argument(metavar="TEMPLATE", help="A mail, such as cart-offer.")] = None,
    *,
    lang: Annotated[str | None, typer.Option(help="A language tag: en, de, de-AT; else the shopper's, or en.")] = None,
    data: Annotated[Data, typer.Option(help="The made-up shopper: everything known, or nothing.")] = Data.FULL,
    profile: Annotated[
        str | None, typer.Option(help="A real shopper instead: a userId, an anonymousId, a profile_id or an address.")
    ] = None,
    source: From = "demo",
    shop_dir: Annotated[Path, typer.Option("--shop", help="The shop's folder.")] = SHOP,
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
    emails_dir = emails_dir_of(shop_dir)
    with told_plainly():
        if template is None:
            _list_mails(emails_dir)
            return
        refuse_unwritten(emails_dir, template, lang)
        page, name = _page(shop_dir, Wish(template, lang, data.value, profile, source))
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


def refuse_unwritten(emails_dir: Path, template: str, lang: str | None) -> None:
    """End the command where there is no such mail, or not in this language."""
    from homing.domain.rules.errors import or_similar
    from homing.emails.assembly import mails_of
    from homing.emails.languages import languages_for

    written = mails_of(emails_dir)
    names = tuple(dict.fromkeys(mail for mail, _ in written))
    if template not in names:
        _fail(f"'{template}' is no mail of {emails_dir}{or_similar(template, names)}; `homing preview` lists them")
    languages = [language for mail, language in written if mail == template]
    if lang is not None and languages_for(lang)[0] not in languages:
        _fail(f"--lang: '{template}' is not written in '{lang}', but in {', '.join(languages)}")


def _page(shop_dir: Path, wish: Wish) -> tuple[str, str]:
    """The page, and the name of its file without the suffix."""
    from local.preview.page import render_page

    made = make_mail(shop_dir, wish)
    # The tag may be whatever a shopper's client has told.
    safe_tag = re.sub("[^A-Za-z0-9-]", "", made.language)
    return render_page(made.mail, f"{wish.template}, {made.language}", made.notes), f"{wish.template}.{safe_tag}"


def make_mail(shop_dir: Path, wish: Wish) -> Made:
    """The mail as it would be sent. Raises EmailError, ShopFileError, NoMail, NoProfile, SourceUnreadable."""
    from tempfile import TemporaryDirectory

    from homing.emails import Renderer
    from homing.emails.assembly import is_service
    from local.preview.sample import SERVICE, identity_of, sample_context
    from local.preview.shopper import Previewer
    from local.segments.population import Population
    from local.segments.sources import open_source
    from local.shop_build import build_shop

    source = None if wish.profile is None else open_source(wish.source, time.time_ns() // 1_000_000)
    with TemporaryDirectory(prefix="homing-preview-") as built:
        shop, identity = build_shop(shop_dir, Path(built)), identity_of(shop_dir)
        renderer = Renderer(Path(built) / "emails")
        if source is None or wish.profile is None:
            language = wish.language or DEFAULT_LANGUAGE
            data = SERVICE if is_service(shop_dir / "emails", wish.template) else wish.data
            notes = [f"made-up shopper, {data} data"]
            mail = renderer.render(wish.template, language, sample_context(shop, identity, data))
        else:
            previewer = Previewer(shop, identity, renderer, Population(source))
            found = previewer.mail(wish.template, wish.profile, wish.language)
            mail, language = found.mail, found.language
            notes = [f"{wish.profile} of {wish.source}", *([found.withheld] if found.withheld else [])]
    return Made(mail, language, notes)


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

    emails_dir = emails_dir_of(shop_dir)
    with told_plainly():
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


def emails_dir_of(shop_dir: Path) -> Path:
    emails_dir = shop_dir / "emails"
    if not emails_dir.is_dir():
        _fail(f"{shop_dir}: no shop's folder, for it has no emails/; name one, such as shop")
    return emails_dir


@contextmanager
def told_plainly() -> Iterator[None]:
    """What is wrong ends the command with what to do about it, and status 2."""
    from homing.emails import EmailError
    from local.preview.shopper import NoMail
    from local.segments.population import NoProfile
    from local.segments.sources import SourceUnreadable
    from local.shop_files import ShopFileError

    try:
        yield
    except (NoMail, NoProfile, SourceUnreadable) as error:
        _fail(str(error))
    except OSError as error:
        _fail(f"{error.filename}: {error.strerror or error}")
    except (EmailError, ShopFileError) as error:
        # Each fault begins with its file and line, for editors to jump to.
        _errors.print(str(error), markup=False)
        raise typer.Exit(2) from error


def _fail(message: str) -> NoReturn:
    _errors.print(f"homing: {message}", markup=False)
    raise typer.Exit(2)
