"""One shopper's way through the shop, told as the Segment-spec messages that the shop's client would send."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from local.sample_shop.dice import Dice
from local.sample_shop.people import Shopper
from local.sample_shop.products import SHOP_URL, Product

Message = dict[str, Any]

START = datetime(2026, 1, 5, tzinfo=UTC)

_DAY = 86_400
_HOUR = 3_600
_FREE_SHIPPING_FROM = Decimal(40)
_SHIPPING = Decimal("4.50")
_FREE_SHIPPING_CODE = "POSTFREE"
_QUIZ_SECONDS = 180
_WORDING = "2026-01"


class Trail:
    """What one shopper does. The clock only moves on: every step happens after the one before."""

    def __init__(self, shopper: Shopper, dice: Dice, *, anonymous: bool = False) -> None:
        self.shopper = shopper
        self.messages: list[tuple[int, Message]] = []
        self._dice = dice
        self._at = 0
        self._browser_known = anonymous
        self._user_known = not anonymous
        self._cart: dict[Product, int] = {}
        self._orders = 0
        self._subscribed = False
        self._newsletters_read = {START.strftime("%Y-%m")}

    # Time

    @property
    def day(self) -> int:
        """How many days of the sample are over."""
        return self._at // _DAY

    def wait_days(self, days: int) -> None:
        """Until a waking hour of that many days later, where the shopper lives."""
        local_second = self._dice.between(7 * _HOUR, 22 * _HOUR)
        day = self._at // _DAY + days
        self._at = max(self._at + 60, day * _DAY + local_second - self.shopper.place.hours_from_utc * _HOUR)

    def wait_minutes(self, fewest: int, most: int) -> None:
        self._at += self._dice.between(fewest * 60, most * 60)

    # Who the shopper is

    def sign_up(self, *, consent: bool | None, with_account: bool = True) -> None:
        """Without an account (a newsletter form), only the browser and the address are known."""
        self._user_known = with_account
        self._browser_known = self._browser_known or not with_account
        place = self.shopper.place
        traits: Message = {
            "email": self.shopper.email,
            "firstName": self.shopper.first_name,
            "address": {"city": place.city, "country": place.country},
            "language": place.language,
            "timezone": place.timezone,
            "birthday": self.shopper.birthday,
            "interests": list(self.shopper.habits.interests) or None,
            "preferredChannel": self.shopper.habits.channel,
        }
        known = {name: value for name, value in traits.items() if value is not None}
        self._say(
            {
                "type": "identify",
                "traits": {**known, "createdAt": _iso(self._at)},
                **self._consent(agreed=consent),
            }
        )
        if self.shopper.habits.finishes_quiz:
            self._at += _QUIZ_SECONDS
            self._track("Quiz Finished", {"quiz": "Which tea suits you?"})

    def decide_on_consent(self, *, consent: bool) -> None:
        self._say({"type": "identify", "traits": {"email": self.shopper.email}, **self._consent(agreed=consent)})

    # What the shopper does

    def visit(self) -> None:
        self._say({"type": "page", "name": "Home", "properties": {"url": f"{SHOP_URL}/"}})
        self.wait_minutes(1, 4)

    def read_newsletter(self) -> None:
        """That of the month, which comes out on its first day, once; every other one makes the shopper click."""
        month = (START + timedelta(seconds=self._at)).strftime("%Y-%m")
        if not self._subscribed or month in self._newsletters_read:
            return
        self._newsletters_read.add(month)
        newsletter = {"campaign_id": f"newsletter-{month}", "campaign_name": f"Newsletter {month}"}
        self._track("Email Opened", newsletter)
        if (self.shopper.number + len(self._newsletters_read)) % 2:
            self._track("Email Link Clicked", newsletter)

    def look_at(self, product: Product) -> None:
        self._track("Product Viewed", {**self._line(product, 1), "currency": self.shopper.place.currency})
        self.wait_minutes(1, 6)

    def put_in_cart(self, product: Product, quantity: int = 1) -> None:
        self._cart[product] = self._cart.get(product, 0) + quantity
        cart = {"cart_id": self._cart_id, "currency": self.shopper.place.currency}
        self._track("Product Added", {**cart, **self._line(product, quantity)})
        self.wait_minutes(1, 6)

    def take_from_cart(self, product: Product) -> None:
        quantity = self._cart.pop(product)
        self._track("Product Removed", {"cart_id": self._cart_id, **self._line(product, quantity)})
        self.wait_minutes(1, 3)

    def start_checkout(self) -> None:
        self._track("Checkout Started", self._purchase(self._cart_id))
        self.wait_minutes(1, 5)

    def enter_payment(self) -> None:
        self._track("Payment Info Entered", {"checkout_id": self._cart_id, "payment_method": "card"})
        self.wait_minutes(1, 3)

    def order(self) -> str:
        """Buys what is in the cart, which is empty afterwards; gives the order's id."""
        self._orders += 1
        order_id = f"TC-{self.shopper.number:05d}-{self._orders}"
        code = _FREE_SHIPPING_CODE if self.shopper.habits.uses_codes else None
        self._track("Order Completed", self._purchase(order_id, code))
        self._cart = {}
        self.wait_minutes(2, 10)
        return order_id

    def buy(self, basket: dict[Product, int]) -> str:
        """An order of which the shop's client saw nothing before: by telephone, or with scripts blocked."""
        self._cart = dict(basket)
        return self.order()

    def refund(self, order_id: str, basket: dict[Product, int]) -> None:
        self._cart = dict(basket)
        self._track("Order Refunded", self._purchase(order_id))
        self._cart = {}

    # How it is told

    def _consent(self, *, agreed: bool | None) -> Message:
        """None: the shopper was never asked, and the client sends nothing."""
        if agreed is None:
            return {}
        preferences = {"marketing": agreed}
        if self.shopper.habits.reads_newsletter:
            self._subscribed = preferences["newsletter"] = agreed
        return {"context": {"consent": {"categoryPreferences": preferences, "wording": _WORDING}}}

    @property
    def cart(self) -> dict[Product, int]:
        return dict(self._cart)

    @property
    def _cart_id(self) -> str:
        return f"cart-{self.shopper.number:05d}-{self._orders + 1}"

    def _purchase(self, order_id: str, code: str | None = None) -> Message:
        subtotal = sum((self._price(product) * count for product, count in self._cart.items()), Decimal(0))
        shipping = Decimal(0) if code or subtotal >= _FREE_SHIPPING_FROM else _SHIPPING
        return {
            **({"coupon": code} if code else {}),
            "order_id": order_id,
            "subtotal": float(subtotal),
            "shipping": float(shipping),
            "total": float(subtotal + shipping),
            "currency": self.shopper.place.currency,
            "products": [self._line(product, count) for product, count in self._cart.items()],
        }

    def _line(self, product: Product, quantity: int) -> Message:
        return {
            "product_id": product.product_id,
            "name": product.name,
            "category": product.category,
            "price": float(self._price(product)),
            "quantity": quantity,
            "url": product.url,
            "image_url": product.image_url,
        }

    def _price(self, product: Product) -> Decimal:
        return product.price(self.shopper.place.currency)

    def _track(self, event: str, properties: Message) -> None:
        self._say({"type": "track", "event": event, "properties": properties})

    def _say(self, what: Message) -> None:
        who = {}
        if self._user_known:
            who["userId"] = self.shopper.user_id
        if self._browser_known:
            who["anonymousId"] = self.shopper.anonymous_id
        message_id = f"m-{self.shopper.number:05d}-{len(self.messages) + 1:03d}"
        message = {"messageId": message_id, "timestamp": _iso(self._at), **who, **what}
        self.messages.append((self._at, message))
        self._at += 1


def _iso(second: int) -> str:
    return (START + timedelta(seconds=second)).strftime("%Y-%m-%dT%H:%M:%SZ")
