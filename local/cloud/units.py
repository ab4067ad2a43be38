"""What DynamoDB bills: read and write units by the size of items.

Sizes: https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/CapacityUnitCalculations.html
Units: https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/on-demand-capacity-mode.html
"""

import base64
from collections.abc import Mapping
from math import ceil
from typing import Any, Final

WRITE_UNIT: Final = 1024
READ_UNIT: Final = 4096
_CONTAINER: Final = 3
"""Bytes of a list or map, however empty; each of its elements has one byte more."""


def item_size(item: Mapping[str, Mapping[str, Any]] | None) -> int:
    """Bytes of an item in wire form; 0 for none."""
    if item is None:
        return 0
    return sum(len(name.encode()) + value_size(value) for name, value in item.items())


def value_size(value: Mapping[str, Any]) -> int:
    """Bytes of one attribute value in wire form, `{type: value}`."""
    ((kind, content),) = value.items()
    match kind:
        case "S":
            return len(content.encode())
        case "N":
            return number_size(content)
        case "B":
            return _binary_size(content)
        case "BOOL" | "NULL":
            return 1
        case "SS":
            return sum(len(text.encode()) for text in content)
        case "NS":
            return sum(map(number_size, content))
        case "BS":
            return sum(map(_binary_size, content))
        case "L":
            return _CONTAINER + sum(1 + value_size(element) for element in content)
        case "M":
            return _CONTAINER + sum(1 + len(name.encode()) + value_size(element) for name, element in content.items())
    raise ValueError(f"not a DynamoDB type: {kind}")


def number_size(number: str) -> int:
    """About one byte for two significant digits, and one more; one more again below zero."""
    mantissa = number.lower().partition("e")[0]
    whole, _, fraction = mantissa.lstrip("+-").partition(".")
    digits = (whole + fraction).lstrip("0")
    significant = digits.rstrip("0")
    return ceil(len(significant) / 2) + 1 + (mantissa.startswith("-") and bool(significant))


def write_units(before: int, after: int, *, transactional: bool = False) -> int:
    """Units of one write, by the item's bytes before and after; a refused write costs one at least."""
    return max(1, ceil(max(before, after) / WRITE_UNIT)) * (2 if transactional else 1)


def read_units(size: int, *, consistent: bool = False, transactional: bool = False) -> float:
    """Units of one read of so many bytes: one item for a get, the sum of all items for a query or scan."""
    units = max(1, ceil(size / READ_UNIT))
    if transactional:
        return units * 2.0
    return float(units) if consistent else units / 2


def _binary_size(content: str | bytes) -> int:
    return len(content) if isinstance(content, bytes) else len(base64.b64decode(content))
