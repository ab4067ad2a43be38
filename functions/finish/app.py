"""Executions that have ended, as EventBridge tells."""

import json
from typing import Any

from homing import bootstrap
from homing.domain.sends import Run
from homing.observability import count_by, logger


def handler(event: dict[str, Any], _context: object) -> None:
    """Record how the execution's run ended."""
    detail = event["detail"]
    told = json.loads(detail["input"])["run"]
    run = Run(journey=told["journey"], profile_id=told["profile_id"], entry=told["entry"])
    ended = bootstrap.finisher().finish(run, detail, bootstrap.now())
    count_by("RunsEnded", journey=run.journey, ended=ended)
    logger.info("execution ended", extra={"run_id": run.run_id, "status": detail["status"]})
