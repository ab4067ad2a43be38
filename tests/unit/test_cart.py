"""The cart is a set of operations: it comes out the same in whatever order they arrive, and knows which cart it is."""

from hypothesis import given, settings
from hypothesis import strategies as st

from homing.domain.cart import NEW_CART_AFTER, REMEMBERED_OPERATIONS, Cart
from homing.domain.events import Event
from homing.domain.moments import DAY, HOUR
from tests.fakes.stories import NOW, bought, happened, product, put_in_cart

operations = st.builds(
    lambda name, step, product_id, quantity, category, shipping: happened(
        name, NOW + step * HOUR, products=(product(product_id, quantity, category=category),), shipping=shipping
    ),
    st.sampled_from(["Product Added", "Product Removed", "Cart Viewed", "Checkout Started", "Order Completed"]),
    st.integers(0, 12),
    st.sampled_from("ab"),
    st.integers(0, 3),
    st.sampled_from([None, "tea", "clay"]),
    st.sampled_from([None, 0, 450]),
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


def test_the_categories_of_a_cart_are_those_of_what_is_in_it_as_last_told() -> None:
    cup, pot, whisk = (
        happened("Product Added", NOW, products=(product(name, category=kind),))
        for name, kind in (("cup", "Cups"), ("pot", "Pots"), ("whisk", None))
    )
    checkout = happened("Checkout Started", NOW + 1, products=(product("cup", category="Bowls"),))
    assert cart_of(cup, pot, whisk, checkout).categories() == {"Bowls", "Pots"}
    assert cart_of(cup, pot, removed(NOW + 1, "pot")).categories() == {"Cups"}


def test_shipping_is_shown_by_the_checkout_of_this_cart() -> None:
    cart, checkout = put_in_cart(NOW), happened("Checkout Step Viewed", NOW + 1, shipping=450)
    assert cart_of(cart, checkout).shipping_shown
    assert cart_of(cart, checkout, happened("Checkout Started", NOW + 2, shipping=0)).shipping_shown
    assert not cart_of(cart, happened("Checkout Started", NOW + 1, shipping=0)).shipping_shown
    assert not cart_of(cart, happened("Order Updated", NOW + 1, shipping=450)).shipping_shown
    assert not cart_of(cart, checkout, bought(NOW + 2), put_in_cart(NOW + 3)).shipping_shown
    assert not cart_of(cart, checkout, put_in_cart(NOW + NEW_CART_AFTER + 2)).shipping_shown
    assert not cart_of(checkout).shipping_shown


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
