"""Expressions that are remembered do what they do in plain moto, the first time and the second."""

from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError
from moto import mock_aws
from moto.dynamodb.comparisons import ConditionExpressionParser
from moto.dynamodb.parsing.expressions import UpdateExpressionParser  # type: ignore[attr-defined] # untyped

from local.cloud.moto_expressions import remember_expressions

Updates = list[dict[str, Any]]


def update(expression: str, condition: str | None = None, **values: Any) -> dict[str, Any]:
    """An update whose names are those of its placeholders."""
    text = f"{expression} {condition or ''}"
    names = {f"#{name}": name for name in ("a", "b", "c", "list", "map") if f"#{name}" in text}
    given = {f":{name}": value for name, value in values.items()}
    told: dict[str, Any] = {"UpdateExpression": expression}
    if condition is not None:
        told["ConditionExpression"] = condition
    if names:
        told["ExpressionAttributeNames"] = names
    if given:
        told["ExpressionAttributeValues"] = given
    return told


ONE, TWO, TEXT = {"N": "1"}, {"N": "2"}, {"S": "ü"}

UPDATES: Updates = [
    update("SET #a = :one", one=ONE),
    update("SET #a = #a + :one, #b = if_not_exists(#c, :text) REMOVE #c", one=ONE, text=TEXT),
    update("SET #a = #a + :one", "#a < :two", one=ONE, two=TWO),
    update("SET #a = :one", "attribute_exists(#b) AND (attribute_not_exists(#c) OR #c = :text)", one=ONE, text=TEXT),
    update("ADD #a :two", two=TWO),
    update("SET #list = :list, #map = :map", list={"L": [ONE, TEXT]}, map={"M": {"deep": ONE}}),
    update("SET #list = list_append(#list, :list)", list={"L": [TWO]}),
    update("SET #map.deep = :two REMOVE #list[0]", two=TWO),
    update("SET #a = :one, #a = :two", one=ONE, two=TWO),
    update("SET #a = :one", "NOT #a BETWEEN :one AND :two", one=ONE, two={"N": "9"}),
    update("SET a", one=ONE),
    update("SET #c = #b + :one", one=ONE),
    update("REMOVE #b", "contains(#b, :text)", text=TEXT),
]


def apply_all(times: int) -> list[Any]:
    """What each update answers, or how it is refused, all of them so many times."""
    with mock_aws():
        client = boto3.client("dynamodb", region_name="eu-central-1")
        client.create_table(
            TableName="table",
            KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
            AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}],
            BillingMode="PAY_PER_REQUEST",
        )
        return [_applied(client, each) for _ in range(times) for each in UPDATES]


def _applied(client: Any, told: dict[str, Any]) -> Any:
    try:
        return client.update_item(TableName="table", Key={"pk": {"S": "p"}}, ReturnValues="ALL_NEW", **told)[
            "Attributes"
        ]
    except ClientError as error:
        return error.response["Error"]


@pytest.fixture(scope="module")
def plain() -> list[Any]:
    return apply_all(3)


def test_remembered_expressions_change_what_plain_moto_changes(plain: list[Any]) -> None:
    with remember_expressions():
        assert apply_all(3) == plain


def test_the_updates_change_something_and_some_are_refused(plain: list[Any]) -> None:
    first = plain[: len(UPDATES)]
    assert ["Code" in answer for answer in first] == [number in {2, 8, 9, 10, 11} for number in range(len(UPDATES))]
    assert plain[len(UPDATES)] != plain[0]  # each time it begins where it ended


def test_an_expression_is_read_once_for_all_its_calls(monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[str] = []
    make, lex = UpdateExpressionParser.make, ConditionExpressionParser._lex_condition_expression

    def reading(text: str) -> Any:
        read.append(text)
        return make(text)

    def lexing(parser: ConditionExpressionParser) -> Any:
        read.append(str(parser.condition_expression))
        return lex(parser)

    monkeypatch.setattr(UpdateExpressionParser, "make", reading)
    monkeypatch.setattr(ConditionExpressionParser, "_lex_condition_expression", lexing)
    with remember_expressions():
        apply_all(2)
    unreadable = {"SET a"}
    assert {text for text in read if read.count(text) > 1} == unreadable
    assert {"ADD #a :two", "#a < :two"} <= set(read)


def test_moto_is_left_as_it_was() -> None:
    make, lex = UpdateExpressionParser.make, ConditionExpressionParser._lex_condition_expression
    with remember_expressions():
        assert UpdateExpressionParser.make is not make
        assert ConditionExpressionParser._lex_condition_expression is not lex
    assert UpdateExpressionParser.make == make
    assert ConditionExpressionParser._lex_condition_expression is lex
