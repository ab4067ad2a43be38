"""The shopper's pages."""

from typing import Any

from homing import bootstrap
from homing.web import pages


def handler(event: dict[str, Any], _context: object) -> dict[str, Any]:
    """Answer one request for a page."""
    return pages.handle(
        event,
        contacts=bootstrap.contacts(),
        events=bootstrap.events(),
        key=bootstrap.signing_secret().value().encode(),
        shop_name=bootstrap.pages_settings().shop_name,
        now=bootstrap.now(),
    )
