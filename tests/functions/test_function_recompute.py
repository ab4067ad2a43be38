"""functions/recompute with the inputs of its state machine's tasks."""

from typing import TYPE_CHECKING

import pytest

from homing.adapters.generations import TableGenerations

if TYPE_CHECKING:
    from tests.functions.conftest import Deployed

STEPS = ("count", "switch", "bring-up-to-date", "tell")


def test_the_steps_count_switch_bring_up_to_date_and_tell(deployed: "Deployed") -> None:
    record = deployed.event("dynamodb-stream/profile-modify")["Records"][0]
    deployed.keep_profile(record["dynamodb"]["NewImage"])
    answers = [deployed.invoke("Recompute", deployed.event(f"step-functions/recompute-{step}")) for step in STEPS]
    assert answers[:3] == [{}, {"generation": 1}, {"next": None}]
    assert (answers[3]["generation"], answers[3]["profiles"]) == (1, 1)
    assert deployed.metrics("Recompute") == {"ProfilesRecomputed": 1}


def test_figures_are_of_the_executions_beginning(deployed: "Deployed") -> None:
    for step in STEPS[:2]:
        deployed.invoke("Recompute", deployed.event(f"step-functions/recompute-{step}"))
    active = TableGenerations(deployed.table).active()
    assert active is not None
    assert active.figures.computed_at == deployed.now // 1_000 * 1_000
    assert active.switched_at == deployed.now


@pytest.mark.parametrize("task", ["", "forget"])
def test_a_task_that_there_is_none_of_is_refused(deployed: "Deployed", task: str) -> None:
    assert deployed.failure("Recompute", {"task": task, "run": "by-hand"}) == "ValueError"
