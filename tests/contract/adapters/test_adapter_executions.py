"""Executions start once and stop once, however often that is asked; what fails otherwise is not hidden."""

import json
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import boto3
import pytest
from botocore.exceptions import ClientError
from moto import mock_aws

from homing.adapters.executions import StepFunctionsExecutions

if TYPE_CHECKING:
    from mypy_boto3_stepfunctions import SFNClient

DEFINITION = {"StartAt": "Sleep", "States": {"Sleep": {"Type": "Wait", "Seconds": 3600, "End": True}}}
NAME = "cart-k3jd5wq7ab2xyz45-1700000000000"
INPUT = {"run": {"run_id": NAME, "journey": "cart"}, "starts_at": "2026-01-31T09:00:00Z"}


@pytest.fixture
def states() -> Iterator["SFNClient"]:
    with mock_aws():
        yield boto3.client("stepfunctions", region_name="eu-central-1")


@pytest.fixture
def arn(states: "SFNClient") -> str:
    role = "arn:aws:iam::123456789012:role/journeys"
    machine = states.create_state_machine(name="homing-cart", definition=json.dumps(DEFINITION), roleArn=role)
    return machine["stateMachineArn"]


@pytest.fixture
def executions(states: "SFNClient", arn: str) -> StepFunctionsExecutions:
    return StepFunctionsExecutions(states, {"cart": arn, "gone": arn + "-gone"})


def listed(states: "SFNClient", arn: str) -> list[tuple[str, str]]:
    return [(each["name"], each["status"]) for each in states.list_executions(stateMachineArn=arn)["executions"]]


def test_an_execution_has_the_runs_name_and_its_input(
    executions: StepFunctionsExecutions, states: "SFNClient", arn: str
) -> None:
    executions.start("cart", NAME, INPUT)
    execution = states.describe_execution(executionArn=f"{arn.replace(':stateMachine:', ':execution:')}:{NAME}")
    assert (execution["status"], json.loads(execution["input"])) == ("RUNNING", INPUT)


def test_starting_twice_starts_once_however_the_input_is_ordered(
    executions: StepFunctionsExecutions, states: "SFNClient", arn: str
) -> None:
    executions.start("cart", NAME, INPUT)
    executions.start("cart", NAME, dict(reversed(INPUT.items())))
    assert listed(states, arn) == [(NAME, "RUNNING")]


def test_a_name_that_was_taken_with_another_input_is_success(
    executions: StepFunctionsExecutions, states: "SFNClient", arn: str
) -> None:
    executions.start("cart", NAME, INPUT)
    executions.start("cart", NAME, {"run": {}})
    assert listed(states, arn) == [(NAME, "RUNNING")]


def test_an_execution_that_has_ended_is_not_started_again(
    executions: StepFunctionsExecutions, states: "SFNClient", arn: str
) -> None:
    executions.start("cart", NAME, INPUT)
    executions.stop("cart", NAME, "ordered")
    executions.start("cart", NAME, INPUT)
    assert listed(states, arn) == [(NAME, "ABORTED")]


def test_a_stopped_execution_knows_why(executions: StepFunctionsExecutions, states: "SFNClient") -> None:
    told: list[tuple[str, str]] = []

    def note(params: dict[str, Any], **_: Any) -> None:  # moto does not keep them
        told.append((params["error"], params["cause"]))

    states.meta.events.register("before-parameter-build.sfn.StopExecution", note)
    executions.start("cart", NAME, INPUT)
    executions.stop("cart", NAME, "ordered")
    assert told == [("RunEnded", "ordered")]


def test_stopping_what_has_ended_or_never_was_is_success(
    executions: StepFunctionsExecutions, states: "SFNClient", arn: str
) -> None:
    executions.stop("cart", NAME, "ordered")
    executions.start("cart", NAME, INPUT)
    for _ in range(2):
        executions.stop("cart", NAME, "ordered")
    assert listed(states, arn) == [(NAME, "ABORTED")]


def test_a_state_machine_that_is_not_there_is_an_error(executions: StepFunctionsExecutions) -> None:
    with pytest.raises(ClientError) as refused:
        executions.start("gone", NAME, INPUT)
    assert refused.value.response["Error"]["Code"] == "StateMachineDoesNotExist"
