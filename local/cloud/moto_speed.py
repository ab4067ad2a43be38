"""Speed-ups of moto: a query by primary key looks at its own partition, and a scan for sort keys at those.

moto sorts every item of the table for each query, so a query costs more the more customers there are. Here it
is given a copy of the table that holds nothing but what the key condition asks for, and does all the rest itself:
the condition once more, filters, order, pages. Queries of indexes are left alone, and so are all other scans.
"""

import copy
from bisect import insort
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Final
from unittest.mock import patch

from moto.dynamodb.comparisons import AttributePath, AttributeValue, FuncIn
from moto.dynamodb.models.dynamo_type import DynamoType
from moto.dynamodb.models.table import Table

_SCANNED_PAGE: Final = 1_000
_SORTED_ONE_BY_ONE: Final = 100


@contextmanager
def narrow_queries() -> Iterator[None]:
    """As long as it lasts, moto answers queries by primary key from their partition."""
    with (
        patch.object(Table, "__init__", _with_partitions(Table.__init__)),
        patch.object(Table, "query", _narrowed(Table.query)),
    ):
        yield


class _Partition(dict[DynamoType, Any]):
    """The items of a partition; asked for the first of them, it remembers the order of their sort keys from then on.

    Keys that come after that are put in their places at the next question, and those that have gone are left out.
    """

    __slots__ = ("_new", "_ordered")
    _ordered: list[str]
    _new: list[str]

    def __setitem__(self, key: DynamoType, item: Any) -> None:
        if hasattr(self, "_new") and key not in self:
            self._new.append(key.value)
        super().__setitem__(key, item)

    def up_to(self, highest: str, most: int | None) -> dict[DynamoType, Any]:
        """The first items, `most` of them, whose sort keys are texts up to this one; and the one that follows."""
        self._put_in_order()
        found: dict[DynamoType, Any] = {}
        for text in self._ordered:
            key = DynamoType({"S": text})
            if key in self:
                found[key] = self[key]
                if text > highest or len(found) == most:
                    break
        return found

    def _put_in_order(self) -> None:
        if not hasattr(self, "_new"):
            self._ordered, self._new = sorted(key.value for key in self), []
        gone = next((n for n, text in enumerate(self._ordered) if DynamoType({"S": text}) in self), len(self._ordered))
        del self._ordered[:gone]
        if len(self._new) > _SORTED_ONE_BY_ONE:
            self._ordered = sorted({*self._ordered, *self._new})
        else:
            for text in self._new:
                insort(self._ordered, text)
        self._new.clear()


def _with_partitions(make: Callable[..., None]) -> Callable[..., None]:
    def init(table: Table, *given: Any, **named: Any) -> None:
        make(table, *given, **named)
        table.items = defaultdict(_Partition)

    return init


def _narrowed(query: Callable[..., Any]) -> Callable[..., Any]:
    def narrowed(
        table: Table,
        hash_key: DynamoType | None,
        range_comparison: str | None,
        range_values: list[DynamoType],
        limit: int,
        exclusive_start_key: dict[str, Any],
        scan_index_forward: bool,  # noqa: FBT001 - moto's signature
        projection_expressions: list[list[str]] | None,
        index_name: str | None = None,
        *more: Any,
        **named: Any,
    ) -> Any:
        part = table
        if index_name is None and hash_key is not None:
            part = copy.copy(table)
            part.items = defaultdict(dict)
            if hash_key in table.items:
                from_the_first = scan_index_forward and not exclusive_start_key
                most = limit + 1 if limit and from_the_first else None
                part.items[hash_key] = _in_range(table.items[hash_key], range_comparison, range_values, most)
        return query(
            part,
            hash_key,
            range_comparison,
            range_values,
            limit,
            exclusive_start_key,
            scan_index_forward,
            projection_expressions,
            index_name,
            *more,
            **named,
        )

    return narrowed


def _in_range(partition: Any, comparison: str | None, values: list[DynamoType], most: int | None) -> Any:
    """The items of a partition up to a text, and one more, where that is asked: so is found what is due among many.

    By the one more moto sees whether there is another page.
    """
    if comparison != "<=" or values[0].type != "S":
        return partition
    return partition.up_to(values[0].value, most)


@contextmanager
def narrow_scans() -> Iterator[None]:
    """As long as it lasts, moto answers a scan for some sort keys from the items that have them.

    It would sort and copy the whole table for each page, of which a recompute wants every twentieth item. The pages are
    others than moto's; each ends where the next begins, as anybody who reads pages relies on.
    """
    with patch.object(Table, "scan", _narrowed_scan(Table.scan)):
        yield


def _narrowed_scan(scan: Callable[..., Any]) -> Callable[..., Any]:
    def narrowed(
        table: Table,
        filters: dict[str, Any],
        limit: int | None,
        exclusive_start_key: dict[str, Any] | None,
        filter_expression: Any = None,
        index_name: str | None = None,
        *more: Any,
        **named: Any,
    ) -> Any:
        wanted = _wanted_sort_keys(table, filter_expression)
        if wanted is None or filters or limit or index_name:
            return scan(table, filters, limit, exclusive_start_key, filter_expression, index_name, *more, **named)
        after = "" if exclusive_start_key is None else exclusive_start_key[table.hash_key_attr]["S"]
        found: list[Any] = []
        for key in sorted((key for key in table.items if key.value > after), key=lambda key: key.value):
            found += [table.items[key][sort_key] for sort_key in wanted if sort_key in table.items[key]]
            if len(found) >= _SCANNED_PAGE:
                return found, len(found), table._get_last_evaluated_key(found[-1], None)
        return found, len(found), None

    return narrowed


def _wanted_sort_keys(table: Table, expression: Any) -> list[DynamoType] | None:
    """The texts of `sk IN (...)`; None for any other filter."""
    if not isinstance(expression, FuncIn) or not isinstance(expression.attr, AttributePath):
        return None
    values = expression.possible_values
    if expression.attr.path != [table.range_key_attr]:
        return None
    if not all(isinstance(value, AttributeValue) and value.type == "S" for value in values):
        return None
    return [DynamoType({"S": value.value}) for value in values]
