"""What readers have to see of a mail, in light and dark, wide and on a phone: each rule finds what is planted."""

from dataclasses import replace
from pathlib import Path

import pytest

from homing.emails import RenderedEmail, Renderer
from homing.emails.samples import everything
from local.mail_lint import Page, mail_faults
from local.mail_lint.looks import Look, looks_in
from local.mail_lint.sight import SMALLEST_WORDS
from local.mail_lint.styles import font_size, pixels, style_of
from local.mail_lint.views import DARK, DARK_PHONE, LIGHT, LIGHT_PHONE, View, page_in, rules_in

CONTEXT = everything()
UNSUBSCRIBE = 'href="https://mail.shop.example/u/4f9c2b71" ses:no-track style="'


@pytest.fixture(scope="module")
def sound(built_shop: Path) -> RenderedEmail:
    return Renderer(built_shop / "emails").render("cart-offer", "en", CONTEXT)


def faults_with(mail: RenderedEmail, old: str, new: str) -> list[str]:
    assert old in mail.html
    return mail_faults(replace(mail, html=mail.html.replace(old, new)), CONTEXT)


def look_of(html: str, view: View = LIGHT) -> Look:
    """The look of the only `<i>`."""
    (look,) = (look for element, look in looks_in(view, page_in(view, html).root) if element.tag == "i")
    return look


@pytest.mark.parametrize(
    ("block", "fault"),
    [
        (
            '<p style="color: #000000">a</p>',
            "in dark surroundings, the words in <p> are #000000 on #211f1e, a contrast",
        ),
        ('<p style="color: #ffffff">a</p>', "in light surroundings, the words in <p> are #ffffff on #ffffff, a contr"),
        (
            '<p style="color: #fff; background: white">a</p>',
            "contrast of 1.0 where reading takes 4.5; let look/dark.css change one of the two",
        ),
        ('<p class="ink" style="color: #1c1b1a; opacity: 0.3">a</p>', "in light surroundings, the words in <p class"),
        ('<p style="color: #949494; font-size: 23px">a</p>', "a contrast of 3.0 where reading takes 4.5"),
        ('<p style="color: #a0a0a0; font-size: 24px">a</p>', "a contrast of 2.6 where reading takes 3;"),
        ('<p class="ink" style="font-size: 6px">a</p>', 'the words in <p class="ink"> have 6 pixels; give them 12 or'),
        ('<p class="ink" style="font-size: 50%">a</p>', 'the words in <p class="ink"> have 8 pixels'),
        ('<img src="https://shop.example/a.png" width="90" alt="A" style="font-size: 9px">', 'a.png"> have 9 pixels'),
        ('<font class="ink" size="1">a</font>', 'the words in <font class="ink"> have 10 pixels'),
        ('<img src="https://shop.example/a.png" alt="">', 'a.png"> may be of any width; write how wide it is shown'),
        (
            '<table width="900"></table>',
            "in light surroundings, <table> is 900 pixels wide; mail programs leave it 600",
        ),
        ('<p style="width: 7in">a</p>', "in light surroundings, <p> is 672 pixels wide;"),
        ('<img src="https://shop.example/a.png" width="1200" alt="" style="max-width: 100%">', "1200 pixels wide"),
        (
            '<table width="600"></table>',
            "on a phone, <table> is 600 pixels wide; mail programs leave it 600, phones 360; write",
        ),
        ('<p style="min-width: 480px">a</p>', "on a phone, <p> is 480 pixels wide"),
    ],
)
def test_what_readers_do_not_see_well_is_found(sound: RenderedEmail, block: str, fault: str) -> None:
    faults = faults_with(sound, "</h1>", f"</h1>{block}")
    assert any(fault in found for found in faults), faults


@pytest.mark.parametrize(
    "block",
    [
        '<p class="ink" style="color: #1c1b1a">a</p>',
        '<p style="color: #949494; font-size: 24px">a</p>',
        '<p style="color: #949494; font-size: 14pt; font-weight: bold">a</p>',
        '<b style="color: #777777; background-color: #ffffff; font-size: 19px">a</b>',
        '<p class="ink" style="font-size: 12px; color: #1c1b1a">a</p>',
        '<p style="color: #ffffff; font-size: 1px">&nbsp;&zwnj;</p>',
        '<p style="display: none; color: #ffffff; font-size: 1px">a preheader</p>',
        '<img src="https://shop.example/a.png" width="560" alt="" style="max-width: 100%">',
        '<table class="button-row" width="500"></table>',
        '<table width="100%" style="max-width: 600px"></table>',
        '<!--[if mso]><table width="900"><tr><td><![endif]-->',
    ],
)
def test_what_can_be_seen_is_let_through(sound: RenderedEmail, block: str) -> None:
    assert faults_with(sound, "</h1>", f"</h1>{block}") == []


@pytest.mark.parametrize(
    "style",
    [
        "display: none",
        "visibility: hidden",
        "font-size: 0",
        "opacity: 0",
        "mso-hide: all",
        "max-height: 0; overflow: hidden",
        "text-indent: -9999px",
    ],
)
def test_a_link_to_unsubscribe_that_nobody_sees_is_found(sound: RenderedEmail, style: str) -> None:
    faults = faults_with(sound, UNSUBSCRIBE, f"{UNSUBSCRIBE}{style};")
    assert "in light surroundings, nobody sees the link to unsubscribe; show its words" in faults


