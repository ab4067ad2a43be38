"""The catalogue learns from events what the shop sells, and suggests what sells and what is new."""

from typing import Any

import pytest

from homing.domain.catalogue import (
    SHELF_BEST,
    SHELF_NEWEST,
    CatalogueProduct,
    Shelf,
    first_told,
    is_sampled,
)
from homing.domain.moments import DAY, HOUR
from tests.fakes.stories import NOW, bought, happened, product


def known(**line: Any) -> CatalogueProduct:
    return first_told(product(**line), happened("Product Viewed", currency="EUR"))


def seen(item: CatalogueProduct, at: int = NOW + HOUR, name: str = "Product Viewed", **line: Any) -> CatalogueProduct:
    return item.after(product(**line), happened(name, at, currency="EUR"))


def test_the_latest_telling_counts_and_silence_takes_nothing_away() -> None:
    item = seen(known(name="Mug", url="https://shop.example/mug"), name="Product Viewed", price=1500)
    assert (item.name, item.url, item.prices) == ("Mug", "https://shop.example/mug", {"EUR": 1500})


def test_an_older_telling_changes_nothing() -> None:
    item = known(name="Mug")
    assert item.after(product(name="Cup"), happened("Product Viewed", NOW - 1, currency="EUR")) is item


def test_what_is_known_already_changes_nothing() -> None:
    item = known(name="Mug")
    assert seen(item) is item


def test_the_price_of_an_order_may_hold_a_discount_and_counts_only_once_in_a_while() -> None:
    item = known()
    assert seen(item, NOW + DAY, "Order Completed", price=900) is item
    assert seen(item, NOW + 31 * DAY, "Order Completed", price=900).prices == {"EUR": 900}


def test_a_price_without_a_currency_could_be_any() -> None:
    assert first_told(product(), happened("Product Viewed")).prices == {}


@pytest.mark.parametrize("limit", [0, 1, 3, 10])
def test_suggestions_are_best_sellers_and_newest_in_turn_without_what_is_shown(limit: int) -> None:
    shelf = Shelf(newest=((1, "n1"), (2, "n2"), (3, "own")), sales={"b1": 5.0, "b2": 4.0, "own": 9.0})
    assert shelf.suggestions(["own"], limit) == ["b1", "n2", "b2", "n1"][:limit]


def test_the_shelf_stays_small() -> None:
    shelf = Shelf().with_new(known(product_id=f"p{n}") for n in range(50))
    for number in range(2 * SHELF_BEST):
        shelf = shelf.with_order(bought(NOW + number * HOUR, products=(product(f"p{number}"),)))
    assert (len(shelf.newest), len(shelf.sales)) == (SHELF_NEWEST, SHELF_BEST)


def test_sales_fade_by_half_in_thirty_days() -> None:
    shelf = Shelf().with_order(bought(NOW)).with_order(bought(NOW + 30 * DAY, products=(product("pot"),)))
    assert shelf.sales == {"pot": 1.0, "mug": 0.5}


def test_an_order_counts_a_product_once() -> None:
    assert Shelf().with_order(bought(products=(product(), product()))).sales == {"mug": 1.0}


def test_one_order_in_four_is_sampled_and_always_the_same_ones() -> None:
    orders = [bought(order_id=str(number)) for number in range(400)]
    sampled = [order.order_id for order in orders if is_sampled(order)]
    assert 60 < len(sampled) < 140
    assert sampled == [order.order_id for order in orders if is_sampled(order)]
    assert not is_sampled(happened("Product Viewed"))
