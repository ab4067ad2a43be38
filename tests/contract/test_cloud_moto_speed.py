"""The narrowed query gives what plain moto gives, and the narrowed scan finds what plain moto finds."""

from collections.abc import Callable
from typing import Any
from unittest.mock import patch

import boto3
import pytest
from hypothesis import given
from hypothesis import strategies as st
from moto import mock_aws
from moto.dynamodb.models.dynamo_type import DynamoType

from local.cloud.moto_speed import _Partition, narrow_queries, narrow_scans

Query = dict[str, Any]


def ask_all() -> list[Any]:
    """A table of a few partitions, and the answers to every query of the test."""
    with mock_aws():
        client = boto3.client("dynamodb", region_name="eu-central-1")
        keys: Any = [{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "sk", "KeyType": "RANGE"}]
        other: Any = [{"AttributeName": "other", "KeyType": "HASH"}]
        types: Any = [{"AttributeName": name, "AttributeType": "S"} for name in ("pk", "sk", "other")]
        client.create_table(
            TableName="table",
            KeySchema=keys,
            AttributeDefinitions=types,
            BillingMode="PAY_PER_REQUEST",
            GlobalSecondaryIndexes=[
                {"IndexName": "others", "KeySchema": other, "Projection": {"ProjectionType": "ALL"}}
            ],
        )
        for partition in ("p2", "p1", "p3"):
            for number in (3, 1, 2, 5, 4):
                client.put_item(
                    TableName="table",
                    Item={
                        "pk": {"S": partition},
                        "sk": {"S": f"s{number}"},
                        "other": {"S": f"o{number}"},
                        "n": {"N": str(number)},
                    },
                )
        return [_without_metadata(query(client)) for query in QUERIES]


def of_partition(name: str = "p1", condition: str = "", values: Query | None = None, **more: Any) -> Any:
    expression = {":pk": {"S": name}, **(values or {})}
    return lambda client: client.query(
        TableName="table",
        KeyConditionExpression="pk = :pk" + condition,
        ExpressionAttributeValues=expression,
        **more,
    )


QUERIES: list[Callable[[Any], Any]] = [
    of_partition(),
    of_partition("nowhere"),
    of_partition(ScanIndexForward=False),
    of_partition(Limit=2),
    of_partition(Limit=2, ExclusiveStartKey={"pk": {"S": "p1"}, "sk": {"S": "s2"}}),
    of_partition(condition=" AND sk > :sk", values={":sk": {"S": "s2"}}),
    of_partition(condition=" AND sk <= :sk", values={":sk": {"S": "s3"}}),
    of_partition(condition=" AND sk <= :sk", values={":sk": {"S": "s3"}}, Limit=1, ScanIndexForward=False),
    *(of_partition(condition=" AND sk <= :sk", values={":sk": {"S": "s3"}}, Limit=limit) for limit in (1, 2, 3, 4)),
    of_partition(condition=" AND sk <= :sk", values={":sk": {"S": "s3x"}}, Limit=2, FilterExpression="n <> :sk"),
    of_partition(
        condition=" AND sk <= :sk",
        values={":sk": {"S": "s4"}},
        Limit=2,
        ExclusiveStartKey={"pk": {"S": "p1"}, "sk": {"S": "s2"}},
    ),
    of_partition("nowhere", condition=" AND sk <= :sk", values={":sk": {"S": "s3"}}),
    of_partition(condition=" AND begins_with(sk, :sk)", values={":sk": {"S": "s"}}, Limit=3),
    of_partition(condition=" AND sk BETWEEN :a AND :b", values={":a": {"S": "s2"}, ":b": {"S": "s4"}}),
    of_partition(FilterExpression="n > :n", values={":n": {"N": "2"}}),
    of_partition(ProjectionExpression="n", ConsistentRead=True),
    of_partition(Select="COUNT"),
    lambda client: client.query(
        TableName="table",
        IndexName="others",
        KeyConditionExpression="other = :o",
        ExpressionAttributeValues={":o": {"S": "o3"}},
    ),
]


def _without_metadata(answer: Any) -> Any:
    return {name: value for name, value in answer.items() if name != "ResponseMetadata"}


