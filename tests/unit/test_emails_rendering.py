"""Every mail of the shop, in every language, with all the data it may meet."""

import re
import unicodedata
from collections.abc import Mapping
from copy import deepcopy
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from homing.emails import RenderedEmail, Renderer, RenderFailed, samples
from homing.emails.samples import everything
from local.mail_lint import Page, mail_faults

MAILS = [
    "welcome-greeting",
    "welcome-favourites",
    "welcome-last-call",
    "cart-reminder",
    "cart-second",
    "cart-offer",
    "winback-missing-you",
    "winback-offer",
    "winback-last-offer",
    "birthday-wishes",
    "birthday-reminder",
]
CART_MAILS = [mail for mail in MAILS if mail.startswith("cart-")]
LANGUAGES = ["en", "de"]
MARKUP = '<script>alert(1)</script><img src=x onerror="alert(1)">'

every_mail = pytest.mark.parametrize("mail", MAILS)
every_language = pytest.mark.parametrize("language", LANGUAGES)


@pytest.fixture(scope="module")
def renderer(built_shop: Path) -> Renderer:
    return Renderer(built_shop / "emails")


def full() -> dict[str, Any]:
    return deepcopy({**everything()})


def bare_products() -> dict[str, Any]:
    context = full() | {"total": None}
    for product in [*context["items"], *context["suggestions"]]:
        product.update(url=None, image_url=None, price=None)
    return context


def hostile(text: str) -> dict[str, Any]:
    return deepcopy({**samples.hostile(text)})


def assert_sound(mail: RenderedEmail, context: Mapping[str, Any]) -> None:
    """The rules that hold for every mail, whatever it is made from."""
    assert mail_faults(mail, context) == []


@every_mail
@every_language
@pytest.mark.parametrize("context", [full(), {**samples.nothing()}, bare_products()], ids=["full", "minimal", "bare"])
def test_every_mail_is_sound_with_full_and_with_missing_data(
    renderer: Renderer, mail: str, language: str, context: dict[str, Any]
) -> None:
    assert_sound(renderer.render(mail, language, context), context)


@every_mail
@every_language
@pytest.mark.parametrize("text", [MARKUP, "x" * 10_000, "\u202egnihtemos\u202c", "a\r\nBcc: victim@example.com"])
def test_every_mail_is_sound_with_hostile_data(renderer: Renderer, mail: str, language: str, text: str) -> None:
    context = hostile(text)
    rendered = renderer.render(mail, language, context)
    assert_sound(rendered, context)
    assert text not in rendered.html
    assert "\u202e" not in rendered.html + rendered.text + rendered.subject


@every_mail
def test_data_is_never_taken_for_a_template(renderer: Renderer, mail: str) -> None:
    rendered = renderer.render(mail, "en", hostile("{{ 7 * 191 }}{% raise %}"))
    for body in (rendered.subject, Page(rendered.html).text, rendered.text):
        assert "1337" not in body
    for body in (Page(rendered.html).text, rendered.text):
        assert "{{ 7 * 191 }}{% raise %}" in body


@given(text=st.text(max_size=300))
def test_no_name_breaks_a_mail_or_its_subject(renderer: Renderer, text: str) -> None:
    context = hostile(text)
    context["items"][0]["product_id"] = "p-1"
    rendered = renderer.render("cart-second", "de", context)
    assert len(rendered.subject.splitlines()) == 1
    assert not {"Cc", "Cs", "Zl", "Zp"} & {unicodedata.category(c) for c in rendered.subject}
    assert Page(rendered.html).unbalanced == []


@every_mail
@every_language
def test_a_name_is_greeted_and_its_absence_leaves_no_gap(renderer: Renderer, mail: str, language: str) -> None:
    with_name = renderer.render(mail, language, full())
    without = renderer.render(mail, language, full() | {"shopper": {"first_name": None, "language": "en"}})
    assert "Anna" in with_name.subject
    assert "Anna" in with_name.text
    assert "Anna" not in without.subject + without.text + without.html
    assert without.subject[0].isalnum()
    assert "  " not in without.subject


@every_mail
@every_language
def test_an_offer_is_shown_with_its_code_and_its_last_day(renderer: Renderer, mail: str, language: str) -> None:
    rendered = renderer.render(mail, language, full())
    day = {"en": "June 30", "de": "30. Juni"}[language]
    shown = mail != "cart-reminder"
    for body in (Page(rendered.html).text, rendered.text):
        assert ("HELLO-7KQ4" in body, day in body) == (shown, shown)


@every_mail
@every_language
def test_without_an_offer_no_mail_speaks_of_one(renderer: Renderer, mail: str, language: str) -> None:
    rendered = renderer.render(mail, language, full() | {"offer": None})
    everything_said = f"{rendered.subject} {Page(rendered.html).text} {rendered.text}".lower()
    assert not re.search(r"\bcode\b|\bgift\b|geschenk\b|% off|rabatt\b(?!e)", everything_said)


@pytest.mark.parametrize("mail", CART_MAILS)
@pytest.mark.parametrize(
    ("language", "price", "total"),
    [("en", "£29.00", "£79.90"), ("de", "29,00\xa0£", "79,90\xa0£")],
)
def test_a_cart_mail_shows_the_lines_and_the_total(
    renderer: Renderer, mail: str, language: str, price: str, total: str
) -> None:
    context = full()
    rendered = renderer.render(mail, language, context)
    assert price in rendered.html
    assert total in rendered.html
    for item in context["items"]:
        assert item["name"] in rendered.text
    assert price in rendered.text
    assert total in rendered.text
    assert context["links"]["cart"] in rendered.text


