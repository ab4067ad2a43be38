"""The short road to moto gives what the long one gives."""

from collections.abc import Callable
from pathlib import Path
from typing import Any
from unittest.mock import patch

import boto3
import pytest
from botocore.exceptions import ClientError

from local.cloud import Cloud
from local.timers import Timers, VirtualClock

FIXTURE = Path(__file__).parents[1] / "cloud_fixture" / "template.yaml"
KEY: Any = {"pk": {"S": "p"}, "sk": {"S": "1"}}
ITEM: Any = {
    **KEY,
    "text": {"S": "ü"},
    "number": {"N": "1.50"},
    "list": {"L": [{"S": "a"}, {"N": "1"}, {"NULL": True}]},
    "map": {"M": {"deep": {"M": {"yes": {"BOOL": False}}}}},
    "set": {"SS": ["a", "b"]},
    "numbers": {"NS": ["1", "2"]},
}
BINARY: Any = {"pk": {"S": "p"}, "sk": {"S": "2"}, "bytes": {"B": b"\x00\xff"}, "all": {"BS": [b"\x00", b"\x01"]}}
Call = Callable[[Any, str], Any]

CALLS: list[Call] = [
    lambda client, table: client.put_item(TableName=table, Item=ITEM),
    lambda client, table: client.put_item(TableName=table, Item=BINARY),
    lambda client, table: client.put_item(TableName=table, Item=ITEM, ReturnValues="ALL_OLD"),
    lambda client, table: client.put_item(
        TableName=table,
        Item=ITEM,
        ConditionExpression="attribute_not_exists(pk)",
        ReturnValuesOnConditionCheckFailure="ALL_OLD",
    ),
    lambda client, table: client.get_item(TableName=table, Key=KEY),
    lambda client, table: client.get_item(TableName=table, Key={"pk": {"S": "p"}, "sk": {"S": "2"}}),
    lambda client, table: client.get_item(
        TableName=table,
        Key=KEY,
        ProjectionExpression="#m.deep",
        ExpressionAttributeNames={"#m": "map"},
    ),
    lambda client, table: client.get_item(TableName=table, Key={"pk": {"S": "no"}, "sk": {"S": "no"}}),
    lambda client, table: client.get_item(TableName=table, Key={"pk": {"S": "p"}}),
    lambda client, _: client.get_item(TableName="nowhere", Key=KEY),
    lambda client, table: client.update_item(
        TableName=table,
        Key=KEY,
        UpdateExpression="SET #n = #n + :one REMOVE #t ADD #s :c",
        ExpressionAttributeNames={"#n": "number", "#t": "text", "#s": "set"},
        ExpressionAttributeValues={":one": {"N": "1"}, ":c": {"SS": ["c"]}},
        ReturnValues="ALL_NEW",
    ),
    lambda client, table: client.update_item(
        TableName=table,
        Key=KEY,
        UpdateExpression="SET #n = :one",
        ConditionExpression="#n > :limit",
        ExpressionAttributeNames={"#n": "number"},
        ExpressionAttributeValues={":one": {"N": "1"}, ":limit": {"N": "100"}},
    ),
    lambda client, table: client.batch_get_item(
        RequestItems={table: {"Keys": [KEY, {"pk": {"S": "p"}, "sk": {"S": "2"}}]}}
    ),
    lambda client, table: client.query(
        TableName=table, KeyConditionExpression="pk = :p", ExpressionAttributeValues={":p": {"S": "p"}}
    ),
    lambda client, table: client.query(
        TableName=table,
        KeyConditionExpression="pk = :p AND sk <= :s",
        ExpressionAttributeValues={":p": {"S": "p"}, ":s": {"S": "1"}},
        Limit=1,
        ScanIndexForward=False,
    ),
    lambda client, table: client.query(TableName=table, KeyConditionExpression="nonsense"),
    lambda client, table: client.delete_item(TableName=table, Key=KEY, ReturnValues="ALL_OLD"),
    lambda client, table: client.delete_item(TableName=table, Key=KEY, ConditionExpression="attribute_exists(pk)"),
    lambda client, table: client.scan(TableName=table),
]

