"""DynamoDB's bill: item sizes and units, by the examples of its documentation."""

import base64
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from local.cloud.units import item_size, read_units, value_size, write_units


@pytest.mark.parametrize(
    ("value", "size"),
    [
        ({"S": "Grüße"}, 7),
        ({"S": ""}, 0),
        ({"N": "0"}, 1),
        ({"N": "27"}, 2),
        ({"N": "1700000000"}, 2),
        ({"N": "100.500"}, 3),
        ({"N": "0.001"}, 2),
        ({"N": "-27"}, 3),
        ({"N": "12345678901234567890123456789012345678"}, 20),
        ({"B": base64.b64encode(b"12345").decode()}, 5),
        ({"B": b"12345"}, 5),
        ({"BOOL": True}, 1),
        ({"NULL": True}, 1),
        ({"SS": ["ab", "c"]}, 3),
        ({"NS": ["1", "22"]}, 4),
        ({"BS": [b"ab", b"c"]}, 3),
        ({"L": []}, 3),
        ({"M": {}}, 3),
        ({"L": [{"S": "ab"}, {"N": "1"}]}, 3 + 1 + 2 + 1 + 2),
        ({"M": {"a": {"S": "bc"}}}, 3 + 1 + 1 + 2),
    ],
)
def test_a_value_is_as_large_as_the_documentation_says(value: dict[str, Any], size: int) -> None:
    assert value_size(value) == size


def test_an_item_is_the_sum_of_its_names_and_values() -> None:
    """The developer guide's example: "shirt-color" with "R" and "shirt-size" with "M" are 23 bytes."""
    assert item_size({"shirt-color": {"S": "R"}, "shirt-size": {"S": "M"}}) == 23


def test_no_item_has_no_size() -> None:
    assert item_size(None) == 0


def test_an_unknown_type_is_refused() -> None:
    with pytest.raises(ValueError, match="X"):
        value_size({"X": 1})


@pytest.mark.parametrize(
    ("before", "after", "units"),
    [(0, 1, 1), (0, 1024, 1), (0, 1025, 2), (3000, 10, 3), (0, 0, 1), (3 * 1024, 2 * 1024, 3)],
)
def test_a_write_is_billed_by_the_larger_of_the_item_before_and_after(before: int, after: int, units: int) -> None:
    assert write_units(before, after) == units
    assert write_units(before, after, transactional=True) == 2 * units


def test_reads_are_billed_as_in_the_guide() -> None:
    """An item of 8 KB: two units strongly consistent, one eventually consistent, four in a transaction."""
    size = 8 * 1024
    assert read_units(size, consistent=True) == 2
    assert read_units(size) == 1
    assert read_units(size, transactional=True) == 4


def test_reading_nothing_costs_the_smallest_read() -> None:
    assert read_units(0) == 0.5
    assert read_units(0, consistent=True) == 1


@given(st.decimals(allow_nan=False, allow_infinity=False, places=6, min_value=-(10**9), max_value=10**9))
def test_a_number_never_takes_more_than_21_bytes_and_its_zeroes_take_none(number: object) -> None:
    text = str(number)
    assert 1 <= value_size({"N": text}) <= 21
    if "." in text:
        assert value_size({"N": text}) == value_size({"N": text + "000"})
