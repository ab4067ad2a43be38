"""The build of the mails: the same bytes each time, and every mistake named with its file."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from homing.emails import Renderer, RenderFailed, TemplateInvalid
from homing.emails.compiler import compile_emails
from homing.emails.samples import everything

ROOT = Path(__file__).parents[2]
SHOP_EMAILS = ROOT / "shop/emails"


def run_python(*arguments: str, hash_seed: str = "0") -> str:
    environment = os.environ | {"PYTHONPATH": str(ROOT / "layers/homing"), "PYTHONHASHSEED": hash_seed}
    done = subprocess.run([sys.executable, *arguments], env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def modules(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.glob("*.py")}


@pytest.fixture
def emails(tmp_path: Path) -> Path:
    """A shop with one mail in two languages, free to be broken."""
    folder = tmp_path / "emails"
    shutil.copytree(SHOP_EMAILS / "look", folder / "look")
    (folder / "mails").mkdir()
    shutil.copy(SHOP_EMAILS / "mails/cart-offer.jinja", folder / "mails")
    for language in ("en", "de"):
        (folder / "texts" / language).mkdir(parents=True)
        for name in ("shared.yaml", "cart-offer.yaml"):
            shutil.copy(SHOP_EMAILS / "texts" / language / name, folder / "texts" / language)
    return folder


def edit(path: Path, old: str, new: str) -> None:
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")


def line_of(path: Path, words: str) -> int:
    lines = path.read_text(encoding="utf-8").splitlines()
    return next(number for number, line in enumerate(lines, start=1) if words in line)


def test_a_build_is_the_same_bytes_for_every_folder_and_hash_seed(tmp_path: Path, emails: Path) -> None:
    elsewhere = tmp_path / "elsewhere/emails"
    shutil.copytree(emails, elsewhere)
    run_python("-m", "homing.emails.compiler", str(emails), str(tmp_path / "one"), hash_seed="1")
    run_python("-m", "homing.emails.compiler", str(elsewhere), str(tmp_path / "two"), hash_seed="2")
    one, two = modules(tmp_path / "one"), modules(tmp_path / "two")
    assert one
    assert one == two


def test_a_build_removes_the_mails_that_are_no_more(tmp_path: Path, emails: Path) -> None:
    compile_emails(emails, tmp_path / "out")
    before = modules(tmp_path / "out").keys()
    (emails / "texts/de/cart-offer.yaml").unlink()
    compile_emails(emails, tmp_path / "out")
    assert modules(tmp_path / "out").keys() < before


def test_sending_imports_nothing_that_only_the_build_needs() -> None:
    script = "import sys, homing.emails; print({'css_inline', 'yaml'} & set(sys.modules))"
    assert run_python("-c", script).strip() == "set()"


def test_a_mail_falls_back_to_english_where_its_language_lacks_it(tmp_path: Path, emails: Path) -> None:
    (emails / "texts/de/cart-offer.yaml").unlink()
    compile_emails(emails, tmp_path / "out")
    renderer = Renderer(tmp_path / "out")
    assert renderer.render("cart-offer", "de", everything()) == renderer.render("cart-offer", "en", everything())


def test_a_language_from_right_to_left_needs_only_its_texts(tmp_path: Path, emails: Path) -> None:
    shutil.copytree(emails / "texts/en", emails / "texts/ar")
    edit(emails / "texts/ar/cart-offer.yaml", "button: Complete my order", "button: أكمل الطلب")
    compile_emails(emails, tmp_path / "out")
    html = Renderer(tmp_path / "out").render("cart-offer", "ar", everything()).html
    assert '<html lang="ar" dir="rtl"' in html
    assert "أكمل الطلب" in html
    assert 'class="total-sum ink" align="left"' in html
    assert 'class="total-label ink" align="right"' in html


def test_a_text_may_hold_emphasis_and_any_character(tmp_path: Path, emails: Path) -> None:
    edit(
        emails / "texts/en/cart-offer.yaml",
        "closing: This",
        'closing: "**Tom & Jerry\'s** <b> last."  # This',
    )
    compile_emails(emails, tmp_path / "out")
    rendered = Renderer(tmp_path / "out").render("cart-offer", "en", everything())
    assert "<strong>Tom &amp; Jerry&#39;s</strong> &lt;b&gt; last." in rendered.html
    assert "Tom & Jerry's <b> last." in rendered.text


def test_a_paragraph_is_one_line_however_its_writer_broke_it(tmp_path: Path, emails: Path) -> None:
    edit(
        emails / "texts/en/cart-offer.yaml",
        "closing: This is our last reminder about this cart.",
        "closing: |\n  One\n  two.\n\n  Three.",
    )
    compile_emails(emails, tmp_path / "out")
    rendered = Renderer(tmp_path / "out").render("cart-offer", "en", everything())
    assert "\nOne two.\n\nThree.\n" in rendered.text
    assert ">One two.</p>" in rendered.html
    assert ">Three.</p>" in rendered.html


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        ("{{ offer.code }}", "{{ offer.kode }}", "kode"),
        ("{{ offer.code }}", "{{ ofer.code }}", "ofer"),
        ("{{ offer.code }}", "{{ offer.code | shout }}", "shout"),
        ("{{ offer.code }}", "{{ offer.code }", "unexpected"),
        ("{{ offer.code }}", "{{ offer.percent }}", "missing value"),
        ("{{ offer.code }}", "{{ ''.__class__.__mro__ }}", "unsafe"),
        ("{{ offer.code }}", "{{ items.append(1) }}", "not safe|unsafe"),
    ],
)
def test_a_mistake_in_a_text_is_named_with_its_file_and_line(
    tmp_path: Path, emails: Path, old: str, new: str, problem: str
) -> None:
    texts = emails / "texts/en/cart-offer.yaml"
    line = line_of(texts, old)
    edit(texts, old, new)
    with pytest.raises(TemplateInvalid, match=problem) as failure:
        compile_emails(emails, tmp_path / "out")
    assert str(failure.value).startswith(f"{texts}:{line}: ")
    assert not (tmp_path / "out").exists()


def test_a_text_that_uses_the_name_needs_a_variant_without_one(tmp_path: Path, emails: Path) -> None:
    texts = emails / "texts/de/cart-offer.yaml"
    edit(texts, "closing: Das", 'closing: "{{ shopper.first_name }}, das')
    edit(texts, "diesen Warenkorb.\nreason", 'diesen Warenkorb."\nreason')
    with pytest.raises(TemplateInvalid, match=r"missing value .*cart-offer in 'de' without a name"):
        compile_emails(emails, tmp_path / "out")


@pytest.mark.parametrize(
    ("path", "old", "new", "problem"),
    [
        ("texts/de/cart-offer.yaml", "closing:", "ending:", "missing, but in 'en': closing"),
        ("texts/de/cart-offer.yaml", "closing:", "extra: x\nclosing:", "not in 'en': extra"),
        ("texts/de/cart-offer.yaml", "closing:", "button: x\nclosing:", "`button` is there twice"),
        ("texts/de/cart-offer.yaml", "closing:", "Closing:", "small letters"),
        ("texts/de/cart-offer.yaml", "without_offer:", "without_luck:", "varies by"),
        ("texts/de/cart-offer.yaml", "closing: ", "closing: {{ shop.name }} ", "in quotes"),
        ("mails/cart-offer.jinja", "{{ cart_total() }}", "<hr>", "look/blocks.html"),
        ("mails/cart-offer.jinja", "{{ cart_total() }}", "{{ cart_sum() }}", "cart_sum"),
        ("mails/cart-offer.jinja", "{{ cart_total() }}", "{{ cart_total() ", "unexpected|end of"),
        ("look/blocks.html", "{% macro heading", "{% macro title", "differ in heading, title"),
        ("look/blocks.html", "<p class", "<p {{ direction }} class", "within a tag"),
        ("look/blocks.html", "<tbody>", "", "<tbody>"),
        ("look/layout.html", "{{ direction }}", "{{ direktion }}", "direktion"),
    ],
)
def test_a_mistake_is_named_with_its_file(
    tmp_path: Path, emails: Path, path: str, old: str, new: str, problem: str
) -> None:
    edit(emails / path, old, new)
    with pytest.raises(TemplateInvalid, match=problem) as failure:
        compile_emails(emails, tmp_path / "out")
    folder = str(emails / path) if "differ" not in problem else str(emails / "look")
    assert str(failure.value).startswith(folder)


@pytest.mark.parametrize(
    "path",
    [
        "texts/en/cart-offer.yaml",
        "texts/de/shared.yaml",
        "mails/cart-offer.jinja",
        "look/style.css",
        "look/blocks.txt",
    ],
)
def test_a_missing_file_is_named(tmp_path: Path, emails: Path, path: str) -> None:
    (emails / path).unlink()
    with pytest.raises(TemplateInvalid, match="this file is missing") as failure:
        compile_emails(emails, tmp_path / "out")
    assert str(failure.value).startswith(str(emails / path))


def test_a_failed_build_leaves_the_earlier_one(tmp_path: Path, emails: Path) -> None:
    compile_emails(emails, tmp_path / "out")
    before = modules(tmp_path / "out")
    edit(emails / "texts/en/cart-offer.yaml", "{{ offer.code }}", "{{ offer.kode }}")
    with pytest.raises(TemplateInvalid):
        compile_emails(emails, tmp_path / "out")
    assert modules(tmp_path / "out") == before


def test_what_the_build_could_not_foresee_still_fails_by_name(tmp_path: Path, emails: Path) -> None:
    edit(emails / "texts/en/cart-offer.yaml", "{{ offer.code }}", "{{ 100 // offer.code | length }}")
    compile_emails(emails, tmp_path / "out")
    context = everything()
    assert context["offer"]
    context["offer"]["code"] = ""
    with pytest.raises(RenderFailed, match="ZeroDivisionError") as failure:
        Renderer(tmp_path / "out").render("cart-offer", "en", context)
    assert failure.value.template == "cart-offer"
