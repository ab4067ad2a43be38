"""Render at send time, from compiled templates: nothing is parsed and no CSS is inlined here."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from jinja2 import ModuleLoader, Template, TemplateNotFound, UndefinedError

from homing.emails.environment import MailEnvironment
from homing.emails.errors import RenderFailed, RenderingStopped
from homing.emails.hygiene import LONGEST_SUBJECT, single_line, tidy
from homing.emails.languages import FALLBACK, languages_for, writing
from homing.emails.limits import within_size


@dataclass(frozen=True, slots=True)
class RenderedEmail:
    """A mail, ready to send: `subject` is one line, `html` and `text` are the two bodies."""

    subject: str
    html: str
    text: str


class Renderer:
    """Renders the mails that `compile_emails` wrote to `compiled_dir`."""

    def __init__(self, compiled_dir: Path) -> None:
        self._environment = MailEnvironment(ModuleLoader(compiled_dir))

    def render(self, template: str, language: str, context: Mapping[str, Any]) -> RenderedEmail:
        """The mail `template` in `language` (a tag such as `de` or `de-AT`), else in English.

        The context is a `homing.emails.context.RenderContext`, that of a service mail a `ServiceContext`.

        Raises RenderFailed where the template is unknown, the context lacks what the template says, or the mail goes
        beyond a limit.
        """
        return render_email(self._environment, template, language, context)


def render_email(
    environment: MailEnvironment, template: str, language: str, context: Mapping[str, Any]
) -> RenderedEmail:
    """The mail from any environment that knows the templates; see `Renderer.render`."""
    for candidate in languages_for(language):
        mail = f"{template}.{candidate}"
        try:
            subject = environment.get_template(f"{mail}.subject")
        except TemplateNotFound:
            continue
        environment.meter.start()
        try:
            variables = _variables(context, candidate, language)
            return RenderedEmail(
                subject=_one_line(_part(subject, variables)),
                html=_part(environment.get_template(f"{mail}.html"), variables),
                text=_even_spacing(_part(environment.get_template(f"{mail}.txt"), variables)),
            )
        except (RenderingStopped, UndefinedError) as error:
            raise RenderFailed(template, candidate, str(error)) from error
        # Templates are the shop's own code over outside data, so anything can be raised in here, and say anything.
        except Exception as error:
            raise RenderFailed(template, candidate, type(error).__name__) from error
    raise RenderFailed(template, FALLBACK, "there is no such template")


def _part(template: Template, variables: Mapping[str, Any]) -> str:
    return within_size(template.generate(variables))


def _variables(context: Mapping[str, Any], language: str, tag: str) -> dict[str, Any]:
    written = writing(language, tag)
    return {
        **tidy(context),
        "language": written.language,
        "locale": written.locale,
        "direction": written.direction,
        "start": "left" if written.direction == "ltr" else "right",
        "end": "right" if written.direction == "ltr" else "left",
    }


def _one_line(subject: str) -> str:
    line = single_line(subject, LONGEST_SUBJECT)
    if not line:
        raise RenderingStopped("the subject is empty")
    return line


def _even_spacing(text: str) -> str:
    """Text as its author meant it: no blanks at line ends, never more than one empty line."""
    without_trailing = re.sub(r"[ \t]+\n", "\n", text)
    return re.sub(r"\n{3,}", "\n\n", without_trailing).strip() + "\n"
