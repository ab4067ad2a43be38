"""The token of an unsubscribe link: whom it is for, and a proof that we made it."""

import hmac
from hashlib import sha256
from typing import NamedTuple

_PROOF_LENGTH = 32


class Subscriber(NamedTuple):
    """Whose mail the link stood in."""

    contact_id: str
    profile_id: str


def make_token(subscriber: Subscriber, key: bytes) -> str:
    """`<contact id>.<profile id>.<proof>`; it holds for ever, for a mail may be opened years later."""
    named = f"{subscriber.contact_id}.{subscriber.profile_id}"
    return f"{named}.{_proof(named, key)}"


def read_token(token: str, key: bytes) -> Subscriber | None:
    """Whom the token is for; None for any that `make_token` did not make with this key."""
    if not token.isascii():
        return None  # ours are; and half a character, which JSON can hold, has no bytes to compare
    named, _, proof = token.rpartition(".")
    if not hmac.compare_digest(proof.encode(), _proof(named, key).encode()):
        return None
    contact_id, _, profile_id = named.partition(".")
    return Subscriber(contact_id, profile_id)


def _proof(named: str, key: bytes) -> str:
    return hmac.new(key, f"unsubscribe:{named}".encode(), sha256).hexdigest()[:_PROOF_LENGTH]
