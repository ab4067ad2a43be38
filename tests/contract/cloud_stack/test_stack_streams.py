"""Tables and their streams."""

import json
from typing import Any

import boto3

from homing.domain.moments import DAY, HOUR, SECOND
from local.cloud import Cloud
from tests.contract.cloud_stack.things import START, put, total


def test_a_failing_record_is_bisected_out_retried_and_given_up(cloud: Cloud) -> None:
    for thing in "abcd":
        put(cloud, thing, **({"crash": True} if thing == "c" else {}))
    cloud.advance_to(START + HOUR)
    # The first half of the batch came once with the whole, and once by itself: at least once.
    assert [total(cloud, thing) for thing in "abd"] == [2, 2, 1]
    (letter,) = cloud.dead_letters()
    assert letter.queue == "homing-DeadLetters"
    assert json.loads(letter.body)["DDBStreamBatchInfo"]["batchSize"] == 1


def test_a_partial_failure_is_retried_from_its_record(cloud: Cloud) -> None:
    put(cloud, "a")
    put(cloud, "b", fail=True)
    put(cloud, "c")
    cloud.settle()
    assert [total(cloud, thing) for thing in "abc"] == [1, 0, 0]
    cloud.advance_to(START + HOUR)
    assert [total(cloud, thing) for thing in "abc"] == [1, 0, 1]


def test_a_put_that_changes_nothing_makes_no_record(cloud: Cloud) -> None:
    seen: list[str] = []
    cloud.observe_table(lambda table, record: seen.append(f"{table} {record['eventName']}"))
    client, table = boto3.client("dynamodb"), cloud.physical_id("Table")
    item: Any = {"pk": {"S": "x"}, "sk": {"S": "y"}, "n": {"N": "1"}}
    client.put_item(TableName=table, Item=item)
    client.put_item(TableName=table, Item=item)
    client.put_item(TableName=table, Item={**item, "n": {"N": "2"}})
    client.delete_item(TableName=table, Key={"pk": {"S": "x"}, "sk": {"S": "y"}})
    client.delete_item(TableName=table, Key={"pk": {"S": "x"}, "sk": {"S": "y"}})
    assert seen == [f"{table} {change}" for change in ("INSERT", "MODIFY", "REMOVE")]


def test_an_update_that_makes_an_item_is_one_insert_with_its_whole_image(cloud: Cloud) -> None:
    records: list[Any] = []
    cloud.observe_table(lambda _, record: records.append(record))
    boto3.client("dynamodb").update_item(
        TableName=cloud.physical_id("Table"),
        Key={"pk": {"S": "x"}, "sk": {"S": "y"}},
        UpdateExpression="SET a = :a",
        ExpressionAttributeValues={":a": {"B": b"\x00\x01"}},
    )
    (record,) = records
    assert record["eventName"] == "INSERT"
    assert record["dynamodb"]["NewImage"] == {"pk": {"S": "x"}, "sk": {"S": "y"}, "a": {"B": "AAE="}}
    assert "OldImage" not in record["dynamodb"]
    assert record["dynamodb"]["ApproximateCreationDateTime"] == START // SECOND


def write(cloud: Cloud, sort_key: str, expires_at: int) -> None:
    boto3.client("dynamodb").put_item(
        TableName=cloud.physical_id("Table"),
        Item={"pk": {"S": "x"}, "sk": {"S": sort_key}, "expires_at": {"N": str(expires_at // SECOND)}},
    )


def test_an_item_that_has_expired_goes_unbilled_and_the_stream_says_who_took_it(cloud: Cloud) -> None:
    write(cloud, "soon", START + HOUR)
    write(cloud, "later", START + 10 * DAY)
    records: list[Any] = []
    cloud.observe_table(lambda _, record: records.append(record))
    billed = cloud.operations["dynamodb_write_units"]
    cloud.advance_to(START + 2 * DAY)
    (record,) = records
    assert (record["eventName"], record["dynamodb"]["Keys"]["sk"]) == ("REMOVE", {"S": "soon"})
    assert record["userIdentity"] == {"type": "Service", "principalId": "dynamodb.amazonaws.com"}
    assert cloud.operations["dynamodb_write_units"] == billed


def test_an_item_whose_moment_was_put_off_stays_until_then(cloud: Cloud) -> None:
    write(cloud, "x", START + HOUR)
    write(cloud, "x", START + 3 * DAY)
    removed: list[int] = []
    cloud.observe_table(lambda *_: removed.append(cloud.timers.now()))
    cloud.advance_to(START + 10 * DAY)
    assert len(removed) == 1
    assert START + 3 * DAY <= removed[0] <= START + 4 * DAY
