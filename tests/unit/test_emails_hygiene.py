"""What of the data from outside may stand in a mail, and how figures and colours are written."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from homing.emails.formats import initial, line_price, readable_on
from homing.emails.hygiene import plausible_first_name, single_line, web_address
from homing.emails.languages import languages_for, writing
from homing.web.colours import READABLE, contrast


@pytest.mark.parametrize(
    "name", ["Anna", "Jean-Luc", "D'Arcy", "María José", "J. R.", "Łukasz", "민준", "فاطمة", "Zoë", "अनिल"]
)
def test_names_of_people_are_kept(name: str) -> None:
    assert plausible_first_name(name) == name


@pytest.mark.parametrize(
    "name",
    [
        "",
        "  ",
        "\n",
        "Win at spam.example",
        "http://spam.example",
        "a@b.example",
        "<b>Bo</b>",
        "12345",
        "x" * 41,
        "{{ 7*7 }}",
        "!!!",
        "🎁",
        "'",
        "www.spam",
        None,
    ],
)
def test_what_is_no_name_is_not_greeted(name: str | None) -> None:
    assert plausible_first_name(name) is None


def test_a_name_is_freed_of_what_cannot_be_seen() -> None:
    assert plausible_first_name(" An\u202ena\r\n") == "Anna"


@given(text=st.text(), longest=st.integers(min_value=1, max_value=200))
def test_a_single_line_is_one_line_without_controls_within_its_length(text: str, longest: int) -> None:
    line = single_line(text, longest)
    assert len(line) <= longest
    assert len(line.splitlines()) <= 1
    assert not any(ord(c) < 32 or 0x7F <= ord(c) < 0xA0 or c in "\u202a\u202b\u202d\u202e\u2066" for c in line)
    assert line == line.strip()


@given(line=st.text(alphabet="abcäöü ,.éß漢字", max_size=50))
def test_ordinary_text_keeps_its_words(line: str) -> None:
    assert single_line(line, 50).split() == line.split()


@pytest.mark.parametrize("url", ["https://shop.example/p?a=1&b=ü", "http://shop.example"])
def test_web_addresses_are_kept(url: str) -> None:
    assert web_address(url) == url


@pytest.mark.parametrize(
    "url",
    [
        None,
        "",
        "javascript:alert(1)",
        "JavaScript:alert(1)",
        "data:text/html,x",
        "/relative",
        "//host/path",
        "https:",
        "https://[",
        "https://shop.example/\r\nBcc: x",
        "ftp://shop.example",
        " https://shop.example",
    ],
)
def test_other_addresses_are_left_out(url: str | None) -> None:
    assert web_address(url) is None


@pytest.mark.parametrize(
    ("tag", "languages"),
    [
        ("de", ("de", "en")),
        ("de-AT", ("de", "en")),
        ("DE_at", ("de", "en")),
        ("en-GB", ("en",)),
        ("", ("en",)),
    ],
)
def test_texts_are_sought_by_language_then_in_english(tag: str, languages: tuple[str, ...]) -> None:
    assert languages_for(tag) == languages


@pytest.mark.parametrize(
    ("language", "tag", "locale", "direction"),
    [
        ("de", "de-AT", "de_AT", "ltr"),
        ("de", "de-ZZ", "de_DE", "ltr"),
        ("en", "fr-FR", "en", "ltr"),
        ("ar", "ar", "ar", "rtl"),
        ("ko", "ko-KR", "ko_KR", "ltr"),
        ("tlh", "tlh", "en", "ltr"),
    ],
)
def test_figures_follow_the_region_and_never_another_language(
    language: str, tag: str, locale: str, direction: str
) -> None:
    assert writing(language, tag) == (language, locale, direction)


@pytest.mark.parametrize(
    ("colour", "text"),
    [
        ("#000000", "#ffffff"),
        ("#1f5c4d", "#ffffff"),
        ("#ffffff", "#1c1b1a"),
        ("#ffe08a", "#1c1b1a"),
        ("#7c7c7c", "#000000"),
    ],
)
def test_text_on_a_colour_is_the_one_that_reads_better(colour: str, text: str) -> None:
    assert readable_on(colour) == text


@given(st.integers(0, 0xFFFFFF).map(lambda number: f"#{number:06x}"))
def test_text_can_be_read_on_any_colour(colour: str) -> None:
    assert contrast(colour, readable_on(colour)) >= READABLE


@pytest.mark.parametrize(("name", "letter"), [("oak board", "O"), ("«Élan»", "É"), ("3-pack", "3"), ("!?", "·")])
def test_an_initial_is_the_first_letter_or_digit(name: str, letter: str) -> None:
    assert initial(name) == letter


@pytest.mark.parametrize("quantity", [3, 3.0, Decimal(3)])
def test_a_line_costs_its_price_times_its_pieces(quantity: float | Decimal) -> None:
    assert line_price({"price": Decimal("0.10"), "quantity": quantity}) == Decimal("0.30")
