"""The sample shop has what a demonstration needs, and is the same every time."""

import hashlib
import json
from collections import Counter, defaultdict
from collections.abc import Iterator
from datetime import datetime
from itertools import chain, pairwise
from typing import Any
from urllib.parse import urlsplit

import pytest

from local.sample_shop import PRODUCTS, START, Message, flawed_lines, sample_events

DAYS = 120
DIGEST = "ba91a6f005198c09edceac1c40f2d3deaf61bf57769e2ae1d1451e74dafa9a9c"


@pytest.fixture(scope="module")
def events() -> list[Message]:
    return list(sample_events())


def _tracks(events: list[Message], name: str) -> Iterator[Message]:
    return (event for event in events if event.get("event") == name)


def _identifies(events: list[Message]) -> Iterator[Message]:
    return (event for event in events if event["type"] == "identify")


def _preferences(event: Message) -> dict[str, bool]:
    preferences: dict[str, bool] = event.get("context", {}).get("consent", {}).get("categoryPreferences", {})
    return preferences


def _marketing(event: Message) -> bool | None:
    return _preferences(event).get("marketing")


def _lines(event: Message) -> list[dict[str, Any]]:
    """The products that a message names."""
    properties = event.get("properties", {})
    lines: list[dict[str, Any]] = properties.get("products", [properties] if "product_id" in properties else [])
    return lines


def _by_shopper(events: list[Message]) -> dict[str, list[Message]]:
    """Under the number that a shopper's user id and browser id share."""
    told: dict[str, list[Message]] = defaultdict(list)
    for event in events:
        told[(event.get("userId") or event["anonymousId"]).split("-")[-1]].append(event)
    return told


def _moment(event: Message) -> datetime:
    return datetime.fromisoformat(event["timestamp"])


def test_the_same_seed_gives_the_same_messages_on_every_python() -> None:
    told = json.dumps(list(sample_events(seed=7, days=60, shoppers=40)), sort_keys=True).encode()
    assert hashlib.sha256(told).hexdigest() == DIGEST


def test_another_seed_gives_another_shop() -> None:
    assert list(sample_events(seed=2, shoppers=20)) != list(sample_events(seed=1, shoppers=20))


def test_messages_come_in_the_order_of_time_within_the_days_asked_for(events: list[Message]) -> None:
    moments = [_moment(event) for event in events]
    assert moments == sorted(moments)
    assert moments[0] >= START
    assert (moments[-1] - START).days < DAYS


def test_every_message_has_its_own_id_and_says_who_it_is_about(events: list[Message]) -> None:
    assert len({event["messageId"] for event in events}) == len(events)
    assert all(event.get("userId") or event.get("anonymousId") for event in events)


def test_the_shop_is_small_enough_to_watch_and_large_enough_to_believe(events: list[Message]) -> None:
    assert 2_500 <= len(events) <= 4_000


def test_nothing_is_addressed_to_anyone_who_could_exist(events: list[Message]) -> None:
    hosts = {event["traits"]["email"].rpartition("@")[2] for event in _identifies(events)}
    assert all(host.endswith(".example") or host == "simulator.amazonses.com" for host in hosts)
    pages = [page for product in PRODUCTS for page in (product.url, product.image_url)]
    assert all((urlsplit(page).hostname or "").endswith(".example") for page in pages)


def test_some_mail_bounces_and_some_is_complained_about(events: list[Message]) -> None:
    simulated = {e["traits"]["email"] for e in _identifies(events) if "simulator" in e["traits"]["email"]}
    assert {address.partition("+")[0] for address in simulated} == {"bounce", "complaint"}
    assert 2 <= len(simulated) <= 3


def test_products_have_their_own_ids_names_and_prices_in_both_currencies() -> None:
    assert 35 <= len(PRODUCTS) <= 45
    assert len({product.product_id for product in PRODUCTS}) == len(PRODUCTS)
    assert len({product.url for product in PRODUCTS}) == len(PRODUCTS)
    assert all(product.price("GBP") > 0 and product.price("EUR") > 0 for product in PRODUCTS)


@pytest.mark.parametrize(
    "name",
    [
        "Product Viewed",
        "Product Added",
        "Product Removed",
        "Checkout Started",
        "Payment Info Entered",
        "Order Completed",
        "Order Refunded",
        "Quiz Finished",
        "Email Opened",
        "Email Link Clicked",
    ],
)
def test_every_kind_of_shop_event_happens_several_times(events: list[Message], name: str) -> None:
    assert sum(1 for _ in _tracks(events, name)) >= 10


def test_an_order_total_is_its_lines_and_the_shipping(events: list[Message]) -> None:
    for order in _tracks(events, "Order Completed"):
        what: dict[str, Any] = order["properties"]
        lines = sum(line["price"] * line["quantity"] for line in what["products"])
        assert what["products"]
        assert what["total"] == pytest.approx(lines + what["shipping"])


def test_both_languages_both_currencies_and_several_time_zones_are_there(events: list[Message]) -> None:
    signed_up = [event["traits"] for event in _identifies(events) if "language" in event["traits"]]
    assert set(Counter(traits["language"] for traits in signed_up)) == {"en", "de"}
    assert {order["properties"]["currency"] for order in _tracks(events, "Order Completed")} == {"GBP", "EUR"}
    assert len({traits["timezone"] for traits in signed_up}) >= 5


