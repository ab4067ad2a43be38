"""Build time: compile a shop's mails to Python modules that `Renderer` loads.

    python -m homing.emails.compiler shop/emails build/emails

A folder of mails holds

    mails/<mail>.jinja            which blocks a mail is made of
    texts/<language>/<mail>.yaml  what it says; texts/<language>/shared.yaml is for all mails
    look/                         layout and blocks, once as HTML and once as plain text, and style sheets

Every mail is rendered in every language and situation before anything is written, so a mistake in any of them
fails the build and not a shopper's mail. What only this module needs (css-inline, PyYAML) is not deployed.
"""

import re
import sys
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from jinja2 import BaseLoader, DictLoader, TemplateNotFound, TemplateSyntaxError
from jinja2.environment import Environment

from homing.emails.environment import email_environment
from homing.emails.errors import RenderFailed, TemplateInvalid
from homing.emails.inlining import inline_css
from homing.emails.languages import FALLBACK
from homing.emails.masking import MaskLost, around_jinja
from homing.emails.renderer import render_email
from homing.emails.samples import situations
from homing.emails.texts import Texts

_PUBLIC_MACRO = re.compile(r"{%-?\s*macro ([a-z]\w*)")
_TAG = re.compile(r"</?[a-z]", re.IGNORECASE)


class _Source(NamedTuple):
    text: str
    path: Path


class _Assembled(BaseLoader):
    """Sources in memory, each under the file that it was made from."""

    def __init__(self, sources: dict[str, _Source]) -> None:
        self._sources = sources

    def get_source(self, environment: Environment, template: str) -> tuple[str, str, Callable[[], bool]]:
        if template not in self._sources:
            raise TemplateNotFound(template)
        source = self._sources[template]
        return source.text, str(source.path), lambda: True

    def list_templates(self) -> list[str]:
        return sorted(self._sources)


def compile_emails(source_dir: Path, target_dir: Path) -> None:
    """Compile the mails of `source_dir` to modules in `target_dir`, the same bytes for the same sources.

    Modules of an earlier build in `target_dir` are removed. Raises TemplateInvalid, with file and line, and
    leaves `target_dir` as it was, where a mail cannot be compiled or cannot be rendered in some situation.
    """
    environment = checked_environment(source_dir)
    for stale in target_dir.glob("tmpl_*.py"):
        stale.unlink()
    environment.compile_templates(target_dir, zip=None, ignore_errors=False)


def checked_environment(source_dir: Path) -> Environment:
    """An environment with the mails of `source_dir`, all rendered once in every situation."""
    environment = email_environment(_Assembled(_assemble(source_dir)))
    for mail, language in mails_of(source_dir):
        for situation, context in situations():
            try:
                render_email(environment, mail, language, context)
            except RenderFailed as failure:
                where = _place(failure, source_dir)
                raise TemplateInvalid(
                    f"{where}: {failure.reason} ({mail} in '{language}' {situation})"
                ) from failure
    return environment


def mails_of(source_dir: Path) -> list[tuple[str, str]]:
    """Every mail with every language that it is written in."""
    return sorted(
        (path.stem, path.parent.name)
        for path in source_dir.glob("texts/*/*.yaml")
        if path.stem != "shared"
    )


def _assemble(source_dir: Path) -> dict[str, _Source]:
    scratch = email_environment(DictLoader({}))
    sources = _look(scratch, source_dir / "look")
    for folder in sorted((source_dir / "texts").iterdir()):
        for texts in _language(folder, source_dir / "texts" / FALLBACK):
            for form in ("html", "txt"):
                name = f"texts/{folder.name}/{texts.path.stem}.{form}"
                text = _guarded(texts.path, lambda: texts.template(scratch, html=form == "html"))
                sources[name] = _Source(text, texts.path)
    for mail, language in mails_of(source_dir):
        path = source_dir / "mails" / f"{mail}.jinja"
        body = _body(scratch, path)
        for form in ("html", "txt"):
            entry = _entry(mail, language, form, sources[f"blocks.{form}"].text, body)
            sources[f"{mail}.{language}.{form}"] = _Source(entry, path)
        sources[f"{mail}.{language}.subject"] = _Source(
            _texts_of(mail, language, "txt") + "{{ text.subject() }}", path
        )
    return sources


