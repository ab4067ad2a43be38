"""Every mail as a file: what a mail provider wants, what a shopper reads."""

import json
from typing import TYPE_CHECKING

import pytest
import yaml

from local.sample_shop import PRODUCTS
from local.simulation.deployment import ROOT

if TYPE_CHECKING:
    from email.message import EmailMessage

    from tests.e2e.conftest import Outcome, Person

TEXTS = ROOT / "shop" / "emails" / "texts"


def test_every_mail_has_a_text_and_an_html_part_and_both_unsubscribe_headers(outcome: "Outcome") -> None:
    for line in outcome.sent:
        mail = outcome.mail(line["send_id"])
        assert mail.defects == []
        assert mail.get_content_type() == "multipart/alternative"
        assert [part.get_content_type() for part in mail.iter_parts()] == ["text/plain", "text/html"]
        link = mail["List-Unsubscribe"].removeprefix("<").removesuffix(">")
        assert link.startswith("https://")
        assert mail["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
        assert link in _text(mail)
        assert link in _html(mail)


def test_every_mail_is_the_one_that_its_line_tells_of(outcome: "Outcome") -> None:
    for line in outcome.sent:
        mail = outcome.mail(line["send_id"])
        assert mail["To"] == line["email"]
        assert mail["Subject"] == line["subject"]
        assert mail["From"].addresses[0].addr_spec == "hello@mail.shop.example"
        assert mail["Date"].datetime.strftime("%Y-%m-%dT%H:%M:%S") == line["at"][:19]


def test_every_mail_speaks_the_shopper_s_language_and_knows_the_name(
    outcome: "Outcome", people: "dict[str, Person]"
) -> None:
    unsubscribe = {
        language: yaml.safe_load((TEXTS / language / "shared.yaml").read_text(encoding="utf-8"))["unsubscribe"]
        for language in ("en", "de")
    }
    assert unsubscribe["en"] != unsubscribe["de"]
    for line in outcome.sent:
        mail, person = outcome.mail(line["send_id"]), people[line["email"]]
        language = person.trait("language") or "en"
        assert f"{unsubscribe[language]}: https://" in _text(mail)
        assert f'lang="{language}"' in _html(mail)
        name = person.trait("firstName")
        if name is not None:
            assert name in _text(mail)


@pytest.mark.parametrize("step", ["reminder", "second", "offer"])
def test_a_reminder_of_a_cart_shows_what_is_in_it(outcome: "Outcome", people: "dict[str, Person]", step: str) -> None:
    lines = [line for line in outcome.sent if (line["journey"], line["step"]) == ("cart", step)]
    assert lines
    for line in lines:
        cart = people[line["email"]].cart(line["at"])
        mail = outcome.mail(line["send_id"])
        for body in (_text(mail), _html(mail).replace("&amp;", "&")):
            assert [name for name in cart if name not in body] == []
        if step == "reminder":
            others = {product.name for product in PRODUCTS} - cart
            assert [name for name in others if name in _text(mail)] == []


def test_the_first_win_back_shows_what_was_bought(outcome: "Outcome", people: "dict[str, Person]") -> None:
    lines = [line for line in outcome.sent if line["step"] == "missing_you"]
    assert lines
    for line in lines:
        orders = [m for m in people[line["email"]].messages if m.get("event") == "Order Completed"]
        bought = {product["name"] for order in orders for product in order["properties"]["products"]}
        assert any(name in _text(outcome.mail(line["send_id"])) for name in bought)


def test_no_mail_shows_a_placeholder_or_a_python_value(outcome: "Outcome") -> None:
    for line in outcome.sent:
        mail = outcome.mail(line["send_id"])
        for body in (mail["Subject"], _text(mail), _html(mail)):
            assert not any(sign in body for sign in ("{{", "}}", "{%", "None", "Undefined", "Decimal("))


def test_the_lines_are_json_as_people_write_it(outcome: "Outcome") -> None:
    text = (outcome.folder / "emails.jsonl").read_text(encoding="utf-8")
    assert "\\u" not in text
    assert all(json.loads(line) for line in text.splitlines())


def _text(mail: "EmailMessage") -> str:
    return _part(mail, "plain")


def _html(mail: "EmailMessage") -> str:
    return _part(mail, "html")


def _part(mail: "EmailMessage", kind: str) -> str:
    part = mail.get_body((kind,))
    assert part is not None
    content = part.get_content()
    assert isinstance(content, str)
    return content
