"""One send step of a state machine."""

from typing import Any

from homing import bootstrap
from homing.domain.sends import Run
from homing.domain.turns import Turn
from homing.errors import NotYet, RunEnded
from homing.observability import count_by, logger, metrics


@metrics.log_metrics
def handler(event: dict[str, Any], _context: object) -> dict[str, Any]:
    """Send what the step intends; NotYet, RunEnded and RetryLater are the state machine's to act on, by name."""
    told = event["run"]
    run = Run(journey=told["journey"], profile_id=told["profile_id"], entry=told["entry"])
    fields = {"run_id": run.run_id, "step": event["step"]}
    turn = Turn.model_validate(event["due"]) if event.get("due") else None
    options = {"can_wait": "due" in event, "again": event.get("again", False)}
    try:
        send, following = bootstrap.sender().send(run, event["step"], bootstrap.now(), turn, **options)
    except NotYet as held:
        count_by("EmailsHeld", journey=run.journey, reason=held.reason)
        raise
    except RunEnded as ended:
        count_by("Emails", journey=run.journey, outcome="skipped")
        logger.info("run ended", extra={**fields, "reason": str(ended)})
        raise
    count_by("Emails", journey=run.journey, outcome=send.outcome)
    logger.info(send.outcome, extra={**fields, "reason": send.reason, "send_id": send.send_id})
    return {"outcome": send.outcome, "reason": send.reason, "next": following.told() if following else None}
