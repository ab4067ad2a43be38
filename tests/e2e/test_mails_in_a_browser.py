"""The rules of mails say what one sees: Chromium shows words as the lint takes them to be, and axe finds no barrier."""

import re
from dataclasses import replace
from itertools import product
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from homing.emails import RenderedEmail, Renderer
from local.mail_lint import mail_faults, sample_data
from local.mail_lint.looks import looks_in
from local.mail_lint.views import VIEWS, View, page_in

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

pytestmark = pytest.mark.browser

AXE = Path(__file__).parents[2] / "node_modules/axe-core/axe.min.js"
SAMPLES = {"cart-offer": ("en", "full"), "winback-offer": ("de", "pictured")}
LOOKS = """
() => [...document.querySelectorAll('body *')].map(element => {
  const ground = element => {
    const colour = getComputedStyle(element).backgroundColor
    return colour === 'rgba(0, 0, 0, 0)' ? ground(element.parentElement) : colour
  }
  const style = getComputedStyle(element)
  return [element.localName, style.color, ground(element), parseFloat(style.fontSize)]
})
"""


@pytest.fixture(scope="module")
def mails(built_shop: Path) -> dict[str, RenderedEmail]:
    renderer, data = Renderer(built_shop / "emails"), sample_data()
    return {mail: renderer.render(mail, language, data[sample]) for mail, (language, sample) in SAMPLES.items()}


def opened(browser: "Browser", html: str, width: int, scheme: Any) -> "Page":
    page = browser.new_context(viewport={"width": width, "height": 844}, color_scheme=scheme).new_page()
    page.set_content(html)
    return page


def barriers(page: "Page") -> list[str]:
    page.evaluate(AXE.read_text("utf-8"))
    found = page.evaluate("axe.run({runOnly: ['color-contrast', 'image-alt', 'link-name']})")
    return [node["html"] for violation in found["violations"] for node in violation["nodes"]]


def as_hex(colour: str) -> str:
    return "#" + "".join(f"{int(part):02x}" for part in re.findall(r"\d+", colour)[:3])


@pytest.mark.parametrize(("mail", "scheme", "width"), list(product(SAMPLES, ("light", "dark"), (360, 390, 700))))
def test_a_mail_has_no_barrier_and_fits(
    chromium: "Browser", mails: dict[str, RenderedEmail], mail: str, scheme: str, width: int
) -> None:
    page = opened(chromium, mails[mail].html, width, scheme)
    assert barriers(page) == []
    assert page.evaluate("document.documentElement.scrollWidth") == width


@pytest.mark.parametrize(("mail", "view"), list(product(SAMPLES, VIEWS)), ids=str)
def test_the_rules_take_each_word_as_it_is_shown(
    chromium: "Browser", mails: dict[str, RenderedEmail], mail: str, view: View
) -> None:
    page = opened(chromium, mails[mail].html, view.width, view.scheme)
    shown = [(tag, as_hex(ink), as_hex(ground), size) for tag, ink, ground, size in page.evaluate(LOOKS)]
    tree = page_in(view, mails[mail].html)
    looks = dict(looks_in(view, tree.root))
    (body,) = (element for element in tree.elements if element.tag == "body")
    taken = [(each.tag, looks[each].ink, looks[each].ground, looks[each].size) for each in body.descendants]
    assert taken == shown


@pytest.mark.parametrize(
    ("block", "scheme", "width", "fault"),
    [
        ('<p style="color: #000000">a word</p>', "dark", 390, "#000000 on #211f1e, a contrast of 1.3"),
        ('<p style="color: #bbbbbb">a word</p>', "light", 390, "#bbbbbb on #ffffff, a contrast of 1.9"),
        (
            '<a href="https://shop.example"><img alt="" width="9" src="https://shop.example/a.png"></a>',
            "light",
            390,
            "words",
        ),
        ('<table width="900"><tbody><tr><td>a word</td></tr></tbody></table>', "light", 700, "900 pixels wide"),
        ('<p style="width: 480px">a word</p>', "dark", 390, "480 pixels wide"),
    ],
)
def test_what_the_rules_find_is_seen(
    chromium: "Browser", mails: dict[str, RenderedEmail], block: str, scheme: str, width: int, fault: str
) -> None:
    sound = mails["cart-offer"]
    broken = replace(sound, html=sound.html.replace("</h1>", f"</h1>{block}"))
    assert any(fault in found for found in mail_faults(broken, sample_data()["full"]))
    page = opened(chromium, broken.html, width, scheme)
    overflows = page.evaluate("document.documentElement.scrollWidth") > width
    assert overflows == ("pixels wide" in fault)
    assert overflows or barriers(page) == [block]
