"""The kinds of shopper, each as the story of what such a shopper does."""

from collections.abc import Callable

from local.sample_shop.dice import Dice
from local.sample_shop.messages import Trail
from local.sample_shop.products import NEW_PRODUCTS, Product, on_sale

Story = Callable[[Trail, Dice, int], None]


def prospect(trail: Trail, dice: Dice, days: int) -> None:
    """Signs up, comes back to look, buys nothing."""
    _arrive(trail, dice, within=days - 25)
    trail.sign_up(consent=True, with_account=dice.chance(0.8))
    for _ in range(dice.between(1, 4)):
        trail.wait_days(dice.between(2, 14))
        _browse(trail, dice)


def undecided(trail: Trail, dice: Dice, days: int) -> None:
    """Signs up, looks at the same few things again and again, and does not buy them."""
    _arrive(trail, dice, within=days - 35)
    trail.sign_up(consent=True)
    longed_for = dice.pick_some(on_sale(trail.day), 2)
    for _ in range(dice.between(4, 7)):
        trail.wait_days(dice.between(1, 4))
        for product in longed_for:
            trail.look_at(product)
    trail.put_in_cart(longed_for[0])


def first_buyer(trail: Trail, dice: Dice, days: int) -> None:
    """Signs up, thinks about it for some days, buys once."""
    _arrive(trail, dice, within=days - 15)
    trail.sign_up(consent=True)
    trail.wait_days(dice.between(0, 9))
    _shop(trail, dice)


def one_time_buyer(trail: Trail, dice: Dice, days: int) -> None:
    """Buys once in the first weeks and is not seen again."""
    _arrive(trail, dice, within=min(20, days))
    trail.sign_up(consent=True)
    _shop(trail, dice)


def early_buyer(trail: Trail, dice: Dice, days: int) -> None:
    """Comes for what is new, within days of its launch."""
    _arrive(trail, dice, within=12)
    trail.sign_up(consent=True)
    for product in (new for new in NEW_PRODUCTS if new.launched_on < days):
        trail.wait_days(max(1, product.launched_on - trail.day) + dice.between(0, 12))
        trail.look_at(product)
        trail.buy({product: 1})


