"""Every segment that a shop starts with, from what shoppers do: who belongs to it, and who just does not."""

from collections.abc import Iterable
from itertools import count
from pathlib import Path
from typing import Any

import pytest
import yaml

from homing.dialects.segment_spec import read_message
from homing.domain.facts import ProfileFacts
from homing.domain.figures import Figures
from homing.domain.moments import DAY, Moment, format_moment, parse_moment
from homing.domain.profile import Profile
from homing.domain.segments import Segments

NOW = parse_moment("2026-06-15T12:00:00Z")
SHOP = Path(__file__).parents[2] / "shop" / "segments.yaml"
FIGURES = Figures(
    computed_at=NOW - DAY,
    tops={"orders.revenue top 10": 400.0},
    launches={"NEW-1": NOW - 40 * DAY, "NEW-2": NOW - 40 * DAY},
)

Message = dict[str, Any]
_numbers = count(1)


@pytest.fixture(scope="module")
def segments() -> Segments:
    return Segments.parse(yaml.safe_load(SHOP.read_text(encoding="utf-8")), FIGURES)


def message(days_ago: float, **parts: Any) -> Message:
    at = NOW - round(days_ago * DAY)
    return {"messageId": f"m{next(_numbers)}", "userId": "ada", "timestamp": format_moment(at), **parts}


def signed_up(days_ago: float = 300, *, marketing: bool = True, newsletter: bool = False, **traits: Any) -> Message:
    preferences = {"marketing": marketing, "newsletter": newsletter}
    return message(
        days_ago,
        type="identify",
        traits={"email": "ada@post.example", **traits},
        context={"consent": {"categoryPreferences": preferences}},
    )


def did(days_ago: float, event: str, **properties: Any) -> Message:
    return message(days_ago, type="track", event=event, properties=properties)


def ordered(days_ago: float, total: float = 40, code: str | None = None, **product: Any) -> Message:
    line = {"product_id": "CB-01", "category": "Cups and bowls", "price": total, "quantity": 1} | product
    order_id = f"o{next(_numbers)}"
    return did(
        days_ago, "Order Completed", order_id=order_id, total=total, coupon=code, currency="GBP", products=[line]
    )


def viewed(days_ago: float, category: str = "Herbs") -> Message:
    return did(days_ago, "Product Viewed", product_id="HB-01", category=category)


def added(days_ago: float, category: str = "Herbs") -> Message:
    return did(days_ago, "Product Added", product_id="HB-01", category=category, quantity=1)


def checkout(days_ago: float, **properties: Any) -> Message:
    return did(days_ago, "Checkout Started", products=[{"product_id": "HB-01", "quantity": 1}], **properties)


def paying(days_ago: float) -> Message:
    return did(days_ago, "Payment Info Entered")


def visited(days_ago: float) -> Message:
    return message(days_ago, type="page", name="Home")


def clicked(days_ago: float, campaign: str) -> Message:
    return did(days_ago, "Email Link Clicked", campaign_name=campaign)


def opened(days_ago: float) -> Message:
    return did(days_ago, "Email Opened", campaign_name="welcome")


def lives(country: str, **more: Any) -> Message:
    return signed_up(address={"country": country, **more})


AN_HOUR = 1 / 24
IN_DECEMBER = parse_moment("2026-12-20T12:00:00Z")
BEFORE_THE_LUNAR_NEW_YEAR = parse_moment("2027-02-01T12:00:00Z")

