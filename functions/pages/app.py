"""The shopper's pages."""

from typing import Any

from homing import bootstrap
from homing.observability import count, metrics


@metrics.log_metrics
def handler(event: dict[str, Any], _context: object) -> dict[str, Any]:
    """Answer one request for a page."""
    key = bootstrap.signing_secret().value().encode()
    answer = bootstrap.pages().answer(event, key=key, now=bootstrap.now())
    if answer["statusCode"] >= 400:
        count("PagesRefused")
    return answer
