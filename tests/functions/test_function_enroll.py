"""functions/enroll with the table's stream."""

import zlib
from base64 import b64encode
from typing import TYPE_CHECKING, Any

import pytest

from homing.domain.ids import contact_id
from homing.domain.sends import Run

if TYPE_CHECKING:
    from tests.functions.conftest import Deployed

MODIFY = "dynamodb-stream/profile-modify"
ADDRESS = "ada.lovelace@customer.example"
CONTACT = contact_id(ADDRESS)


@pytest.fixture
def event(deployed: "Deployed") -> Any:
    """The profile changes, and its contact has consented."""
    event = deployed.event(MODIFY)
    image = event["Records"][0]["dynamodb"]["NewImage"]
    deployed.contacts.note_consent(CONTACT, deployed.keep_profile(image), granted=True, at=deployed.now)
    return event


def run_of(event: Any) -> Run:
    profile_id = event["Records"][0]["dynamodb"]["Keys"]["pk"]["S"].removeprefix("P#")
    return Run(journey="welcome", profile_id=profile_id, entry="once", contact_id=CONTACT)


def packed(state: str) -> str:
    return b64encode(zlib.compress(state.encode())).decode()


def started(deployed: "Deployed") -> list[str]:
    return [each.execution.name for each in deployed.cloud.executions]


def test_without_consent_no_run_begins(deployed: "Deployed") -> None:
    before = started(deployed)
    assert deployed.invoke("Enroll", deployed.event(MODIFY)) == {"batchItemFailures": []}
    assert (deployed.items(), started(deployed)) == ([], before)


def test_a_new_lead_begins_the_welcome_journey_once(deployed: "Deployed", event: Any) -> None:
    run = run_of(event)
    for _ in range(2):
        assert deployed.invoke("Enroll", event) == {"batchItemFailures": []}
    assert started(deployed) == [run.run_id]
    assert deployed.run(run) == run.model_copy(update={"started_at": deployed.now})
    assert deployed.contact(CONTACT).runs == {run.run_id: run.profile_id}


def test_the_name_of_an_execution_tells_nobody_who_it_is_for(deployed: "Deployed", event: Any) -> None:
    deployed.invoke("Enroll", event)
    (execution,) = deployed.cloud.executions
    told = f"{execution.execution.name} {execution.execution.input}"
    assert "@" not in told
    assert "cust-0048219" not in told


def test_a_bad_record_is_told_of_and_stops_no_other(deployed: "Deployed", event: Any) -> None:
    bad = deployed.broken(event["Records"][0], state={"B": packed(f'{{"facts": "{ADDRESS}"}}')})
    answer = deployed.invoke("Enroll", {"Records": [bad, *event["Records"]]})
    assert answer == {"batchItemFailures": [{"itemIdentifier": "1"}]}
    assert deployed.run(run_of(event)).started_at == deployed.now


def test_what_begins_is_counted_by_journey(deployed: "Deployed", event: Any) -> None:
    deployed.invoke("Enroll", event)
    (counted,) = [line for line in deployed.lines("Enroll") if "Runs" in line]
    assert (counted["journey"], counted["change"], deployed.metrics("Enroll")) == ("welcome", "started", {"Runs": 1})
