"""Whatever is asked, in whatever order: the short road to moto's DynamoDB answers, refuses and keeps as the long one.

`test_cloud_short_road.py` shows it for a script of calls inside a deployed cloud; here the calls are made up.
"""

from collections.abc import Callable, Iterator
from itertools import count
from typing import TYPE_CHECKING, Any, TypeAlias

import boto3
import pytest
from botocore.exceptions import ClientError
from hypothesis import given, settings
from hypothesis import strategies as st
from moto import mock_aws

from local.cloud.direct import take_short_road

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

REGION = "eu-central-1"
Call: TypeAlias = tuple[str, dict[str, Any]]
"""An operation's method and its arguments but for the table."""

NAMES = ["a", "claim:1.x", "size", "ü"]
VALUES: st.SearchStrategy[dict[str, Any]] = st.recursive(
    st.one_of(
        st.text("abü", max_size=4).map(lambda text: {"S": text}),
        st.sampled_from(["0", "-1", "1.50", "1700000000000", "1E+3"]).map(lambda number: {"N": number}),
        st.booleans().map(lambda truth: {"BOOL": truth}),
        st.just({"NULL": True}),
        st.binary(max_size=4).map(lambda binary: {"B": binary}),
        st.just({"SS": ["x"]}),
        st.just({"BS": [b"\x00"]}),
    ),
    lambda inner: st.one_of(
        st.lists(inner, max_size=2).map(lambda parts: {"L": parts}),
        st.dictionaries(st.sampled_from([*NAMES, "B"]), inner, max_size=2).map(lambda parts: {"M": parts}),
    ),
    max_leaves=4,
)
KEYS = st.builds(lambda pk, sk: {"pk": {"S": pk}, "sk": {"S": sk}}, st.sampled_from("pq"), st.sampled_from("123"))
CONDITIONS: list[dict[str, Any]] = [
    {},
    {"ConditionExpression": "attribute_not_exists(pk)"},
    {"ConditionExpression": "attribute_exists(#n)", "ExpressionAttributeNames": {"#n": "a"}},
    {"ConditionExpression": "a = :no", "ExpressionAttributeValues": {":no": {"N": "-7"}}},
    {"ConditionExpression": "size = :no", "ExpressionAttributeValues": {":no": {"N": "-7"}}},  # a reserved word
    {"ConditionExpression": "nonsense ="},
]
READS: list[dict[str, Any]] = [{}, {"ConsistentRead": True}, {"ProjectionExpression": "pk, a"}]
RETURNS = st.sampled_from([{}, {"ReturnValuesOnConditionCheckFailure": "ALL_OLD"}])
UPDATES: list[tuple[str, bool]] = [
    ("SET #n = :v", True),
    ("SET #n = if_not_exists(#n, :v), other = :v", True),
    ("SET other = :v ADD #n :v", True),
    ("SET other = :v, #n = #n + :v", True),
    ("REMOVE #n", False),
    ("DELETE #n :v", True),
    ("SET pk = :v", True),
]


@st.composite
def calls(draw: st.DrawFn) -> Call:
    kind = draw(st.sampled_from(["put", "put", "update", "update", "delete", "get", "batch", "write", "query"]))
    key = draw(KEYS)
    match kind:
        case "put":
            attributes = draw(st.dictionaries(st.sampled_from(NAMES), VALUES, max_size=3))
            condition = draw(st.sampled_from(CONDITIONS))
            return "put_item", {"Item": attributes | key, **condition, **draw(RETURNS)}
        case "update":
            return "update_item", {"Key": key, **draw(updates())}
        case "delete":
            return "delete_item", {"Key": key, **draw(st.sampled_from(CONDITIONS)), "ReturnValues": "ALL_OLD"}
        case "get":
            return "get_item", {"Key": key, **draw(st.sampled_from(READS))}
        case "batch":
            keys = draw(st.lists(KEYS, min_size=1, max_size=3))  # a key that stands twice is refused
            return "batch_get_item", {"Keys": keys}
        case "write":
            attributes = draw(st.dictionaries(st.sampled_from(NAMES), VALUES, max_size=2))
            put = [{"PutRequest": {"Item": attributes | key}} for key in draw(st.lists(KEYS, max_size=2))]
            delete = [{"DeleteRequest": {"Key": key}} for key in draw(st.lists(KEYS, min_size=1, max_size=2))]
            return "batch_write_item", {"Requests": put + delete}
    return "query", {
        "KeyConditionExpression": "pk = :pk AND sk <= :sk",
        "ExpressionAttributeValues": {":pk": key["pk"], ":sk": key["sk"]},
        "Limit": draw(st.integers(1, 3)),
        "ScanIndexForward": draw(st.booleans()),
    }


