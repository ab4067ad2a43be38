"""Build time: from the folder that a shop edits to the sources of the templates, each under its own name.

For a mail and a language there are three templates, `cart-offer.de.html`, `.txt` and `.subject`. They import
the texts, `texts/de/cart-offer.html` or `.txt`, and the blocks, and extend the layout.
"""

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from jinja2 import DictLoader, TemplateSyntaxError
from jinja2.environment import Environment

from homing.emails.environment import MailEnvironment
from homing.emails.errors import TemplateInvalid
from homing.emails.inlining import inline_css
from homing.emails.languages import FALLBACK
from homing.emails.masking import MaskLost, around_jinja
from homing.emails.texts import Texts

SHARED = "shared"
MARKETING, SERVICE = "mails", "service"
"""The folders of what mails are made of: those that somebody has agreed to, and those that answer what they did."""
_PUBLIC_MACRO = re.compile(r"{%-?\s*macro ([a-z]\w*)")
_TAG = re.compile(r"</?[a-z]", re.IGNORECASE)


class Source(NamedTuple):
    """The text of a template and the file that it was made from."""

    text: str
    path: Path


def mails_of(source_dir: Path) -> list[tuple[str, str]]:
    """Every mail with every language that it is written in."""
    texts = source_dir.glob("texts/*/*.yaml")
    return sorted((path.stem, path.parent.name) for path in texts if path.stem != SHARED)


def body_of(source_dir: Path, mail: str) -> Path:
    """The file that says which blocks the mail is made of."""
    service = source_dir / SERVICE / f"{mail}.jinja"
    return service if service.exists() else source_dir / MARKETING / f"{mail}.jinja"


def is_service(source_dir: Path, mail: str) -> bool:
    """Whether the mail is made of a `ServiceContext`."""
    return body_of(source_dir, mail).parent.name == SERVICE


def assemble(source_dir: Path) -> dict[str, Source]:
    """All templates of the folder by name. Raises TemplateInvalid."""
    scratch = MailEnvironment(DictLoader({}))
    sources = _look(scratch, source_dir / "look")
    sources |= _texts(scratch, source_dir / "texts")
    for path in sorted(path for folder in (MARKETING, SERVICE) for path in source_dir.glob(f"{folder}/*.jinja")):
        _read(source_dir / "texts" / FALLBACK / f"{path.stem}.yaml")
    macros = {form: _PUBLIC_MACRO.findall(sources[f"blocks.{form}"].text) for form in ("html", "txt")}
    if sorted(macros["html"]) != sorted(macros["txt"]):
        difference = ", ".join(sorted(set(macros["html"]) ^ set(macros["txt"])))
        raise TemplateInvalid(f"{source_dir / 'look'}: blocks.html and blocks.txt differ in {difference}")
    for mail, language in mails_of(source_dir):
        body = _body(scratch, body_of(source_dir, mail))
        sources |= _mail(mail, language, body, macros)
    return sources


def _look(scratch: Environment, folder: Path) -> dict[str, Source]:
    css = _read(folder / "style.css")
    for name in ("layout.html", "layout.txt", "blocks.html", "blocks.txt"):
        _read(folder / name)
    return {
        path.name: Source(_inlined(scratch, path, css) if path.suffix == ".html" else _read(path), path)
        for path in sorted(folder.iterdir())
        if path.suffix in {".html", ".txt", ".css"} and path.name != "style.css"
    }


def _inlined(scratch: Environment, path: Path, css: str) -> str:
    source = _read(path)
    with _blamed_on(path):
        inlined = inline_css(scratch, source, css)
    if inlined.count("<tbody") != source.count("<tbody"):
        raise TemplateInvalid(f"{path}: write the <tbody> of every table")
    return inlined


def _texts(scratch: Environment, folder: Path) -> dict[str, Source]:
    sources: dict[str, Source] = {}
    for language in sorted(path for path in folder.iterdir() if path.is_dir()):
        _read(language / f"{SHARED}.yaml")
        for path in sorted(language.glob("*.yaml")):
            texts = _complete(Texts(path), folder / FALLBACK / path.name)
            with _blamed_on(path):
                html, plain = texts.template(scratch, "html"), texts.template(scratch, "txt")
            name = f"texts/{language.name}/{path.stem}"
            sources |= {f"{name}.html": Source(html, path), f"{name}.txt": Source(plain, path)}
    return sources


def _complete(texts: Texts, reference: Path) -> Texts:
    """The texts, if they have the same names as the reference language's."""
    _read(reference)
    expected = Texts(reference).keys
    missing, unknown = sorted(expected - texts.keys), sorted(texts.keys - expected)
    if missing:
        raise TemplateInvalid(f"{texts.path}: missing, but in '{FALLBACK}': {', '.join(missing)}")
    if unknown:
        raise TemplateInvalid(f"{texts.path}: not in '{FALLBACK}': {', '.join(unknown)}")
    return texts


def _body(scratch: Environment, path: Path) -> Source:
    source = _read(path)

    def without_tags(masked: str) -> str:
        if _TAG.search(masked):
            raise TemplateInvalid(
                f"{path}: a mail is made of blocks, for it is sent as HTML and as plain text; "
                "HTML belongs into look/blocks.html"
            )
        return masked

    with _blamed_on(path):
        return Source(around_jinja(scratch, source, without_tags), path)


def _mail(mail: str, language: str, body: Source, macros: Mapping[str, list[str]]) -> dict[str, Source]:
    """The three templates of a mail. What stands before the body is on its first line, so lines stay true."""
    words = _imports(mail, language, "txt", body.path)
    sources = {f"{mail}.{language}.subject": Source(words + "{{ text.subject() }}", body.path)}
    for form, names in macros.items():
        head = f'{{% extends "layout.{form}" %}}' + _imports(mail, language, form, body.path)
        blocks = f'{{% from "blocks.{form}" import {", ".join(names)} with context %}}'
        content = f"{{% block content %}}{body.text}{{% endblock %}}"
        sources[f"{mail}.{language}.{form}"] = Source(head + blocks + content, body.path)
    return sources


def _imports(mail: str, language: str, form: str, body: Path) -> str:
    shared, own = f"texts/{language}/{SHARED}.{form}", f"texts/{language}/{mail}.{form}"
    worth = "{% set offer_worth %}{% if offer %}{{ shared.offer_worth() }}{% endif %}{% endset %}"
    return (
        f'{{% import "{shared}" as shared with context %}}'
        f"{'' if body.parent.name == SERVICE else worth}"
        f'{{% import "{own}" as text with context %}}'
    )


@contextmanager
def _blamed_on(path: Path) -> Iterator[None]:
    """A mistake in a template becomes TemplateInvalid with this file."""
    try:
        yield
    except TemplateSyntaxError as error:
        raise TemplateInvalid(f"{path}:{error.lineno}: {error.message}") from error
    except MaskLost as error:
        raise TemplateInvalid(
            f"{path}: between the quotes of a tag only values may stand, {{{{ … }}}} or {{% if … %}}; "
            "write no template code elsewhere within a tag"
        ) from error


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except FileNotFoundError as error:
        raise TemplateInvalid(f"{path}: this file is missing") from error
