"""The rules that every mail keeps to: each finds a fault that is planted, and the shop's own mails have none."""

import shutil
from dataclasses import replace
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from homing.emails import RenderedEmail, Renderer, TemplateInvalid
from homing.emails.samples import everything
from local import mail_css, mail_html
from local.caniemail import Support, support_of
from local.caniemail.refresh import rows
from local.cli import app
from local.mail_css import unsupported_in_sheet, unsupported_in_style
from local.mail_html import unsupported_in_tags
from local.mail_lint import GMAIL_CLIPS_AT, LONGEST_SUBJECT, Page, check_mails, mail_faults
from local.mail_lint.checking import Shown
from local.mail_lint.places import Place

SHOP = Path(__file__).parents[2] / "shop"
CONTEXT = everything()


@pytest.fixture(scope="module")
def sound(built_shop: Path) -> RenderedEmail:
    return Renderer(built_shop / "emails").render("cart-offer", "en", CONTEXT)


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    """A shop with one mail, free to be broken."""
    emails = tmp_path / "shop/emails"
    shutil.copytree(SHOP / "emails/look", emails / "look")
    (emails / "mails").mkdir()
    (emails / "texts/en").mkdir(parents=True)
    for name in ("mails/cart-offer.jinja", "texts/en/shared.yaml", "texts/en/cart-offer.yaml"):
        shutil.copy(SHOP / "emails" / name, emails / name)
    return tmp_path / "shop"


def edit(path: Path, old: str, new: str) -> None:
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")


def check(shop_dir: Path) -> Result:
    return CliRunner(env={"COLUMNS": "200", "NO_COLOR": "1"}).invoke(app, ["mails", "check", str(shop_dir)])


def test_the_shops_own_mails_keep_to_every_rule() -> None:
    assert check_mails(SHOP / "emails") == []


@pytest.mark.parametrize(
    ("old", "new", "fault"),
    [
        (
            'href="https://mail.shop.example/u/4f9c2b71"',
            'href="https://shop.example"',
            "HTML has no link to unsubscribe",
        ),
        ("12 Mill Lane", "a Lane", "HTML lacks the postal address"),
        ('<html lang="en"', "<html", "no language is named"),
        ('<meta name="color-scheme" content="light dark">', "", "dark mode is left to chance"),
        ('<meta name="viewport"', '<meta name="window"', "phones will shrink"),
        ("</h1>", "</h1><script></script>", "<script> is cut out"),
        ("</h1>", "</h1><form></form>", "<form> is cut out"),
        ("</h1>", '</h1><link rel="stylesheet" href="https://shop.example/a.css">', "<link> is cut out"),
        ("</h1>", '</h1><img src="https://shop.example/a.png">', "has no alt text"),
        ("</h1>", '</h1><img src="http://shop.example/a.png" alt="">', "a picture comes from 'http:"),
        ("</h1>", '</h1><a href="http://shop.example">shop</a>', "a link leads to 'http://shop.example'"),
        ("</h1>", '</h1><a href="javascript:alert(1)">shop</a>', "a link leads to 'javascript:alert(1)'"),
        ("</h1>", '</h1><p onclick="alert(1)">shop</p>', "<p onclick> is script"),
        (" ses:no-track", "", "SES counts who presses links.unsubscribe"),
        ("<title>", '<meta http-equiv="Refresh" content="0;url=https://shop.example"><title>', "leads readers away"),
        ("</h1>", '</h1><!--[if mso]><meta http-equiv="refresh"><![endif]-->', "leads readers away"),
        ("</h1>", "</h1><!--[if mso]><script></script><![endif]-->", "<script> is cut out"),
        ("</h1>", "</h1><!--[if mso]><p><!--[if mso]><form></form>--><![endif]-->", "<form> is cut out"),
        ("</h1>", '</h1><!--[if mso]><a href="javascript:alert(1)">a</a><![endif]-->', "a link leads to 'javascript:"),
        ("</h1>", '</h1><!--[if mso]><p onclick="alert(1)">a</p><![endif]-->', "<p onclick> is script"),
        ("</h1>", '</h1><img src="https://shop.example/a.png" alt>', "has no alt text"),
        ("</h1>", '</h1><a href="https://shop.example"><img src="https://shop.example/a.png" alt=""></a>', "no words"),
        ("</h1>", '</h1><a href="https://shop.example"><i aria-hidden="true">A</i></a>', "has no words: who does not"),
        ("</h1>", '</h1><a href="https://shop.example"> &nbsp; </a>', "has no words: who does not see"),
        ("</h1>", "</h1></div>", "</div> has no other half"),
        ("</h1>", "</h1>{{ shopper }}", "HTML shows '{{'"),
        ("</h1>", "</h1>Hi None", "HTML shows 'None'"),
        ("</h1>", '</h1><p style="position: fixed"></p>', "'position: fixed' is not known"),
        ("</style>", "@import 'a.css';</style>", "'@import 'a.css'' is not known"),
        ("</h1>", f"</h1>{'x' * GMAIL_CLIPS_AT}", "Gmail clips at 102,400"),
    ],
)
def test_a_fault_in_the_html_is_found(sound: RenderedEmail, old: str, new: str, fault: str) -> None:
    assert mail_faults(sound, CONTEXT) == []
    assert old in sound.html
    faults = mail_faults(replace(sound, html=sound.html.replace(old, new)), CONTEXT)
    assert any(fault in found for found in faults), faults


