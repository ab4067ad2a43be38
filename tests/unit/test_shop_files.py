"""A shop's files: every mistake is named with its file, its line and its place; what is right is built as it stands."""

import json
import shutil
import sys
from datetime import date
from pathlib import Path

import pytest

from homing.domain.offers import Offer
from homing.domain.shop import FILES, Shop, ShopError
from local import shop_build
from local.shop_build import build_shop
from local.shop_files import ShopFileError, read_shop, read_yaml
from tests.fakes.stories import SHOP_DIR, default_shop


@pytest.fixture
def shop_dir(tmp_path: Path) -> Path:
    """A copy of the default shop, to spoil; its mails are linked, for nobody spoils them here."""
    for name in FILES:
        shutil.copy(SHOP_DIR / f"{name}.yaml", tmp_path)
    (tmp_path / "emails").symlink_to(SHOP_DIR / "emails")
    return tmp_path


def spoil(shop_dir: Path, file: str, right: str, wrong: str) -> int:
    """Put something wrong in; the line on which it begins."""
    path = shop_dir / f"{file}.yaml"
    text = path.read_text(encoding="utf-8")
    assert text.count(right) == 1
    path.write_text(text.replace(right, wrong), encoding="utf-8")
    return text[: text.index(right)].count("\n") + 1


@pytest.mark.parametrize(
    ("file", "right", "wrong", "message"),
    [
        ("settings", "url: https://shop.example\n", "url: http://shop.example\n", "url: "),
        ("settings", "birthday_hour: 9", "birthday_hour: 24", "birthday_hour: "),
        ("settings", "currency: EUR", "currency: Euro", "currency: "),
        ("offers", "    code: BACK10", "    code: back 10", "offers.winback_small.code: "),
        ("offers", "    percent: 20", "    percent: 99", "offers.winback_large.percent: "),
        ("segments", "  recent:", "  Recent:", "segments.Recent: a segment's name is made of"),
        ("segments", "segment: lapsed", "segment: lapst", "'lapst' is no segment; did you mean 'lapsed'"),
        (
            "journeys",
            "- segment: cart_abandoners",
            "- segment: carts",
            "'carts' is no segment of segments",
        ),
        ("journeys", "offer: winback_large", "offer: winback_huge", "'winback_huge' is no offer of offers.yaml"),
        ("journeys", "    once_per: lapse", "    once_per: week", "journeys.winback.once_per: "),
        ("journeys", "    ends_on: [order, empty_cart]", "    ends_on: [boredom]", "journeys.cart.ends_on"),
        ("journeys", "  birthday:\n", "  Birth-Day:\n", "journeys.Birth-Day"),
    ],
)
def test_a_mistake_is_named_with_its_file_and_its_place(
    shop_dir: Path, file: str, right: str, wrong: str, message: str
) -> None:
    line = spoil(shop_dir, file, right, wrong)
    with pytest.raises(ShopFileError) as error:
        read_shop(shop_dir)
    assert str(error.value).startswith(f"{shop_dir / file}.yaml:{line}: ")
    assert message in str(error.value)


def test_a_setting_that_is_missing_is_named_though_it_has_no_line(shop_dir: Path) -> None:
    spoil(shop_dir, "settings", "currency: EUR", "curency: EUR")
    with pytest.raises(ShopFileError, match=r"settings\.yaml:1: currency: Field required"):
        read_shop(shop_dir)


@pytest.mark.parametrize(
    ("file", "right", "wrong", "message"),
    [
        ("offers", "  cart:\n", "  welcome:\n", "'welcome' stands here twice"),
        ("segments", "  loyal:\n", "  leads:\n", "'leads' stands here twice"),
        ("settings", "currency: EUR", "url: https://other.example", "'url' stands here twice"),
        ("journeys", "  cart:\n    description", "  cart: [\n    description", "expected"),
    ],
)
def test_what_yaml_would_swallow_is_named_with_its_line(
    shop_dir: Path, file: str, right: str, wrong: str, message: str
) -> None:
    line = spoil(shop_dir, file, right, wrong)
    with pytest.raises(ShopFileError, match=message) as error:
        read_shop(shop_dir)
    place, told_line = str(error.value).split(":")[:2]
    assert place == f"{shop_dir / file}.yaml"
    assert int(told_line) >= line


