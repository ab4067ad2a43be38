"""On schedule: the profiles whose segments change now."""

from typing import Any

from homing import bootstrap
from homing.observability import count, logger, metrics
from homing.usecases.segments import refresh


@metrics.log_metrics
def handler(_event: dict[str, Any], _context: object) -> dict[str, Any]:
    """Look at all that is due; what is left over waits for the next schedule."""
    due, profiles, generation = bootstrap.segments_road()
    result = refresh(due=due, profiles=profiles, generation=generation, now=bootstrap.now())
    count("ProfilesLookedAt", result.looked_at)
    count("ProfilesChangedByTime", result.changed)
    if result.more:
        logger.warning("more profiles are due than one run looks at", extra={"looked_at": result.looked_at})
    return {"looked_at": result.looked_at, "changed": result.changed, "more": result.more}
