"""The one seam: every AWS call is seen, counted and billed, and can be faulted."""

import json
from typing import Any

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from homing.domain.moments import HOUR, MINUTE, datetime_of
from local.cloud import Cloud, Killed, Refusal
from tests.contract.cloud_stack.things import JSON, START, put, start, total


def test_a_fault_before_a_call_leaves_no_effect_and_one_after_it_leaves_it(cloud: Cloud) -> None:
    for phase, effect in (("before", False), ("after", True)):
        remove = cloud.on_call(_kill("PutItem", phase))
        response = cloud.http("POST", "/things", headers=JSON, body=json.dumps({"id": phase}))
        remove()
        assert response.status == 500
        assert (cloud.http("GET", f"/things/{phase}").status == 200) is effect


def test_a_service_can_be_made_to_refuse_a_call_without_effect_or_retry(cloud: Cloud) -> None:
    tries: list[str] = []

    def throttle(_service: str, operation: str, phase: str) -> None:
        if (operation, phase) == ("PutItem", "before"):
            tries.append(operation)
            raise Refusal("ProvisionedThroughputExceededException", "slow down")

    cloud.on_call(throttle)
    client = boto3.client("dynamodb")
    with pytest.raises(client.exceptions.ProvisionedThroughputExceededException, match="slow down"):
        client.put_item(TableName=cloud.physical_id("Table"), Item={"pk": {"S": "a"}, "sk": {"S": "b"}})
    assert len(tries) == 1
    assert cloud.operations["dynamodb_write_units"] == 0


def test_an_answer_reads_the_same_at_once_and_over_http(cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("botocore.endpoint.time.sleep", lambda _: None)
    arn = start(cloud, "a")
    tries: list[Any] = []

    def refuse_the_second(request: dict[str, Any]) -> dict[str, Any]:
        tries.append(request)
        if len(tries) == 2:
            raise Refusal("ServiceUnavailable", "not now", 503)
        return cloud.workflows.describe(request)

    cloud.seam.answer("sfn", "DescribeExecution", refuse_the_second)
    client = boto3.client("stepfunctions")
    requests: list[str] = []
    client.meta.events.register_first("before-send", lambda event_name, **_: requests.append(event_name))
    at_once: Any = client.describe_execution(executionArn=arn)
    assert requests == []
    retried: Any = client.describe_execution(executionArn=arn)
    assert requests == ["before-send.sfn.DescribeExecution"] * 2
    assert tries == [{"executionArn": arn}] * 3
    assert [each["ResponseMetadata"].pop("RetryAttempts") for each in (at_once, retried)] == [0, 1]
    assert at_once == retried
    assert at_once["startDate"] == datetime_of(START)


def test_a_client_that_is_told_not_to_retry_meets_a_refusal_once(cloud: Cloud) -> None:
    tries: list[Any] = []

    def refuse(request: dict[str, Any]) -> dict[str, Any]:
        tries.append(request)
        raise Refusal("ServiceUnavailable", "not now", 503)

    cloud.seam.answer("sfn", "DescribeExecution", refuse)
    client = boto3.client("stepfunctions", config=Config(retries={"total_max_attempts": 1}))
    with pytest.raises(ClientError, match="not now") as refusal:
        client.describe_execution(executionArn="arn:x")
    assert refusal.value.response["ResponseMetadata"]["HTTPStatusCode"] == 503
    assert len(tries) == 1


def test_a_function_that_is_killed_is_given_its_batch_again(cloud: Cloud) -> None:
    put(cloud, "a")
    remove = cloud.on_call(_kill("UpdateItem", "after"))
    cloud.settle()
    remove()
    assert total(cloud, "a") == 1
    cloud.advance_to(START + MINUTE)
    assert total(cloud, "a") == 2


def _kill(operation: str, phase: str) -> Any:
    def hook(_service: str, called: str, at: str) -> None:
        if (called, at) == (operation, phase):
            raise Killed

    return hook


def test_every_call_is_counted_and_billed(cloud: Cloud) -> None:
    put(cloud, "a", pad="x" * 1_500, to="x@y.example")
    put(cloud, "a", pad="x" * 1_500)
    cloud.http("GET", "/things/a")
    cloud.advance_to(START + 2 * HOUR)
    operations = cloud.operations
    assert operations["ses_sends"] == operations["sesv2.SendEmail"] == 1
    assert operations["state_transitions"] == 2
    assert operations["sfn.StartExecution"] == 1
    # The item of two units, the repeat that fails its condition on it, the total, two notes from SES.
    assert operations["dynamodb_write_units"] == 2 + 2 + 1 + 2
    assert operations["dynamodb_read_units"] == 1
    assert operations["dynamodb.PutItem"] == 4


def test_filters_and_projections_take_nothing_off_the_bill(cloud: Cloud) -> None:
    client, table = boto3.client("dynamodb"), cloud.physical_id("Table")
    for n in range(3):
        client.put_item(TableName=table, Item={"pk": {"S": "p"}, "sk": {"S": str(n)}, "b": {"S": "x" * 4_000}})
    before = cloud.database.read_units
    answer = client.query(
        TableName=table,
        KeyConditionExpression="pk = :pk",
        FilterExpression="#s = :one",
        ProjectionExpression="#s",
        ExpressionAttributeNames={"#s": "sk"},
        ExpressionAttributeValues={":pk": {"S": "p"}, ":one": {"S": "1"}},
        ConsistentRead=True,
    )
    assert answer["Count"] == 1
    assert cloud.database.read_units - before == 3
    assert cloud.operations["dynamodb.Query"] == 1


@pytest.mark.parametrize(
    ("parameters", "code"),
    [
        ({"TableName": "nowhere", "Item": {"pk": {"S": "a"}, "sk": {"S": "b"}}}, "ResourceNotFoundException"),
        ({"TableName": "homing-Table", "Item": {"pk": {"S": "a"}}}, "ValidationException"),
    ],
)
def test_a_call_that_dynamodb_refuses_is_refused_and_free(cloud: Cloud, parameters: dict[str, Any], code: str) -> None:
    with pytest.raises(ClientError, match=code):
        boto3.client("dynamodb").put_item(**parameters)
    assert cloud.operations["dynamodb_write_units"] == 0


def test_a_transaction_is_billed_twice(cloud: Cloud) -> None:
    table = cloud.physical_id("Table")
    boto3.client("dynamodb").transact_write_items(
        TransactItems=[{"Put": {"TableName": table, "Item": {"pk": {"S": "a"}, "sk": {"S": n}}}} for n in ("1", "2")]
    )
    assert cloud.operations["dynamodb_write_units"] == 4
