"""On schedule: the profiles whose segments change now, and the rules that a deploy has brought."""

from typing import Any

from homing import bootstrap
from homing.observability import count, logger, metrics, tell_parked


@metrics.log_metrics
def handler(event: dict[str, Any], _context: object) -> dict[str, Any]:
    """Look at all that is due in one shard, `{"shard": 0}`; what is left over waits for the next schedule."""
    now = bootstrap.now()
    try:
        if event["shard"] == 0:
            bootstrap.follow_the_rules(now)
    finally:
        result = bootstrap.refresher().refresh(event["shard"], now)
        count("DueRowsRead", result.due_rows)
        count("ProfilesRead", result.profiles)
        count("ProfilesChangedByTime", result.changed)
        tell_parked(result.parked)
    if result.more:
        logger.warning("more profiles are due than one run looks at", extra={"due_rows": result.due_rows})
    return {"due_rows": result.due_rows, "profiles": result.profiles, "changed": result.changed, "more": result.more}