def test_a_link_to_unsubscribe_is_not_seen_where_what_is_around_it_is_not(sound: RenderedEmail) -> None:
    faults = faults_with(sound, '<td class="footer muted" align="center" style="', '<td style="display: none; ')
    assert "in light surroundings, nobody sees the link to unsubscribe; show its words" in faults
    assert "in light surroundings, nobody sees the postal address; show it" in faults


def test_a_link_to_unsubscribe_without_words_is_found(sound: RenderedEmail) -> None:
    assert "in light surroundings, nobody sees the link to unsubscribe; show its words" in faults_with(
        sound, ">Unsubscribe</a>", ">&nbsp;</a>"
    )


def test_a_link_to_unsubscribe_in_the_colour_of_the_ground_is_found(sound: RenderedEmail) -> None:
    (fault,) = faults_with(sound, f"{UNSUBSCRIBE}color: #6d6861", f"{UNSUBSCRIBE}color: #f2efe9")
    assert "are #f2efe9 on #f2efe9, a contrast of 1.0" in fault


@pytest.mark.parametrize(
    ("media", "view"),
    [("(max-width: 600px)", "on a phone"), ("(prefers-color-scheme: dark)", "in dark surroundings")],
)
def test_what_only_a_media_query_hides_is_found(sound: RenderedEmail, media: str, view: str) -> None:
    rule = f"@media {media} {{ .quiet-link {{ display: none !important; }} }}"
    assert faults_with(sound, "</style>", f"{rule}</style>") == [
        f"{view}, nobody sees the link to unsubscribe; show its words"
    ]


@pytest.mark.parametrize(
    ("sheet", "dark", "phone"),
    [
        ("", "", ""),
        (".a { color: red }", ".a { color: red }", ".a { color: red }"),
        ("@media (prefers-color-scheme: dark) { .a { color: red } }", ".a { color: red }", ""),
        ("@media (prefers-color-scheme: light) { .a { color: red } }", "", ".a { color: red }"),
        ("@media only screen and (max-width: 600px) { .a { color: red } }", "", ".a { color: red }"),
        ("@media (max-width: 300px), print { .a { color: red } }", "", ""),
        ("@media (max-width: 30em) { .a { color: red } }", "", ""),
        ("@media not screen { .a { color: red } }", "", ""),
        ("@media (max-width: 9999px) and (prefers-color-scheme: dark) { .a { color: red } }", ".a { color: red }", ""),
    ],
)
def test_a_rule_holds_where_its_media_query_is_met(sheet: str, dark: str, phone: str) -> None:
    assert rules_in(DARK, (sheet,)).strip() == dark
    assert rules_in(LIGHT_PHONE, (sheet,)).strip() == phone


def test_words_look_as_the_last_and_the_important_rule_says() -> None:
    html = """
        <style>.a { color: #f00 !important; opacity: 1 } @media (max-width: 600px) { .a { opacity: 1 } }</style>
        <div style="background: url(a.png) #eee; font: bold 13px/20px Georgia, serif; opacity: 0.5">
        <i class="a" style="color: green; opacity: 0.5">words</i></div>
    """
    assert look_of(html) == Look("#ff0000", "#eeeeee", size=13, bold=True, opacity=0.25)
    assert look_of(html, DARK_PHONE) == look_of(html), "what is not important does not win over a style attribute"


def test_words_without_a_colour_have_that_of_their_surroundings() -> None:
    assert look_of("<b><i>words</i></b>") == Look("#000000", "#ffffff", bold=True)
    assert look_of("<h1><i>words</i></h1>", DARK) == Look("#ffffff", "#121212", size=32, bold=True)
    assert look_of('<a href="https://shop.example"><i>words</i></a>').ink == LIGHT.link
    assert look_of('<font color="red"><i>words</i></font>').ink == "#ff0000"
    assert look_of('<table bgcolor="#333333"><tr><td><i>words</i></td></tr></table>').ground == "#333333"


def test_half_a_colour_is_mixed_with_what_is_behind_it() -> None:
    assert look_of('<i style="color: rgba(0, 0, 0, 0.5)">words</i>').ink == "#808080"
    assert look_of('<i style="color: transparent">words</i>').contrast == 1


@pytest.mark.parametrize(
    ("length", "expected"),
    [("600px", 600), ("72pt", 96), ("2em", 32), ("0", 0), ("100%", None), ("auto", None), ("", None), (None, None)],
)
def test_a_length_is_told_in_pixels_where_one_can_say(length: str | None, expected: float | None) -> None:
    assert pixels(length) == expected


@pytest.mark.parametrize(
    ("size", "expected"),
    [("9pt", 12), ("1.5em", 30), ("50%", 10), ("small", 13), ("0", 0), ("inherit", 20), ("unheard-of", 20)],
)
def test_the_size_of_a_font_may_be_a_share_of_that_around_it(size: str, expected: float) -> None:
    assert font_size(size, around=20) == expected


def test_a_width_in_a_style_counts_before_that_in_an_attribute() -> None:
    table, rule, picture = Page('<table width="600" style="WIDTH: 100%"><hr width="7.5"><img width="72">').elements
    assert style_of(table)["width"] == "100%"
    assert [style_of(each)["width"] for each in (rule, picture)] == ["7.5px", "72px"]


def test_the_smallest_words_of_the_shop_are_as_small_as_the_rule_says(sound: RenderedEmail) -> None:
    looks = looks_in(LIGHT, page_in(LIGHT, sound.html).root)
    sizes = [look.size for element, look in looks if not look.hidden and "".join(element.words).strip()]
    assert min(size for size in sizes if size > 1) >= SMALLEST_WORDS
