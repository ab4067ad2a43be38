"""`homing preview`: a mail on one page, as it would be sent, and what to do where there is none."""

import html
import json
import re
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from homing.domain.catalogue import CatalogueProduct
from homing.domain.events import Event
from homing.domain.moments import DAY, format_moment
from homing.domain.profile import Profile
from homing.domain.record import ProfileRecord
from homing.emails import RenderedEmail
from local.cli import app
from local.preview.page import in_scheme, preheader_of, render_page
from local.simulation.snapshot import SNAPSHOT
from tests.fakes.built_shops import built_once
from tests.fakes.stories import NOW, SHOP_DIR, bought, happened, product, signed_up
from tests.fakes.tables import ExportedTable

MAILS = ["welcome-greeting", "cart-second", "cart-offer"]
JOURNEYS = """
journeys:
  welcome:
    description: Greets
    enter: {segment: leads}
    once_per: profile
    ends_on: [order]
    steps:
      greeting: {template: welcome-greeting, offer: welcome}
  cart:
    description: Reminds
    enter: {segment: cart_abandoners}
    once_per: cart
    ends_on: [order, empty_cart]
    steps:
      second: {template: cart-second, needs_items: yes}
"""
MAIL = RenderedEmail("Hello <you>", "<p>Hi</p>", "Hi <you>\n")
ALL = {
    "ada": [
        signed_up(NOW - 9 * DAY, traits={"first_name": "Ada", "language": "de-AT"}),
        happened("Product Added", NOW - DAY, products=(product("mug", 2),), currency="EUR"),
    ],
    "bob": [
        signed_up(NOW - 9 * DAY, email="bob@example.com", user="bob"),
        bought(NOW - 8 * DAY, user="bob"),
    ],
    "eve": [happened(user="eve", traits={"email": "eve@example.com"})],
    "mal": [signed_up(email="mal@example.com", user="mal", traits={"language": "de/../../../mal"})],
    "tom": [happened(user="tom", consent={"marketing": True})],
}


def folder_of(shoppers: dict[str, list[Event]], folder: Path) -> Path:
    """What a run that ended at NOW has left of these shoppers, and of a mug."""
    table = ExportedTable()
    for events in shoppers.values():
        facts = Profile()
        for event in events:
            facts = facts.after(event, event.at)
        table.profiles.save(ProfileRecord(profile_id=events[0].alias, facts=facts))
    mug = {"product_id": "mug", "name": "Stoneware Mug", "prices": {"EUR": 1450}, "first_seen_at": 0, "updated_at": 0}
    table.catalogue.save(CatalogueProduct.model_validate(mug))
    table.write(folder / SNAPSHOT)
    (folder / "summary.json").write_text(json.dumps({"ended_at": format_moment(NOW)}), encoding="utf-8")
    return folder


@pytest.fixture(scope="module")
def run_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return folder_of(ALL, tmp_path_factory.mktemp("run"))


@pytest.fixture(scope="module", autouse=True)
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The shop's own files with three of its mails, for every preview builds all there are; in the working folder."""
    folder = tmp_path_factory.mktemp("work") / "shop"
    shutil.copytree(SHOP_DIR, folder)
    for path in folder.glob("emails/*/**/*.*"):
        if path.suffix in {".jinja", ".yaml"} and path.stem not in {*MAILS, "shared"}:
            path.unlink()
    (folder / "journeys.yaml").write_text(JOURNEYS, encoding="utf-8")
    with built_once(folder, tmp_path_factory.mktemp("built")):
        yield folder


