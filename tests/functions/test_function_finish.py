"""functions/finish with EventBridge's events of executions that have ended."""

import json
from typing import TYPE_CHECKING

import pytest

from homing.domain.permit import Claim
from homing.domain.sends import Run

if TYPE_CHECKING:
    from tests.functions.conftest import Deployed


def begun(deployed: "Deployed", case: str) -> Run:
    """The run of the event's execution, begun and licensed."""
    told = json.loads(deployed.event(f"eventbridge/{case}")["detail"]["input"])["run"]
    run = Run(
        journey=told["journey"],
        profile_id=told["profile_id"],
        entry=told["entry"],
        contact_id="c",
        started_at=deployed.now,
    )
    deployed.runs.begin(run)
    deployed.contacts.note_consent("c", run.profile_id, granted=True, at=deployed.now)
    deployed.contacts.add_run("c", run.run_id, run.profile_id)
    deployed.contacts.claim("c", Claim(run_id=run.run_id, send_id=run.send_id("greeting"), at=deployed.now))
    return run


@pytest.mark.parametrize(
    ("case", "ended", "reason"),
    [
        ("execution-succeeded", "completed", None),
        ("execution-failed", "failed", "SendFailed"),
        ("execution-aborted", "exited", "RunEnded"),
    ],
)
def test_a_run_ends_with_its_execution(deployed: "Deployed", case: str, ended: str, reason: str | None) -> None:
    run = begun(deployed, case)
    deployed.invoke("Finish", deployed.event(f"eventbridge/{case}"))
    kept = deployed.run(run)
    assert (kept.ended, kept.reason, kept.ended_at) == (ended, reason, deployed.now)
    contact = deployed.contact("c")
    assert (contact.runs, contact.claims) == ({}, {})


def test_an_event_that_comes_again_changes_nothing(deployed: "Deployed") -> None:
    begun(deployed, "execution-failed")
    deployed.invoke("Finish", deployed.event("eventbridge/execution-failed"))
    before = deployed.items()
    deployed.invoke("Finish", deployed.event("eventbridge/execution-failed"))
    assert deployed.items() == before


def test_why_a_run_was_ended_outlives_the_end_of_its_execution(deployed: "Deployed") -> None:
    run = begun(deployed, "execution-aborted")
    ended = run.model_copy(update={"ended": "exited", "reason": "ordered", "ended_at": deployed.now})
    deployed.runs.end(ended)
    deployed.invoke("Finish", deployed.event("eventbridge/execution-aborted"))
    assert deployed.run(run) == ended


def test_ends_are_counted_and_logged_by_the_runs_name(deployed: "Deployed") -> None:
    run = begun(deployed, "execution-failed")
    deployed.invoke("Finish", deployed.event("eventbridge/execution-failed"))
    (counted,) = [line for line in deployed.lines("Finish") if "RunsEnded" in line]
    assert (counted["journey"], counted["ended"]) == ("welcome", "failed")
    (logged,) = [line for line in deployed.lines("Finish") if line.get("message") == "execution ended"]
    assert (logged["run_id"], logged["status"]) == (run.run_id, "FAILED")
