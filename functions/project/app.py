"""EVENT items of the table's stream: folded into profiles."""

from typing import Any

from homing import bootstrap
from homing.adapters.profiles import stored_event
from homing.adapters.stream import by_partition, each_partition
from homing.observability import count, metrics


@metrics.log_metrics
def handler(event: dict[str, Any], _context: object) -> dict[str, Any]:
    """Fold a batch, profile by profile; a profile that fails is told of and stops no other."""
    projector = bootstrap.projector()

    def fold(alias: str, records: list[dict[str, Any]]) -> None:
        stored = [stored_event(record["dynamodb"]["NewImage"]) for record in records]
        projector.fold(alias, stored, bootstrap.now())
        count("EventsFolded", len(stored))

    return each_partition(by_partition(event), fold)
