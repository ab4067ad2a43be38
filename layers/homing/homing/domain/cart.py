"""The shopping cart as a set of operations, so that it comes out the same in whatever order they arrive."""

from collections.abc import Iterable
from typing import Literal, TypeAlias

from pydantic import Field

from homing.domain.events import Event, Frozen, Product
from homing.domain.moments import DAY, Duration, Moment

Stage = Literal["cart", "checkout", "payment"]
Kind = Literal["+", "="]
Operation: TypeAlias = tuple[Moment, str, Kind, int, str]
"""When, which product, add (or take away, where negative) or set, how many, of which category (empty: not told)."""

REMEMBERED_OPERATIONS = 40
NEW_CART_AFTER: Duration = 7 * DAY
"""Seven quiet days end a cart: what is added later is another one, with reminders of its own."""

_STAGES: dict[str, Stage] = {
    "Checkout Started": "checkout",
    "Checkout Step Viewed": "checkout",
    "Checkout Step Completed": "checkout",
    "Payment Info Entered": "payment",
}


class Cart(Frozen):
    """Operations since the last order. `reached` is how far the shopper came, and when.

    `shipping_at` is when the checkout last showed a cost of shipping, 0 for never.
    """

    operations: tuple[Operation, ...] = Field(default=())
    cleared_at: Moment = 0
    reached: tuple[Moment, Stage] | None = None
    shipping_at: Moment = 0

    @classmethod
    def told_by(cls, event: Event) -> "Cart":
        """What the event alone tells of the cart."""
        if event.name == "Order Completed":
            return cls(cleared_at=event.at)
        operations = tuple(sorted(_operations(event)))
        stage = _STAGES.get(event.name or "")
        if not operations and stage is None:
            return _EMPTY
        return cls(
            operations=operations,
            reached=(event.at, stage) if stage else None,
            shipping_at=event.at if stage and event.shipping else 0,
        )

    def joined(self, other: "Cart") -> "Cart":
        """Both carts as one: what the later order of the two cleared stays cleared."""
        if other is _EMPTY:
            return self
        cleared_at = max(self.cleared_at, other.cleared_at)
        operations = sorted(
            operation for operation in (*self.operations, *other.operations) if operation[0] > cleared_at
        )
        shipping_at = max(self.shipping_at, other.shipping_at)
        reached = [r for r in (self.reached, other.reached) if r is not None and r[0] > cleared_at]
        return Cart(
            operations=tuple(operations[-REMEMBERED_OPERATIONS:]),
            cleared_at=cleared_at,
            reached=max(reached, default=None),
            shipping_at=shipping_at if shipping_at > cleared_at else 0,
        )

    def lines(self) -> dict[str, int]:
        """The pieces of each product, in the order in which the products were first put in."""
        quantities: dict[str, int] = {}
        for _, product_id, kind, quantity, _ in self.operations:
            before = quantities.get(product_id, 0) if kind == "+" else 0
            quantities[product_id] = max(0, before + quantity)
        return {product_id: quantity for product_id, quantity in quantities.items() if quantity}

    def categories(self) -> frozenset[str]:
        """The categories of what is in the cart, each product's as last told."""
        told = {product_id: category for _, product_id, _, _, category in self.operations if category}
        return frozenset(told[product_id] for product_id in self.lines() if product_id in told)

    @property
    def size(self) -> int:
        """Pieces in the cart."""
        return sum(self.lines().values())

    @property
    def changed_at(self) -> Moment | None:
        """When something was last put in or taken out, or the checkout went on; None for an empty cart."""
        if not self.operations or not self.lines():
            return None
        return max(self.operations[-1][0], self.reached[0] if self.reached else 0)

    @property
    def stage(self) -> Stage | None:
        """How far the shopper came with this cart; None for an empty one."""
        if not self.lines():
            return None
        return self.reached[1] if self.reached else "cart"

    @property
    def shipping_shown(self) -> bool:
        """Whether the checkout of this cart showed a cost of shipping."""
        return bool(self.lines()) and self.shipping_at >= (self.started_at or 0)

    @property
    def started_at(self) -> Moment | None:
        """When this cart began: its first operation after seven quiet days or an order. It names the cart."""
        if not self.operations:
            return None
        times = [operation[0] for operation in self.operations]
        start = times[-1]
        for time in reversed(times):
            if start - time > NEW_CART_AFTER:
                break
            start = time
        return start


_EMPTY = Cart()


def _operations(event: Event) -> Iterable[Operation]:
    """What the event does to the cart."""
    match event.name:
        case "Product Added":
            return [_operation(event, line, "+", line.quantity) for line in event.products]
        case "Product Removed":
            # A removal says how many only where the client tells the quantity; `0` there means the whole line.
            return [_operation(event, line, "=", 0) for line in event.products]
        case "Cart Viewed" | "Checkout Started":
            return [_operation(event, line, "=", line.quantity) for line in event.products]
        case _:
            return []


def _operation(event: Event, line: Product, kind: Kind, quantity: int) -> Operation:
    return event.at, line.product_id, kind, quantity, line.category or ""
