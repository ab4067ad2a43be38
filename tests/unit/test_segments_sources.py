"""Where a table is read: every form gives the same items, and whatever is wrong is told with what to do."""

import gzip
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
from moto import mock_aws

from homing.adapters.table import Item, bytes_of
from homing.domain.moments import format_moment, parse_moment
from local.segments.sources import Source, SourceUnreadable, open_source
from local.simulation.snapshot import SNAPSHOT
from tests.fakes.tables import empty_table

NOW = parse_moment("2026-05-05T00:00:00Z")
ENDED = parse_moment("2026-04-01T12:00:00Z")
ITEMS: list[Item] = [
    {"pk": {"S": "P#ada"}, "sk": {"S": "PROFILE"}, "state": {"B": b"\x00\xff"}, "version": {"N": "3"}},
    {"pk": {"S": "P#ada"}, "sk": {"S": "EVENT#1"}, "body": {"S": '{"message_id": "a \\"PROFILE\\" of P#bob"}'}},
    {"pk": {"S": "P#bob"}, "sk": {"S": "PROFILE"}, "state": {"B": b"\x01"}, "version": {"N": "1"}},
    {"pk": {"S": "P#bob"}, "sk": {"S": "PROFILER"}},
    {"pk": {"S": "PRODUCT#PROFILE"}, "sk": {"S": "PRODUCT"}},
]


def line(item: Item) -> bytes:
    state = {"state": {"B": "AP8="}} if item["sk"]["S"] == "PROFILE" and item["pk"]["S"] == "P#ada" else {}
    state = state or ({"state": {"B": "AQ=="}} if "state" in item else {})
    return json.dumps({"Item": {**item, **state}}).encode() + b"\n"


LINES = b"".join(map(line, ITEMS))


def run_folder(folder: Path) -> str:
    (folder / SNAPSHOT).write_bytes(gzip.compress(LINES))
    (folder / "summary.json").write_text(json.dumps({"ended_at": format_moment(ENDED)}), encoding="utf-8")
    return str(folder)


def export_folder(folder: Path, name: str = "01-abc") -> str:
    """As S3 has it, in two files."""
    data = folder / "AWSDynamoDB" / name / "data"
    data.mkdir(parents=True)
    (data / "one.json.gz").write_bytes(gzip.compress(b"".join(map(line, ITEMS[:2]))))
    (data / "two.json.gz").write_bytes(gzip.compress(b"".join(map(line, ITEMS[2:]))))
    manifest = {"exportTime": format_moment(ENDED), "outputFormat": "DYNAMODB_JSON"}
    (data.parent / "manifest-summary.json").write_text(json.dumps(manifest), encoding="utf-8")
    return str(folder)


def plain_file(folder: Path) -> str:
    (folder / "table.jsonl").write_bytes(LINES)
    return str(folder / "table.jsonl")


def live_table(_folder: Path) -> str:
    client: Any = boto3.client("dynamodb")
    empty_table(client, "homing")
    for item in ITEMS:
        client.put_item(TableName="homing", Item=item)
    return "table:homing"


@pytest.fixture(autouse=True)
def aws() -> Iterator[None]:
    with mock_aws():
        yield


@pytest.fixture(params=[run_folder, export_folder, plain_file, live_table])
def source(request: pytest.FixtureRequest, tmp_path: Path) -> Source:
    return open_source(request.param(tmp_path), NOW)


def keys(items: Iterator[Item]) -> list[tuple[str, str]]:
    return sorted((item["pk"]["S"], item["sk"]["S"]) for item in items)


def test_items_are_found_by_how_their_sort_key_begins(source: Source) -> None:
    ada, bob = ("P#ada", "PROFILE"), ("P#bob", "PROFILE")
    assert keys(source.items("PROFILE")) == [ada, bob, ("P#bob", "PROFILER")]
    assert keys(source.items("EVENT#", "PRODUCT")) == [("P#ada", "EVENT#1"), ("PRODUCT#PROFILE", "PRODUCT")]


def test_items_are_found_by_their_partition(source: Source) -> None:
    assert keys(source.items_of(["P#bob", "P#eve"], "PROFILE")) == [("P#bob", "PROFILE"), ("P#bob", "PROFILER")]
    assert keys(source.items_of(["P#ada"], "EVENT#")) == [("P#ada", "EVENT#1")]
    assert keys(source.items_of([], "PROFILE")) == []
    many = [f"P#{number}" for number in range(100)]
    assert keys(source.items_of([*many, "P#ada"], "EVENT#")) == [("P#ada", "EVENT#1")]


def test_binary_values_come_as_they_were_stored(source: Source) -> None:
    (ada,) = source.items_of(["P#ada"], "PROFILE")
    assert bytes_of(ada, "state") == b"\x00\xff"


