"""Every mail of a shop, rendered with all that it may meet and held to the rules; each fault with where to mend it."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

from homing.emails import RenderFailed
from homing.emails.assembly import body_of, is_service, mails_of
from homing.emails.compiler import checked_environment
from homing.emails.context import RenderContext
from homing.emails.renderer import render_email
from homing.emails.samples import everything, hostile, nothing, service
from local.mail_lint.places import Place, Sources
from local.mail_lint.rules import body_faults, subject_faults

_ATTACK = '<script>alert(1)</script><img src=x onerror="alert(1)">\u202e\r\nBcc: victim@example.com'


class Shown(NamedTuple):
    """What shows a fault: a mail in a language, made with one of the samples of data."""

    mail: str
    language: str
    data: str

    def __str__(self) -> str:
        """`mail in 'language' with such data`."""
        return f"{self.mail} in '{self.language}' with {self.data} data"


class Fault(NamedTuple):
    """A rule that a shop's mail breaks, where it is to be mended, and what shows it; None where that is the file."""

    place: Place
    message: str
    shown: Shown | None = None

    def __str__(self) -> str:
        """`file:line: mail in 'language' with such data: message`."""
        return ": ".join(str(part) for part in (self.place, self.shown, self.message) if part)


def sample_data(*, of_service: bool = False) -> dict[str, Mapping[str, Any]]:
    """What mails are checked with, by name; nothing that a service mail says comes from outside."""
    if of_service:
        return {"full": service()}
    return {
        "full": everything(),
        "pictured": _with_pictures(everything()),
        "minimal": nothing(),
        "hostile": hostile(_ATTACK),
    }


def check_mails(emails_dir: Path) -> list[Fault]:
    """Every fault of every mail in every language, told with the first data that shows it. Raises TemplateInvalid.

    A fault of the look, which all mails share, is told with the first mail that shows it.
    """
    environment, sources = checked_environment(emails_dir), Sources(emails_dir)
    found: dict[tuple[object, ...], Fault] = {each: Fault(*each) for each in sources.faults()}
    for mail, language in mails_of(emails_dir):
        words = Place(emails_dir / "texts" / language / f"{mail}.yaml")
        blocks = Place(body_of(emails_dir, mail))
        for data, context in sample_data(of_service=is_service(emails_dir, mail)).items():
            try:
                rendered = render_email(environment, mail, language, context)
                told = [(words, message) for message in subject_faults(rendered.subject)]
                told += [(sources.place_of(each) or blocks, each.message) for each in body_faults(rendered, context)]
            except RenderFailed as error:
                told = [(blocks, error.detail)]
            for place, message in told:
                shared = place.file.parent.name == "look"
                key = (place, message) if shared else (place, message, language)
                found.setdefault(key, Fault(place, message, Shown(mail, language, data)))
    return list(found.values())


def _with_pictures(context: RenderContext) -> Mapping[str, Any]:
    shop = {**context["shop"], "logo_url": "https://shop.example/logo.png"}
    pictured = {
        name: [{**product, "image_url": "https://shop.example/picture.jpg"} for product in products]
        for name, products in (("items", context["items"]), ("suggestions", context["suggestions"]))
    }
    return {**context, **pictured, "shop": shop}
