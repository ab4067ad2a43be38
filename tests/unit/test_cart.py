"""The cart is a set of operations: it comes out the same in whatever order they arrive, and knows which cart it is."""

from hypothesis import given, settings
from hypothesis import strategies as st

from homing.domain.cart import NEW_CART_AFTER, REMEMBERED_OPERATIONS, Cart
from homing.domain.events import Event
from homing.domain.moments import DAY, HOUR
from tests.fakes.stories import NOW, bought, happened, product, put_in_cart

operations = st.builds(
    lambda name, step, product_id, quantity: happened(
        name, NOW + step * HOUR, products=(product(product_id, quantity),)
    ),
    st.sampled_from(["Product Added", "Product Removed", "Cart Viewed", "Checkout Started", "Order Completed"]),
    st.integers(0, 12),
    st.sampled_from("ab"),
    st.integers(0, 3),
)


def cart_of(*events: Event) -> Cart:
    cart = Cart()
    for event in events:
        cart = cart.joined(Cart.told_by(event))
    return cart


def removed(at: int, product_id: str = "mug") -> Event:
    return happened("Product Removed", at, products=(product(product_id),))


@settings(max_examples=60)
@given(st.lists(operations, max_size=8), st.data())
def test_the_order_in_which_operations_arrive_makes_no_difference(events: list[Event], data: st.DataObject) -> None:
    assert cart_of(*data.draw(st.permutations(events))) == cart_of(*events)


@settings(max_examples=60)
@given(st.lists(operations, max_size=8))
def test_a_cart_never_holds_less_than_nothing(events: list[Event]) -> None:
    cart = cart_of(*events)
    assert all(quantity > 0 for quantity in cart.lines().values())
    assert cart.size == sum(cart.lines().values())
    assert (cart.changed_at is None) == (cart.stage is None) == (cart.size == 0)


def test_adding_adds_up() -> None:
    assert cart_of(put_in_cart(NOW), put_in_cart(NOW + 1, quantity=2)).lines() == {"mug": 3}


def test_removing_takes_the_whole_line() -> None:
    assert cart_of(put_in_cart(NOW, quantity=3), put_in_cart(NOW, "pot"), removed(NOW + 1)).lines() == {"pot": 1}


def test_what_is_removed_and_put_in_again_is_there() -> None:
    assert cart_of(removed(NOW + 1), put_in_cart(NOW + 2), put_in_cart(NOW)).lines() == {"mug": 1}


def test_a_snapshot_says_how_many_there_are() -> None:
    snapshot = happened("Cart Viewed", NOW + 1, products=(product("mug", 5), product("pot")))
    assert cart_of(put_in_cart(NOW), snapshot).lines() == {"mug": 5, "pot": 1}


def test_an_order_clears_what_was_put_in_before_it_and_nothing_after() -> None:
    assert cart_of(bought(NOW + 1), put_in_cart(NOW), put_in_cart(NOW + 2, "pot")).lines() == {"pot": 1}
    assert cart_of(put_in_cart(NOW), bought(NOW)).size == 0


def test_the_stage_is_how_far_the_shopper_came_last() -> None:
    cart = put_in_cart(NOW)
    checkout = happened("Checkout Started", NOW + 1, products=(product(),))
    payment = happened("Payment Info Entered", NOW + 2)
    assert cart_of(cart).stage == "cart"
    assert cart_of(cart, checkout).stage == "checkout"
    assert cart_of(payment, cart, checkout).stage == "payment"
    assert cart_of(cart, payment, bought(NOW + 3), put_in_cart(NOW + 4)).stage == "cart"
    assert cart_of(cart, payment).changed_at == NOW + 2


def test_a_cart_is_named_by_its_beginning() -> None:
    assert cart_of(put_in_cart(NOW), put_in_cart(NOW + 6 * DAY), put_in_cart(NOW + 12 * DAY)).started_at == NOW
    assert cart_of(put_in_cart(NOW), removed(NOW + 1), put_in_cart(NOW + 2)).started_at == NOW
    assert Cart().started_at is None


def test_an_order_or_a_quiet_week_begins_another_cart() -> None:
    assert cart_of(put_in_cart(NOW), bought(NOW + 1), put_in_cart(NOW + 2)).started_at == NOW + 2
    later = NOW + NEW_CART_AFTER + 1
    assert cart_of(put_in_cart(NOW), put_in_cart(later)).started_at == later


def test_a_cart_remembers_its_latest_operations() -> None:
    cart = cart_of(*(put_in_cart(NOW + number, f"p{number}") for number in range(REMEMBERED_OPERATIONS + 10)))
    assert len(cart.operations) == REMEMBERED_OPERATIONS
    assert next(iter(cart.lines())) == "p10"
