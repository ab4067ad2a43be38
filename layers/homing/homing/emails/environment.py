"""The one Jinja environment: templates are compiled and rendered under the same rules."""

from collections.abc import Callable, Iterable, Iterator
from typing import Any, Final

from jinja2 import BaseLoader, StrictUndefined, Undefined, nodes, pass_context
from jinja2.runtime import Context
from jinja2.sandbox import ImmutableSandboxedEnvironment

from homing.emails import formats
from homing.emails.errors import RenderingStopped
from homing.emails.limits import Meter, check_repetition

_NOT_FOR_MAILS: Final = frozenset(
    {"attr", "center", "format", "indent", "pprint", "random", "tojson", "urlize", "wordwrap", "xmlattr"}
)
"""Filters that make a text of any width from few words, were ways out of the sandbox, or differ from time to time."""
_WIDTHS_AND_FORMATS: Final = frozenset({"center", "expandtabs", "format", "format_map", "ljust", "rjust", "zfill"})
"""Methods of texts that are as bad."""


class MailEnvironment(ImmutableSandboxedEnvironment):
    """Sandboxed, strict about missing names, escaping in every template whose name ends in `.html`, and metered.

    `meter` counts the rounds of all loops, and all calls; a rendering starts it.
    """

    intercepted_binops = frozenset({"*", "**", "%"})

    def __init__(self, loader: BaseLoader) -> None:
        super().__init__(
            loader=loader,
            autoescape=_is_html,
            undefined=StrictUndefined,
            finalize=_refuse_none,
            trim_blocks=True,
            lstrip_blocks=True,
            cache_size=-1,
            auto_reload=False,
        )
        self.meter = Meter()
        for name in _NOT_FOR_MAILS:
            del self.filters[name]
        del self.globals["lipsum"]
        self.filters.update(
            money=formats.money,
            percent=formats.percent,
            day=formats.day,
            line_price=formats.line_price,
            initial=formats.initial,
            readable_on=formats.readable_on,
            metered=_metered,
        )

    def is_safe_attribute(self, obj: Any, attr: str, value: Any) -> bool:
        """As the sandbox has it, and no method of texts that makes long ones of short ones."""
        widens = isinstance(obj, str) and attr in _WIDTHS_AND_FORMATS
        return not widens and super().is_safe_attribute(obj, attr, value)

    def getitem(self, obj: Any, argument: Any) -> Any:
        """`obj[argument]`. Of what is not there the error does not tell the name, which may have come from outside."""
        found = super().getitem(obj, argument)
        if isinstance(found, Undefined):
            return self.undefined("an element is asked for that is not there", exc=found._undefined_exception)
        return found

    def wrap_str_format(self, value: Any) -> Callable[..., str] | None:
        """No wrapper: `is_safe_attribute` refuses `format` altogether."""
        return None

    def call(self, context: Context, function: Any, /, *args: Any, **kwargs: Any) -> Any:
        """A call of a macro or method."""
        self.meter.step()
        return super().call(context, function, *args, **kwargs)

    def call_binop(self, context: Context, operator: str, left: Any, right: Any) -> Any:
        """A product, power or remainder."""
        if operator == "**" or (operator == "%" and isinstance(left, str)):
            raise RenderingStopped(f"'{operator}', for which mails have no use")
        if operator == "*":
            check_repetition(left, right)
        return super().call_binop(context, operator, left, right)

    def _generate(self, source: nodes.Template, *args: Any, **kwargs: Any) -> str:
        """The template's code, in which every loop is metered."""
        for loop in list(source.find_all(nodes.For)):
            loop.iter = nodes.Filter(loop.iter, "metered", [], [], None, None, lineno=loop.lineno)
        return super()._generate(source, *args, **kwargs)


@pass_context
def _metered(context: Context, elements: Iterable[object]) -> Iterator[object]:
    """The filter that stands before every loop."""
    meter: Meter = context.environment.meter  # type: ignore[attr-defined] # there is no other environment
    return meter.steps(elements)


def _is_html(name: str | None) -> bool:
    return name is not None and name.endswith(".html")


def _refuse_none(value: object) -> object:
    """A mail never says "None": a missing fact is a failure, as an undefined name is."""
    if value is None:
        raise RenderingStopped("a missing value would be printed")
    return value
