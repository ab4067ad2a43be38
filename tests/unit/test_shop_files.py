"""A shop's files: every mistake is named with its file, its line and its place; what is right is built as it stands."""

import json
import shutil
import sys
from collections.abc import Mapping
from datetime import date
from pathlib import Path

import pytest

from homing.domain.figures import Figures
from homing.domain.offers import Offer
from homing.domain.segments import Segments
from homing.domain.shop import FILES, Shop, ShopError
from local import shop_build
from local.shop_build import build_shop
from local.shop_files import ShopFileError, read_shop, read_shop_files, read_yaml
from tests.fakes.stories import NOW, SHOP_DIR, default_shop


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
        ("settings", "[email, sms]", "[email, fax]", "channels.1: "),
        ("settings", "[email, sms]", "[sms, sms]", "name each choice once"),
        ("settings", "[Green tea, Black tea", "[Green tea, green Tea", "name each choice once"),
        ("settings", "[Green tea, Black tea", '[Green tea, "Black\\u2028tea"', "write it on one line"),
        ("settings", "timezone: Europe/London", "timezone: Europe/Atlantis", "sending.timezone: "),
        ("settings", "{1 day: 1, 7 days: 3}", "{1 day: 0, 7 days: 3}", "'1 day: 0': expected a number of mails"),
        ("settings", "{1 day: 1, 7 days: 3}", "{1 day: 1, 1 year: 3}", "'1 year' is no duration"),
        ("settings", "{1 day: 1, 7 days: 3}", "{100 days: 3}", "is not between a second and 92 days"),
        ("settings", "patience: 3 days", "patience: long", "'long' is no duration"),
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
        ("journeys", "last_call: {after: 7 days,", "last_call: {after: soon,", "'soon' is no duration"),
        ("journeys", "last_call: {after: 7 days, ", "last_call: {", "say how long after the step before it is due"),
        ("journeys", "greeting: {", "greeting: {after: 1 day, ", "the first step is due when the run begins"),
        ("journeys", "    once_per: lapse", "    kind: spam\n    once_per: lapse", "journeys.winback.kind: "),
        ("journeys", "      last_call: {", "      last call: {", "journeys.welcome.steps.last call"),
        ("journeys", "template: cart-second", "template: cart/second", "journeys.cart.steps.second.template"),
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


def test_all_mistakes_are_named_at_once_each_with_its_line(shop_dir: Path) -> None:
    lines = [
        ("settings", spoil(shop_dir, "settings", "currency: EUR", "currency: Euro")),
        ("offers", spoil(shop_dir, "offers", "    code: BACK10", "    code: back 10")),
        ("journeys", spoil(shop_dir, "journeys", "    once_per: lapse", "    once_per: week")),
        ("segments", spoil(shop_dir, "segments", "half_life: 30 days", "half_life: 30 moons")),
        ("segments", spoil(shop_dir, "segments", "segment: lapsed", "segment: lapst")),
    ]
    with pytest.raises(ShopFileError) as error:
        read_shop(shop_dir)
    told = str(error.value).splitlines()
    assert [line.split(": ")[0] for line in told] == [f"{shop_dir / file}.yaml:{line}" for file, line in lines]


def test_a_date_in_a_file_stays_the_text_that_json_can_hold(tmp_path: Path) -> None:
    file = tmp_path / "days.yaml"
    file.write_text("day: 2026-02-17\nnumber: 3\nanswer: yes", encoding="utf-8")
    assert read_yaml(file) == {"day": "2026-02-17", "number": 3, "answer": True}


# Journeys with other segments than those of the shop's own file


def shop_with(segments: Mapping[str, object], enter: object) -> Shop:
    """The default shop with these segments, and one journey with this rule."""
    files = read_shop_files(SHOP_DIR)
    journeys = {"birthday": files["journeys"]["journeys"]["birthday"] | {"enter": enter}}
    return Shop.parse(files | {"segments": segments, "journeys": {"journeys": journeys}})


def enters(shop: Shop, facts: dict[str, object]) -> bool:
    return shop.journeys["birthday"].enter.evaluate(facts, NOW).member


def test_a_journey_goes_by_the_segments_of_the_generation_and_by_its_own_where_that_lacks_them() -> None:
    own = {"segments": {"a": {"orders.count": 1}, "b": {"orders.count": 2}}}
    shop = shop_with(own, {"any": [{"segment": "a"}, {"segment": "b"}]})
    active = Segments.parse({"segments": {"a": {"orders.count": 7}}})
    switched = shop.with_segments(active)
    assert switched.segments is active
    assert [count for count in range(9) if enters(shop, {"orders.count": count})] == [1, 2]
    assert [count for count in range(9) if enters(switched, {"orders.count": count})] == [2, 7]
    assert switched.with_segments(shop.segments) == shop


def test_a_journeys_rule_may_name_all_that_a_segments_rule_may() -> None:
    own = {
        "scores": {"heat": {"half_life": "1 day", "points": {"visits": 1}}},
        "segments": {"best": {"orders.revenue": {"top": "10 %"}}},
    }
    rule = {
        "all": [
            {"score.heat": {"at_least": 1}},
            {"orders.revenue": {"top": "10 %"}},
        ]
    }
    shop = shop_with(own, rule)
    facts = {"visits": ((NOW, 1),), "orders.revenue": 50, "orders.count": 1}
    counted = Segments.parse({"segments": {}}, Figures(tops={"orders.revenue top 10": 50.0}))
    assert not enters(shop, facts)
    assert enters(shop.with_segments(counted), facts)


def test_a_journey_that_time_alone_would_bring_about_is_refused_for_nothing_would_wake_it() -> None:
    with pytest.raises(ShopError, match="only a segment's change wakes a journey"):
        shop_with({"segments": {}}, {"orders.last_at": {"longer_ago_than": "45 days"}})


def test_a_journey_asks_for_no_figure_that_no_segment_asks_for() -> None:
    with pytest.raises(ShopError, match=r"journeys\.birthday\.enter: .*make 'orders.count: {top: 5 %}' one"):
        shop_with({"segments": {}}, {"orders.count": {"top": "5 %"}})


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
    assert list(shop.journeys) == ["confirmation", "cart", "welcome", "birthday", "winback"]
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


@pytest.mark.parametrize(("old", "new"), [("confirm-consent", "cart-second"), ("cart-second", "confirm-consent")])
def test_a_journey_sends_mails_of_its_own_kind_alone(shop_dir: Path, tmp_path: Path, old: str, new: str) -> None:
    spoil(shop_dir, "journeys", f"template: {old}", f"template: {new}")
    with pytest.raises(ShopFileError, match=r"journeys\.yaml: \w+\.\w+: the mails of emails/service are for journeys"):
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
