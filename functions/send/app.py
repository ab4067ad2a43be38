"""One send step of a state machine."""

from typing import Any

from homing import bootstrap
from homing.domain.sends import Run
from homing.errors import RunEnded
from homing.observability import count, count_by, logger, metrics


@metrics.log_metrics
def handler(event: dict[str, Any], _context: object) -> dict[str, Any]:
    """Send what the step intends; RunEnded and RetryLater are the state machine's to act on, by name."""
    told = event["run"]
    run = Run(journey=told["journey"], profile_id=told["profile_id"], entry=told["entry"])
    fields = {"run_id": run.run_id, "step": event["step"]}
    try:
        send = bootstrap.sender().send(run, event["step"], bootstrap.now())
    except RunEnded as ended:
        count_by("Emails", journey=run.journey, outcome="skipped")
        logger.info("run ended", extra={**fields, "reason": str(ended)})
        raise
    count_by("Emails", journey=run.journey, outcome=send.outcome)
    if send.outcome == "unknown":
        count("EmailsUnknown")
    logger.info(send.outcome, extra={**fields, "reason": send.reason, "send_id": send.send_id})
    return {"outcome": send.outcome, "reason": send.reason}
