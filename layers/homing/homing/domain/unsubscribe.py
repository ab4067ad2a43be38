"""The token of a link in a mail: whom it is for, what it is for, and a proof that we made it."""

import hmac
from hashlib import sha256
from typing import Literal, NamedTuple, TypeAlias

_PROOF_LENGTH = 32

Purpose: TypeAlias = Literal["unsubscribe", "confirm"]
"""`unsubscribe` opens the pages on which shoppers rule over their mails; `confirm` proves that they asked for them.

A mail that nobody asked for carries the first, so the first must never do for the second.
"""


class Subscriber(NamedTuple):
    """Whose mail the link stood in."""

    contact_id: str
    profile_id: str


def make_token(subscriber: Subscriber, key: bytes, purpose: Purpose = "unsubscribe") -> str:
    """`<contact id>.<profile id>.<proof>`; it holds for ever, for a mail may be opened years later."""
    named = f"{subscriber.contact_id}.{subscriber.profile_id}"
    return f"{named}.{_proof(named, key, purpose)}"


def read_token(token: str, key: bytes, purpose: Purpose = "unsubscribe") -> Subscriber | None:
    """Whom the token is for; None for any that `make_token` did not make with this key for this purpose."""
    if not token.isascii():
        return None  # ours are; and half a character, which JSON can hold, has no bytes to compare
    named, _, proof = token.rpartition(".")
    if not hmac.compare_digest(proof.encode(), _proof(named, key, purpose).encode()):
        return None
    contact_id, _, profile_id = named.partition(".")
    return Subscriber(contact_id, profile_id)


def _proof(named: str, key: bytes, purpose: Purpose) -> str:
    return hmac.new(key, f"{purpose}:{named}".encode(), sha256).hexdigest()[:_PROOF_LENGTH]