@pytest.mark.parametrize("mail", CART_MAILS)
def test_a_huge_cart_is_cut_short_and_the_mail_says_so(renderer: Renderer, mail: str) -> None:
    context = full()
    context["items"] = context["items"] * 100
    rendered = renderer.render(mail, "en", context)
    assert_sound(rendered, context)
    assert "There is more in your cart" in rendered.text


@pytest.mark.parametrize(("language", "price"), [("de", "12,34\xa0€"), ("de-AT", "€\xa012,34"), ("en", "€12.34")])
def test_prices_are_written_as_the_shopper_writes_them(renderer: Renderer, language: str, price: str) -> None:
    context = full()
    context["suggestions"][0].update(price=Decimal("12.34"), currency="EUR")
    assert price in renderer.render("winback-offer", language, context).html


@pytest.mark.parametrize(
    ("language", "day"),
    [("en", "June 30"), ("en-GB", "30 June"), ("en_AU", "30 June"), ("de-CH", "30. Juni")],
)
def test_days_are_written_as_in_the_shoppers_region(renderer: Renderer, language: str, day: str) -> None:
    assert day in renderer.render("cart-offer", language, full()).text


@pytest.mark.parametrize("language", ["fr", "pt-BR", "", "../../etc", "xx-invalid-tag-of-no-sense"])
def test_a_language_without_texts_falls_back_to_english(renderer: Renderer, language: str) -> None:
    rendered = renderer.render("cart-reminder", language, full())
    assert rendered == renderer.render("cart-reminder", "en", full())


def test_a_picture_is_shown_with_its_name_and_without_one_an_initial(renderer: Renderer) -> None:
    context = full()
    context["items"][0]["image_url"] = "https://shop.example/mug.jpg"
    page = Page(renderer.render("cart-reminder", "en", context).html)
    pictures = [attrs for tag, attrs in page.tags if tag == "img"]
    assert [(p["src"], p["alt"]) for p in pictures] == [("https://shop.example/mug.jpg", "Stoneware Mug, Sea Green")]
    assert {"L", "B"} <= set(page.text.split())
    assert page.values("href").count("https://shop.example/p/linen-table-runner") == 2, "picture and name lead there"


def test_a_shop_with_a_logo_shows_it(renderer: Renderer) -> None:
    context = full()
    context["shop"]["logo_url"] = "https://shop.example/logo.png"
    page = Page(renderer.render("welcome-greeting", "en", context).html)
    assert "https://shop.example/logo.png" in page.values("src")


@every_mail
def test_looks_are_inline_and_only_media_queries_are_left_to_the_head(renderer: Renderer, mail: str) -> None:
    html = renderer.render(mail, "en", full()).html
    assert html.startswith("<!DOCTYPE html>")
    head, body = html.split("</head>")
    assert head.count("<style>") == 2
    assert "prefers-color-scheme: dark" in head
    assert "max-width: 600px" in head
    assert "<style" not in body
    assert "max-width: 600px" in body
    page = Page(html)
    classes = {name for value in page.values("class") for name in value.split()}
    assert {"heading", "prose", "ink", "card"} <= classes
    assert all("style" in attrs for _, attrs in page.tags if "class" in attrs)


def test_text_on_a_pale_shop_colour_is_dark(renderer: Renderer) -> None:
    context = full()
    context["shop"]["colour"] = "#ffe08a"
    html = renderer.render("cart-reminder", "en", context).html
    assert re.search(r'class="button-label"[^>]*color: #1c1b1a', html)


@every_mail
def test_each_mail_has_a_preheader_that_repeats_neither_subject_nor_heading(renderer: Renderer, mail: str) -> None:
    rendered = renderer.render(mail, "en", full())
    preheader = re.search(r'class="preheader"[^>]*>([^&<]+)', rendered.html)
    assert preheader
    assert preheader[1].strip() not in rendered.subject
    assert f">{preheader[1].strip()}</h1>" not in rendered.html


def test_an_unknown_template_is_a_named_failure(renderer: Renderer) -> None:
    with pytest.raises(RenderFailed) as failure:
        renderer.render("no-such-mail", "de", full())
    assert failure.value.template == "no-such-mail"
    assert failure.value.language == "en", "the tag may be anything that a client has told"
    assert failure.value.reason == "there is no such template"


@pytest.mark.parametrize("part", ["shop", "shopper", "links", "items", "offer", "total", "currency"])
def test_a_context_without_one_of_its_parts_is_a_named_failure(renderer: Renderer, part: str) -> None:
    context = full()
    del context[part]
    with pytest.raises(RenderFailed, match=part) as failure:
        renderer.render("cart-offer", "en", context)
    assert failure.value.template == "cart-offer"


def test_a_missing_value_within_a_part_is_a_named_failure(renderer: Renderer) -> None:
    context = full()
    context["shop"]["name"] = None
    with pytest.raises(RenderFailed, match="missing value"):
        renderer.render("cart-offer", "en", context)


def test_rendering_leaves_the_context_as_it_was(renderer: Renderer) -> None:
    context = hostile(MARKUP)
    before = deepcopy(context)
    renderer.render("cart-second", "en", context)
    assert context == before
