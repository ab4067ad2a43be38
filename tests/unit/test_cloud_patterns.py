"""Event patterns match as Lambda's filters and EventBridge's rules do."""

from typing import Any

import pytest

from local.cloud.errors import TemplateError, Unsupported
from local.cloud.patterns import compile_pattern


@pytest.mark.parametrize(
    ("choices", "matching", "others"),
    [
        (["a", "b"], ["a", "b"], ["c", None]),
        ([None], [None], ["", 0]),
        ([1], [1, 1.0], [True, "1", 2]),
        ([True], [True], [1, "true"]),
        ([{"prefix": "EVENT#"}], ["EVENT#1"], ["event#1", 7, None]),
        ([{"suffix": ".png"}], ["a.png"], ["a.jpg"]),
        ([{"equals-ignore-case": "Alice"}], ["aLICE"], ["bob"]),
        ([{"anything-but": "a"}], ["b", 1], ["a"]),
        ([{"anything-but": ["a", "b"]}], ["c"], ["a", "b"]),
        ([{"anything-but": {"prefix": "x"}}], ["y"], ["xy"]),
        ([{"numeric": ["=", 5]}], [5, 5.0], [4, "5", True]),
        ([{"numeric": [">", 0, "<=", 5]}], [1, 5], [0, 6]),
        ([{"prefix": "a"}, "b"], ["ax", "b"], ["c"]),
    ],
)
def test_a_field_matches_any_of_its_choices(choices: list[Any], matching: list[Any], others: list[Any]) -> None:
    matches = compile_pattern({"field": choices})
    assert all(matches({"field": value}) for value in matching)
    assert not any(matches({"field": value}) for value in others)
    assert not matches({})


def test_exists_asks_whether_the_field_is_there() -> None:
    there, absent = compile_pattern({"a": [{"exists": True}]}), compile_pattern({"a": [{"exists": False}]})
    assert there({"a": None})
    assert not there({})
    assert absent({})
    assert not absent({"a": 1})


def test_all_fields_must_match_and_nest() -> None:
    matches = compile_pattern({"dynamodb": {"Keys": {"sk": {"S": ["PROFILE"]}}}, "eventName": ["INSERT", "MODIFY"]})
    record = {"eventName": "INSERT", "dynamodb": {"Keys": {"sk": {"S": "PROFILE"}}}}
    assert matches(record)
    assert not matches({**record, "eventName": "REMOVE"})
    assert not matches({"eventName": "INSERT"})


def test_a_list_matches_by_any_of_its_elements() -> None:
    assert compile_pattern({"tags": ["b"]})({"tags": ["a", "b"]})
    assert not compile_pattern({"tags": ["c"]})({"tags": ["a", "b"]})


@pytest.mark.parametrize("pattern", [{"a": [{"cidr": "10.0.0.0/24"}]}, {"$or": [{"a": [1]}]}])
def test_an_operator_that_is_not_known_is_refused(pattern: dict[str, Any]) -> None:
    with pytest.raises(Unsupported):
        compile_pattern(pattern)


@pytest.mark.parametrize("pattern", [{"a": "b"}, {"a": []}, {"a": [{"numeric": ["~", 1]}]}])
def test_a_malformed_pattern_is_an_error(pattern: dict[str, Any]) -> None:
    with pytest.raises(TemplateError):
        compile_pattern(pattern)
