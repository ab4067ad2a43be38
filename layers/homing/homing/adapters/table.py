"""The table: reading and writing its items, and the one place where DynamoDB's errors become ours.

Every adapter's client retries on its own; what still fails after that is not caught here: the caller's retry (the
client that sent the event, the stream, the queue, the state machine) is the next line.

Whoever reads a model from an item leaves out what it does not know (`extra="ignore"`): a later version has added it,
which is being deployed at this moment, or has been taken back.
"""

from base64 import b64decode
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeAlias

from botocore.exceptions import ClientError

from homing.domain.moments import Moment, datetime_of

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

Item: TypeAlias = dict[str, Any]
"""An item in DynamoDB's own form: `{"pk": {"S": "..."}}`."""

_READ_AT_ONCE = 100
_WRITTEN_AT_ONCE = 25


class ConditionFailed(Exception):
    """A conditional write found its condition false. `item` is what stood there, empty where nothing did."""

    def __init__(self, item: Item) -> None:
        super().__init__("condition failed")
        self.item = item


def text(value: str) -> dict[str, str]:
    """A string attribute."""
    return {"S": value}


def number(value: int) -> dict[str, str]:
    """A number attribute."""
    return {"N": str(value)}


def moment_key(moment: Moment) -> str:
    """A moment as sort keys begin with it: all equally long, so that they sort as they come."""
    return f"{datetime_of(moment).strftime('%Y-%m-%dT%H:%M:%S.%f')[:-3]}Z#"


def bytes_of(item: Item, name: str) -> bytes:
    """A binary attribute's bytes. boto3 gives them as they are, a stream's or an export's record as base64."""
    value = item[name]["B"]
    return b64decode(value) if isinstance(value, str) else bytes(value)


