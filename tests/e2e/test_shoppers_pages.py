"""The shopper's pages in a real browser, against `homing local`: anybody can use them, without scripts and by keyboard.

Chromium is the system's own, driven by Playwright; axe-core looks for barriers.
"""

import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from itertools import count, product
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import urllib3

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

pytestmark = pytest.mark.browser

ROOT = Path(__file__).parents[2]
AXE = ROOT / "node_modules" / "axe-core" / "axe.min.js"
LANGUAGES, SCHEMES, WIDTHS = ("en", "de"), ("light", "dark"), (390, 1280)
PATIENCE = 60
"""Seconds until a server that says nothing fails the test instead of hanging it."""
SMALLEST_TARGET = 44
"""CSS pixels, in both directions: WCAG 2.2, 2.5.5."""
_numbers = count(1)


class Shop:
    """A running `homing local`, and the shop's client that tells it of shoppers."""

    def __init__(self) -> None:
        command = [sys.executable, "-c", "from local.cli import main; main()", "local", "--port", "0"]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        assert self.process.stdout is not None
        lines = iter(self.process.stdout.readline, "")
        self.address = next(found[0] for line in lines if (found := re.search(r"http://127\.0\.0\.1:\d+", line)))

    def ask(self, method: str, path: str, **more: Any) -> Any:
        url = f"{self.address}{path}"
        return urllib3.request(method, url, retries=False, timeout=PATIENCE, **more).json()

    def sign_up(self) -> str:
        """Somebody wants mails; their address."""
        email = f"shopper{next(_numbers)}@mailbox.example"
        message = {
            "messageId": f"sign-up-{email}",
            "userId": email,
            "traits": {"email": email, "firstName": "Ada"},
            "context": {"consent": {"categoryPreferences": {"marketing": True}}},
        }
        headers = urllib3.make_headers(basic_auth="local:")
        assert self.ask("POST", "/v1/identify", json=message, headers=headers)["accepted"] == 1
        self.let_pass("PT1M")  # SES takes so many mails a second
        return email

    def let_pass(self, time: str) -> None:
        self.ask("POST", "/_local/clock", json={"advance": time})

    def subscribe(self) -> str:
        """Somebody wants mails and has confirmed it; their address."""
        email = self.sign_up()
        urllib3.request("POST", self.link(email, "confirm"), body=b"", timeout=PATIENCE)
        self.let_pass("PT1M")
        return email

    def mails(self, email: str) -> list[dict[str, Any]]:
        """Those to the address, the latest first."""
        mails = [mail for mail in self.ask("GET", "/_local/emails") if mail["email"] == email]
        return sorted(mails, key=lambda mail: str(mail["at"]), reverse=True)

    def link(self, email: str, page: str) -> str:
        """The link to the page in the latest mail to the address."""
        mail = self.ask("GET", f"/_local/emails/{self.mails(email)[0]['send_id']}")
        (link, *_) = re.findall(rf"{self.address}/{page}/[\w.]+", mail["text"] + str(mail["headers"]))
        return str(link)

    def runs(self, email: str) -> dict[str, str | None]:
        """The journeys of the shopper, and why each has ended."""
        (profile,) = [each for each in self.ask("GET", "/_local/profiles") if each["email"] == email]
        runs = [run for run in self.ask("GET", "/_local/runs") if run["profile_id"] == profile["profile_id"]]
        return {run["journey"]: run["reason"] for run in runs}


@pytest.fixture(scope="module")
def shop() -> Iterator[Shop]:
    shop = Shop()
    yield shop
    shop.process.terminate()
    shop.process.communicate(timeout=PATIENCE)


@pytest.fixture
def page(chromium: "Browser") -> Iterator["Page"]:
    """A phone's browser in which no script runs."""
    context = chromium.new_context(viewport={"width": 390, "height": 844}, java_script_enabled=False)
    yield context.new_page()
    context.close()


# No barriers


def pressed(button: str) -> Callable[["Page"], None]:
    return lambda page: page.locator(f'button[value="{button}"]').click()


