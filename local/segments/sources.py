"""Where items of a shop's table are read: the folder of a simulated run, an export of DynamoDB, or the live table."""

import gzip
import json
import re
import zlib
from collections.abc import Collection, Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from homing.adapters.table import Item
from homing.domain.moments import Moment, parse_moment
from local.simulation.snapshot import SNAPSHOT
from local.terminal import Unusable

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

LIVE = "table:"
_MANIFEST = "manifest-summary.json"
_PACKED_LINES = (".json.gz", ".jsonl.gz")
_LINES = (*_PACKED_LINES, ".json", ".jsonl")
_FEW = 50
_NOT_FOUND = "ResourceNotFoundException"
_NOT_ALLOWED = ("AccessDeniedException", "AccessDenied")


class SourceUnreadable(Unusable):
    """A place that cannot be read; the message says why, and what to do."""


class Source(Protocol):
    """A table at rest, read and never written. Reading raises SourceUnreadable."""

    @property
    def name(self) -> str:
        """The place, as the user gave it."""

    @property
    def as_of(self) -> Moment:
        """The moment at which the items stood as they are read."""

    def items(self, *sk_prefixes: str) -> Iterator[Item]:
        """Every item whose sort key begins with one of these, in no order."""

    def items_of(self, pks: Collection[str], sk_prefix: str = "") -> Iterator[Item]:
        """Those of the items that stand in these partitions; all of them without a prefix."""


def open_source(place: str, now: Moment) -> Source:
    """The source that `--from PLACE` means; `now` is the moment of a place that tells none. Raises SourceUnreadable."""
    if place.startswith(LIVE):
        return _live(place, now)
    path = Path(place)
    if path.is_file():
        return FileSource(place, [_readable(path)], now)
    if not path.is_dir():
        raise SourceUnreadable(
            f"{place}: there is no such folder or file; `homing demo` makes the folder demo, and --from reads others"
        )
    if (path / SNAPSHOT).is_file():
        return FileSource(place, [path / SNAPSHOT], _moment_in(path / "summary.json", "ended_at", now))
    if (path / "summary.json").is_file():
        raise SourceUnreadable(f"{place}: a run without {SNAPSHOT}; simulate it again")
    return _export(place, path, now)


@dataclass(frozen=True, slots=True)
class FileSource:
    """Files of lines `{"Item": {...}}`: what DynamoDB exports, and what a simulation leaves."""

    name: str
    files: list[Path]
    as_of: Moment

    def items(self, *sk_prefixes: str) -> Iterator[Item]:
        """Every item whose sort key begins so; lines that cannot hold one are not even parsed."""
        return self._items(_any_of(f'"{prefix}' for prefix in sk_prefixes), sk_prefixes)

    def items_of(self, pks: Collection[str], sk_prefix: str = "") -> Iterator[Item]:
        """Those of the items that stand in these partitions."""
        wanted = frozenset(pks)
        if not wanted:
            return iter(())
        # A few names are found fast in a line; many would be tried one after the other.
        hint = _any_of(map(json.dumps, wanted)) if len(wanted) <= _FEW else _any_of([f'"{sk_prefix}'])
        return (item for item in self._items(hint, (sk_prefix,)) if item["pk"]["S"] in wanted)

    def _items(self, hint: re.Pattern[bytes], sk_prefixes: tuple[str, ...]) -> Iterator[Item]:
        for path in self.files:
            for number, line in enumerate(_lines(path), start=1):
                if hint.search(line):
                    item = _item(line, f"{path}:{number}")
                    if item["sk"]["S"].startswith(sk_prefixes):
                        yield item


@dataclass(frozen=True, slots=True)
class LiveSource:
    """A table of DynamoDB, only ever read."""

    name: str
    as_of: Moment
    table: str
    client: "DynamoDBClient"

    def items(self, *sk_prefixes: str) -> Iterator[Item]:
        """Every item whose sort key begins so: a scan, which DynamoDB bills for the whole table."""
        values = {f":sk{number}": {"S": prefix} for number, prefix in enumerate(sk_prefixes)}
        with asking_aws(f"table '{self.table}'"):
            for page in self.client.get_paginator("scan").paginate(
                TableName=self.table,
                FilterExpression=" OR ".join(f"begins_with(sk, {name})" for name in values),
                ExpressionAttributeValues=values,
            ):
                yield from page["Items"]

    def items_of(self, pks: Collection[str], sk_prefix: str = "") -> Iterator[Item]:
        """Those of the items that stand in these partitions: a query for each."""
        # An empty prefix is none to DynamoDB.
        condition = "pk = :pk AND begins_with(sk, :sk)" if sk_prefix else "pk = :pk"
        beginning = {":sk": {"S": sk_prefix}} if sk_prefix else {}
        with asking_aws(f"table '{self.table}'"):
            for pk in sorted(pks):
                for page in self.client.get_paginator("query").paginate(
                    TableName=self.table,
                    KeyConditionExpression=condition,
                    ExpressionAttributeValues={":pk": {"S": pk}, **beginning},
                ):
                    yield from page["Items"]


