"""The mail that asks for a confirmation: plain, and nothing in it that a stranger may have typed."""

import re
from pathlib import Path

import pytest

from homing.emails import RenderedEmail, Renderer
from homing.emails.samples import everything, hostile, service
from local.mail_lint import Page, mail_faults

LANGUAGES = ["en", "de"]


@pytest.fixture
def renderer(built_shop: Path) -> Renderer:
    return Renderer(built_shop / "emails")


@pytest.fixture(params=LANGUAGES)
def mail(request: pytest.FixtureRequest, renderer: Renderer) -> RenderedEmail:
    return renderer.render("confirm-consent", request.param, service())


def test_it_keeps_to_every_rule_for_mails(mail: RenderedEmail) -> None:
    assert mail_faults(mail, service()) == []


def test_it_leads_to_the_page_with_the_button_and_to_the_shop_alone(mail: RenderedEmail) -> None:
    links = {"https://mail.shop.example/confirm/4f9c2b71", "https://shop.example", "mailto:hello@shop.example"}
    assert set(Page(mail.html).values("href")) == links
    assert "https://mail.shop.example/confirm/4f9c2b71" in mail.text


def test_it_says_what_a_press_means_and_that_nothing_happens_without(mail: RenderedEmail) -> None:
    for words in (Page(mail.html).text, mail.text):
        assert re.search("By confirming you agree|Mit der Bestätigung stimmst du zu", words)
        assert re.search("do nothing|nichts zu tun", words)


def test_it_advertises_nothing(mail: RenderedEmail) -> None:
    everything_said = f"{mail.subject} {Page(mail.html).text} {mail.text}".lower()
    assert not re.search(r"\d+ ?%|\bcode\b|gift|geschenk|rabatt|\boff\b|discount|gratis|free ", everything_said)


@pytest.mark.parametrize("language", LANGUAGES)
def test_nothing_that_is_known_of_a_shopper_finds_its_way_into_it(renderer: Renderer, language: str) -> None:
    links = service()["links"]
    told = {**hostile("Buy now at evil.example"), "links": links}
    assert "evil.example" not in str(renderer.render("confirm-consent", language, told))
    named = {**everything(), "links": links}
    assert "Anna" not in str(renderer.render("confirm-consent", language, named))