def test_a_file_that_is_missing_is_named(shop_dir: Path) -> None:
    (shop_dir / "offers.yaml").unlink()
    with pytest.raises(ShopFileError, match=r"offers\.yaml: No such file"):
        read_shop(shop_dir)


@pytest.mark.parametrize("text", ["", "[]", "just words", "journeys: nothing", "journeys:\n  a: 1"])
def test_a_file_of_another_shape_is_refused_by_name(shop_dir: Path, text: str) -> None:
    (shop_dir / "journeys.yaml").write_text(text, encoding="utf-8")
    with pytest.raises(ShopFileError, match=r"journeys\.yaml:\d+: "):
        read_shop(shop_dir)


def test_no_yaml_makes_an_object(tmp_path: Path) -> None:
    file = tmp_path / "evil.yaml"
    file.write_text("!!python/object/apply:os.system ['true']", encoding="utf-8")
    with pytest.raises(ShopFileError, match=r"evil\.yaml:1: could not determine a constructor"):
        read_yaml(file)


def test_an_error_tells_its_place_in_words() -> None:
    assert str(ShopError("journeys", ("journeys", "cart", 0), "is wrong")) == "journeys: journeys.cart.0: is wrong"


def test_the_default_shop_is_whole() -> None:
    shop = default_shop()
    assert list(shop.journeys) == ["welcome", "cart", "winback", "birthday"]
    assert all(journey.description for journey in shop.journeys.values())


def test_what_is_built_is_what_was_written(shop_dir: Path, tmp_path: Path) -> None:
    target = tmp_path / "built"
    shop = build_shop(shop_dir, target)
    built = Shop.parse(json.loads((target / "shop.json").read_text(encoding="utf-8")))
    assert built == shop == default_shop()
    assert any((target / "emails").iterdir())


def test_a_step_without_its_mail_stops_the_build(shop_dir: Path, tmp_path: Path) -> None:
    spoil(shop_dir, "journeys", "template: cart-second", "template: cart-third")
    with pytest.raises(ShopFileError, match=r"journeys\.yaml: cart\.second: there is no mail 'cart-third'"):
        build_shop(shop_dir, tmp_path / "built")


def test_the_command_says_what_is_wrong_and_fails(
    shop_dir: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    spoil(shop_dir, "settings", "currency: EUR", "currency: 7")
    monkeypatch.setattr(sys, "argv", ["shop_build", str(shop_dir), str(tmp_path / "built")])
    assert shop_build.main() == 1
    assert f"{shop_dir / 'settings.yaml'}:" in capsys.readouterr().err
    monkeypatch.setattr(sys, "argv", ["shop_build"])
    assert shop_build.main() == 2
    assert "usage" in capsys.readouterr().err


def test_an_offer_promises_something_and_has_an_english_name() -> None:
    told = {"code": "TEN", "percent": 10, "valid_days": 14, "name": {"en": "10 % off", "de": "10 % Rabatt"}}
    offer = Offer.model_validate(told)
    assert (offer.called("de-AT"), offer.called("fr"), offer.called("DE")) == ("10 % Rabatt", "10 % off", "10 % Rabatt")
    assert offer.ends_on(date(2028, 2, 20)) == date(2028, 3, 5)
    for wrong in (
        {"percent": None},
        {"name": {"de": "10 % Rabatt"}},
        {"code": "ten"},
        {"percent": 0},
        {"valid_days": 0},
    ):
        with pytest.raises(ValueError, match=r"offer|code|percent|valid_days"):
            Offer.model_validate({**told, **wrong})