def test_some_shoppers_have_no_first_name_and_some_have_none_but_a_leap_day_for_birthday(
    events: list[Message],
) -> None:
    signed_up = [event["traits"] for event in _identifies(events) if "language" in event["traits"]]
    assert any("firstName" not in traits for traits in signed_up)
    assert any("birthday" not in traits for traits in signed_up)
    assert sum(traits.get("birthday", "").endswith("-02-29") for traits in signed_up) >= 2


def test_some_never_consent_and_some_take_their_consent_back(events: list[Message]) -> None:
    answers = [
        [_marketing(event) for event in _identifies(told) if _marketing(event) is not None]
        for told in _by_shopper(events).values()
    ]
    assert any(given == [] for given in answers)
    assert any(given == [False] for given in answers)
    assert any(given == [True, False] for given in answers)
    assert any(given == [True, False, True] for given in answers)


def test_some_visitors_are_known_only_after_a_while(events: list[Message]) -> None:
    joined = 0
    for told in _by_shopper(events).values():
        nameless = [event for event in told if "userId" not in event]
        both = [event for event in told if "userId" in event and "anonymousId" in event]
        joined += bool(nameless and both and _moment(nameless[0]) < _moment(both[0]))
    assert joined >= 10


def test_some_carts_are_left_and_never_bought(events: list[Message]) -> None:
    kinds = [{event.get("event") for event in told} for told in _by_shopper(events).values()]
    assert sum("Product Added" in seen and "Order Completed" not in seen for seen in kinds) >= 10


def test_some_buyers_fall_silent_for_good_and_some_come_back(events: list[Message]) -> None:
    silent = returned = 0
    for told in _by_shopper(events).values():
        days = [(_moment(order) - START).days for order in _tracks(told, "Order Completed")]
        if len(days) >= 3:
            silent += DAYS - days[-1] > 60
            returned += any(later - earlier > 50 for earlier, later in pairwise(days))
    assert silent >= 10
    assert returned >= 5


def test_some_use_a_code_with_each_order_and_most_pay_in_full(events: list[Message]) -> None:
    shares = []
    for told in _by_shopper(events).values():
        orders = [order["properties"] for order in _tracks(told, "Order Completed")]
        shares += [sum("coupon" in order for order in orders) / len(orders)] if orders else []
    assert set(shares) == {0, 1}
    assert 0.1 < sum(shares) / len(shares) < 0.3


def test_some_shipping_is_shown_and_some_is_free(events: list[Message]) -> None:
    shown = Counter(event["properties"]["shipping"] > 0 for event in _tracks(events, "Checkout Started"))
    assert shown[True] >= 50
    assert shown[False] >= 50


def test_some_say_what_interests_them_and_how_they_want_to_be_reached(events: list[Message]) -> None:
    signed_up = [event["traits"] for event in _identifies(events) if "language" in event["traits"]]
    categories = {product.category for product in PRODUCTS}
    interests = [traits["interests"] for traits in signed_up if "interests" in traits]
    assert len(signed_up) > 2 * len(interests) > 60
    assert set(chain.from_iterable(interests)) == categories
    assert {traits.get("preferredChannel") for traits in signed_up} == {None, "email", "sms", "push", "whatsapp"}


def test_only_readers_of_the_newsletter_open_it_each_once(events: list[Message]) -> None:
    for told in _by_shopper(events).values():
        opened = [event["properties"]["campaign_id"] for event in _tracks(told, "Email Opened")]
        assert len(set(opened)) == len(opened)
        assert not opened or any(_preferences(event).get("newsletter") for event in _identifies(told))


def test_nothing_is_seen_before_its_launch_and_some_buy_it_within_two_weeks(events: list[Message]) -> None:
    launched = {product.product_id: product.launched_on for product in PRODUCTS if product.launched_on}
    early: Counter[str] = Counter()
    for event in events:
        for line in _lines(event):
            age = (_moment(event) - START).days - launched.get(line["product_id"], 0)
            assert age >= 0
            early[line["product_id"]] += event.get("event") == "Order Completed" and age <= 14
    assert len(launched) == 3
    assert all(early[product_id] >= 3 for product_id in launched)


def test_some_buy_the_same_tea_again_and_again(events: list[Message]) -> None:
    orders = [list(_tracks(told, "Order Completed")) for told in _by_shopper(events).values()]
    same = [{line["product_id"] for order in told for line in _lines(order)} for told in orders if len(told) >= 3]
    assert sum(len(products) == 1 for products in same) >= 5


def test_some_look_at_the_same_thing_on_many_days_and_do_not_buy_it(events: list[Message]) -> None:
    undecided = 0
    for told in _by_shopper(events).values():
        if not any(_tracks(told, "Order Completed")):
            looks = {
                (line["product_id"], _moment(e).date()) for e in _tracks(told, "Product Viewed") for line in _lines(e)
            }
            undecided += max(Counter(product_id for product_id, _ in looks).values(), default=0) >= 4
    assert undecided >= 5


def test_flawed_lines_repeat_some_messages_and_hold_three_that_are_none(events: list[Message]) -> None:
    lines = list(flawed_lines())
    repeated = [line for line, count in Counter(lines).items() if count == 2]
    rejected = [line for line in lines if not _is_valid(line)]
    assert len(repeated) == len(events) // 500
    assert len(rejected) == 3
    assert [json.loads(line) for line in dict.fromkeys(lines) if line not in rejected] == events


def _is_valid(line: str) -> bool:
    try:
        message = json.loads(line)
        _moment(message)
    except ValueError:
        return False
    return bool(message.get("userId") or message.get("anonymousId"))
