"""Opaque ids: short, stable, derived from what they name, and without a person's data in them.

They are keys of items, names of executions and words in logs, so none may hold an address or a customer number.
Sixteen base32 characters carry 80 bits: two of a million profiles collide with a chance of 4e-13.
"""

import base64
import hashlib
import zlib

FINGERPRINT_LENGTH = 8
DUE_SHARDS = 4
"""Parts of the due index, each looked at by itself: as many as one rule of EventBridge can start, but for one."""


def _digest(*parts: str) -> str:
    text = "\x1f".join(parts)
    return base64.b32encode(hashlib.sha256(text.encode()).digest()[:10]).decode().lower()


def alias_id(kind: str, value: str) -> str:
    """The id of a name that a shop gives a shopper: kind `user` or `anonymous`, and the shop's own id."""
    return _digest("alias", kind, value)


def contact_id(email: str) -> str:
    """The id of an address; letter case and surrounding space do not make another contact."""
    return _digest("contact", normalise_email(email))


def normalise_email(email: str) -> str:
    """The form in which two spellings of one address compare equal.

    Addresses are told in ASCII (`dialects.addresses`): beyond it, letters that some rule of case takes for one are the
    letters of two mailboxes.
    """
    return email.strip().encode().lower().decode()


def fact_id(source: str, value: str) -> str:
    """The id of a fact within a profile: one messageId, or one order number, is one fact however often it is told."""
    return _digest("fact", source, value)


def fingerprint(fact: str) -> str:
    """Forty bits of a fact's id: enough to know it again among the facts of one profile."""
    return fact[:FINGERPRINT_LENGTH]


def run_id(journey: str, profile_id: str, entry: str) -> str:
    """The name of a run, and of its execution: the same journey, profile and entry always give the same name."""
    return f"{journey}-{profile_id}-{entry}"


def due_shard(profile_id: str) -> int:
    """The part of the due index that a profile is in, for ever."""
    return zlib.crc32(profile_id.encode()) % DUE_SHARDS


def send_id(run: str, step: str) -> str:
    """The id of one intended mail: a run sends each of its steps at most once."""
    return _digest("send", run, step)
