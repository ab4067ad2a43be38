"""What one mail may cost, whatever its template asks for; and that a failed rendering tells nothing of the shopper."""

import subprocess
import sys
from copy import deepcopy
from pathlib import Path
from textwrap import dedent
from typing import Any

import pytest
from jinja2 import DictLoader, ModuleLoader

from homing.emails import RenderedEmail, RenderFailed
from homing.emails.environment import MailEnvironment
from homing.emails.hygiene import MOST_PRODUCTS
from homing.emails.limits import MOST_SECONDS, Meter
from homing.emails.renderer import render_email
from homing.emails.samples import everything

SECRET = "ada.lovelace@post.example"
"""Stands in the data, and must stand in no reason."""


def told() -> dict[str, Any]:
    context: dict[str, Any] = deepcopy({**everything()})
    context["shopper"]["first_name"] = "Ada"
    context["offer"]["code"] = SECRET
    return context


def environment(html: str) -> MailEnvironment:
    return MailEnvironment(DictLoader({"mail.en.subject": "A subject", "mail.en.html": html, "mail.en.txt": "Words"}))


def render(html: str, context: dict[str, Any] | None = None, language: str = "en") -> RenderedEmail:
    return render_email(environment(html), "mail", language, context or told())


def failure(html: str) -> RenderFailed:
    with pytest.raises(RenderFailed) as failed:
        render(html)
    return failed.value


TOO_MUCH = {
    "a long loop": ("{% for i in range(30000) %}{% endfor %}", "more than 20,000 rounds of loops and calls"),
    "loops within loops": (
        "{% for i in range(200) %}{% for j in range(200) %}{% endfor %}{% endfor %}",
        "more than 20,000 rounds of loops and calls",
    ),
    "macros that call each other": (
        "{% macro grow(n) %}{% if n %}{{ grow(n - 1) }}{{ grow(n - 1) }}{% endif %}{% endmacro %}{{ grow(40) }}",
        "more than 20,000 rounds of loops and calls",
    ),
    "a loop that calls itself": (
        "{% for pair in [[items, items]] recursive %}{{ loop([pair, pair]) }}{% endfor %}",
        "RecursionError",
    ),
    "much output": (
        "{% for i in range(9999) %}{{ 'x' * 9999 }}{% endfor %}",
        "more than 200,000 characters",
    ),
    "repeated words": ("{{ 'x' * 1000000000 }}", "a repetition of more than 10,000 characters"),
    "words repeated the other way": ("{{ 1000000000 * 'x' }}", "a repetition of more than 10,000 characters"),
    "a repeated list": ("{{ [items] * 1000000000 }}", "a repetition of more than 10,000 characters"),
    "a power": ("{{ 10 ** 1000000 }}", "'**', for which mails have no use"),
    "a width in a format": ("{{ '%1000000000d' % 1 }}", "'%', for which mails have no use"),
    "a width in a method": ("{{ 'x'.center(1000000000) }}", "SecurityError"),
    "a width in a method by its name": ("{{ 'x'['ljust'](1000000000) }}", "SecurityError"),
    "a width in a formatted text": ("{{ '{:1000000000}'.format(1) }}", "SecurityError"),
}


@pytest.mark.parametrize(("html", "reason"), TOO_MUCH.values(), ids=TOO_MUCH)
def test_a_template_that_wants_too_much_stops_its_own_mail(html: str, reason: str) -> None:
    assert failure(html).reason == reason


@pytest.mark.parametrize("name", ["attr('x')", "center(9)", "indent", "tojson", "urlize", "wordwrap", "xmlattr"])
def test_a_filter_for_which_mails_have_no_use_is_unknown(name: str) -> None:
    assert failure(f"{{{{ shop.name | {name} }}}}").reason == "TemplateAssertionError"


def test_a_template_that_computes_for_too_long_is_stopped() -> None:
    seconds = iter(range(1_000))
    slow = environment("{% for i in range(100) %}{% endfor %}")
    slow.meter = Meter(lambda: float(next(seconds)))
    with pytest.raises(RenderFailed, match=f"more than {MOST_SECONDS:g} seconds of computing"):
        render_email(slow, "mail", "en", told())