@pytest.mark.parametrize(
    ("old", "new", "fault"),
    [
        ("https://mail.shop.example/u/4f9c2b71", "", "text part has no link to unsubscribe"),
        ("12 Mill Lane", "a Lane", "text part lacks the postal address"),
        ("HELLO-7KQ4", "{% if offer %}", "text part shows '{%'"),
    ],
)
def test_a_fault_in_the_text_part_is_found(sound: RenderedEmail, old: str, new: str, fault: str) -> None:
    assert old in sound.text
    (found,) = mail_faults(replace(sound, text=sound.text.replace(old, new)), CONTEXT)
    assert fault in found


def test_an_empty_text_part_is_found(sound: RenderedEmail) -> None:
    assert "the text part is empty" in mail_faults(replace(sound, text=" \n"), CONTEXT)[0]


@pytest.mark.parametrize("subject", ["", "Hey!", "x" * (LONGEST_SUBJECT + 1)])
def test_a_subject_has_a_length_that_inboxes_show(sound: RenderedEmail, subject: str) -> None:
    (fault,) = mail_faults(replace(sound, subject=subject), CONTEXT)
    assert f"the subject has {len(subject)} characters" in fault


@pytest.mark.parametrize("subject", ["Hello", "x" * LONGEST_SUBJECT])
def test_a_subject_may_be_as_short_and_as_long_as_the_rule_says(sound: RenderedEmail, subject: str) -> None:
    assert mail_faults(replace(sound, subject=subject), CONTEXT) == []


def test_a_subject_is_one_line(sound: RenderedEmail) -> None:
    (fault,) = mail_faults(replace(sound, subject="Hello\nBcc: victim@example.com"), CONTEXT)
    assert "a line break" in fault


@pytest.mark.parametrize(
    "style",
    [
        "color: red; position: absolute",
        "color: redd",
        "background-color: lab(0 0 0)",
        "display: flex",
        "width: calc(100% - 2px)",
        "color: var(--ink)",
        "margin: 1rem",
    ],
)
def test_a_style_that_outlook_or_gmail_do_not_know_is_found(style: str) -> None:
    assert list(unsupported_in_style(style)) == [style.rpartition("; ")[2]]


