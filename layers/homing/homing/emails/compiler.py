"""Build time: compile a shop's mails to Python modules that `Renderer` loads.

`python -m homing.emails.compiler shop/emails build/emails`

A folder of mails holds

- `mails/<mail>.jinja`, and `service/<mail>.jinja` for what is no marketing: which blocks a mail is made of;
- `texts/<language>/<mail>.yaml`: what it says, and `texts/<language>/shared.yaml`, what all mails say;
- `look/`: layout and blocks, once as HTML and once as plain text, and the style sheets.

Every mail is rendered in every language and situation before anything is written, so a mistake in any of them
fails the build and not a shopper's mail. What only the build needs (css-inline, PyYAML) is not deployed.
"""

import sys
import traceback
from collections.abc import Callable, Mapping
from pathlib import Path

from jinja2 import BaseLoader, Environment, TemplateNotFound, TemplateSyntaxError

from homing.emails.assembly import Source, assemble, is_service, mails_of
from homing.emails.environment import MailEnvironment
from homing.emails.errors import RenderFailed, TemplateInvalid
from homing.emails.renderer import render_email
from homing.emails.samples import service, situations


def compile_emails(source_dir: Path, target_dir: Path) -> None:
    """Compile the mails of `source_dir` to modules in `target_dir`, the same bytes for the same sources.

    Modules of an earlier build in `target_dir` are removed. Raises TemplateInvalid, with file and line, and
    leaves `target_dir` as it was, where a mail cannot be compiled or cannot be rendered in some situation.
    """
    environment = checked_environment(source_dir)
    for stale in target_dir.glob("tmpl_*.py"):
        stale.unlink()
    environment.compile_templates(target_dir, zip=None, ignore_errors=False)


def checked_environment(source_dir: Path) -> MailEnvironment:
    """An environment with the mails of `source_dir`, each rendered once in every situation.

    Raises TemplateInvalid.
    """
    environment = MailEnvironment(_InMemory(assemble(source_dir)))
    for mail, language in mails_of(source_dir):
        told = [("as it is", service())] if is_service(source_dir, mail) else situations()
        for situation, context in told:
            try:
                render_email(environment, mail, language, context)
            except RenderFailed as failure:
                place = _place(failure.__cause__, source_dir)
                raise TemplateInvalid(f"{place}: {failure.detail} ({mail} in '{language}' {situation})") from failure
    return environment


class _InMemory(BaseLoader):
    """Sources in memory, each reported under the file that it was made from."""

    def __init__(self, sources: Mapping[str, Source]) -> None:
        self._sources = sources

    def get_source(self, environment: Environment, template: str) -> tuple[str, str, Callable[[], bool]]:
        if template not in self._sources:
            raise TemplateNotFound(template)
        source = self._sources[template]
        return source.text, str(source.path), lambda: True

    def list_templates(self) -> list[str]:
        return sorted(self._sources)


def _place(cause: BaseException | None, source_dir: Path) -> str:
    """File and line of the shop's own file in which a rendering failed."""
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
