"""What shoppers have asked for, in one partition of the table: few, and gone once they are answered."""

from collections.abc import Sequence

from homing.adapters.table import ConditionFailed, Item, Table, number, text
from homing.domain.moments import Moment
from homing.domain.rights import Request, Right

REQUESTS_PK = "REQUEST"
LARGEST_SK = "~"
AT_ONCE = 1_000


class TableRequests:
    """What shoppers have asked for; see `homing.ports.Requests`."""

    def __init__(self, table: Table) -> None:
        self._table = table

    def note(self, right: Right, profile_id: str, at: Moment) -> None:
        """Keep the request until it is answered; asked again, it keeps its first moment."""
        pk, sk = request_key(right, profile_id)
        item = {"pk": text(pk), "sk": text(sk), "at": number(at)}
        try:
            self._table.put(item, condition="attribute_not_exists(pk)")
        except ConditionFailed:
            return

    def open(self) -> Sequence[Request]:
        """What nobody has answered yet, the oldest first; of very many the first AT_ONCE."""
        items = self._table.first(REQUESTS_PK, LARGEST_SK, AT_ONCE)
        return sorted(map(request_of, items), key=lambda request: (request.at, request))

    def close(self, right: Right, profile_id: str) -> None:
        """It is answered; none being there is success."""
        self._table.delete(*request_key(right, profile_id))


def request_key(right: Right, profile_id: str) -> tuple[str, str]:
    """The keys of a request's item."""
    return REQUESTS_PK, f"{right}#{profile_id}"


def request_of(item: Item) -> Request:
    """The request that an item keeps."""
    right, _, profile_id = item["sk"]["S"].partition("#")
    return Request("data" if right == "data" else "erasure", profile_id, int(item["at"]["N"]))