@pytest.mark.parametrize(
    "style",
    [
        "",
        "color: red;",
        "color: #fff !important",
        "background-color: inherit",
        "border-radius: 4px",
        "mso-hide: all",
        "font-family: 'Flex Grid', serif",
    ],
)
def test_a_style_that_all_know_or_that_can_be_missed_is_let_through(style: str) -> None:
    assert list(unsupported_in_style(style)) == []


@pytest.mark.parametrize(
    ("html", "found"),
    [
        ("<video></video>", ["<video>"]),
        ("<p hidden>a</p>", ["hidden"]),
        ("<blink>a</blink>", ["<blink>"]),
        ("<progress></progress><progress></progress>", ["<progress>", "<progress>"]),
        ('<a href="https://shop.example" target="_blank"><b>a</b></a>', []),
        ('<table role="presentation" bgcolor="#ffffff"><tr><td valign="top"><h3>a</h3></td></tr></table>', []),
        ("<ul><li>a</li></ul><section>a</section>", ["<section>"]),
    ],
)
def test_a_tag_or_attribute_that_one_does_not_know_is_found(html: str, found: list[str]) -> None:
    assert list(unsupported_in_tags(Page(html).tags)) == found


@pytest.mark.parametrize(
    "feature", ["unit-calc", "unit-rem", "unit-vh", "function-clamp", "variables", "display-flex", "display-grid"]
)
def test_values_are_refused_for_what_is_known_of_them(feature: str) -> None:
    support = support_of(f"css-{feature}")
    assert support is not None
    assert support.missing_in


def test_each_thing_that_is_missed_without_harm_is_missed_by_somebody() -> None:
    listed = [support_of(f"css-{name}") for name in mail_css.MISSED_WITHOUT_HARM]
    listed += [support_of(f"html-{name}") for name in mail_html.MISSED_WITHOUT_HARM]
    assert [support.feature for support in listed if support is not None and not support.missing_in] == []


def test_the_table_is_made_of_the_newest_version_of_each_program_that_there_is() -> None:
    stats = {
        "gmail": {"ios": {"2019-01": "y", "2024-01": "n #1"}, "android": {"2019-01": "y"}},
        "outlook": {"windows": {"2016": "n", "2019": "a #1 #2"}, "windows-mail": {"2019-01": "n"}, "ios": {}},
        "apple-mail": {"macos": {"12.4": "u"}},
    }
    css = {"slug": "css-x", "title": "x", "category": "css", "last_test_date": "2024-01-31 10:00", "stats": stats}
    picture = {**css, "slug": "image-x", "category": "image"}
    assert list(rows({"data": [picture, css]})) == [Support("css-x", "x", "n", "a", "?", "2024-01-31")]


@pytest.mark.parametrize(
    ("sheet", "found"),
    [
        ("@media (hover) { .a { color: red } }", ["@media (hover)"]),
        ("@font-face { font-family: x }", ["@font-face"]),
        ("@media (max-width: 9px) { .a { float: left !important; } }", ["float: left !important"]),
        ("/* @import */ @media only screen and (max-width: 9px) { .a { color: red } }", []),
        ("@media (prefers-color-scheme: dark) { .a { color: red } }", []),
    ],
)
def test_a_style_sheet_holds_only_what_can_be_missed(sheet: str, found: list[str]) -> None:
    assert list(unsupported_in_sheet(sheet)) == found


def test_a_fault_is_told_once_with_its_file_and_mail(shop: Path) -> None:
    edit(shop / "emails/look/layout.txt", "{{ shop.postal_address }}", "")
    (fault,) = check_mails(shop / "emails")
    expected = f"{shop}/emails/mails/cart-offer.jinja: cart-offer in 'en' with full data: the text part lacks"
    assert str(fault).startswith(expected)


@pytest.mark.parametrize("attribute", ['alt="A"', 'alt="" aria-label="A"', 'alt="" title="A"'])
def test_a_link_is_named_by_its_picture_or_its_label(sound: RenderedEmail, attribute: str) -> None:
    picture = f'<img src="https://shop.example/a.png" width="90" style="color: inherit" {attribute}>'
    link = f'</h1><p class="ink"><a class="ink" style="color: #1c1b1a" href="https://shop.example">{picture}</a></p>'
    assert mail_faults(replace(sound, html=sound.html.replace("</h1>", link)), CONTEXT) == []


