"""One speed-up of moto: a query by primary key looks at its own partition.

moto sorts every item of the table for each query, so a query costs more the more customers there are. Here it
is given a copy of the table that holds nothing but the partition asked for, and does all the rest itself:
filters, order, pages. Queries of indexes are left alone.
"""

import copy
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any
from unittest.mock import patch

from moto.dynamodb.models.dynamo_type import DynamoType
from moto.dynamodb.models.table import Table


@contextmanager
def narrow_queries() -> Iterator[None]:
    """As long as it lasts, moto answers queries by primary key from their partition."""
    with patch.object(Table, "query", _narrowed(Table.query)):
        yield


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
                part.items[hash_key] = table.items[hash_key]
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
