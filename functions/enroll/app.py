"""PROFILE items of the table's stream: journeys started and ended as the profile stands."""

from typing import Any

from homing import bootstrap
from homing.adapters.profiles import profile_record
from homing.adapters.stream import by_partition, each_partition
from homing.observability import count, count_by, metrics
from homing.usecases.enroll import Change


@metrics.log_metrics
def handler(event: dict[str, Any], _context: object) -> dict[str, Any]:
    """Reconcile the runs of each profile of a batch, by its newest image."""
    enroller = bootstrap.enroller()

    def reconcile(_profile_id: str, records: list[dict[str, Any]]) -> None:
        old = records[0]["dynamodb"].get("OldImage")
        record = profile_record(records[-1]["dynamodb"]["NewImage"])
        before = profile_record(old) if old is not None else None
        for change, journey in enroller.reconcile(record, before, bootstrap.now()):
            count_by("Runs", journey=journey, change=change)
            if change == Change.PARKED:
                count("RulesFailed")

    return each_partition(by_partition(event), reconcile)
