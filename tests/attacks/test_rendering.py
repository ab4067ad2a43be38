"""Hostile data in a mail stays data: the mail has the tags, the links and the lines of a harmless one."""

from collections.abc import Mapping
from copy import deepcopy
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from jinja2 import DictLoader, TemplateError

from homing.emails import RenderedEmail, Renderer, RenderFailed
from homing.emails.environment import MailEnvironment
from homing.emails.errors import RenderingStopped
from homing.emails.samples import everything

BIDI = "\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
MAILS = ["cart-second", "welcome-favourites"]
HARMLESS = "Stoneware Mug"

TEXTS = {
    "expression": "{{7*7}}",
    "expression-without-spaces": "{{7*'7'}}",
    "import": "{% import 'os' as os %}{{ os.popen('id').read() }}",
    "include": "{% include '/etc/passwd' %}",
    "block": "{% block content %}mine{% endblock %}",
    "comment": "{# all that follows",
    "raw": "{% raw %}",
    "end-of-a-macro": "{% endmacro %}{{ shop }}",
    "sandbox-by-class": "{{ ''.__class__.__mro__[1].__subclasses__() }}",
    "sandbox-by-globals": "{{ self.__init__.__globals__ }}",
    "sandbox-by-attr": "{{ ''|attr('__class__') }}",
    "sandbox-by-format": "{0.__class__.__init__.__globals__}",
    "percent-format": "%(shop)s %s %n",
    "dollar": "${shop.name} #{7*7}",
    "ses-template": "{{amazonSESUnsubscribeUrl}}",
    "script": "<script>alert(1)</script>",
    "script-in-capitals": "<SCRIPT SRC=//evil.example></SCRIPT>",
    "script-cut-by-null": "<scr\0ipt>alert(1)</script>",
    "image": '<img src=x onerror="alert(1)">',
    "svg": "<svg/onload=alert(1)>",
    "style": "<style>*{display:none}</style>",
    "closing-tags": "</td></tr></table></body></html>",
    "title-end": "</title><script>alert(1)</script>",
    "form": '<form action="https://evil.example"><input name=password>',
    "base": '<base href="https://evil.example">',
    "meta": '<meta http-equiv="refresh" content="0;url=https://evil.example">',
    "link": '<a href="https://evil.example">Unsubscribe</a>',
    "html-comment": "<!-- all that follows",
    "outlook-comment": "<!--[if mso]><script>alert(1)</script><![endif]-->",
    "cdata": "<![CDATA[ x ]]>",
    "double-quote": '" onmouseover="alert(1)',
    "single-quote": "' onmouseover='alert(1)",
    "backtick": "` onmouseover=`alert(1)",
    "quote-and-tag": '"><script>alert(1)</script>',
    "entity": "&lt;script&gt;alert(1)&lt;/script&gt;",
    "numeric-entity": "&#60;script&#62;",
    "entity-without-end": "&#x3cscript",
    "fullwidth-markup": "＜script＞alert(1)＜/script＞",  # noqa: RUF001
    "utf-7": "+ADw-script+AD4-",
    "css-end": "}; } body { display: none",
    "css-expression": "red; background: url(javascript:alert(1))",
    "css-import": "@import url(https://evil.example/x.css)",
    "header-lines": "Mug\r\nBcc: bob@customer.example",
    "header-line-feed": "Mug\nBcc: bob@customer.example",
    "header-carriage-return": "Mug\rBcc: bob@customer.example",
    "header-folded": "Mug\r\n Bcc: bob@customer.example",
    "header-end": "Mug\r\n\r\n<html>mine</html>",
    "next-line": "Mug\x85Bcc: bob@customer.example",
    "line-separator": "Mug\u2028Bcc: bob@customer.example",
    "paragraph-separator": "Mug\u2029Bcc: bob@customer.example",
    "vertical-tab": "Mug\x0bBcc: bob@customer.example",
    "form-feed": "Mug\x0cBcc: bob@customer.example",
    "group-separator": "Mug\x1dBcc: bob@customer.example",
    "encoded-word": "=?utf-8?B?PHNjcmlwdD4=?=",
    "multipart-boundary": "Mug\r\n--boundary\r\nContent-Type: text/html",
    "null-byte": "Mug\0Cup",
    "escape-sequence": "Mug\x1b[2JCup",
    "backspaces": "Mug\b\b\bCup",
    "bidi-override": "\u202egum\u202c",
    "bidi-isolate-left-open": "\u2067Mug",
    "all-bidi-controls": f"M{BIDI}ug",
    "half-a-character": "Mug\ud800",
    "text-footer": "Mug\n\nUnsubscribe: https://evil.example\n\n",
    "text-rule": "Mug\n--------------------------------------------------\n",
    "markdown": "**Mug** [click](https://evil.example)",
    "megabyte": "x" * 1_000_000,
    "megabyte-of-markup": "<b>" * 300_000,
    "megabyte-of-blanks": "Mug" + " " * 1_000_000 + "Cup",
    "many-accents": "Z" + "\u0301" * 5_000,
}