# Who belongs to the segment, and who just does not.
CASES: dict[str, tuple[list[Message], list[Message]]] = {
    "leads": ([signed_up()], [signed_up(marketing=False)]),
    "curious": ([visited(13)], [visited(15)]),
    "undecided": ([viewed(1), viewed(2), viewed(3)], [viewed(1), viewed(1.01), viewed(3)]),
    "newsletter": ([signed_up(newsletter=True)], [signed_up()]),
    "first_time": ([ordered(3)], [ordered(3), ordered(60)]),
    "recent": ([ordered(29), ordered(300)], [ordered(31)]),
    "one_time": ([ordered(30)], [ordered(29.9)]),
    "lapsed": ([ordered(70), ordered(60)], [ordered(360), ordered(180)]),
    "loyal": ([ordered(d) for d in (20, 70, 110, 150, 200)], [ordered(d) for d in (20, 70, 110, 150, 170)]),
    "dormant": ([signed_up(400), ordered(181)], [signed_up(400), ordered(300), clicked(100, "winback")]),
    "engaged": ([ordered(5)], [ordered(15)]),
    "big_spenders": ([ordered(100, 250), ordered(50, 150)], [ordered(100, 399.99)]),
    "coupon_customers": (
        [ordered(9, code="A"), ordered(8, code="B"), ordered(7, code="C"), ordered(6)],
        [ordered(9, code="A"), ordered(8)],
    ),
    "full_price": ([ordered(9), ordered(8)], [ordered(9), ordered(8, code="A")]),
    "replenishers": (
        [ordered(d, category="Green tea", product_id="GT-01") for d in (100, 60, 20)],
        [ordered(d) for d in (100, 20)] + [ordered(60, category="Green tea", product_id="GT-01")],
    ),
    "running_out": (
        [ordered(40, category="Green tea", product_id="GT-01")],
        [ordered(40, category="Green tea", product_id="GT-01", quantity=2)],
    ),
    "trend_followers": (
        [ordered(30, product_id="NEW-1"), ordered(20, product_id="NEW-2")],
        [ordered(30, product_id="NEW-1"), ordered(9, product_id="NEW-2")],
    ),
    "cart_abandoners": ([added(AN_HOUR)], [added(AN_HOUR / 2)]),
    "left_at_cart": ([added(1)], [added(1.1), checkout(1)]),
    "left_at_checkout": ([added(1.1), checkout(1)], [added(1.2), checkout(1.1), paying(1)]),
    "left_at_payment": ([added(1.2), checkout(1.1), paying(1)], [added(1.1), checkout(1)]),
    "deterred_by_shipping": ([added(1.1), checkout(1, shipping=4.5)], [added(1.1), checkout(1, shipping=0)]),
    "left_a_teapot": ([added(1, "Teapots")], [added(1, "Herbs")]),
    "in_town": ([lives("United Kingdom", city="bristol")], [lives("United Kingdom", city="London")]),
    "german_speaking": ([lives("AT")], [lives("France")]),
    "pays_in_euro": ([did(5, "Checkout Started", currency="EUR", products=[])], [ordered(5)]),
    "southern_summer": ([lives("New Zealand")], [lives("Germany")]),
    "lunar_new_year_soon": ([lives("KR")], [lives("Germany")]),
    "birthday_soon": ([signed_up(birthday="1980-06-22")], [signed_up(birthday="1980-06-23")]),
    "likes_green_tea": ([viewed(9, "Green tea"), viewed(2, "Green tea")], [viewed(9, "Green tea")]),
    "matcha_drinkers": ([ordered(300, product_id="GT-05")], [ordered(300, product_id="GT-01")]),
    "women": ([signed_up(gender="F")], [signed_up()]),
    "men": ([signed_up(gender="male")], [signed_up(gender="female")]),
    "won_back_before": ([clicked(100, "winback")], [clicked(100, "cart")]),
    "prefers_email": ([signed_up()], [signed_up(preferredChannel="whatsapp")]),
    "prefers_another_channel": ([signed_up(preferredChannel="sms")], [signed_up(preferredChannel="email")]),
}
LOOKED_AT = {"lunar_new_year_soon": BEFORE_THE_LUNAR_NEW_YEAR, "southern_summer": IN_DECEMBER}
"""When to look at a segment that goes by the calendar."""


def memberships(segments: Segments, messages: Iterable[Message], at: Moment = NOW) -> set[str]:
    profile = Profile()
    for told in messages:
        profile = profile.after(read_message(told, received_at=NOW), NOW)
    return set(segments.evaluate(ProfileFacts(profile, segments.assortment), at).memberships)


@pytest.mark.parametrize("name", CASES)
def test_a_shopper_belongs_to_the_segment_by_what_they_did(segments: Segments, name: str) -> None:
    inside, _ = CASES[name]
    assert name in memberships(segments, inside, LOOKED_AT.get(name, NOW))


@pytest.mark.parametrize("name", CASES)
def test_a_shopper_who_just_does_not_fit_stays_out(segments: Segments, name: str) -> None:
    _, outside = CASES[name]
    assert name not in memberships(segments, outside, LOOKED_AT.get(name, NOW))


def test_every_segment_of_the_shop_is_shown_by_its_shoppers(segments: Segments) -> None:
    assert list(CASES) == list(segments.by_name)


def test_summer_comes_to_the_south_in_december(segments: Segments) -> None:
    assert "southern_summer" not in memberships(segments, [lives("New Zealand")], NOW)
    assert "southern_summer" in memberships(segments, [lives("New Zealand")], IN_DECEMBER)


def test_without_figures_nobody_is_a_big_spender() -> None:
    unknown = Segments.parse(yaml.safe_load(SHOP.read_text(encoding="utf-8")))
    assert "big_spenders" not in memberships(unknown, [ordered(3, 10_000)])


def test_what_was_declared_counts_as_much_as_what_was_shown(segments: Segments) -> None:
    assert "likes_green_tea" in memberships(segments, [signed_up(interests=["Green tea", "Tools"])])


def test_an_opened_mail_keeps_a_shopper_from_being_dormant(segments: Segments) -> None:
    long_ago = [signed_up(400), ordered(300)]
    assert "dormant" in memberships(segments, long_ago)
    assert "dormant" not in memberships(segments, [*long_ago, opened(30)])


def test_carts_filled_on_two_days_are_indecision_too(segments: Segments) -> None:
    assert "undecided" in memberships(segments, [added(9), added(2)])
    assert "undecided" not in memberships(segments, [added(9), added(2), ordered(1)])