@pytest.fixture(autouse=True)
def work(shop: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(shop.parent)


def preview(*arguments: str | Path) -> Result:
    return CliRunner(env={"COLUMNS": "200", "NO_COLOR": "1"}).invoke(app, ["preview", *map(str, arguments)])


def page_of(tmp_path: Path, *arguments: str | Path) -> str:
    out = tmp_path / "pages/page.html"
    result = preview(*arguments, "--out", out)
    assert result.exit_code == 0, result.output
    assert result.output == f"{out}\n"
    return out.read_text(encoding="utf-8")


def of(profile: str, run_folder: Path) -> list[str]:
    return ["--profile", profile, "--from", str(run_folder)]


def text_part(page: str) -> str:
    found = re.search(r'<pre dir="auto">(.*?)</pre>', page, re.DOTALL)
    assert found
    return html.unescape(found[1])


def refusal(*arguments: str | Path) -> str:
    result = preview(*arguments)
    assert result.exit_code == 2
    return result.stderr


def test_without_a_template_all_are_listed_with_their_subjects() -> None:
    lines = [" ".join(line.split()) for line in preview().output.splitlines()]
    assert "cart-offer de Anna, 10 % Rabatt für deinen Warenkorb" in lines
    assert "en Anna, 10% off for your cart" in lines
    assert len(lines) == 1 + len(MAILS) * 2


def test_the_page_shows_subject_preheader_text_and_the_mail_in_four_surroundings(tmp_path: Path) -> None:
    page = page_of(tmp_path, "cart-offer")
    assert "Anna, 10% off for your cart</b>" in page
    assert "Your code is HELLO-7KQ4, valid through June 30.</span>" in page
    assert "Complete my order:\nhttps://shop.example/cart" in text_part(page)
    views = re.findall(r'title="(\w+), (\w+)" width="(\d+)"', page)
    assert views == [
        ("Desktop", "light", "680"),
        ("Phone", "light", "390"),
        ("Desktop", "dark", "680"),
        ("Phone", "dark", "390"),
    ]


def test_made_up_data_stand_in_the_shops_own_name_and_address(tmp_path: Path) -> None:
    text = text_part(page_of(tmp_path, "welcome-greeting", "--lang", "de"))
    assert "Tea & Clay, 12 Harbour Street" in text
    assert "https://preview.invalid/unsubscribe" in text


def test_of_a_made_up_shopper_nothing_may_be_known(tmp_path: Path) -> None:
    page = page_of(tmp_path, "cart-offer", "--data", "minimal")
    assert "One last note about your cart</b>" in page
    assert "Anna" not in page


def test_the_page_needs_no_other_file_and_its_mails_can_run_nothing(tmp_path: Path) -> None:
    page = page_of(tmp_path, "cart-second")
    around = re.sub(r'srcdoc="[^"]*"', "", page)
    assert not re.search(r'(?:src|href)="', around)
    assert "default-src 'none'" in around
    assert re.findall(r'sandbox="([^"]*)"', around) == ["allow-same-origin"] * 4


def test_what_a_mail_says_cannot_leave_its_frame() -> None:
    hostile = replace(MAIL, subject="</title><script>", text="</pre><script>", html='"></iframe><script>')
    page = render_page(hostile, "</title><script>", ["<script>"])
    assert page.count("<script>") == 1


def test_a_page_that_is_not_told_where_to_lie_is_named_after_its_mail() -> None:
    assert preview("cart-offer", "--lang", "de").output == "out/previews/cart-offer.de.html\n"
    assert Path("out/previews/cart-offer.de.html").is_file()


def test_a_shoppers_language_leads_to_no_other_folder(run_folder: Path) -> None:
    told = preview("welcome-greeting", *of("mal", run_folder)).output
    assert Path(told.strip()).parent == Path("out/previews")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_mail_is_shown_as_light_or_dark_whatever_the_browser_is_set_to(scheme: str) -> None:
    shown = in_scheme("@media (prefers-color-scheme: dark) {} :root { color-scheme: light dark; }", scheme)
    holds = "(min-width: 0)" if scheme == "dark" else "(max-width: 0)"
    assert shown == f"@media {holds} {{}} :root {{ color-scheme: {scheme}; }}"


def test_a_mail_may_have_no_preheader() -> None:
    assert preheader_of("<p>Hi</p>") is None
    assert "no preheader" in render_page(MAIL, "mail", [])


def test_a_shoppers_mail_is_made_from_their_own_facts(tmp_path: Path, run_folder: Path) -> None:
    page = page_of(tmp_path, "cart-second", *of("ada", run_folder))
    assert "Ada, überlegst du noch? Stoneware Mug</b>" in page
    assert "€\xa029,00" in text_part(page)
    assert "would not send" not in page


def test_a_shoppers_mail_may_be_read_in_another_language(tmp_path: Path, run_folder: Path) -> None:
    page = page_of(tmp_path, "cart-second", *of("ada", run_folder), "--lang", "en")
    assert "Ada, still thinking about Stoneware Mug?</b>" in page


def test_a_mail_that_would_not_go_out_now_is_shown_and_says_so(tmp_path: Path, run_folder: Path) -> None:
    page = page_of(tmp_path, "welcome-greeting", *of("bob", run_folder))
    assert "the journey &#39;welcome&#39; would not send it now: ordered" in page


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["cart-ofer"], "'cart-ofer' is no mail of"),
        (["cart-ofer"], "did you mean 'cart-offer'"),
        (["cart-offer", "--lang", "fr"], "--lang: 'cart-offer' is not written in 'fr', but in de, en"),
        (["cart-offer", "--profile", "ada", "--from", "gone"], "gone: there is no such folder or file"),
    ],
)
def test_a_mistake_is_told_with_what_to_do(arguments: list[str], told: str) -> None:
    assert told in refusal(*arguments)


@pytest.mark.parametrize(
    ("template", "profile", "told"),
    [
        ("cart-second", "zoe", "nobody is known as 'zoe'"),
        ("cart-second", "bob", "it needs products of their cart; choose somebody with a full one"),
        ("welcome-greeting", "eve", "they have not agreed to mails; choose somebody who has"),
        ("welcome-greeting", "tom", "no address is known; choose somebody who has told one"),
    ],
)
def test_a_shopper_without_a_mail_is_told_with_the_reason(
    run_folder: Path, template: str, profile: str, told: str
) -> None:
    assert told in refusal(template, *of(profile, run_folder))


def test_a_mail_that_no_journey_sends_can_be_made_of_no_shopper(run_folder: Path) -> None:
    told = refusal("cart-offer", *of("ada", run_folder))
    assert "cart-offer: no journey sends it, so nobody gets it; name it in journeys.yaml" in told
