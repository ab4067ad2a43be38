"""What keeps data: tables and buckets."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

import boto3

from local.cloud.errors import Unsupported
from local.cloud.resources.kinds import Identity, Kind, Properties, is_true
from local.cloud.template import ACCOUNT, STACK

if TYPE_CHECKING:
    from local.cloud.cloud import Cloud

_STREAM_LABEL: Final = "2020-01-01T00:00:00.000"


def _table_identity(logical_id: str, region: str, properties: Properties) -> Identity:
    name = properties.get("TableName") or f"{STACK}-{logical_id}"
    arn = f"arn:aws:dynamodb:{region}:{ACCOUNT}:table/{name}"
    return name, {"Arn": arn, "StreamArn": f"{arn}/stream/{_STREAM_LABEL}"}


def _make_table(cloud: "Cloud", logical_id: str, properties: Properties) -> None:
    name, attributes = cloud.identity(logical_id)
    client = boto3.client("dynamodb")
    stream = properties.get("StreamSpecification")
    if properties.get("BillingMode") != "PAY_PER_REQUEST":
        raise Unsupported(f"{logical_id}: BillingMode other than PAY_PER_REQUEST")
    client.create_table(
        TableName=name,
        KeySchema=properties["KeySchema"],
        AttributeDefinitions=properties["AttributeDefinitions"],
        BillingMode="PAY_PER_REQUEST",
    )
    view = stream["StreamViewType"] if stream else "KEYS_ONLY"
    ttl = properties.get("TimeToLiveSpecification", {})
    ttl_attribute = ttl["AttributeName"] if is_true(ttl.get("Enabled")) else None
    cloud.database.add(name, attributes["StreamArn"], view, ttl_attribute)
    cloud.stream_names[attributes["StreamArn"]] = name
    if is_true(properties.get("PointInTimeRecoverySpecification", {}).get("PointInTimeRecoveryEnabled")):
        cloud.exports.recoverable[attributes["Arn"]] = name


def _bucket_identity(logical_id: str, region: str, properties: Properties) -> Identity:
    name = properties.get("BucketName") or f"{STACK}-{logical_id}".lower()
    domain = f"{name}.s3.amazonaws.com"
    regional = f"{name}.s3.{region}.amazonaws.com"
    return name, {"Arn": f"arn:aws:s3:::{name}", "DomainName": domain, "RegionalDomainName": regional}


def _make_bucket(cloud: "Cloud", logical_id: str, properties: Properties) -> None:
    del properties
    name, _ = cloud.identity(logical_id)
    client = boto3.client("s3")
    location: Any = {"LocationConstraint": cloud.region}
    client.create_bucket(
        Bucket=name, **({} if cloud.region == "us-east-1" else {"CreateBucketConfiguration": location})
    )


KINDS: Final[Mapping[str, Kind]] = {
    "AWS::DynamoDB::Table": Kind(
        _table_identity,
        _make_table,
        acts_on=frozenset(
            {
                "TableName",
                "BillingMode",
                "AttributeDefinitions",
                "KeySchema",
                "StreamSpecification",
                "TimeToLiveSpecification",
                "PointInTimeRecoverySpecification",
            }
        ),
        inert=frozenset(
            {
                "SSESpecification",
                "DeletionProtectionEnabled",
                "TableClass",
                "OnDemandThroughput",
            }
        ),
    ),
    "AWS::S3::Bucket": Kind(
        _bucket_identity,
        _make_bucket,
        acts_on=frozenset({"BucketName"}),
        inert=frozenset(
            {
                "BucketEncryption",
                "PublicAccessBlockConfiguration",
                "LifecycleConfiguration",
                "OwnershipControls",
                "VersioningConfiguration",
                "LoggingConfiguration",
            }
        ),
    ),
}