def regular(trail: Trail, dice: Dice, days: int) -> None:
    """Buys again and again, each at a pace of their own; looks around and leaves a cart now and then."""
    _arrive(trail, dice, within=12)
    trail.sign_up(consent=True)
    pace = dice.between(11, 30)
    for _ in range(days // pace):
        _shop(trail, dice)
        if dice.chance(0.25):
            trail.wait_days(pace // 2)
            _leave_cart(trail, dice)
            trail.wait_days(pace - pace // 2 + dice.between(-2, 2))
        else:
            trail.wait_days(max(1, pace + dice.between(-3, 3)))


def tea_drinker(trail: Trail, dice: Dice, days: int) -> None:
    """Buys the same tea whenever it is used up."""
    _arrive(trail, dice, within=12)
    trail.sign_up(consent=True)
    tea = dice.pick([product for product in on_sale(0) if product.category in ("Green tea", "Black tea")])
    lasts = dice.between(24, 34)
    while trail.day < days:
        trail.buy({tea: 1})
        trail.wait_days(lasts + dice.between(-2, 2))


def lapsed(trail: Trail, dice: Dice, days: int) -> None:
    """Bought every week or so, then fell silent."""
    _buy_often_then_stop(trail, dice, days)


def returning(trail: Trail, dice: Dice, days: int) -> None:
    """Fell silent, and comes back when much of the time is over."""
    _buy_often_then_stop(trail, dice, days)
    trail.wait_days(dice.between(days * 45 // 100, days * 65 // 100))
    _shop(trail, dice)


def cart_leaver(trail: Trail, dice: Dice, days: int) -> None:
    """Fills a cart and goes. Some buy it after all: the same hour, or days later."""
    _arrive(trail, dice, within=days - 20)
    trail.sign_up(consent=True)
    for _ in range(dice.between(1, 3)):
        trail.wait_days(dice.between(1, 21))
        _leave_cart(trail, dice)
        if dice.chance(0.15):
            trail.wait_minutes(10, 50)
            trail.order()
        elif dice.chance(0.3):
            trail.wait_days(dice.between(1, 5))
            trail.order()


def without_consent(trail: Trail, dice: Dice, days: int) -> None:
    """Shops like anybody, said no to mail or was never asked."""
    _arrive(trail, dice, within=days - 40)
    trail.sign_up(consent=False if dice.chance(0.6) else None)
    _shop(trail, dice)
    trail.wait_days(dice.between(8, 30))
    _leave_cart(trail, dice)


def unsubscriber(trail: Trail, dice: Dice, days: int) -> None:
    """Consents, and takes it back: amid the welcome series, amid a cart's reminders, or much later."""
    _arrive(trail, dice, within=days - 50)
    trail.sign_up(consent=True)
    if dice.chance(0.5):
        trail.wait_days(dice.between(1, 10))
        _leave_cart(trail, dice)
    if dice.chance(0.4):
        trail.wait_minutes(90, 600)
    else:
        trail.wait_days(dice.between(1, 30))
    trail.decide_on_consent(consent=False)
    trail.wait_days(dice.between(5, 20))
    _leave_cart(trail, dice)
    if dice.chance(0.2):
        trail.wait_days(dice.between(1, 10))
        trail.decide_on_consent(consent=True)


# Of a hundred shoppers, how many live which story.
STORIES: tuple[tuple[int, Story], ...] = (
    (13, prospect),
    (6, undecided),
    (14, first_buyer),
    (8, one_time_buyer),
    (3, early_buyer),
    (12, regular),
    (5, tea_drinker),
    (9, lapsed),
    (7, returning),
    (13, cart_leaver),
    (5, without_consent),
    (5, unsubscriber),
)


def _arrive(trail: Trail, dice: Dice, within: int) -> None:
    """The first visit; many come early. Whoever is unknown yet looks around before signing up."""
    latest = max(1, within)
    trail.wait_days(min(dice.between(0, latest), dice.between(0, latest)))
    if dice.chance(0.5):
        trail.visit()
        _browse(trail, dice)


def _browse(trail: Trail, dice: Dice) -> None:
    trail.read_newsletter()
    for product in dice.pick_some(on_sale(trail.day), dice.between(1, 3)):
        trail.look_at(product)


def _fill_cart(trail: Trail, dice: Dice) -> None:
    trail.read_newsletter()
    chosen = dice.pick_some(on_sale(trail.day), dice.between(1, 3))
    for product in chosen:
        if dice.chance(0.5):
            trail.look_at(product)
        trail.put_in_cart(product, quantity=2 if dice.chance(0.2) else 1)
    if len(chosen) > 1 and dice.chance(0.15):
        trail.take_from_cart(chosen[-1])


def _leave_cart(trail: Trail, dice: Dice) -> None:
    _fill_cart(trail, dice)
    if dice.chance(0.55):
        trail.start_checkout()
        if dice.chance(0.25):
            trail.enter_payment()


def _shop(trail: Trail, dice: Dice) -> None:
    """A purchase with all that leads to it, or one of which only the order is known; few are given back."""
    if dice.chance(0.6):
        _fill_cart(trail, dice)
        trail.start_checkout()
        basket = trail.cart
        order_id = trail.order()
    else:
        basket = _basket(trail, dice)
        order_id = trail.buy(basket)
    if dice.chance(0.06):
        trail.wait_days(dice.between(2, 6))
        trail.refund(order_id, basket)


def _buy_often_then_stop(trail: Trail, dice: Dice, days: int) -> None:
    _arrive(trail, dice, within=days // 20)
    trail.sign_up(consent=True)
    pace = dice.between(5, 9)
    for _ in range(dice.between(2, 4)):
        _shop(trail, dice)
        trail.wait_days(max(1, pace + dice.between(-1, 2)))


def _basket(trail: Trail, dice: Dice) -> dict[Product, int]:
    return {product: dice.between(1, 3) for product in dice.pick_some(on_sale(trail.day), dice.between(1, 3))}
