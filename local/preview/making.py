"""A mail as it would be sent, with made-up data or a shopper's own: for those who look at it before anybody gets it."""

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NamedTuple

import typer

from homing.domain.offers import DEFAULT_LANGUAGE
from local.terminal import Unusable, now

if TYPE_CHECKING:
    from homing.emails import RenderedEmail

# Imports stand inside the functions: `--help` answers at once.


class Data(StrEnum):
    """What is known of the made-up shopper."""

    FULL = "full"
    MINIMAL = "minimal"


Lang = Annotated[str | None, typer.Option(help="A language tag: en, de, de-AT; else the shopper's, or en.")]
MadeUp = Annotated[Data, typer.Option(help="The made-up shopper: everything known, or nothing.")]
Shopper = Annotated[
    str | None,
    typer.Option(
        "--profile",
        metavar="PROFILE",
        help="A real shopper instead: a userId, an anonymousId, a profile_id or an address.",
    ),
]
ShopOption = Annotated[Path, typer.Option("--shop", help="The shop's folder.")]


class NoMail(Unusable):
    """There is no such mail, or this shopper cannot get it; the message says why, and what to do."""


@dataclass(frozen=True, slots=True)
class Wish:
    """What somebody wants to look at: a mail of the shop in that folder, and whose."""

    shop_dir: Path
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


def make_mail(wish: Wish) -> Made:
    """The mail as it would be sent. Raises EmailError, ShopFileError, NoMail, NoProfile, SourceUnreadable."""
    from tempfile import TemporaryDirectory

    from homing.emails import Renderer
    from homing.emails.assembly import is_service
    from local.preview.sample import SERVICE, identity_of, sample_context
    from local.preview.shopper import Previewer
    from local.segments.population import Population
    from local.segments.sources import open_source
    from local.shop_build import build_shop

    emails_dir = emails_dir_of(wish.shop_dir)
    _refuse_unwritten(emails_dir, wish.template, wish.language)
    source = None if wish.profile is None else open_source(wish.source, now())
    with TemporaryDirectory(prefix="homing-preview-") as built:
        shop, identity = build_shop(wish.shop_dir, Path(built)), identity_of(wish.shop_dir)
        renderer = Renderer(Path(built) / "emails")
        if source is None or wish.profile is None:
            language = wish.language or DEFAULT_LANGUAGE
            data = SERVICE if is_service(emails_dir, wish.template) else wish.data
            mail = renderer.render(wish.template, language, sample_context(shop, identity, data))
            return Made(mail, language, [f"made-up shopper, {data} data"])
        previewer = Previewer(shop, identity, renderer, Population(source))
        found = previewer.mail(wish.template, wish.profile, wish.language)
        notes = [f"{wish.profile} of {wish.source}", *([found.withheld] if found.withheld else [])]
        return Made(found.mail, found.language, notes)


def emails_dir_of(shop_dir: Path) -> Path:
    """The folder with the shop's mails. Raises NoMail."""
    emails_dir = shop_dir / "emails"
    if not emails_dir.is_dir():
        raise NoMail(f"{shop_dir}: no shop's folder, for it has no emails/; name one, such as shop")
    return emails_dir


def _refuse_unwritten(emails_dir: Path, template: str, language: str | None) -> None:
    """Raises NoMail where there is no such mail, or not in this language."""
    from homing.domain.rules.errors import or_similar
    from homing.emails.assembly import mails_of
    from homing.emails.languages import languages_for

    written = mails_of(emails_dir)
    names = tuple(dict.fromkeys(mail for mail, _ in written))
    if template not in names:
        raise NoMail(f"'{template}' is no mail of {emails_dir}{or_similar(template, names)}")
    languages = [tag for mail, tag in written if mail == template]
    if language is not None and languages_for(language)[0] not in languages:
        raise NoMail(f"--lang: '{template}' is not written in '{language}', but in {', '.join(languages)}")