@pytest.fixture(scope="module")
def plain() -> list[Any]:
    return ask_all()


@pytest.fixture(scope="module")
def narrowed() -> list[Any]:
    with narrow_queries():
        return ask_all()


@pytest.mark.parametrize("number", range(len(QUERIES)))
def test_a_narrowed_query_answers_as_plain_moto_does(plain: list[Any], narrowed: list[Any], number: int) -> None:
    assert narrowed[number] == plain[number]


def test_the_queries_find_something(plain: list[Any]) -> None:
    assert [answer["Count"] for answer in plain] == [5, 0, 5, 2, 2, 3, 3, 1, 1, 2, 3, 3, 2, 2, 0, 3, 3, 3, 5, 5, 3]


# Scans for sort keys


def scan_all(page: int | None = None, condition: str = "sk IN (:a, :b)", **more: Any) -> list[tuple[str, str]]:
    """The keys that a scan finds, page by page, among three partitions of three items."""
    values: Any = {":a": {"S": "s1"}, ":b": {"S": "s3"}}
    found: list[tuple[str, str]] = []
    with mock_aws():
        client = boto3.client("dynamodb", region_name="eu-central-1")
        keys: Any = [{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "sk", "KeyType": "RANGE"}]
        types: Any = [{"AttributeName": name, "AttributeType": "S"} for name in ("pk", "sk")]
        client.create_table(
            TableName="table", KeySchema=keys, AttributeDefinitions=types, BillingMode="PAY_PER_REQUEST"
        )
        for partition in ("p2", "p1", "p3"):
            for number in (3, 1, 2):
                client.put_item(TableName="table", Item={"pk": {"S": partition}, "sk": {"S": f"s{number}"}})
        asked: Any = {"FilterExpression": condition, "ExpressionAttributeValues": values, **more}
        with patch("local.cloud.moto_speed._SCANNED_PAGE", page or 1_000):
            for answer in client.get_paginator("scan").paginate(TableName="table", **asked):
                found += [(item["pk"]["S"], item["sk"]["S"]) for item in answer["Items"]]
    return found


@pytest.mark.parametrize("page", [None, 1, 2, 3])
def test_a_narrowed_scan_finds_what_plain_moto_finds(page: int | None) -> None:
    plain = scan_all()
    assert plain == [(partition, sk) for partition in ("p1", "p2", "p3") for sk in ("s1", "s3")]
    with narrow_scans():
        assert scan_all(page) == plain


@pytest.mark.parametrize("condition", ["sk IN (:a) OR sk = :b", "sk BETWEEN :a AND :b", "pk IN (:a, :b)"])
def test_a_scan_for_anything_else_is_motos_own(condition: str) -> None:
    plain = scan_all(condition=condition)
    with narrow_scans():
        assert scan_all(1, condition) == plain


def test_moto_is_left_as_it_was() -> None:
    from moto.dynamodb.models.table import Table

    query, scan = Table.query, Table.scan
    with narrow_queries(), narrow_scans():
        assert Table.query is not query
        assert Table.scan is not scan
    assert (Table.query, Table.scan) == (query, scan)


texts = st.text("abc", max_size=3)


@given(st.lists(st.tuples(st.sampled_from(["put", "put", "take", "ask"]), texts, st.integers(1, 4)), max_size=30))
def test_a_partition_knows_its_first_items_whatever_comes_and_goes(doings: list[tuple[str, str, int]]) -> None:
    partition, kept = _Partition(), set()
    for doing, text, most in doings:
        key = DynamoType({"S": text})
        if doing == "put":
            partition[key] = text
            kept.add(text)
        elif doing == "take":
            partition.pop(key, None)
            kept.discard(text)
        else:
            up_to, beyond = (sorted(each for each in kept if (each > text) == is_beyond) for is_beyond in (False, True))
            assert list(partition.up_to(text, most).values()) == [*up_to, *beyond[:1]][:most]


def test_many_new_keys_are_put_in_order_together() -> None:
    partition = _Partition()
    assert partition.up_to("999", 1) == {}
    for number in reversed(range(1_000)):
        partition[DynamoType({"S": f"{number:03}"})] = number
    assert list(partition.up_to("500", 3).values()) == [0, 1, 2]
