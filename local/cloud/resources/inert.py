"""What changes nothing here, with the reason: permissions, log groups, alarms."""

from collections.abc import Mapping
from typing import Final

from local.cloud.resources.kinds import Identity, Kind, Properties, named, nameless
from local.cloud.template import ACCOUNT, STACK

_NO_LEAVE = "the local cloud asks nobody's leave; cfn-lint and the policies' own tests look after them"
_NO_METRICS = "metrics are logged and not aggregated here"


def _role_identity(logical_id: str, region: str, properties: Properties) -> Identity:
    del region
    name = properties.get("RoleName") or f"{STACK}-{logical_id}"
    return name, {"Arn": f"arn:aws:iam::{ACCOUNT}:role/{name}", "RoleId": f"AROA{logical_id.upper()}"}


def _log_group_identity(logical_id: str, region: str, properties: Properties) -> Identity:
    name = properties.get("LogGroupName") or f"{STACK}-{logical_id}"
    return name, {"Arn": f"arn:aws:logs:{region}:{ACCOUNT}:log-group:{name}:*"}


KINDS: Final[Mapping[str, Kind]] = {
    "AWS::IAM::Role": Kind(_role_identity, why=_NO_LEAVE),
    "AWS::IAM::Policy": Kind(nameless, why=_NO_LEAVE),
    "AWS::IAM::ManagedPolicy": Kind(nameless, why=_NO_LEAVE),
    "AWS::SQS::QueuePolicy": Kind(nameless, why=_NO_LEAVE),
    "AWS::SNS::TopicPolicy": Kind(nameless, why=_NO_LEAVE),
    "AWS::S3::BucketPolicy": Kind(nameless, why=_NO_LEAVE),
    "AWS::Lambda::Permission": Kind(nameless, why=_NO_LEAVE),
    "AWS::Logs::LogGroup": Kind(_log_group_identity, why="each function's log is kept in memory"),
    "AWS::CloudWatch::Alarm": Kind(named("AlarmName", "cloudwatch", "alarm:"), why=_NO_METRICS),
    "AWS::CloudWatch::CompositeAlarm": Kind(named("AlarmName", "cloudwatch", "alarm:"), why=_NO_METRICS),
    "AWS::CloudWatch::Dashboard": Kind(nameless, why=_NO_METRICS),
}