@pytest.mark.parametrize(
    ("file", "fault"),
    [
        (
            "dark.css",
            "most words stand on a light ground in dark surroundings, and dazzle; write @media (prefers-color",
        ),
        ("phone.css", "nothing changes on phones, where wide margins leave no room for words; write @media (max-width"),
    ],
)
@pytest.mark.parametrize(
    "sheet",
    [
        "",
        "/* Nothing yet. */",
        "@media (prefers-color-scheme: light) { .canvas { background-color: #eeeeee !important; } }",
        "@media (prefers-color-scheme: dark) { .unheard-of { background-color: #000000 !important; } }",
        "@media (max-width: 200px) { .card { padding: 0 !important; } }",
    ],
)
def test_a_style_sheet_that_changes_nothing_is_found(shop: Path, file: str, fault: str, sheet: str) -> None:
    (shop / "emails/look" / file).write_text(sheet, encoding="utf-8")
    (found, *_) = check_mails(shop / "emails")
    assert str(found).startswith(f"{shop}/emails/look/{file}: cart-offer in 'en' with full data: {fault}")


@pytest.mark.parametrize(
    "block",
    [
        '<p style="color:#000000">a</p>',
        '<p class="a {{ start }}" style="FONT-SIZE: 6px; color: {{ shop.colour }}">a</p>',
        "<!--[if mso]>\n{% if offer %}<form></form>{% endif %}<![endif]-->",
        '<img src="https://shop.example/a.png" alt width="90">',
        '<p style="position:fixed">a</p>',
    ],
)
def test_a_fault_of_a_block_is_told_with_its_file_and_line(shop: Path, block: str) -> None:
    blocks = shop / "emails/look/blocks.html"
    edit(blocks, "<h1", f"<p>a</p>\n{block}<h1")
    lines = blocks.read_text(encoding="utf-8").splitlines()
    line = next(number for number, text in enumerate(lines, 1) if block.splitlines()[-1] in text)
    places = {fault.place for fault in check_mails(shop / "emails")}
    assert places == {Place(blocks, line)}


def test_a_fault_of_a_subject_names_the_file_of_its_words(shop: Path) -> None:
    words = shop / "emails/texts/en/cart-offer.yaml"
    edit(words, "One last note about your cart\npreheader", "Hey\npreheader")
    (fault,) = check_mails(shop / "emails")
    assert (fault.place, fault.shown) == (Place(words), Shown("cart-offer", "en", "minimal"))


def test_the_command_tells_each_fault_and_fails(shop: Path) -> None:
    edit(shop / "emails/look/layout.html", '<meta name="viewport"', '<meta name="window"')
    result = check(shop)
    assert result.exit_code == 1
    assert "cart-offer in 'en' with full data: phones will shrink the page; add <meta" in result.stderr


def test_the_command_says_that_all_is_sound(shop: Path) -> None:
    result = check(shop)
    assert result.exit_code == 0
    assert (
        result.output
        == f"{shop}/emails: 1 mail in 1 language, all sound with full, pictured, minimal and hostile data\n"
    )


def test_a_template_that_cannot_be_compiled_is_named(shop: Path) -> None:
    edit(shop / "emails/mails/cart-offer.jinja", "{{", "{{ {{")
    with pytest.raises(TemplateInvalid):
        check_mails(shop / "emails")
    result = check(shop)
    assert result.exit_code == 2
    assert "cart-offer.jinja:" in result.stderr


def test_a_folder_without_mails_is_told_what_it_should_be(tmp_path: Path) -> None:
    result = check(tmp_path)
    assert result.exit_code == 2
    assert f"{tmp_path}: no shop's folder, for it has no emails/" in result.stderr