def _look(scratch: Environment, folder: Path) -> dict[str, _Source]:
    css = _read(folder / "style.css")
    sources = {
        path.name: _Source(_read(path), path)
        for path in sorted(folder.iterdir())
        if path.suffix in {".html", ".txt", ".css"} and path.name != "style.css"
    }
    for name, (text, path) in sources.items():
        if path.suffix == ".html":
            inlined = _guarded(path, lambda: inline_css(scratch, text, css))
            if inlined.count("<tbody") != text.count("<tbody"):
                raise TemplateInvalid(f"{path}: write the <tbody> of every table")
            sources[name] = _Source(inlined, path)
    return sources


def _language(folder: Path, reference: Path) -> list[Texts]:
    """The texts of one language, with the same names as the reference language has."""
    if not (folder / "shared.yaml").exists():
        raise TemplateInvalid(f"{folder / 'shared.yaml'}: every language needs this file")
    texts = [Texts(path) for path in sorted(folder.glob("*.yaml"))]
    for own in texts:
        if folder != reference:
            expected = Texts(reference / own.path.name).keys
            if own.keys != expected:
                difference = ", ".join(sorted(own.keys ^ expected))
                raise TemplateInvalid(f"{own.path}: not the same texts as in '{reference.name}': {difference}")
    return texts


def _body(scratch: Environment, path: Path) -> str:
    source = _read(path)

    def without_tags(masked: str) -> str:
        if _TAG.search(masked):
            raise TemplateInvalid(
                f"{path}: a mail is made of blocks, for it is sent as HTML and as plain text; "
                "HTML belongs into look/blocks.html"
            )
        return masked

    return _guarded(path, lambda: around_jinja(scratch, source, without_tags))


def _entry(mail: str, language: str, form: str, blocks: str, body: str) -> str:
    """The template of one mail: everything before the body on one line, so that line numbers stay true."""
    names = ", ".join(_PUBLIC_MACRO.findall(blocks))
    return (
        f'{{% extends "layout.{form}" %}}'
        + _texts_of(mail, language, form)
        + f'{{% from "blocks.{form}" import {names} with context %}}'
        + "{% block content %}"
        + body
        + "{% endblock %}"
    )


def _texts_of(mail: str, language: str, form: str) -> str:
    folder = f"texts/{language}"
    return (
        f'{{% import "{folder}/shared.{form}" as shared with context %}}'
        + "{% set offer_worth %}{% if offer %}{{ shared.offer_worth() }}{% endif %}{% endset %}"
        + f'{{% import "{folder}/{mail}.{form}" as text with context %}}'
    )


def _guarded(path: Path, work: Callable[[], str]) -> str:
    try:
        return work()
    except TemplateSyntaxError as error:
        raise TemplateInvalid(f"{path}:{error.lineno}: {error.message}") from error
    except MaskLost as error:
        raise TemplateInvalid(
            f"{path}: {{{{ … }}}} and {{% … %}} may stand between tags and in quoted values of attributes only"
        ) from error


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except FileNotFoundError as error:
        raise TemplateInvalid(f"{path}: this file is missing") from error


def _place(failure: RenderFailed, source_dir: Path) -> str:
    """File and line of the shop's own file in which a rendering failed."""
    cause = failure.__cause__
    if isinstance(cause, TemplateSyntaxError):
        return f"{cause.filename}:{cause.lineno}"
    frames = traceback.extract_tb(cause.__traceback__) if cause else []
    own = [frame for frame in frames if Path(frame.filename).is_relative_to(source_dir)]
    return f"{own[-1].filename}:{own[-1].lineno}" if own else str(source_dir)


if __name__ == "__main__":
    try:
        compile_emails(Path(sys.argv[1]), Path(sys.argv[2]))
    except TemplateInvalid as error:
        sys.exit(str(error))