def no_such_day(page: "Page") -> None:
    page.select_option('[name="birthday_day"]', "31")
    page.select_option('[name="birthday_month"]', "2")
    pressed("save")(page)


def left_as_it_is(page: "Page") -> None:
    """The page as it opens."""


def main_button(page: "Page") -> None:
    page.locator("button").click()


STATES: dict[str, tuple[str, str, Callable[["Page"], None]]] = {
    "unsubscribe": ("unsubscribe", "", left_as_it_is),
    "unsubscribed": ("unsubscribe", "", main_button),
    "preferences": ("preferences", "", left_as_it_is),
    "saved": ("preferences", "", pressed("save")),
    "no-such-day": ("preferences", "", no_such_day),
    "paused": ("preferences", "", pressed("pause")),
    "stopped": ("preferences", "", pressed("stop")),
    "data": ("preferences", "&ask=data", left_as_it_is),
    "erasure": ("preferences", "&ask=erasure", left_as_it_is),
    "erasure-asked": ("preferences", "&ask=erasure", main_button),
    "incomplete-link": ("preferences/x", "", left_as_it_is),
}


@pytest.fixture
def links(shop: Shop) -> dict[str, str]:
    """A shopper's links by page; one who has confirmed, and the link to confirm of one who has not."""
    email = shop.subscribe()
    own = {page: shop.link(email, page) for page in ("unsubscribe", "preferences")}
    return {**own, "confirm": shop.link(shop.sign_up(), "confirm"), "preferences/x": f"{shop.address}/preferences/x"}


@pytest.mark.parametrize(("language", "scheme", "width"), list(product(LANGUAGES, SCHEMES, WIDTHS)))
def test_no_page_has_a_barrier(
    chromium: "Browser", links: dict[str, str], language: str, scheme: Any, width: int
) -> None:
    axe, found = AXE.read_text("utf-8"), {}
    context = chromium.new_context(viewport={"width": width, "height": 844}, color_scheme=scheme, bypass_csp=True)
    page = context.new_page()
    for state, (name, more, act) in {**STATES, "confirm": ("confirm", "", left_as_it_is)}.items():
        page.goto(f"{links[name]}?lang={language}{more}")
        act(page)
        assert page.locator("html").get_attribute("lang") == language
        page.evaluate(axe)
        violations = page.evaluate("axe.run()")["violations"]
        found[state] = [(each["id"], [node["html"] for node in each["nodes"]]) for each in violations]
        assert page.evaluate("document.documentElement.scrollWidth") <= width, state
    context.close()
    assert found == {state: [] for state in found}


@pytest.mark.parametrize("language", LANGUAGES)
def test_everything_that_is_pressed_is_large_enough_for_a_thumb(
    chromium: "Browser", links: dict[str, str], language: str
) -> None:
    context = chromium.new_context(viewport={"width": 360, "height": 740})  # with the policy, which admits the style
    page = context.new_page()
    small = []
    for name, more, act in STATES.values():
        page.goto(f"{links[name]}?lang={language}{more}")
        act(page)
        for target in page.locator("main a:not(.notice a), nav a, button, select, label.option").all():
            box = target.bounding_box()
            assert box is not None
            if min(box["height"], box["width"]) < SMALLEST_TARGET:
                small.append((name, target.inner_text(), box))
    context.close()
    assert small == []


# Without scripts


def test_from_signing_up_to_the_first_mail_by_a_press_and_no_sooner(shop: Shop, page: "Page") -> None:
    email = shop.sign_up()
    assert [mail["journey"] for mail in shop.mails(email)] == ["confirmation"]
    page.goto(shop.link(email, "confirm"))
    assert [mail["journey"] for mail in shop.mails(email)] == ["confirmation"]
    page.get_by_role("button", name="Yes, that was me").click()
    assert page.locator("h1").inner_text() == "Thank you, all is set"
    shop.let_pass("PT1M")
    assert [mail["journey"] for mail in shop.mails(email)] == ["welcome", "confirmation"]
    page.get_by_role("link", name="Choose what you get").click()
    assert page.get_by_label("Offers and ideas").is_checked()


