"""EVENT items of the table's stream: folded into profiles."""

from collections import Counter
from typing import Any

from homing import bootstrap
from homing.adapters.profiles import stored_event
from homing.adapters.stream import by_partition, each_partition
from homing.observability import count, metrics, tell_parked


@metrics.log_metrics
def handler(event: dict[str, Any], _context: object) -> dict[str, Any]:
    """Fold a batch, profile by profile; a profile that fails is told of and stops no other."""
    projector = bootstrap.projector()
    parked: Counter[str] = Counter()

    def fold(alias: str, records: list[dict[str, Any]]) -> None:
        stored = [stored_event(record["dynamodb"]["NewImage"]) for record in records]
        parked.update(projector.fold(alias, stored, bootstrap.now()).parked)
        count("EventsFolded", len(stored))

    answer = each_partition(by_partition(event), fold)
    tell_parked(parked)
    return answer
