"""An event: one thing that a shop's client told us, in the words of the Segment spec, cleaned of what we do not use."""

from typing import Annotated, Literal, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from homing.domain import ids
from homing.domain.moments import Moment

EventType = Literal["identify", "track", "page", "screen", "group", "alias"]
MAX_ID_LENGTH = 256
MAX_PRODUCTS = 200

PURPOSES = ("marketing", "newsletter", "tracking")
"""What a shopper agrees to, each by itself."""

NEED_PROOF = frozenset({"marketing", "newsletter"})
"""The purposes that bring mails: whoever fills in a form may have typed somebody else's address."""


BROWSER = "browser"
"""The source of what comes with a write key that anybody can read."""


def _as_text(value: object) -> object:
    """Clients send ids as numbers as often as strings. Half a character, which JSON can hold, is no part of an id."""
    if isinstance(value, str):
        value.encode()  # raises a ValueError
    return str(value) if isinstance(value, int | float) and not isinstance(value, bool) else value


Text = Annotated[str, BeforeValidator(_as_text)]
Identifier = Annotated[Text, Field(min_length=1, max_length=MAX_ID_LENGTH)]


class Frozen(BaseModel):
    """The base of the domain's models: immutable, strict about unknown fields, and discreet in its errors.

    Errors end in logs, and what they would quote is a shopper's.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)


class Product(Frozen):
    """A product as an event names it. Prices are in hundredths of the currency's major unit."""

    product_id: Identifier
    name: str | None = None
    category: str | None = None
    brand: str | None = None
    variant: str | None = None
    url: str | None = None
    image_url: str | None = None
    price: int | None = None
    quantity: int = 1


class Event(Frozen):
    """One message of a shop's client.

    `at` is when it happened, corrected for the client's clock; money is in hundredths of `currency`'s major unit.
    `shipping` is what a checkout showed, `campaign` what a mail belonged to.
    `consent` says of each purpose whether it is agreed to; `asked` names those that somebody has agreed to without
    proof of being who they say. `agreed_at` is when they did, where the client has kept it; `wording` is the version of
    the words that were agreed to. `confirmed_at` is the proof: when it was agreed to by whoever reads the mails of the
    address, and `confirmed_by` the contact whose mails these are, where Homing itself has asked it.
    At least one of `user_id` and `anonymous_id` is there.
    """

    message_id: Identifier
    type: EventType
    name: str | None = None
    user_id: Identifier | None = None
    anonymous_id: Identifier | None = None
    at: Moment
    traits: dict[str, str] = Field(default_factory=dict)
    consent: dict[str, bool] = Field(default_factory=dict)
    asked: tuple[str, ...] = ()
    agreed_at: Moment | None = None
    wording: str | None = None
    confirmed_at: Moment | None = None
    confirmed_by: str | None = None
    products: tuple[Product, ...] = ()
    order_id: str | None = None
    total: int | None = None
    currency: str | None = None
    coupon: str | None = None
    shipping: int | None = None
    campaign: str | None = None
    source: str = "api"
    about: str | None = None
    """The profile, where Homing itself tells the event: it knows opaque ids only."""

    @model_validator(mode="after")
    def _is_about_somebody(self) -> Self:
        if self.user_id is None and self.anonymous_id is None and self.about is None:
            raise ValueError("a message needs a userId or an anonymousId")
        return self

    def unvouched(self) -> "Event":
        """The event as told by a browser, behind which anybody may sit: what it says to be proven is agreed to."""
        agreed_at = self.confirmed_at if self.agreed_at is None else self.agreed_at
        return self.model_copy(update={"source": BROWSER, "agreed_at": agreed_at, "confirmed_at": None})

    @property
    def is_vouched(self) -> bool:
        """Whether the shop itself tells it, or Homing."""
        return self.source != BROWSER

    def with_proof_wanted(self) -> "Event":
        """The event as it counts with double opt-in: what it grants without proof is only asked for."""
        if self.confirmed_at is not None:
            return self
        asked = {purpose for purpose, granted in self.consent.items() if granted and purpose in NEED_PROOF}
        if not asked:
            return self
        proven = {purpose: granted for purpose, granted in self.consent.items() if purpose not in asked}
        return self.model_copy(update={"consent": proven, "asked": tuple(sorted({*self.asked, *asked}))})

    @property
    def alias(self) -> str:
        """The alias under which the event is stored: its own userId, else its anonymousId, and nothing learned."""
        if self.about is not None:
            return self.about
        if self.user_id is not None:
            return ids.alias_id("user", self.user_id)
        return ids.alias_id("anonymous", self.anonymous_id or "")

    @property
    def message_fact(self) -> str:
        """The fact under which the message is stored: made of its messageId alone, so that a repeat finds it."""
        return ids.fact_id("message", self.message_id)

    @property
    def fact(self) -> str:
        """What the event is a fact of: an order is one fact though client and server both report it."""
        if self.name in ("Order Completed", "Order Cancelled") and self.order_id:
            return ids.fact_id(self.name, self.order_id)
        return self.message_fact