def test_what_is_chosen_stands_when_the_page_is_opened_again(shop: Shop, page: "Page") -> None:
    link = shop.link(shop.subscribe(), "preferences")
    page.goto(f"{link}?lang=de")
    page.get_by_label("Newsletter").check()
    page.get_by_label("Höchstens einmal pro Woche").check()
    page.get_by_label("Green tea").check()
    page.get_by_label("SMS").check()
    page.get_by_label("Tag", exact=True).select_option("29")
    page.get_by_label("Monat", exact=True).select_option("Februar")
    page.get_by_role("button", name="Speichern").click()
    assert page.get_by_role("status").inner_text() == "Gespeichert. Es gilt ab sofort."
    page.goto(link)
    chosen = page.locator("input:checked")
    assert [chosen.nth(at).get_attribute("value") for at in range(chosen.count())] == [
        "marketing",
        "newsletter",
        "weekly",
        "Green tea",
        "sms",
    ]
    assert page.get_by_label("Day", exact=True).input_value() == "29"
    assert page.get_by_label("Month", exact=True).input_value() == "2"


def test_a_mistake_is_shown_where_it_is_and_keeps_what_was_typed(shop: Shop, page: "Page") -> None:
    page.goto(shop.link(shop.subscribe(), "preferences"))
    page.get_by_label("Once a month at most").check()
    no_such_day(page)
    assert page.title().startswith("Please check: ")
    alert = page.get_by_role("alert")
    assert alert.inner_text() == "There is no such day. Please choose day and month, or neither."
    assert page.get_by_label("Once a month at most").is_checked()
    page.get_by_label("Month", exact=True).select_option("January")
    page.get_by_role("button", name="Save").click()
    assert page.get_by_role("status").count() == 1
    assert page.get_by_label("Once a month at most").is_checked()


def test_one_press_on_unsubscribe_ends_the_journeys_and_offers_the_choice(shop: Shop, page: "Page") -> None:
    email = shop.subscribe()
    page.goto(shop.link(email, "unsubscribe"))
    assert shop.runs(email)["welcome"] is None
    page.get_by_role("button", name="Yes, stop them").click()
    assert page.locator("h1").inner_text() == "You are unsubscribed"
    assert shop.runs(email)["welcome"] == "unsubscribed"
    page.get_by_role("link", name="Choose what you get").click()
    assert not page.get_by_label("Offers and ideas").is_checked()


def test_a_break_is_taken_and_ended(shop: Shop, page: "Page") -> None:
    link = shop.link(shop.subscribe(), "preferences")
    page.goto(link)
    page.get_by_role("button", name="Pause for 30 days").click()
    page.goto(link)
    assert "paused until" in page.locator("main").inner_text()
    page.get_by_role("button", name="End the break").click()
    assert page.get_by_role("button", name="Pause for 30 days").count() == 1


def test_erasure_is_asked_for_by_a_second_press_on_a_page_of_its_own(shop: Shop, page: "Page") -> None:
    page.goto(shop.link(shop.subscribe(), "preferences"))
    page.get_by_role("link", name="Ask for my data to be erased").click()
    assert page.locator("h1").inner_text() == "Erase your data?"
    page.get_by_role("link", name="Back to your preferences").click()
    page.get_by_role("link", name="Ask for my data to be erased").click()
    page.get_by_role("button", name="Yes, ask for erasure").click()
    assert "Your wish has been noted" in page.get_by_role("status").inner_text()


def test_everything_is_done_by_keyboard(shop: Shop, page: "Page") -> None:
    email = shop.subscribe()
    page.goto(shop.link(email, "preferences"))
    for _ in range(2):  # the shop's name, the first box
        page.keyboard.press("Tab")
    page.keyboard.press("Space")
    for _ in range(3):  # newsletter, tracking, how often
        page.keyboard.press("Tab")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    assert page.get_by_role("status").inner_text() == "Saved. It counts from now on."
    assert not page.get_by_label("Offers and ideas").is_checked()
    assert page.get_by_label("Once a week at most").is_checked()
    assert shop.runs(email)["welcome"] == "consent_withdrawn"
