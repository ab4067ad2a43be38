"""What carries messages: queues, topics and their subscriptions."""

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

import boto3

from local.cloud.errors import Unsupported
from local.cloud.resources.kinds import Identity, Kind, Make, Properties, is_true, nameless
from local.cloud.template import ACCOUNT, STACK

if TYPE_CHECKING:
    from local.cloud.cloud import Cloud


def _queue_identity(logical_id: str, region: str, properties: Properties) -> Identity:
    name = properties.get("QueueName") or f"{STACK}-{logical_id}"
    url = f"https://sqs.{region}.amazonaws.com/{ACCOUNT}/{name}"
    return url, {"Arn": f"arn:aws:sqs:{region}:{ACCOUNT}:{name}", "QueueName": name, "QueueUrl": url}


def _make_queue(cloud: "Cloud", logical_id: str, properties: Properties) -> None:
    _, attributes = cloud.identity(logical_id)
    settings = {
        setting: value if isinstance(value, str) else json.dumps(value)
        for setting, value in properties.items()
        if setting in {"VisibilityTimeout", "DelaySeconds", "MessageRetentionPeriod", "MaximumMessageSize"}
    }
    boto3.client("sqs").create_queue(QueueName=attributes["QueueName"], Attributes=settings)  # type: ignore[arg-type]  # plain strings
    cloud.queues.add(attributes["QueueName"], attributes["Arn"])


def _redrive_queue(cloud: "Cloud", logical_id: str, properties: Properties) -> None:
    """A queue's redrive policy, once all queues are there."""
    if policy := properties.get("RedrivePolicy"):
        url, _ = cloud.identity(logical_id)
        boto3.client("sqs").set_queue_attributes(QueueUrl=url, Attributes={"RedrivePolicy": json.dumps(policy)})
        cloud.queues.mark_dead_letters(policy["deadLetterTargetArn"])


def _topic_identity(logical_id: str, region: str, properties: Properties) -> Identity:
    name = properties.get("TopicName") or f"{STACK}-{logical_id}"
    arn = f"arn:aws:sns:{region}:{ACCOUNT}:{name}"
    return arn, {"TopicArn": arn, "TopicName": name}


def _make_topic(cloud: "Cloud", logical_id: str, properties: Properties) -> None:
    del properties
    _, attributes = cloud.identity(logical_id)
    boto3.client("sns").create_topic(Name=attributes["TopicName"])


def _make_subscription(cloud: "Cloud", logical_id: str, properties: Properties) -> None:
    del cloud
    if properties["Protocol"] == "email":
        return  # it would go to the shop's people, not to the system
    if properties["Protocol"] != "sqs":
        raise Unsupported(f"{logical_id}: subscription protocol {properties['Protocol']}")
    attributes = {"RawMessageDelivery": "true"} if is_true(properties.get("RawMessageDelivery")) else {}
    boto3.client("sns").subscribe(
        TopicArn=properties["TopicArn"],
        Protocol="sqs",
        Endpoint=properties["Endpoint"],
        Attributes=attributes,
    )


KINDS: Final[Mapping[str, Kind]] = {
    "AWS::SQS::Queue": Kind(
        _queue_identity,
        _make_queue,
        acts_on=frozenset(
            {
                "QueueName",
                "VisibilityTimeout",
                "DelaySeconds",
                "MessageRetentionPeriod",
                "RedrivePolicy",
                "MaximumMessageSize",
            }
        ),
        inert=frozenset(
            {
                "SqsManagedSseEnabled",
                "KmsMasterKeyId",
                "KmsDataKeyReusePeriodSeconds",
                "ReceiveMessageWaitTimeSeconds",
                "RedriveAllowPolicy",
            }
        ),
    ),
    "AWS::SNS::Topic": Kind(
        _topic_identity,
        _make_topic,
        acts_on=frozenset({"TopicName"}),
        inert=frozenset({"DisplayName", "KmsMasterKeyId", "TracingConfig", "SignatureVersion"}),
    ),
    "AWS::SNS::Subscription": Kind(
        nameless,
        _make_subscription,
        acts_on=frozenset({"TopicArn", "Protocol", "Endpoint", "RawMessageDelivery"}),
        inert=frozenset({"RedrivePolicy", "Region"}),
    ),
}

SECOND_PASS: Final[Mapping[str, Make]] = {"AWS::SQS::Queue": _redrive_queue}