READINGS: list[Any] = [
    {"SecretId": "ours"},
    {"SecretId": "ours", "VersionStage": "AWSCURRENT"},
    {"SecretId": "ours", "VersionStage": "AWSPREVIOUS"},
    {"SecretId": "ours", "VersionId": "no-such-version-of-this-secret-at-all"},
    {"SecretId": "bytes"},
    {"SecretId": "nobody's"},
]


def read_secrets() -> list[tuple[Any, Any]]:
    """What is answered to every reading of a secret, or its refusal: by the short road, and by the long one."""
    with VirtualClock(1_700_000_000_000) as clock, Cloud.deploy(FIXTURE, timers=Timers(clock)):
        client: Any = boto3.client("secretsmanager")
        client.create_secret(Name="ours", SecretString="a word")
        client.put_secret_value(SecretId="ours", SecretString="another")
        client.create_secret(Name="bytes", SecretBinary=b"\x00\xff")
        short = [_read(client, asked) for asked in READINGS]
        with patch("local.cloud.direct._READING", "nothing"):
            return list(zip(short, [_read(client, asked) for asked in READINGS], strict=True))


def _read(client: Any, asked: Any) -> Any:
    return _outcome(lambda client, _: client.get_secret_value(**asked), client, "")


def run() -> tuple[list[Any], list[Any], Any]:
    """What every call answers or is refused with, the stream's records, and what was counted."""
    with VirtualClock(1_700_000_000_000) as clock, Cloud.deploy(FIXTURE, timers=Timers(clock)) as cloud:
        records: list[Any] = []
        cloud.observe_table(lambda _, record: records.append(record))
        client, table = boto3.client("dynamodb"), cloud.physical_id("Table")
        return [_outcome(call, client, table) for call in CALLS], records, cloud.operations


def _outcome(call: Call, client: Any, table: str) -> Any:
    try:
        answer = call(client, table)
    except ClientError as error:
        return type(error).__name__, error.response["Error"], error.response.get("Item")
    return _comparable({name: value for name, value in answer.items() if name != "ResponseMetadata"})


def _comparable(value: Any) -> Any:
    """Sets come in no order."""
    if isinstance(value, dict):
        return {name: sorted(part) if name in {"SS", "NS", "BS"} else _comparable(part) for name, part in value.items()}
    if isinstance(value, list):
        return [_comparable(part) for part in value]
    return value


@pytest.fixture(scope="module")
def roads() -> tuple[Any, Any]:
    short = run()
    with patch("local.cloud.cloud.take_short_road"):
        return short, run()


@pytest.mark.parametrize("number", range(len(CALLS)))
def test_both_roads_give_the_same_answer(roads: tuple[Any, Any], number: int) -> None:
    short, long = roads
    assert short[0][number] == long[0][number]


def test_both_roads_make_the_same_changes_and_the_same_bill(roads: tuple[Any, Any]) -> None:
    short, long = roads
    assert _comparable(short[1]) == _comparable(long[1])
    assert short[2] == long[2]


def test_both_roads_tell_the_same_secret() -> None:
    answers = read_secrets()
    assert all(short == long for short, long in answers)
    assert [short["SecretString"] for short, _ in answers[:3]] == ["another", "another", "a word"]
    assert answers[4][0]["SecretBinary"] == b"\x00\xff"
    assert [short[0] for short, _ in answers if isinstance(short, tuple)] == ["ResourceNotFoundException"] * 2


def test_the_calls_change_read_and_are_refused(roads: tuple[Any, Any]) -> None:
    (answers, records, operations), _ = roads
    assert sum(isinstance(answer, tuple) for answer in answers) == 6
    assert [record["eventName"] for record in records] == ["INSERT", "INSERT", "MODIFY", "REMOVE"]
    assert operations["dynamodb_read_units"] > 0
