"""Tables: one that exists on disk only, as an export of DynamoDB has it, and an empty one of DynamoDB's."""

import base64
import gzip
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from homing.adapters.catalogue import TableCatalogue
from homing.adapters.generations import TableGenerations
from homing.adapters.ledger import TableRuns, TableSends
from homing.adapters.profiles import TableEvents, TableProfiles
from homing.adapters.table import Item, Table

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient


def empty_table(client: "DynamoDBClient", name: str) -> Table:
    """A table of Homing's keys, made in that client's DynamoDB."""
    client.create_table(
        TableName=name,
        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "sk", "KeyType": "RANGE"}],
        AttributeDefinitions=[{"AttributeName": key, "AttributeType": "S"} for key in ("pk", "sk")],
        BillingMode="PAY_PER_REQUEST",
    )
    return Table(client, name)


class ExportedTable:
    """Stands in for `Table` behind the adapters that write whole items."""

    def __init__(self) -> None:
        self.items: dict[tuple[str, str], Item] = {}
        table = cast("Table", self)
        self.profiles = TableProfiles(table)
        self.events = TableEvents(table)
        self.runs = TableRuns(table)
        self.sends = TableSends(table)
        self.catalogue = TableCatalogue(table)
        self.generations = TableGenerations(table)

    def put(self, item: Item, **_condition: Any) -> None:
        self.items[item["pk"]["S"], item["sk"]["S"]] = item

    def lines(self) -> bytes:
        """The items as lines `{"Item": {...}}`, in the order in which they were put."""
        told = ({"Item": {name: _exported(value) for name, value in item.items()}} for item in self.items.values())
        return b"".join(json.dumps(line).encode() + b"\n" for line in told)

    def write(self, file: Path) -> Path:
        """The file with the lines, packed if it is named so."""
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(gzip.compress(self.lines()) if file.suffix == ".gz" else self.lines())
        return file


def _exported(value: dict[str, Any]) -> dict[str, Any]:
    return {"B": base64.b64encode(value["B"]).decode()} if "B" in value else value
