"""The table in parts, as a recompute reads it, and the papers that it leaves."""

import gzip
import json
from base64 import b64encode
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any
from unittest.mock import patch

import boto3
import pytest
from moto import mock_aws

from homing.adapters.catalogue import TableCatalogue
from homing.adapters.exports import BucketPapers, FilePart, TablePart
from homing.adapters.profiles import TableEvents, TableProfiles
from homing.adapters.table import Table, text
from homing.domain.catalogue import CatalogueProduct
from homing.domain.profile import Profile
from homing.domain.record import ProfileRecord
from homing.ports import Page, Part
from tests.fakes.stories import bought

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

BUCKET, FILE = "exports", "recompute/run/figures/AWSDynamoDB/1-2/data/abc.json.gz"
NOON = 1_700_000_000_000
MENTIONS = {"sk": {"S": "EVENT#1"}, "body": {"S": '{"name": "PROFILE", "of": "PRODUCT"}'}}


@pytest.fixture
def client() -> Iterator["S3Client"]:
    with mock_aws():
        made = boto3.client("s3", region_name="us-east-1")
        made.create_bucket(Bucket=BUCKET)
        yield made


def record(number: int) -> ProfileRecord:
    traits = {"email": (NOON, f"shopper.{number}@post.example")}
    facts = Profile(user_id=f"user-{number}", traits=traits, seen={20_000: "abcdefgh"})
    return ProfileRecord(profile_id=f"p{number}", facts=facts, segments={"leads": NOON}, due_at=NOON, generation=3)


def product(number: int) -> CatalogueProduct:
    return CatalogueProduct(product_id=f"tea-{number}", name="Teekanne", first_seen_at=NOON, updated_at=NOON)


def read(part: Part, start: str | None = None) -> tuple[dict[str, ProfileRecord], set[str]]:
    pages = list(part.pages(start))
    profiles = {record.profile_id: record for each in pages for record in each.profiles}
    return profiles, {product.product_id for each in pages for product in each.products}


def exported(client: "S3Client", items: list[dict[str, Any]]) -> FilePart:
    lines = "".join(json.dumps({"Item": item}, separators=(",", ":")) + "\n" for item in items)
    client.put_object(Bucket=BUCKET, Key=FILE, Body=gzip.compress(lines.encode()))
    return FilePart(client, BUCKET, FILE)


def as_exported(table: Table) -> list[dict[str, Any]]:
    """All items as an export writes them, each after one that is neither profile nor product."""
    client: Any = table._client
    items = client.scan(TableName=table._name)["Items"]
    for item in items:
        if "state" in item:
            item["state"] = {"B": b64encode(item["state"]["B"]).decode()}
    return [each for item in items for each in ({"pk": text("P#x"), **MENTIONS}, item)]


@pytest.fixture
def filled(table: Table) -> Table:
    profiles, catalogue = TableProfiles(table), TableCatalogue(table)
    for number in range(7):
        profiles.save(record(number))
        catalogue.save(product(number))
    TableEvents(table).put(bought(), NOON)
    return table


def test_both_parts_hold_every_profile_and_product_and_nothing_else(filled: Table, client: "S3Client") -> None:
    profiles = {f"p{number}": TableProfiles(filled).load(f"p{number}") for number in range(7)}
    products = {f"tea-{number}" for number in range(7)}
    assert read(TablePart(filled)) == (profiles, products)
    assert read(exported(client, as_exported(filled))) == (profiles, products)


def listed(pages: Iterable[Page]) -> list[Page]:
    """The pages with their profiles read off, so that they can be compared."""
    return [page._replace(profiles=list(page.profiles)) for page in pages]


def test_a_part_goes_on_where_a_page_ended(filled: Table, client: "S3Client") -> None:
    with patch("homing.adapters.exports.PAGE", 3):
        part = exported(client, as_exported(filled))
        pages = listed(part.pages())
        assert [len(list(each.profiles)) + len(each.products) for each in pages] == [3, 3, 3, 3, 2]
        assert pages[-1].next is None
        for number, each in enumerate(pages[:-1], start=1):
            assert listed(part.pages(each.next)) == pages[number:]


def test_an_empty_file_holds_nothing(client: "S3Client") -> None:
    assert list(exported(client, []).pages()) == []


def test_papers_are_told_apart_by_run_and_kind_and_replaced_by_name(client: "S3Client") -> None:
    papers = BucketPapers(client, BUCKET)
    papers.keep("monday", "counted", "a", "1")
    papers.keep("monday", "counted", "b", "2")
    papers.keep("monday", "counted", "a", "drei ü")
    papers.keep("monday", "compared", "a", "4")
    papers.keep("tuesday", "counted", "a", "5")
    assert list(papers.kept("monday", "counted")) == ["drei ü", "2"]
    assert list(papers.kept("monday", "candidate")) == []
