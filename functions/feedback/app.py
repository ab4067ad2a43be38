"""SES's events, from the queue behind its topic."""

from typing import Any

from homing import bootstrap
from homing.dialects.ses import read_body
from homing.errors import InvalidNotice
from homing.observability import count_by, logger


def handler(event: dict[str, Any], _context: object) -> dict[str, Any]:
    """Take each event; those that fail are told of, and come again."""
    failures = []
    for record in event["Records"]:
        try:
            kind = bootstrap.feedback().take(read_body(record["body"]), bootstrap.now())
            count_by("Feedback", kind=kind)
        except Exception as error:  # noqa: BLE001 - it comes again, and stops no other message
            if isinstance(error, InvalidNotice):
                count_by("Feedback", kind="unreadable")
            logger.exception("feedback failed", extra={"message_id": record["messageId"]})
            failures.append({"itemIdentifier": record["messageId"]})
    return {"batchItemFailures": failures}
