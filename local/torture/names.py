"""The ids of things, made here once more: what judges the product must not ask it."""

import base64
import hashlib


def _short(*parts: str) -> str:
    digest = hashlib.sha256("\x1f".join(parts).encode()).digest()
    return base64.b32encode(digest[:10]).decode().lower()


def contact_of(address: str) -> str:
    """The id of an address."""
    return _short("contact", address.strip().casefold())


def profile_of(user_id: str) -> str:
    """The id of the profile that a user id first makes."""
    return _short("alias", "user", user_id)


def mail_of(run_id: str, step: str) -> str:
    """The id of the mail of a run's step."""
    return _short("send", run_id, step)
