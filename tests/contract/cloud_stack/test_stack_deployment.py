"""What a deployment makes, and what stops it."""

import os
from pathlib import Path
from typing import Any

import boto3
import pytest

from homing.domain.moments import HOUR
from local.cloud import Cloud, TemplateError, Unsupported
from local.timers import Timers, VirtualClock
from tests.contract.cloud_stack.things import FIXTURE, START, put


def test_the_same_input_and_seed_give_the_same_bytes(timers: Timers) -> None:
    del timers

    def run() -> list[Any]:
        with VirtualClock(START) as clock, Cloud.deploy(FIXTURE, timers=Timers(clock), seed=3) as cloud:
            records: list[Any] = []
            cloud.observe_table(lambda _, record: records.append(record))
            for n in range(5):
                put(cloud, str(n), to=f"{n}@y.example")
            cloud.advance_to(START + 2 * HOUR)
            secret = boto3.client("secretsmanager").get_secret_value(SecretId=cloud.physical_id("Key"))
            return [
                records,
                [mail.eml() for mail in cloud.outbox],
                [cloud.logs(name) for name in cloud.functions.by_logical_id],
                cloud.operations,
                secret["SecretString"],
            ]

    assert run() == run()


def test_secrets_parameters_and_buckets_are_there(cloud: Cloud) -> None:
    secret = boto3.client("secretsmanager").get_secret_value(SecretId=cloud.physical_id("Key"))["SecretString"]
    assert len(secret) == 24
    assert secret.isalnum()
    assert boto3.client("ssm").get_parameter(Name="/fixture/colour")["Parameter"]["Value"] == "hello"
    buckets = boto3.client("s3").list_buckets()["Buckets"]
    assert [bucket["Name"] for bucket in buckets] == ["homing-archive"]


def test_a_secret_can_be_given(timers: Timers) -> None:
    with Cloud.deploy(FIXTURE, timers=timers, secrets={"Key": "local"}) as cloud:
        client = boto3.client("secretsmanager")
        assert client.get_secret_value(SecretId=cloud.physical_id("Key"))["SecretString"] == "local"


def test_what_changes_nothing_here_is_listed_with_the_reason(cloud: Cloud) -> None:
    assert {"Alarm", "ReceiveRole", "ApiLog"} <= set(cloud.inert)
    assert all(cloud.inert.values())
    assert "Table" not in cloud.inert


def test_outputs_are_resolved(cloud: Cloud) -> None:
    assert cloud.outputs == {"Url": "https://homingapi.execute-api.eu-central-1.amazonaws.com"}


def test_the_process_has_its_environment_back_afterwards(timers: Timers) -> None:
    before = dict(os.environ)
    session = boto3.DEFAULT_SESSION
    with Cloud.deploy(FIXTURE, timers=timers) as cloud:
        put(cloud, "a")
        assert os.environ["AWS_REGION"] == "eu-central-1"
    assert dict(os.environ) == before
    assert boto3.DEFAULT_SESSION is session


def changed(tmp_path: Path, old: str, new: str) -> Path:
    text = FIXTURE.read_text()
    assert old in text
    for path in FIXTURE.parent.iterdir():
        if path.is_dir():
            (tmp_path / path.name).symlink_to(path)
    template = tmp_path / "template.yaml"
    template.write_text(text.replace(old, new, 1))
    return template


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("Type: AWS::S3::Bucket", "Type: AWS::Kinesis::Stream", "Archive.*AWS::Kinesis::Stream"),
        (
            "BatchSize: 10\n",
            "BatchSize: 10\n            TumblingWindowInSeconds: 5\n",
            "FoldThings.*TumblingWindow",
        ),
        (
            "BatchSize: 10\n",
            "BatchSize: 10\n            ParallelizationFactor: 5\n",
            "FoldThings.*Parallelization",
        ),
        ("BillingMode: PAY_PER_REQUEST", "BillingMode: PROVISIONED", "Table.*BillingMode"),
        (
            "      KeySchema:",
            "      GlobalSecondaryIndexes: []\n      KeySchema:",
            "Table.*GlobalSecondaryIndexes",
        ),
        ("Protocol: sqs", "Protocol: https", "HeardToFeedback.*https"),
        ("rate(1 hour)", "cron(0 0 L * ? *)", "L in cron"),
        (
            "MatchingEventTypes: [SEND",
            "CloudWatchDestination: {}\n        MatchingEventTypes: [SEND",
            "MailEvents.*CloudWatch",
        ),
        (
            "Path: /things, Method: post",
            "Path: /things, Method: post, PayloadFormatVersion: '1.0'",
            "post /things.*2.0",
        ),
    ],
)
def test_what_is_not_known_stops_the_deployment_by_name(
    timers: Timers, tmp_path: Path, old: str, new: str, message: str
) -> None:
    with pytest.raises(Unsupported, match=message):
        Cloud.deploy(changed(tmp_path, old, new), timers=timers)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("MailFunction: !GetAtt Mail.Arn\n", "", "Journey.*MailFunction"),
        ("!GetAtt Table.StreamArn", "!GetAtt Table.Nonsense", "Table has no attribute Nonsense"),
        ("!Ref MailSettings", "!Ref Nonsense", "Nonsense"),
    ],
)
def test_what_is_wrong_stops_the_deployment_by_name(
    timers: Timers, tmp_path: Path, old: str, new: str, message: str
) -> None:
    with pytest.raises(TemplateError, match=message):
        Cloud.deploy(changed(tmp_path, old, new), timers=timers)


def test_a_deployment_that_stops_leaves_nothing_behind(timers: Timers, tmp_path: Path) -> None:
    before = dict(os.environ)
    with pytest.raises(Unsupported):
        Cloud.deploy(changed(tmp_path, "Type: AWS::S3::Bucket", "Type: AWS::Kinesis::Stream"), timers=timers)
    assert dict(os.environ) == before