def test_a_source_tells_the_moment_of_its_items(tmp_path: Path) -> None:
    assert open_source(export_folder(tmp_path / "export"), NOW).as_of == ENDED
    assert open_source(run_folder(tmp_path), NOW).as_of == ENDED
    assert open_source(plain_file(tmp_path), NOW).as_of == NOW
    assert open_source(live_table(tmp_path), NOW).as_of == NOW


def test_a_table_is_only_ever_read(tmp_path: Path) -> None:
    called = []
    place = live_table(tmp_path)
    source: Any = open_source(place, NOW)
    source.client.meta.events.register("before-call.dynamodb", lambda model, **_: called.append(model.name))
    list(source.items("PROFILE"))
    list(source.items_of(["P#ada"], "PROFILE"))
    assert called == ["Scan", "Query"]


def refusal(place: str) -> str:
    with pytest.raises(SourceUnreadable) as error:
        list(open_source(place, NOW).items("PROFILE"))
    return str(error.value)


def test_nothing_there_says_how_to_make_something(tmp_path: Path) -> None:
    assert "there is no such folder or file; `homing demo` makes" in refusal(str(tmp_path / "gone"))
    assert "neither a run (table.jsonl.gz) nor an export" in refusal(str(tmp_path))


def test_a_run_of_an_older_version_is_to_be_simulated_again(tmp_path: Path) -> None:
    (tmp_path / "summary.json").write_text("{}", encoding="utf-8")
    assert refusal(str(tmp_path)) == f"{tmp_path}: a run without table.jsonl.gz; simulate it again"


def test_of_several_exports_one_has_to_be_named(tmp_path: Path) -> None:
    export_folder(tmp_path, "01-abc")
    export_folder(tmp_path, "02-def")
    assert "holds 2 exports: name one of them, such as" in refusal(str(tmp_path))
    assert open_source(str(tmp_path / "AWSDynamoDB" / "02-def"), NOW).as_of == ENDED


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("a.json.gz", b"no gzip", "cannot read"),
        ("a.json.gz", gzip.compress(LINES, mtime=0)[:-9], "cannot read"),
        ("a.json", b'{"Item": {"sk": "PROFILE"}}\n', 'a.json:1: no line of an export, which is {"Item": {...}}'),
        ("a.json", b'"PROFILE\n', "a.json:1: no line of an export"),
        ("a.json", b'{"Keys": {}, "NewImage": {"sk": {"S": "PROFILE"}}}\n', "an incremental export; a full one"),
        ("a.ion.gz", b"", "Amazon Ion is not read here; export with --export-format DYNAMODB_JSON"),
        ("a.csv", b"", "not named like lines of an export: .json.gz"),
    ],
)
def test_a_file_that_is_no_export_says_why(tmp_path: Path, name: str, content: bytes, message: str) -> None:
    (tmp_path / name).write_bytes(content)
    assert message in refusal(str(tmp_path / name))


def test_a_broken_manifest_is_told(tmp_path: Path) -> None:
    export_folder(tmp_path)
    (manifest,) = tmp_path.rglob("manifest-summary.json")
    manifest.write_text('{"exportTime": "noon"}', encoding="utf-8")
    assert f"{manifest}: " in refusal(str(tmp_path))


def test_a_table_that_is_not_there_is_told_with_its_name() -> None:
    assert refusal("table:nowhere") == "there is no table 'nowhere' in this account and region"
    assert refusal("table:") == "table: names no table: the stack's output TableName tells it"


def test_without_a_region_aws_is_not_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AWS_DEFAULT_REGION")
    assert "no AWS region: set AWS_REGION" in refusal("table:homing")


def test_without_credentials_aws_is_not_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(boto3, "DEFAULT_SESSION", None)
    assert refusal("table:homing") == "no AWS credentials: set AWS_PROFILE, or sign in with `aws sso login`"


@pytest.mark.parametrize(
    ("code", "message"),
    [
        ("AccessDeniedException", "your AWS credentials lack a right: no"),
        ("ThrottlingException", "AWS refuses: "),
    ],
)
def test_what_dynamodb_refuses_is_told_plainly(tmp_path: Path, code: str, message: str) -> None:
    source: Any = open_source(live_table(tmp_path), NOW)

    def refuse(**_: Any) -> Any:
        response = type("Response", (), {"status_code": 400, "headers": {}, "content": b""})()
        return response, {"Error": {"Code": code, "Message": "no"}, "ResponseMetadata": {"HTTPStatusCode": 400}}

    source.client.meta.events.register("before-call.dynamodb", refuse)
    with pytest.raises(SourceUnreadable, match=message):
        list(source.items("PROFILE"))