def test_each_mail_is_measured_by_itself() -> None:
    metered = environment("{% for i in range(15000) %}{% endfor %}")
    for _ in range(3):
        render_email(metered, "mail", "en", told())


def test_of_a_cart_without_end_no_more_is_looked_at_than_a_mail_can_show() -> None:
    context = told()
    context["items"] = context["items"] * 10_000
    assert render("{{ items | length }}", context).html == str(MOST_PRODUCTS)


def test_a_mail_of_homings_own_takes_less_than_a_twentieth_of_what_it_may(built_shop: Path) -> None:
    own = MailEnvironment(ModuleLoader(built_shop / "emails"))
    render_email(own, "cart-second", "en", told())
    assert own.meter.taken < 1_000


QUOTING = {
    "a name that is not there": ("{{ shopper[offer.code] }}", "an element is asked for that is not there"),
    "a name that is not safe": ("{{ shopper['__' ~ offer.code] }}", "an element is asked for that is not there"),
    "an attribute of each": (
        "{{ items | map(attribute=offer.code) | list }}",
        "an element is asked for that is not there",
    ),
    "a number that is none": ("{{ offer.code | round }}", "TypeError"),
    "a filter that fails": ("{{ 1 | money(offer.code) }}{{ 1 / 0 }}", "ZeroDivisionError"),
    "a colour that is none": ("{{ offer.code | readable_on }}", "ValueError"),
    "a template that is not there": ("{% include offer.code %}", "TemplateNotFound"),
    "a method that fails": ("{{ offer.code.index('?') }}", "ValueError"),
    "a value that is missing": ("{{ shop.logo_url }}", "a missing value would be printed"),
    "a name of the template": ("{{ shopper.frist_name }}", "'dict object' has no attribute 'frist_name'"),
}


@pytest.mark.parametrize(("html", "reason"), QUOTING.values(), ids=QUOTING)
def test_the_reason_names_the_template_and_nothing_of_the_data(html: str, reason: str) -> None:
    failed = failure(html)
    assert failed.reason == reason
    assert str(failed) == f"mail 'mail' in 'en' cannot be rendered: {reason}"
    assert SECRET not in f"{failed} {failed.args}"


@pytest.mark.parametrize("language", [SECRET, f"en-{SECRET}", f"de_{SECRET}"])
def test_the_reason_does_not_tell_the_language_that_a_client_told(language: str) -> None:
    for template, html in (("mail", "{{ 1 / 0 }}"), ("no-such-mail", "")):
        with pytest.raises(RenderFailed) as failed:
            render_email(environment(html), template, language, told())
        assert SECRET not in str(failed.value)


def test_whoever_writes_a_template_is_told_in_full() -> None:
    assert failure("{{ offer.code | readable_on }}").detail.startswith("ValueError: invalid literal for int()")


WATCHED = """
    import sys
    from pathlib import Path

    from homing.emails import Renderer
    from homing.emails.samples import everything, service

    compiled, mail, context = sys.argv[1], sys.argv[2], service() if sys.argv[2] == "confirm-consent" else everything()
    allowed = (compiled, sys.prefix, sys.base_prefix, *map(str, Path(sys.modules["homing"].__file__).parents))
    forbidden = ("socket.", "subprocess.", "os.system", "os.exec", "os.posix_spawn", "shutil.", "urllib.", "ctypes.")

    def watch(event, arguments):
        if event.startswith(forbidden):
            print(event, arguments)
        if event == "open":
            path, mode, flags = arguments
            read_only = mode in (None, "r", "rb") and not flags & 3
            if not (read_only and str(path).startswith(allowed)):
                print(event, arguments)

    renderer = Renderer(Path(compiled))
    sys.addaudithook(watch)
    renderer.render(mail, "de-AT", context)
"""


@pytest.mark.parametrize("mail", ["cart-second", "confirm-consent"])
def test_rendering_needs_no_network_and_no_files_but_those_of_its_layers(built_shop: Path, mail: str) -> None:
    command = [sys.executable, "-B", "-c", dedent(WATCHED), str(built_shop / "emails"), mail]
    watched = subprocess.run(command, capture_output=True, text=True, check=True)
    assert watched.stdout == ""
