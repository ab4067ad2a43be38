"""The active generation in the table."""

import json
import zlib

from homing.adapters.table import ConditionFailed, Item, Table, bytes_of, number, text
from homing.domain.generation import Generation
from homing.errors import Conflict

GENERATION_PK, GENERATION_KEY = "SHOP", "GENERATION"


class TableGenerations:
    """Which rules and figures count; see `homing.ports.Generations`."""

    def __init__(self, table: Table) -> None:
        self._table = table
        self._read: Item | None = None
        self._active: Generation | None = None

    def active(self) -> Generation | None:
        """The generation that counts now, None where there has been none.

        The same object for as long as it is the same generation: rules are dear to parse.
        """
        item = self._table.get(GENERATION_PK, GENERATION_KEY)
        if item != self._read:
            self._read, self._active = item, None if item is None else generation_of(item)
        return self._active

    def switch(self, generation: Generation) -> None:
        """Let it count from now on. Raises Conflict unless its number is the active one's and one, or the first."""
        item = {
            "pk": text(GENERATION_PK),
            "sk": text(GENERATION_KEY),
            "number": number(generation.number),
            "state": {"B": zlib.compress(generation.model_dump_json(exclude={"number"}).encode(), level=9)},
        }
        try:
            if generation.number == 1:
                self._table.put(item, condition="attribute_not_exists(pk)")
            else:
                self._table.put(
                    item,
                    condition="#number = :before",
                    names={"#number": "number"},
                    values={":before": number(generation.number - 1)},
                )
        except ConditionFailed as error:
            raise Conflict(f"generation {generation.number} does not follow the active one") from error


def generation_of(item: Item) -> Generation:
    """The generation that the GENERATION item holds, be the item from the table or from its stream."""
    state = json.loads(zlib.decompress(bytes_of(item, "state")))
    return Generation.model_validate({"number": int(item["number"]["N"]), **state}, extra="ignore")
