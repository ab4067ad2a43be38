"""The event API: messages in, answered once they are durable."""

from typing import Any

from homing import bootstrap
from homing.observability import count, logger, metrics
from homing.web import api
from homing.web.write_keys import WriteKeys


@metrics.log_metrics
def handler(event: dict[str, Any], _context: object) -> dict[str, Any]:
    """Answer one request of the HTTP API."""
    answer, result = api.handle(
        event,
        events=bootstrap.events(),
        write_keys=WriteKeys.read(bootstrap.write_key().value()),
        now=bootstrap.now(),
        double_opt_in=bootstrap.ingest_settings().double_opt_in,
    )
    count("EventsAccepted", result.accepted)
    count("EventsDuplicate", result.duplicate)
    count("EventsRejected", len(result.rejected))
    if result.rejected:
        logger.warning("rejected", extra={"status": answer["statusCode"], "count": len(result.rejected)})
    return answer
