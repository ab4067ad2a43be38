"""functions/segments with the input of its rule's targets."""

from contextlib import ExitStack
from importlib import import_module
from typing import TYPE_CHECKING
from unittest.mock import patch

import pytest

from homing.adapters.due import TableDue
from homing.adapters.generations import TableGenerations
from homing.domain.generation import Generation
from homing.domain.ids import DUE_SHARDS, due_shard
from local.cloud.functions import Function
from local.simulation.deployment import SCHEDULE, SHARD_TARGET
from tests.fakes.stories import default_generation

if TYPE_CHECKING:
    from tests.functions.conftest import Deployed

SCHEDULED = "eventbridge/segments"


@pytest.fixture
def profile_id(deployed: "Deployed") -> str:
    """Of a shopper who has left a full cart, and waits in the due index."""
    record = deployed.event("dynamodb-stream/profile-modify")["Records"][0]
    profile_id = deployed.keep_profile(record["dynamodb"]["NewImage"])
    due_at = deployed.profiles.load(profile_id).due_at
    assert due_at is not None
    TableDue(deployed.table).arm([(due_at, profile_id)])
    return profile_id


def test_nothing_is_done_where_nothing_is_due(deployed: "Deployed") -> None:
    told = deployed.invoke("Segments", deployed.event(SCHEDULED))
    assert told == {"due_rows": 0, "profiles": 0, "changed": 0, "more": False}


def test_a_profile_that_is_due_changes_its_segments(deployed: "Deployed", profile_id: str) -> None:
    due_at = deployed.profiles.load(profile_id).due_at
    assert due_at is not None
    shard = {"shard": due_shard(profile_id)}
    assert deployed.invoke("Segments", shard)["due_rows"] == 0

    deployed.cloud.advance_to(due_at)
    told = deployed.invoke("Segments", shard)

    assert told == {"due_rows": 1, "profiles": 1, "changed": 1, "more": False}
    assert "cart_abandoners" in deployed.profiles.load(profile_id).segments
    assert deployed.metrics("Segments") == {"DueRowsRead": 1, "ProfilesRead": 1, "ProfilesChangedByTime": 1}
    assert deployed.invoke("Segments", shard)["due_rows"] == 0


def test_each_target_of_the_rule_looks_at_a_shard_of_its_own(deployed: "Deployed") -> None:
    targets = deployed.cloud.template.resources[SCHEDULE].properties["Targets"]
    assert [(target["Id"], target["Input"]) for target in targets] == [
        (f"{SHARD_TARGET}{shard}", f'{{"shard": {shard}}}') for shard in range(DUE_SHARDS)
    ]


def test_the_first_look_makes_a_generation_of_the_shops_own_rules(deployed: "Deployed") -> None:
    generations = TableGenerations(deployed.table)
    deployed.invoke("Segments", {"shard": 1})
    assert generations.active() is None
    deployed.invoke("Segments", deployed.event(SCHEDULED))
    assert generations.active() == Generation(number=1, rules=default_generation().rules, switched_at=deployed.now)
    deployed.invoke("Segments", deployed.event(SCHEDULED))
    assert generations.active().number == 1  # type: ignore[union-attr] # as was just seen


def test_a_rule_that_fails_is_told_of_and_the_look_goes_on(deployed: "Deployed", profile_id: str) -> None:
    record = deployed.profiles.load(profile_id)
    due_at = record.due_at or 0
    deployed.cloud.advance_to(max(deployed.now, due_at))
    TableDue(deployed.table).arm([(due_at, profile_id)])
    with ExitStack() as until_mended:

        def break_rules(function: Function) -> None:
            if function.logical_id == "SegmentsFunction":
                rules = import_module("homing.domain.rules.logic")
                until_mended.enter_context(patch.object(rules.All, "evaluate", side_effect=ArithmeticError))

        deployed.cloud.functions.alter(break_rules)
        deployed.invoke("Segments", {"shard": due_shard(profile_id)})
    parked = deployed.profiles.load(profile_id).parked
    assert "leads" in parked
    assert deployed.metrics("Segments")["RulesFailed"] == len(parked)
    told = [line for line in deployed.lines("Segments") if "SegmentsParked" in line]
    assert {line["segment"] for line in told} == set(parked)
    logged = [line for line in deployed.lines("Segments") if line.get("level") == "ERROR"]
    assert {(line["segment"], line["profiles"]) for line in logged} == {(name, 1) for name in parked}


def test_other_rules_than_the_active_ones_are_recomputed_once(deployed: "Deployed") -> None:
    TableGenerations(deployed.table).switch(Generation(number=1, rules={"segments": {}}))
    for _ in range(2):
        deployed.invoke("Segments", deployed.event(SCHEDULED))
    [run] = [run for run in deployed.cloud.executions if run.state_machine.logical_id == "RecomputeStateMachine"]
    assert run.execution.name.startswith(f"rules-2-{default_generation().rules_fingerprint}-")
    assert run.input == '{"preview":false,"reason":"rules"}'
