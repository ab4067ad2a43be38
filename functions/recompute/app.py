"""The steps of the full recompute, as its state machine asks for them."""

from typing import Any

from homing import bootstrap
from homing.domain.moments import parse_moment
from homing.observability import count, logger, metrics


@metrics.log_metrics
def handler(event: Any, _context: object) -> dict[str, Any]:
    """One step: `task` names it, `run` the execution that it is part of."""
    recompute, now = bootstrap.recompute(), bootstrap.now()
    run = event["run"]
    match event["task"]:
        case "count":
            recompute.count(run, event["file"])
            return {}
        case "switch":
            computed_at = parse_moment(event["computed_at"])
            return {"generation": recompute.switch(run, computed_at, now, preview=event["preview"])}
        case "bring_up_to_date":
            following = recompute.bring_up_to_date(
                run, event["file"], event["generation"], event["from"], now, preview=event["preview"]
            )
            return {"next": following}
        case "tell":
            told = recompute.tell(run, event["generation"])
            count("ProfilesRecomputed", told["profiles"])
            logger.info("recomputed", extra=told)
            return told
        case task:
            raise ValueError(f"no such task: {task}")