def _any_of(texts: Iterable[str]) -> re.Pattern[bytes]:
    return re.compile("|".join(sorted(map(re.escape, texts))).encode())


def _live(place: str, now: Moment) -> LiveSource:
    import boto3
    from botocore.config import Config

    table = place.removeprefix(LIVE)
    if not table:
        raise SourceUnreadable(f"{place} names no table: the stack's output TableName tells it")
    with asking_aws(f"table '{table}'"):
        client = boto3.client("dynamodb", config=Config(retries={"mode": "standard"}))
    return LiveSource(place, now, table, client)


@contextmanager
def asking_aws(what: str) -> Iterator[None]:
    """What AWS refuses, as SourceUnreadable with what to do; `what` is asked for, such as `table 'homing'`."""
    from botocore.exceptions import BotoCoreError, ClientError, NoCredentialsError, NoRegionError

    try:
        yield
    except NoRegionError as error:
        raise SourceUnreadable("no AWS region: set AWS_REGION, or AWS_PROFILE to a profile that has one") from error
    except NoCredentialsError as error:
        raise SourceUnreadable("no AWS credentials: set AWS_PROFILE, or sign in with `aws sso login`") from error
    except ClientError as error:
        told = error.response["Error"]
        if told["Code"] == _NOT_FOUND:
            raise SourceUnreadable(f"there is no {what} in this account and region") from error
        if told["Code"] in _NOT_ALLOWED:
            raise SourceUnreadable(f"your AWS credentials lack a right: {told['Message']}") from error
        raise SourceUnreadable(f"AWS refuses: {error}") from error
    except BotoCoreError as error:
        raise SourceUnreadable(f"cannot reach AWS: {error}") from error


def _export(place: str, folder: Path, now: Moment) -> FileSource:
    """An export's own folder, or one above it that holds no other."""
    exports = sorted({path.parent for path in folder.rglob("data/*.gz")})
    if not exports:
        raise SourceUnreadable(
            f"{place}: neither a run ({SNAPSHOT}) nor an export of DynamoDB (data/*.json.gz); "
            "`homing simulate` makes the one, `aws dynamodb export-table-to-point-in-time` the other"
        )
    if len(exports) > 1:
        raise SourceUnreadable(f"{place} holds {len(exports)} exports: name one of them, such as {exports[-1].parent}")
    files = sorted(exports[0].glob("*.gz"))
    as_of = _moment_in(exports[0].parent / _MANIFEST, "exportTime", now)
    return FileSource(place, [_readable(path) for path in files], as_of)


def _readable(path: Path) -> Path:
    if path.name.endswith((".ion.gz", ".ion")):
        raise SourceUnreadable(f"{path}: Amazon Ion is not read here; export with --export-format DYNAMODB_JSON")
    if not path.name.endswith(_LINES):
        raise SourceUnreadable(f"{path}: not named like lines of an export: {', '.join(_LINES)}")
    return path


def _moment_in(file: Path, field: str, now: Moment) -> Moment:
    """The moment that the file tells; `now` without the file or the field."""
    try:
        told = json.loads(file.read_bytes()).get(field) if file.is_file() else None
        return now if told is None else parse_moment(told)
    except (OSError, ValueError, AttributeError, TypeError) as error:
        raise SourceUnreadable(f"{file}: {error}") from error


def _lines(path: Path) -> Iterator[bytes]:
    opened: Any = gzip.open if path.name.endswith(_PACKED_LINES) else Path.open
    try:
        with opened(path, "rb") as lines:
            yield from lines
    except (OSError, EOFError, zlib.error) as error:
        raise SourceUnreadable(f"cannot read {path}: {getattr(error, 'strerror', None) or error}") from error


def _item(line: bytes, place: str) -> Item:
    told: Any = None
    with suppress(ValueError, KeyError, TypeError):
        told = json.loads(line)
        item: Item = told["Item"]
        if isinstance(item["pk"]["S"], str) and isinstance(item["sk"]["S"], str):
            return item
    if isinstance(told, dict) and "Keys" in told:
        raise SourceUnreadable(f"{place}: an incremental export; a full one is needed (--export-type FULL_EXPORT)")
    raise SourceUnreadable(f'{place}: no line of an export, which is {{"Item": {{...}}}}')
