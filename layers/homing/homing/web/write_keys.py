"""The write keys: who may send events, and whose word that a consent is proven counts."""

import json
from typing import NamedTuple, Self


class WriteKeys(NamedTuple):
    """The keys of a shop's clients, by where they are kept.

    A `server` key is known to the shop's own servers alone, and vouches for what it tells. A `browser` key stands in a
    page or an app, where anybody can read it, and vouches for nothing.
    """

    server: tuple[str, ...]
    browser: tuple[str, ...] = ()

    @classmethod
    def read(cls, secret: str) -> Self:
        """The keys that the secret holds: its text is one of a server, unless it is JSON.

        Then it is `{"server": "key", "browser": "key"}`; of a kind with several keys, spaces stand between them.
        Raises ValueError, which tells nothing of the secret.
        """
        if not secret.startswith("{"):
            return cls(server=(secret,))
        try:
            told = json.loads(secret)
            return cls(**{kind: tuple(keys.split()) for kind, keys in ({"server": ""} | told).items()})
        except (ValueError, AttributeError, TypeError):
            raise ValueError('the write key is neither a text nor {"server": "key", "browser": "key"}') from None
