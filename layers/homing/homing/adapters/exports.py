"""The table in parts: itself by Scan, or a file of its export to S3; and the papers of a recompute beside the exports.

The layout of exports: https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/S3DataExport.Output.html
"""

import gzip
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import TYPE_CHECKING, Any, cast

from pydantic_core import from_json, to_json

from homing.adapters.catalogue import PRODUCT_KEY, catalogue_product
from homing.adapters.profiles import PROFILE_KEY, profile_record
from homing.adapters.table import Item, Table
from homing.ports import Page

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

PAGE = 500
_MARKS = tuple(f'"{key}"'.encode() for key in (PROFILE_KEY, PRODUCT_KEY))


class TablePart:
    """The table itself; see `homing.ports.Part`."""

    name = "table"

    def __init__(self, table: Table) -> None:
        self._table = table

    def pages(self, start: str | None = None) -> Iterator[Page]:
        """Page by page as Scan gives them; `next` is the key from which Scan goes on, as JSON."""
        key: Item | None = None if start is None else from_json(start)
        while True:
            items, key = self._table.scan((PROFILE_KEY, PRODUCT_KEY), key)
            yield _page(items, None if key is None else to_json(key).decode())
            if key is None:
                return


class FilePart:
    """One data file of an export; see `homing.ports.Part`."""

    def __init__(self, client: "S3Client", bucket: str, key: str) -> None:
        self._client = client
        self._bucket = bucket
        self._key = key
        self.name = key.rpartition("/")[2]

    def pages(self, start: str | None = None) -> Iterator[Page]:
        """Some lines at a time; `next` is the number of the line that follows."""
        body: Any = self._client.get_object(Bucket=self._bucket, Key=self._key)["Body"]
        with gzip.GzipFile(fileobj=cast("Any", body)) as lines:
            yield from _pages_of_lines(lines, int(start or 0))


def _pages_of_lines(lines: Iterable[bytes], start: int) -> Iterator[Page]:
    wanted = (
        (number, line) for number, line in enumerate(lines) if number >= start and any(mark in line for mark in _MARKS)
    )
    while page := list(islice(wanted, PAGE)):
        items = [from_json(line)["Item"] for _, line in page]
        yield _page(items, str(page[-1][0] + 1) if len(page) == PAGE else None)


def _page(items: Iterable[Item], following: str | None) -> Page:
    by_kind: dict[str, list[Item]] = {PROFILE_KEY: [], PRODUCT_KEY: []}
    for item in items:
        by_kind.get(item["sk"]["S"], []).append(item)
    profiles = map(profile_record, by_kind[PROFILE_KEY])
    return Page(profiles, [catalogue_product(item) for item in by_kind[PRODUCT_KEY]], following)


class BucketPapers:
    """Papers as objects of a bucket, beside the exports; see `homing.ports.Papers`."""

    def __init__(self, client: "S3Client", bucket: str) -> None:
        self._client = client
        self._bucket = bucket

    def keep(self, run: str, kind: str, name: str, text: str) -> None:
        """Keep a text, in the place of one of the same run, kind and name."""
        self._client.put_object(Bucket=self._bucket, Key=f"{_folder(run, kind)}{name}.json", Body=text.encode())

    def kept(self, run: str, kind: str) -> Iterator[str]:
        """The texts of that kind, in the order of their names."""
        pages = self._client.get_paginator("list_objects_v2").paginate(Bucket=self._bucket, Prefix=_folder(run, kind))
        for page in pages:
            for entry in page.get("Contents", []):
                body = self._client.get_object(Bucket=self._bucket, Key=entry["Key"])["Body"]
                yield body.read().decode()


def _folder(run: str, kind: str) -> str:
    return f"recompute/{run}/{kind}/"
