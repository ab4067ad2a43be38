"""Each fact that a rule may name, as it is read off a profile and the shop's assortment."""

from typing import Any

import pytest

from homing.domain.facts import Assortment, ProfileFacts
from homing.domain.moments import DAY, HOUR
from homing.domain.orders import REMEMBERED_DAYS as REMEMBERED_ORDER_DAYS
from homing.domain.profile import REMEMBERED_DAYS, REMEMBERED_EVENTS, Profile
from homing.domain.rules import vocabulary
from tests.fakes.stories import NOW, bought, happened, product, profile_of, put_in_cart, signed_up

ASSORTMENT = Assortment(life_spans={"green tea": 45 * DAY, "gt-05": 60 * DAY}, launches={"new": NOW})


def fact(name: str, *events: Any, assortment: Assortment = ASSORTMENT) -> Any:
    return ProfileFacts(profile_of(*events), assortment).get(name)


def tea(at: int, product_id: str = "GT-01", quantity: int = 1) -> Any:
    return bought(at, products=(product(product_id, quantity, category="Green Tea"),))


def test_there_is_every_fact_that_a_rule_may_name_and_no_other() -> None:
    assert set(ProfileFacts(Profile()).names) == set(vocabulary.FACTS)


def test_rules_know_how_far_back_histories_reach() -> None:
    doings = {"visits": "visits", "products.viewed": "viewed", "products.added": "added"}
    doings |= {"mails.opened": "opened", "mails.clicked": "clicked"}
    remembered = {history: REMEMBERED_DAYS[doing] for history, doing in doings.items()}  # type: ignore[index]
    remembered |= dict.fromkeys(("orders.placed", "orders.spent"), REMEMBERED_ORDER_DAYS)
    assert remembered == vocabulary.REMEMBERED_DAYS
    assert REMEMBERED_EVENTS == vocabulary.REMEMBERED_EVENTS


def test_of_nobody_nothing_is_known() -> None:
    facts = ProfileFacts(Profile())
    assert {name: facts.get(name) for name in facts.names if facts.get(name)} == {}
    assert facts.get("orders.average") is facts.get("orders.coupon_share") is facts.get("activity.last_at") is None


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("orders.count", 2),
        ("orders.revenue", 32.0),
        ("orders.average", 16.0),
        ("orders.coupon_share", 50.0),
        ("orders.first_at", NOW),
        ("orders.last_at", NOW + DAY),
        ("orders.median_gap", DAY),
        ("orders.placed", ((NOW, 1), (NOW + DAY, 1))),
        ("orders.spent", ((NOW, 10.0), (NOW + DAY, 25.0))),
        ("bought.products", {"mug"}),
        ("bought.categories", frozenset()),
        ("currency", "EUR"),
    ],
)
def test_facts_of_orders(name: str, value: object) -> None:
    refund = happened("Order Refunded", order_id="o1", total=300)
    assert fact(name, bought(NOW, "o1", 1000, coupon="TEA"), bought(NOW + DAY, total=2500), refund) == value


def test_a_cancelled_order_is_no_order_of_the_average() -> None:
    cancelled = happened("Order Cancelled", order_id="o1")
    assert fact("orders.average", bought(order_id="o1"), cancelled) is None


def test_histories_have_an_amount_for_each_day() -> None:
    looks = [happened("Product Viewed", NOW + hours * HOUR) for hours in (0, 1, 24)]
    assert fact("products.viewed", *looks) == ((NOW + HOUR, 2), (NOW + 24 * HOUR, 1))
    assert fact("visits", *looks) == ((NOW + HOUR, 1), (NOW + 24 * HOUR, 1))
    assert fact("visits.last_at", *looks) == NOW + 24 * HOUR


@pytest.mark.parametrize(
    "latest",
    [
        bought(NOW + DAY),
        happened("Cart Viewed", NOW + DAY),
        happened("Email Link Clicked", NOW + DAY),
        happened(at=NOW + DAY),
    ],
)
def test_an_order_a_visit_a_click_and_a_sign_up_are_activity(latest: Any) -> None:
    assert fact("activity.last_at", latest) == NOW + DAY


def test_an_opened_mail_is_no_activity_for_mail_programs_open_by_themselves() -> None:
    assert fact("activity.last_at", put_in_cart(NOW), happened("Email Opened", NOW + DAY)) == NOW


def test_purposes_of_consent_are_told_apart() -> None:
    events = (signed_up(), signed_up(NOW + 1, consent={"newsletter": True}))
    assert fact("consent.newsletter", *events)
    assert fact("consent.newsletter_at", *events) == NOW + 1
    assert not fact("consent.newsletter", signed_up())


def test_interests_are_declared_one_a_line_and_shown_on_two_days() -> None:
    declared = signed_up(traits={"interests": "Green tea\nClay"})
    looks = [
        happened("Product Viewed", NOW + day * DAY, products=(product(category=kind),))
        for day, kind in ((0, "Cups"), (0, "Pots"), (1, "Pots"))
    ]
    assert fact("interests.declared", declared) == {"Green tea", "Clay"}
    assert fact("interests.shown", *looks) == {"Pots"}


def test_who_buys_within_thirty_days_of_a_launch_buys_early() -> None:
    at = (NOW - 1, NOW, NOW + 30 * DAY, NOW + 30 * DAY + 1)
    orders = [bought(moment, products=(product("new"), product("old"))) for moment in at]
    assert [fact("launches.bought", order) for order in orders] == [0, 1, 1, 0]
    assert fact("launches.bought", *orders[1:3]) == 2


@pytest.mark.parametrize(
    ("orders", "end_at", "again"),
    [
        ([], (), 0),
        ([bought(NOW)], (), 0),
        ([tea(NOW)], (NOW + 45 * DAY,), 0),
        ([tea(NOW, quantity=2)], (NOW + 90 * DAY,), 0),
        ([tea(NOW, "GT-05")], (NOW + 60 * DAY,), 0),
        # One tea stands in for another, but not for the one with a span of its own.
        ([tea(NOW, quantity=4), tea(NOW + DAY, "GT-02")], (NOW + 46 * DAY,), 1),
        ([tea(NOW), tea(NOW, "GT-05"), tea(NOW + DAY)], (NOW + 46 * DAY, NOW + 60 * DAY), 1),
        # What is bought twice on a day is not bought again.
        ([tea(NOW), tea(NOW + HOUR, "GT-02")], (NOW + HOUR + 45 * DAY,), 0),
        # Without a span, the rhythm of three days tells.
        ([bought(NOW), bought(NOW + 20 * DAY)], (), 0),
        ([bought(NOW), bought(NOW + 20 * DAY), bought(NOW + 50 * DAY, products=(product("mug", 9),))],
         (NOW + 70 * DAY,), 2),
    ],
)  # fmt: skip
def test_what_runs_out_ends_after_its_span_or_the_shoppers_own_rhythm(
    orders: list[Any], end_at: tuple[int, ...], again: int
) -> None:
    assert fact("supplies.end_at", *orders) == end_at
    assert fact("supplies.bought_again", *orders) == again


def test_facts_need_no_assortment() -> None:
    facts = ProfileFacts(profile_of(tea(NOW)))
    assert (facts.get("supplies.end_at"), facts.get("launches.bought")) == ((), 0)
