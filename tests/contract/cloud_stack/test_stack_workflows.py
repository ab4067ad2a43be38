"""Step Functions as its callers see it."""

import json

import boto3
import pytest
from botocore.exceptions import ClientError

from homing.domain.moments import HOUR
from local.cloud import Cloud
from tests.contract.cloud_stack.things import START, start


def test_starting_a_running_execution_again_with_the_same_input_changes_nothing(cloud: Cloud) -> None:
    assert start(cloud, "a") == start(cloud, "a")
    assert len(cloud.executions) == 1


@pytest.mark.parametrize("ended", [False, True])
def test_a_name_that_is_taken_is_refused(cloud: Cloud, *, ended: bool) -> None:
    arn = start(cloud, "a")
    if ended:
        boto3.client("stepfunctions").stop_execution(executionArn=arn)
    with pytest.raises(ClientError, match="ExecutionAlreadyExists") as refusal:
        start(cloud, "a", '{"to": "x@y.example"}' if ended else "{}")
    assert isinstance(refusal.value, boto3.client("stepfunctions").exceptions.ExecutionAlreadyExists)


def test_a_stopped_execution_does_nothing_more_and_says_why(cloud: Cloud) -> None:
    arn = start(cloud, "a")
    client = boto3.client("stepfunctions")
    client.stop_execution(executionArn=arn, error="Purchase", cause="bought")
    cloud.advance_to(START + 2 * HOUR)
    description = client.describe_execution(executionArn=arn)
    assert (description["status"], description["error"], description["cause"]) == (
        "ABORTED",
        "Purchase",
        "bought",
    )
    assert description["startDate"].timestamp() * 1_000 == START
    assert cloud.outbox == []
    assert cloud.logs("Finish") == ("a ABORTED",)


@pytest.mark.parametrize(
    ("operation", "parameters", "code"),
    [
        (
            "start_execution",
            {"stateMachineArn": "arn:aws:states:x:1:stateMachine:y"},
            "StateMachineDoesNotExist",
        ),
        ("stop_execution", {"executionArn": "arn:x"}, "ExecutionDoesNotExist"),
        ("describe_execution", {"executionArn": "arn:x"}, "ExecutionDoesNotExist"),
    ],
)
def test_what_is_not_there_is_refused_as_step_functions_does(
    cloud: Cloud, operation: str, parameters: dict[str, str], code: str
) -> None:
    del cloud
    with pytest.raises(ClientError, match=code):
        getattr(boto3.client("stepfunctions"), operation)(**parameters)


@pytest.mark.parametrize(("name", "data", "code"), [("a b", "{}", "InvalidName"), ("a", "{", "InvalidExecutionInput")])
def test_names_and_inputs_that_are_not_valid_are_refused(cloud: Cloud, name: str, data: str, code: str) -> None:
    with pytest.raises(ClientError, match=code):
        start(cloud, name, data)


def test_a_failing_task_fails_the_execution_with_lambdas_error(cloud: Cloud) -> None:
    start(cloud, "a", '{"to": "not an address"}')
    cloud.advance_to(START + 2 * HOUR)
    (run,) = cloud.executions
    assert (run.execution.status.value, run.execution.error) == ("FAILED", "BadRequestException")
    assert json.loads(str(run.execution.cause))["errorType"] == "BadRequestException"
