"""functions/segments with Scheduler's event."""

from typing import TYPE_CHECKING

import pytest

from homing.adapters.due import TableDue

if TYPE_CHECKING:
    from tests.functions.conftest import Deployed

SCHEDULED = "scheduler/segments"


@pytest.fixture
def profile_id(deployed: "Deployed") -> str:
    """Of a shopper who has left a full cart, and waits in the due index."""
    record = deployed.event("dynamodb-stream/profile-modify")["Records"][0]
    profile_id = deployed.keep_profile(record["dynamodb"]["NewImage"])
    due_at = deployed.profiles.load(profile_id).due_at
    assert due_at is not None
    TableDue(deployed.table).arm(due_at, profile_id)
    return profile_id


def test_nothing_is_done_where_nothing_is_due(deployed: "Deployed") -> None:
    told = deployed.invoke("Segments", deployed.event(SCHEDULED))
    assert told == {"looked_at": 0, "changed": 0, "more": False}


def test_a_profile_that_is_due_changes_its_segments(deployed: "Deployed", profile_id: str) -> None:
    due_at = deployed.profiles.load(profile_id).due_at
    assert due_at is not None
    assert deployed.invoke("Segments", deployed.event(SCHEDULED))["looked_at"] == 0

    deployed.cloud.advance_to(due_at)
    told = deployed.invoke("Segments", deployed.event(SCHEDULED))

    assert told == {"looked_at": 1, "changed": 1, "more": False}
    assert "cart_abandoners" in deployed.profiles.load(profile_id).segments
    assert deployed.metrics("Segments") == {"ProfilesLookedAt": 1, "ProfilesChangedByTime": 1}
    assert deployed.invoke("Segments", deployed.event(SCHEDULED))["looked_at"] == 0