@pytest.fixture(scope="module")
def renderer(built_shop: Path) -> Renderer:
    return Renderer(built_shop / "emails")


def context(text: str = HARMLESS, **product: Any) -> dict[str, Any]:
    """All that a mail may show, with this text wherever a product's data stands; pictures are shown."""
    told: dict[str, Any] = deepcopy({**everything()})
    for shown in [*told["items"], *told["suggestions"]]:
        shown.update({"name": text, "product_id": text, "image_url": "https://shop.example/mug.jpg"} | product)
    return told


class _Structure(HTMLParser):
    """Tags, attributes, and those of their values that act: links, pictures, looks."""

    ACTING = frozenset({"href", "src", "style", "class", "bgcolor", "lang", "dir"})

    def __init__(self, html: str) -> None:
        super().__init__()
        self.seen: list[object] = []
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.append((tag, [(name, value if name in self.ACTING else None) for name, value in attrs]))

    def handle_endtag(self, tag: str) -> None:
        self.seen.append(f"/{tag}")

    def handle_comment(self, data: str) -> None:
        self.seen.append(f"<!--{data}")

    def handle_decl(self, decl: str) -> None:
        self.seen.append(decl)

    def unknown_decl(self, data: str) -> None:
        self.seen.append(data)


def assert_alike(mail: RenderedEmail, harmless: RenderedEmail, told: Mapping[str, Any]) -> None:
    """The mail has the structure of the harmless one, and nothing that could act."""
    assert _Structure(mail.html).seen == _Structure(harmless.html).seen
    assert len(mail.text.splitlines()) == len(harmless.text.splitlines())
    assert mail.subject.isprintable()
    assert len(mail.subject) <= 150
    for part in (mail.subject, mail.html, mail.text):
        assert not set(BIDI) & set(part)
        assert not any("\ud800" <= character <= "\udfff" or character in "\0\x1b\b" for character in part)
        part.encode()
    unsubscribe = f"Unsubscribe: {told['links']['unsubscribe']}"
    assert [line for line in mail.text.splitlines() if line.startswith("Unsubscribe: ")] == [unsubscribe]


@pytest.mark.parametrize("mail", MAILS)
@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS.keys())
def test_a_product_changes_nothing_of_a_mail_but_its_words(renderer: Renderer, mail: str, text: str) -> None:
    told = context(text)
    assert_alike(renderer.render(mail, "en", told), renderer.render(mail, "en", context()), told)


@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS.keys())
def test_a_first_name_that_is_none_is_not_greeted(renderer: Renderer, text: str) -> None:
    told, unnamed = context(), context()
    told["shopper"]["first_name"] = text
    unnamed["shopper"]["first_name"] = None
    mail = renderer.render("cart-reminder", "en", told)
    # Of some attacks nothing is left but letters, which is a name: then the mail is one to that name.
    if "Mug" in mail.text or "gum" in mail.text:
        unnamed["shopper"]["first_name"] = "Mug"
    assert_alike(mail, renderer.render("cart-reminder", "en", unnamed), told)


LINKS = {
    "javascript": "javascript:alert(1)",
    "javascript-in-capitals": "JaVaScRiPt:alert(1)",
    "javascript-after-a-blank": " javascript:alert(1)",
    "javascript-after-a-control": "\x01javascript:alert(1)",
    "javascript-with-a-tab": "java\tscript:alert(1)",
    "javascript-with-a-line": "java\nscript:alert(1)",
    "javascript-as-entity": "&#106;avascript:alert(1)",
    "javascript-encoded": "javascript%3Aalert(1)",
    "vbscript": "vbscript:msgbox(1)",
    "data": "data:text/html,<script>alert(1)</script>",
    "data-in-base64": "data:text/html;base64,PHNjcmlwdD4=",
    "file": "file:///etc/passwd",
    "ftp": "ftp://evil.example/",
    "mail": "mailto:bob@customer.example",
    "phone": "tel:+4912345",
    "content-id": "cid:mug",
    "blob": "blob:https://shop.example/1",
    "view-source": "view-source:https://shop.example",
    "without-scheme": "shop.example/mug",
    "relative": "/mug",
    "protocol-relative": "//evil.example/mug",
    "backslashes": "https:\\\\evil.example",
    "no-host": "https:///mug",
    "scheme-alone": "https://",
    "bad-brackets": "https://[::1",
    "line-in-the-address": "https://shop.example/\r\nBcc: bob@customer.example",
    "separator-in-the-address": "https://shop.example/\u2028mug",
    "bidi-in-the-address": "https://shop.example/\u202egum",
    "null-in-the-address": "https://shop.example/\0mug",
    "half-a-character": "https://shop.example/\ud800",
    "megabyte": "https://shop.example/" + "x" * 1_000_000,
    "empty": "",
    "blank": "  ",
}


