"""The table: plain and conditional reads and writes, as every adapter uses them."""

from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError
from hypothesis import given, settings
from hypothesis import strategies as st

from homing.adapters.table import ConditionFailed, Table, number, text

if TYPE_CHECKING:
    from collections.abc import Callable

    from mypy_boto3_dynamodb import DynamoDBClient

KEYS = {"pk": text("P#1"), "sk": text("PROFILE")}
ITEM = {**KEYS, "state": text('{"a":"ü"}'), "version": number(1)}
NEARLY_THE_LARGEST = "x" * 390_000


def test_the_templates_table_has_the_keys_that_the_adapters_use(table_properties: dict[str, Any]) -> None:
    assert table_properties["KeySchema"] == [
        {"AttributeName": "pk", "KeyType": "HASH"},
        {"AttributeName": "sk", "KeyType": "RANGE"},
    ]
    assert {each["AttributeType"] for each in table_properties["AttributeDefinitions"]} == {"S"}


def test_an_item_reads_back_as_it_was_written(table: Table) -> None:
    table.put(ITEM)
    assert table.get("P#1", "PROFILE") == ITEM


def test_what_was_never_written_is_none(table: Table) -> None:
    assert table.get("P#1", "PROFILE") is None


def test_a_put_replaces_the_whole_item(table: Table) -> None:
    table.put(ITEM)
    table.put({**KEYS, "other": number(2)})
    assert table.get("P#1", "PROFILE") == {**KEYS, "other": number(2)}


def test_a_put_whose_condition_is_false_changes_nothing(table: Table) -> None:
    table.put(ITEM)
    with pytest.raises(ConditionFailed):
        table.put({**KEYS, "version": number(9)}, condition="attribute_not_exists(pk)")
    assert table.get("P#1", "PROFILE") == ITEM


def test_a_refused_update_gives_the_item_that_stands_there(table: Table) -> None:
    table.put(ITEM)
    with pytest.raises(ConditionFailed) as refused:
        table.update("P#1", "PROFILE", "SET version = :n", values={":n": number(2)}, condition="version = :n")
    assert refused.value.item == ITEM


def test_a_refused_update_of_nothing_gives_an_empty_item(table: Table) -> None:
    with pytest.raises(ConditionFailed) as refused:
        table.update("P#1", "PROFILE", "SET version = :n", values={":n": number(2)}, condition="version = :n")
    assert refused.value.item == {}
    assert table.get("P#1", "PROFILE") is None


def test_an_update_returns_what_it_is_asked_for(table: Table) -> None:
    table.put(ITEM)
    assert table.update("P#1", "PROFILE", "SET version = :n", values={":n": number(2)}) == {}
    after = table.update("P#1", "PROFILE", "SET version = :n", values={":n": number(3)}, returns="ALL_NEW")
    assert after == {**ITEM, "version": number(3)}


def test_an_update_may_remove_what_is_not_there(table: Table) -> None:
    table.put(ITEM)
    table.update("P#1", "PROFILE", "REMOVE #a, #b", names={"#a": "claim:a", "#b": "state"})
    assert table.get("P#1", "PROFILE") == {**KEYS, "version": number(1)}


def test_a_reserved_word_needs_an_alias_and_has_one(table: Table) -> None:
    with pytest.raises(ClientError, match="reserved keyword"):
        table.update("P#1", "PROFILE", "SET state = :s", values={":s": text("")})
    table.update("P#1", "PROFILE", "SET #s = :s", names={"#s": "state"}, values={":s": text("")})
    assert table.get("P#1", "PROFILE") == {**KEYS, "state": text("")}


def test_an_error_that_is_no_condition_is_not_taken_for_one(dynamodb: "DynamoDBClient") -> None:
    with pytest.raises(ClientError) as refused:
        Table(dynamodb, "no-such-table").put(ITEM, condition="attribute_not_exists(pk)")
    assert refused.value.response["Error"]["Code"] == "ResourceNotFoundException"


def test_deleting_twice_is_success(table: Table) -> None:
    table.put(ITEM)
    table.delete("P#1", "PROFILE")
    table.delete("P#1", "PROFILE")
    assert table.get("P#1", "PROFILE") is None


def test_many_items_are_read_in_batches_and_the_missing_left_out(table: Table) -> None:
    keys = [(f"PRODUCT#{n}", "PRODUCT") for n in range(130)]
    for pk, sk in keys[::2]:
        table.put({"pk": text(pk), "sk": text(sk)})
    found = {(item["pk"]["S"], item["sk"]["S"]) for item in table.get_many(keys)}
    assert found == set(keys[::2])


def test_reading_no_items_asks_nobody(table: Table) -> None:
    assert list(table.get_many([])) == []


def test_a_consistent_read_of_many_items_finds_what_has_just_been_written(table: Table) -> None:
    keys = [(f"P#{n}", "PROFILE") for n in range(110)]
    table.write_many(put=[{"pk": text(pk), "sk": text(sk)} for pk, sk in keys])
    assert {item["pk"]["S"] for item in table.get_many(keys, consistent=True)} == {pk for pk, _ in keys}


def test_many_items_are_written_and_taken_away_together(table: Table) -> None:
    keys = [(f"DUE#{n % 4}", f"{n:03}") for n in range(60)]
    table.write_many(put=[{"pk": text(pk), "sk": text(sk)} for pk, sk in keys])
    table.write_many(put=[ITEM], delete=[*keys[:40], ("DUE#0", "never there")])
    assert {item["sk"]["S"] for item in table.get_many([*keys, ("P#1", "PROFILE")])} == {
        *(sk for _, sk in keys[40:]),
        "PROFILE",
    }


def test_what_a_batch_left_unwritten_is_asked_for_again() -> None:
    class Busy:
        """Takes one request of each batch."""

        def __init__(self) -> None:
            self.taken: list[Any] = []

        def batch_write_item(self, *, RequestItems: Any) -> Any:  # noqa: N803 - boto3's name
            [(name, requests)] = RequestItems.items()
            self.taken.append(requests[0])
            return {"UnprocessedItems": {name: requests[1:]} if requests[1:] else {}}

    busy: Any = Busy()
    Table(busy, "table").write_many(put=[ITEM], delete=[("a", "b"), ("c", "d")])
    assert [next(iter(request)) for request in busy.taken] == ["PutRequest", "DeleteRequest", "DeleteRequest"]


def test_items_too_large_for_one_answer_are_asked_for_again(table: Table) -> None:
    keys = [(f"PRODUCT#{n}", "PRODUCT") for n in range(45)]
    for pk, sk in keys:
        table.put({"pk": text(pk), "sk": text(sk), "body": text(NEARLY_THE_LARGEST)})
    assert {item["pk"]["S"] for item in table.get_many(keys)} == {pk for pk, _ in keys}


@settings(max_examples=50)
@given(
    places=st.lists(st.text("abcABC019-~#", min_size=1, max_size=6), unique=True, max_size=6), limit=st.integers(1, 7)
)
def test_the_first_items_come_in_the_order_of_their_sort_keys(
    new_table: "Callable[[], Table]", places: list[str], limit: int
) -> None:
    table = new_table()
    for place in places:
        table.put({"pk": text("DUE#0"), "sk": text(place)})
        table.put({"pk": text("DUE#1"), "sk": text(place)})
    up_to = sorted(places)[len(places) // 2] if places else "m"
    found = [item["sk"]["S"] for item in table.first("DUE#0", up_to, limit)]
    assert found == [place for place in sorted(places) if place <= up_to][:limit]
