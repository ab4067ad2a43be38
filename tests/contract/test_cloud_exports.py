"""A table's export to S3: as it was when it was asked for, some minutes later, in AWS's own layout."""

import gzip
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from local.cloud import Cloud, Unsupported
from local.cloud.exports import TAKES
from local.timers import Timers, VirtualClock

START = 1_700_000_000_000
TEMPLATE = """
Resources:
  Table:
    Type: AWS::DynamoDB::Table
    Properties:
      BillingMode: PAY_PER_REQUEST
      AttributeDefinitions: [{AttributeName: pk, AttributeType: S}, {AttributeName: sk, AttributeType: S}]
      KeySchema: [{AttributeName: pk, KeyType: HASH}, {AttributeName: sk, KeyType: RANGE}]
      PointInTimeRecoverySpecification: {PointInTimeRecoveryEnabled: %s}
  Exports:
    Type: AWS::S3::Bucket
"""


@pytest.fixture
def timers() -> Iterator[Timers]:
    with VirtualClock(START) as clock:
        yield Timers(clock)


@pytest.fixture
def cloud(tmp_path: Path, timers: Timers) -> Iterator[Cloud]:
    (tmp_path / "template.yaml").write_text(TEMPLATE % "true")
    with Cloud.deploy(tmp_path / "template.yaml", timers=timers) as deployed:
        yield deployed


def put(cloud: Cloud, count: int) -> None:
    for number in range(count):
        item: Any = {"pk": {"S": f"P#{number}"}, "sk": {"S": "PROFILE"}, "state": {"B": b"\x00\xff"}}
        boto3.client("dynamodb").put_item(TableName=cloud.physical_id("Table"), Item=item)


def export(cloud: Cloud, **more: Any) -> dict[str, Any]:
    request: Any = {"S3Bucket": cloud.physical_id("Exports"), "S3Prefix": "runs/1", **more}
    answer = boto3.client("dynamodb").export_table_to_point_in_time(
        TableArn=cloud.identity("Table")[1]["Arn"], **request
    )
    return dict(answer["ExportDescription"])


def describe(arn: str) -> dict[str, Any]:
    return dict(boto3.client("dynamodb").describe_export(ExportArn=arn)["ExportDescription"])


def objects(cloud: Cloud) -> dict[str, bytes]:
    client, bucket = boto3.client("s3"), cloud.physical_id("Exports")
    keys = [entry["Key"] for entry in client.list_objects_v2(Bucket=bucket)["Contents"]]
    return {key: client.get_object(Bucket=bucket, Key=key)["Body"].read() for key in keys}


def test_an_export_is_in_progress_for_some_minutes(cloud: Cloud) -> None:
    told = export(cloud)
    assert told["ExportStatus"] == "IN_PROGRESS"
    cloud.advance_to(START + TAKES - 1)
    assert describe(told["ExportArn"])["ExportStatus"] == "IN_PROGRESS"
    cloud.advance_to(START + TAKES)
    assert describe(told["ExportArn"])["ExportStatus"] == "COMPLETED"


def test_the_files_hold_every_item_as_it_was_when_the_export_was_asked_for(cloud: Cloud) -> None:
    put(cloud, 20)
    told = export(cloud)
    put(cloud, 25)
    cloud.advance_to(START + TAKES)
    folder = f"runs/1/AWSDynamoDB/{told['ExportArn'].rpartition('/')[2]}"
    found = objects(cloud)
    files = {key: gzip.decompress(body).splitlines() for key, body in found.items() if key.startswith(f"{folder}/data")}
    items = [json.loads(line)["Item"] for lines in files.values() for line in lines]
    assert len(files) == 4
    assert sorted(item["pk"]["S"] for item in items) == sorted(f"P#{number}" for number in range(20))
    assert {item["state"]["B"] for item in items} == {"AP8="}
    manifest = [json.loads(line) for line in found[f"{folder}/manifest-files.json"].splitlines()]
    assert {entry["dataFileS3Key"]: entry["itemCount"] for entry in manifest} == {
        key: len(lines) for key, lines in files.items()
    }
    summary = json.loads(found[f"{folder}/manifest-summary.json"])
    assert (summary["itemCount"], summary["manifestFilesS3Key"]) == (20, f"{folder}/manifest-files.json")


def test_one_client_token_stands_for_one_export(cloud: Cloud) -> None:
    first, again = export(cloud, ClientToken="a"), export(cloud, ClientToken="a")
    assert first["ExportArn"] == again["ExportArn"]
    assert export(cloud, ClientToken="b")["ExportArn"] != first["ExportArn"]


def test_what_is_not_exported_is_refused(cloud: Cloud) -> None:
    with pytest.raises(Unsupported, match="ION"):
        export(cloud, ExportFormat="ION")
    with pytest.raises(Unsupported, match="ExportTime"):
        export(cloud, ExportTime=0)
    with pytest.raises(Unsupported, match="00000000"):
        describe(f"{cloud.identity('Table')[1]['Arn']}/export/01700000000000-00000000")


def test_a_table_without_point_in_time_recovery_is_not_exported(tmp_path: Path, timers: Timers) -> None:
    (tmp_path / "template.yaml").write_text(TEMPLATE % "false")
    with (
        Cloud.deploy(tmp_path / "template.yaml", timers=timers) as cloud,
        pytest.raises(ClientError, match="PointInTimeRecoveryUnavailableException"),
    ):
        export(cloud)
