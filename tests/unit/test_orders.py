"""What a profile remembers of its orders: each once, the rhythm between them, and the dearest things bought."""

import pytest

from homing.domain.events import Event
from homing.domain.moments import DAY, HOUR
from homing.domain.orders import REMEMBERED_DAYS, REMEMBERED_PURCHASES, Orders, Tally
from homing.domain.recent import keep_latest
from tests.fakes.stories import NOW, bought, happened, product

MIDNIGHT = NOW // DAY * DAY


def orders_of(*events: Event) -> Orders:
    orders = Orders()
    for event in events:
        orders = orders.joined(Orders.told_by(event))
    return orders


def products_of(orders: Orders) -> list[str]:
    return [product_id for _, product_id, _, _ in orders.bought]


def test_orders_are_counted_and_summed() -> None:
    orders = orders_of(bought(NOW + DAY, total=500), bought(NOW, total=1000))
    assert (orders.count, orders.revenue, orders.tally.first_at, orders.last_at) == (2, 1500, NOW, NOW + DAY)


def test_an_order_without_a_sum_still_counts() -> None:
    assert orders_of(happened("Order Completed")).count == 1


@pytest.mark.parametrize(
    ("days", "gap"),
    [
        ([], None),
        ([0], None),
        ([0, 0.4], None),
        ([0, 10], 10),
        ([0, 1, 31], 1),
        ([0, 10, 30], 10),
        ([0, 10, 30, 60], 20),
    ],
)
def test_the_rhythm_is_the_middle_gap_between_the_days_with_an_order(days: list[float], gap: int | None) -> None:
    orders = orders_of(*(bought(MIDNIGHT + round(day * DAY)) for day in days))
    assert orders.tally.median_gap == (None if gap is None else gap * DAY)


def test_only_the_latest_days_make_the_rhythm() -> None:
    orders = orders_of(*(bought(NOW + number * DAY) for number in range(REMEMBERED_DAYS + 5)))
    assert len(orders.tally.days) == REMEMBERED_DAYS
    assert orders.last_at == NOW + (REMEMBERED_DAYS + 4) * DAY


def test_of_an_order_the_dearest_lines_are_remembered() -> None:
    lines = tuple(product(f"p{price}", price=price) for price in (100, 400, 200, 300))
    assert products_of(orders_of(bought(NOW, products=lines))) == ["p200", "p300", "p400"]


def test_several_lines_of_one_product_are_one_purchase() -> None:
    lines = (product("cup", 2, 100), product("pot", 1, 150, category="Pots"), product("cup", 3, 100))
    assert orders_of(bought(NOW, products=lines)).bought == ((NOW, "cup", "", 5), (NOW, "pot", "Pots", 1))


def test_what_client_and_server_both_tell_of_is_one_purchase() -> None:
    assert orders_of(bought(NOW, order_id="o1"), bought(NOW + 1, order_id="o1")).bought == ((NOW + 1, "mug", "", 1),)


def test_an_order_told_twice_was_placed_at_the_earlier_moment_and_with_the_code_that_either_tells_of() -> None:
    client, server = bought(NOW + 1, order_id="o1", coupon="TEA10"), bought(NOW, order_id="o1", total=1300)
    for orders in (orders_of(client, server), orders_of(server, client)):
        assert orders.tally == Tally(count=1, revenue=1300, with_code=1, first_at=NOW, days=((NOW, 1, 1300),))


def test_settling_an_order_changes_nothing_that_is_read() -> None:
    orders = orders_of(bought(NOW, order_id="o1"), bought(NOW + HOUR, order_id="o2"), bought(NOW + DAY))
    settled = orders.remembering(lambda _: False)
    assert (len(orders.open), len(settled.open)) == (2, 0)
    assert settled.tally == orders.tally


def test_of_many_orders_the_latest_purchases_are_remembered() -> None:
    orders = orders_of(*(bought(NOW + n * HOUR, products=(product(f"p{n}"),)) for n in range(20)))
    assert products_of(orders) == [f"p{n}" for n in range(20 - REMEMBERED_PURCHASES, 20)]


def test_keeping_the_latest_forgets_the_same_in_whatever_order_it_learns() -> None:
    assert keep_latest([(3, "c"), (1, "a"), (2, "b"), (3, "c")], 2) == ((2, "b"), (3, "c"))
    assert keep_latest([], 2) == ()