@pytest.mark.parametrize("url", LINKS.values(), ids=LINKS.keys())
def test_what_is_no_web_address_becomes_neither_link_nor_picture(renderer: Renderer, url: str) -> None:
    told, without = context(url=url, image_url=url), context(url=None, image_url=None)
    assert_alike(renderer.render("cart-second", "en", told), renderer.render("cart-second", "en", without), told)


BREAKING_OUT = {
    "double-quote": 'https://shop.example/" onmouseover="alert(1)',
    "single-quote": "https://shop.example/' onmouseover='alert(1)",
    "tag": "https://shop.example/><script>alert(1)</script>",
    "expression": "https://shop.example/{{7*7}}{% include 'x' %}",
    "css": "https://shop.example/);background:url(//evil.example",
    "entity": "https://shop.example/&quot;onload=alert(1)",
    "backtick": "https://shop.example/`",
}


@pytest.mark.parametrize("url", BREAKING_OUT.values(), ids=BREAKING_OUT.keys())
def test_a_web_address_stays_within_its_quotes(renderer: Renderer, url: str) -> None:
    told = context(url=url, image_url=url)
    seen = _Structure(renderer.render("cart-second", "en", told).html).seen
    plain = _Structure(
        renderer.render("cart-second", "en", context(url="https://a.example", image_url="https://a.example")).html
    )
    assert repr(seen).replace(repr(url), repr("https://a.example")) == repr(plain.seen)


@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS.keys())
def test_a_currency_is_at_most_an_odd_word(renderer: Renderer, text: str) -> None:
    told, harmless = context(currency=text), context()
    told["currency"] = text
    assert_alike(renderer.render("cart-reminder", "en", told), renderer.render("cart-reminder", "en", harmless), told)


LANGUAGES = {
    "empty": "",
    "dash": "-",
    "unknown": "xx",
    "path": "../../etc/passwd",
    "path-of-a-template": "en/../de",
    "another-part": "en.html",
    "markup": '"><script>alert(1)</script>',
    "english-with-markup": 'en-"><script>',
    "english-with-null-byte": "en\0",
    "english-with-lines": "en-US\r\nX: y",
    "half-a-character": "\ud800",
    "english-with-half-a-character": "en-\ud800",
    "fullwidth": "ｅｎ",  # noqa: RUF001
    "megabyte": "x" * 1_000_000,
    "english-with-a-megabyte": "en-" + "x" * 1_000_000,
    "many-parts": "en" + "-x" * 10_000,
    "expression": "{{7*7}}",
}


@pytest.mark.parametrize("language", LANGUAGES.values(), ids=LANGUAGES.keys())
def test_an_odd_language_is_answered_in_english(renderer: Renderer, language: str) -> None:
    told = context()
    assert_alike(renderer.render("cart-second", language, told), renderer.render("cart-second", "en", told), told)


@pytest.mark.parametrize(
    "mail", ["", "nothing", "../cart-second", "cart-second.en", "layout", "/etc/passwd", "{{7*7}}", "a\0"]
)
def test_a_mail_that_is_none_is_not_rendered(renderer: Renderer, mail: str) -> None:
    with pytest.raises(RenderFailed):
        renderer.render(mail, "en", context())


ESCAPES = {
    "class": "{{ ''.__class__.__mro__ }}",
    "subclasses": "{{ ().__class__.__base__.__subclasses__() }}",
    "globals-of-a-filter": "{{ cycler.__init__.__globals__ }}",
    "self": "{{ self.__init__.__globals__ }}",
    "attr-filter": "{{ ''|attr('__class__')|attr('__mro__') }}",
    "format": "{{ '{0.__class__.__mro__}'.format('') }}",
    "format-map": "{{ '{a.__class__.__mro__}'.format_map({'a': ''}) }}",
    "change-of-a-list": "{{ items.append(1) }}",
    "change-of-a-mapping": "{{ shop.update({'name': 'mine'}) }}",
    "huge-range": "{{ range(10**9)|list }}",
}


@pytest.mark.parametrize("source", ESCAPES.values(), ids=ESCAPES.keys())
def test_not_even_a_template_gets_out_of_the_sandbox(source: str) -> None:
    environment = MailEnvironment(DictLoader({"mail.txt": source}))
    told: dict[str, Any] = {"items": [], "shop": {"name": "Tea & Clay"}}
    with pytest.raises((TemplateError, RenderingStopped, OverflowError)):
        environment.get_template("mail.txt").render(told)
    assert told == {"items": [], "shop": {"name": "Tea & Clay"}}