@st.composite
def updates(draw: st.DrawFn) -> dict[str, Any]:
    expression, with_value = draw(st.sampled_from(UPDATES))
    update: dict[str, Any] = {
        "UpdateExpression": expression,
        "ReturnValues": draw(st.sampled_from(["NONE", "ALL_NEW", "ALL_OLD", "UPDATED_NEW"])),
    }
    if "#n" in expression:
        update["ExpressionAttributeNames"] = {"#n": draw(st.sampled_from(NAMES))}
    if with_value:
        update["ExpressionAttributeValues"] = {":v": draw(VALUES)}
    if draw(st.booleans()):
        update |= {"ConditionExpression": "attribute_exists(pk)", **draw(RETURNS)}
    return update


@pytest.fixture(scope="module")
def roads() -> Iterator[Callable[[], list[tuple["DynamoDBClient", str]]]]:
    """Makes two empty tables, each with the client of its road: the long one and the short."""
    with mock_aws():
        plain, short = boto3.Session(), boto3.Session()
        take_short_road(short, REGION)
        clients = [session.client("dynamodb", region_name=REGION) for session in (plain, short)]
        numbers = count()

        def make() -> list[tuple["DynamoDBClient", str]]:
            return [(client, _new_table(client, f"table-{next(numbers)}")) for client in clients]

        yield make


def _new_table(client: "DynamoDBClient", name: str) -> str:
    client.create_table(
        TableName=name,
        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "sk", "KeyType": "RANGE"}],
        AttributeDefinitions=[{"AttributeName": part, "AttributeType": "S"} for part in ("pk", "sk")],
        BillingMode="PAY_PER_REQUEST",
    )
    return name


def answer(client: "DynamoDBClient", table: str, call: Call) -> Any:
    """What the call gives or is refused with, as comparable data without the table's name."""
    method, arguments = call
    if method == "batch_get_item":
        arguments = {"RequestItems": {table: arguments}}
    elif method == "batch_write_item":
        arguments = {"RequestItems": {table: arguments["Requests"]}}
    else:
        arguments = {"TableName": table, **arguments}
    try:
        given: Any = getattr(client, method)(**arguments)
    except ClientError as error:
        return str(error).replace(table, "TABLE"), error.response.get("Item")
    except Exception as error:  # noqa: BLE001 - moto itself gives up
        return type(error), str(error)
    if method == "batch_get_item":
        return sorted(given["Responses"].get(table, []), key=repr), given["UnprocessedKeys"]
    if method == "batch_write_item":
        return given["UnprocessedItems"]
    given.pop("ResponseMetadata")
    given.get("ConsumedCapacity", {}).pop("TableName", None)
    return given


@settings(max_examples=60)
@given(asked=st.lists(calls(), min_size=1, max_size=10))
def test_both_roads_answer_refuse_and_keep_the_same(
    roads: Callable[[], list[tuple["DynamoDBClient", str]]], asked: list[Call]
) -> None:
    (plain, plain_table), (short, short_table) = roads()
    for call in asked:
        assert answer(short, short_table, call) == answer(plain, plain_table, call), call
    kept = [plain.scan(TableName=table)["Items"] for table in (plain_table, short_table)]
    assert kept[0] == kept[1]


def test_the_short_road_makes_no_request_but_for_what_is_refused(
    roads: Callable[[], list[tuple["DynamoDBClient", str]]],
) -> None:
    _, (short, table) = roads()
    requests: list[str] = []

    def note(event_name: str, **_: Any) -> None:
        requests.append(event_name)

    short.meta.events.register_first("before-send.dynamodb", note)
    item: Any = {"pk": {"S": "p"}, "sk": {"S": "1"}, "state": {"B": b"\x00\xff"}}
    short.put_item(TableName=table, Item=item)
    assert short.get_item(TableName=table, Key={"pk": item["pk"], "sk": item["sk"]})["Item"] == item
    assert requests == []
    with pytest.raises(short.exceptions.ConditionalCheckFailedException):
        short.put_item(TableName=table, Item=item, ConditionExpression="attribute_not_exists(pk)")
    assert requests == ["before-send.dynamodb.PutItem"]