class Table:
    """One DynamoDB table with the keys `pk` and `sk`."""

    def __init__(self, client: "DynamoDBClient", name: str) -> None:
        self._client = client
        self._name = name

    def get(self, pk: str, sk: str) -> Item | None:
        """The item, by a consistent read; None where there is none."""
        answer = self._client.get_item(TableName=self._name, Key=_key(pk, sk), ConsistentRead=True)
        return answer.get("Item")

    def get_many(self, keys: Sequence[tuple[str, str]], *, consistent: bool = False) -> Iterator[Item]:
        """Those of the items that exist, in no order; cheaper reads, that may be a second old, unless `consistent`."""
        for start in range(0, len(keys), _READ_AT_ONCE):
            batch = [_key(pk, sk) for pk, sk in keys[start : start + _READ_AT_ONCE]]
            asked: Any = {self._name: {"Keys": batch, "ConsistentRead": consistent}}
            while asked:
                answer = self._client.batch_get_item(RequestItems=asked)
                yield from answer["Responses"].get(self._name, [])
                asked = answer["UnprocessedKeys"]

    def put(
        self,
        item: Item,
        condition: str | None = None,
        *,
        names: Mapping[str, str] | None = None,
        values: Mapping[str, Any] | None = None,
    ) -> None:
        """Write the whole item. Raises ConditionFailed."""
        extra: dict[str, Any] = {}
        if condition is not None:
            extra["ConditionExpression"] = condition
        if names:
            extra["ExpressionAttributeNames"] = dict(names)
        if values:
            extra["ExpressionAttributeValues"] = dict(values)
        self._write(self._client.put_item, Item=item, **extra)

    def update(
        self,
        pk: str,
        sk: str,
        expression: str,
        *,
        names: Mapping[str, str] | None = None,
        values: Mapping[str, Any] | None = None,
        condition: str | None = None,
        returns: str = "NONE",
    ) -> Item:
        """Change attributes of one item; the attributes that `returns` asks for. Raises ConditionFailed."""
        extra: dict[str, Any] = {"ReturnValues": returns}
        if condition is not None:
            extra["ConditionExpression"] = condition
            extra["ReturnValuesOnConditionCheckFailure"] = "ALL_OLD"
        if names:
            extra["ExpressionAttributeNames"] = dict(names)
        if values:
            extra["ExpressionAttributeValues"] = dict(values)
        answer = self._write(self._client.update_item, Key=_key(pk, sk), UpdateExpression=expression, **extra)
        attributes: Item = answer.get("Attributes", {})
        return attributes

    def delete(self, pk: str, sk: str) -> None:
        """Take the item away; none being there is success."""
        self._client.delete_item(TableName=self._name, Key=_key(pk, sk))

    def write_many(self, *, put: Iterable[Item] = (), delete: Iterable[tuple[str, str]] = ()) -> None:
        """Write whole items and take others away, in no order; no key may stand twice among them.

        Where it is cut off, some are written and some are not.
        """
        requests: list[Any] = [{"PutRequest": {"Item": item}} for item in put]
        requests += [{"DeleteRequest": {"Key": _key(pk, sk)}} for pk, sk in delete]
        for start in range(0, len(requests), _WRITTEN_AT_ONCE):
            asked: Any = {self._name: requests[start : start + _WRITTEN_AT_ONCE]}
            while asked:
                asked = self._client.batch_write_item(RequestItems=asked)["UnprocessedItems"]

    def first(self, pk: str, up_to: str, limit: int) -> Sequence[Item]:
        """The first items of a partition in the order of `sk`, up to and with `up_to`; a consistent read."""
        answer = self._client.query(
            TableName=self._name,
            KeyConditionExpression="pk = :pk AND sk <= :up_to",
            ExpressionAttributeValues={":pk": text(pk), ":up_to": text(up_to)},
            Limit=limit,
            ConsistentRead=True,
        )
        return answer["Items"]

    def beginning(self, pk: str, prefix: str) -> Iterator[Item]:
        """All items of a partition whose `sk` begins with the prefix, in its order; consistent reads."""
        values = {":pk": text(pk), ":prefix": text(prefix)}
        return self._query(
            KeyConditionExpression="pk = :pk AND begins_with(sk, :prefix)", ExpressionAttributeValues=values
        )

    def partition(self, pk: str, names: Sequence[str] = ()) -> Iterator[Item]:
        """All items of a partition in the order of `sk`, or only these attributes of each; consistent reads."""
        only: Any = {"ProjectionExpression": ", ".join(names)} if names else {}
        return self._query(KeyConditionExpression="pk = :pk", ExpressionAttributeValues={":pk": text(pk)}, **only)

    def scan(self, sort_keys: Sequence[str], start: Item | None = None) -> tuple[Sequence[Item], Item | None]:
        """A page of all items with these sort keys, and the key after which the next page begins; None after the last.

        By cheaper reads, which may be a second old; every item on the way is read and billed.
        """
        values = {f":sk{number}": text(sort_key) for number, sort_key in enumerate(sort_keys)}
        more: Any = {} if start is None else {"ExclusiveStartKey": start}
        answer = self._client.scan(
            TableName=self._name,
            FilterExpression=f"sk IN ({', '.join(values)})",
            ExpressionAttributeValues=values,
            **more,
        )
        return answer["Items"], answer.get("LastEvaluatedKey")

    def _query(self, **asked: Any) -> Iterator[Item]:
        """What a query finds, page by page."""
        more: Any = {}
        while True:
            answer = self._client.query(TableName=self._name, ConsistentRead=True, **asked, **more)
            yield from answer["Items"]
            if "LastEvaluatedKey" not in answer:
                return
            more = {"ExclusiveStartKey": answer["LastEvaluatedKey"]}

    def _write(self, call: Any, **arguments: Any) -> dict[str, Any]:
        try:
            answer: dict[str, Any] = call(TableName=self._name, **arguments)
        except ClientError as error:
            if error.response.get("Error", {}).get("Code") == "ConditionalCheckFailedException":
                raise ConditionFailed(dict(error.response).get("Item", {})) from error  # type: ignore[arg-type] # untyped: botocore copies the modelled error's members beside "Error"
            raise
        return answer


def _key(pk: str, sk: str) -> Item:
    return {"pk": text(pk), "sk": text(sk)}
