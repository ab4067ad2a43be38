"""The one Jinja environment: templates are compiled and rendered under the same rules."""

from jinja2 import BaseLoader, StrictUndefined
from jinja2.exceptions import TemplateRuntimeError
from jinja2.sandbox import ImmutableSandboxedEnvironment

from homing.emails import formats


def email_environment(loader: BaseLoader) -> ImmutableSandboxedEnvironment:
    """Sandboxed, strict about missing names, escaping in every template whose name ends in `.html`."""
    environment = ImmutableSandboxedEnvironment(
        loader=loader,
        autoescape=_is_html,
        undefined=StrictUndefined,
        finalize=_refuse_none,
        trim_blocks=True,
        lstrip_blocks=True,
        cache_size=-1,
        auto_reload=False,
    )
    environment.filters.update(
        money=formats.money,
        percent=formats.percent,
        day=formats.day,
        line_price=formats.line_price,
        initial=formats.initial,
        readable_on=formats.readable_on,
    )
    return environment


def _is_html(name: str | None) -> bool:
    return name is not None and name.endswith(".html")


def _refuse_none(value: object) -> object:
    """A mail never says "None": a missing fact is a failure, as an undefined name is."""
    if value is None:
        raise TemplateRuntimeError("a missing value would be printed")
    return value
