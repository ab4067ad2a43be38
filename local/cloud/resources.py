"""How each type of resource is made real: the table of all that the local cloud knows.

Whatever is not in the table stops the deployment by name, and so does a property of a known type that is
neither acted on nor known to change nothing here.
"""

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING, Any, Final, TypeAlias

import boto3
import yaml

from homing.domain.moments import SECOND
from local.asl import DefinitionError, parse
from local.cloud.errors import TemplateError, Unsupported
from local.cloud.event_sources import read_options
from local.cloud.events import AsyncOptions, Rule
from local.cloud.functions import Function
from local.cloud.http_api import Route
from local.cloud.inside_moto import Topic
from local.cloud.patterns import compile_pattern
from local.cloud.queues import QueueMapping
from local.cloud.schedule_expressions import parse_expression
from local.cloud.schedules import Schedule
from local.cloud.ses import Destination
from local.cloud.streams import StreamMapping
from local.cloud.template import ACCOUNT, STACK, substitute
from local.cloud.workflows import StateMachine

if TYPE_CHECKING:
    from local.cloud.cloud import Cloud

Properties: TypeAlias = Mapping[str, Any]
Make: TypeAlias = Callable[["Cloud", str, Properties], None]
Identity: TypeAlias = tuple[str, Mapping[str, str]]
"""What `Ref` gives, and what `Fn::GetAtt` gives by attribute."""

Identify: TypeAlias = Callable[[str, str, Properties], Identity]
"""(logical id, region, properties) ─▶ identity"""

_STREAM_LABEL: Final = "2020-01-01T00:00:00.000"


@dataclass(frozen=True)
class Kind:
    """A resource type. `make` is None for what changes nothing here, and `why` says why it does not.

    `acts_on` are the properties that are honoured, `inert` those that change nothing here.
    """

    identify: Identify
    make: Make | None = None
    why: str = ""
    acts_on: frozenset[str] = field(default_factory=frozenset)
    inert: frozenset[str] = field(default_factory=frozenset)

    def check(self, logical_id: str, kind: str, properties: Properties) -> None:
        """Refuses a property that would not be honoured."""
        if self.make is None:
            return
        if unknown := sorted(set(properties) - self.acts_on - self.inert - {"Tags"}):
            raise Unsupported(f"{logical_id} ({kind}): property {', '.join(unknown)}")


def kind_of(logical_id: str, type_name: str) -> Kind:
    """The known kind. Raises Unsupported by name for any other."""
    try:
        return KINDS[type_name]
    except KeyError:
        raise Unsupported(f"{logical_id}: the local cloud does not know the resource type {type_name}") from None


# Identities


def _named(
    property_name: str, service: str, prefix: str = "", attribute: str = "Arn", *, ref_is_arn: bool = False
) -> Identify:
    """The usual identity: a name, given or made from the logical id, and an ARN made from the name."""

    def identify(logical_id: str, region: str, properties: Properties) -> Identity:
        name = properties.get(property_name) or f"{STACK}-{logical_id}"
        arn = f"arn:aws:{service}:{region}:{ACCOUNT}:{prefix}{name}"
        return arn if ref_is_arn else name, {attribute: arn, "Name": name}

    return identify


def _table_identity(logical_id: str, region: str, properties: Properties) -> Identity:
    name = properties.get("TableName") or f"{STACK}-{logical_id}"
    arn = f"arn:aws:dynamodb:{region}:{ACCOUNT}:table/{name}"
    return name, {"Arn": arn, "StreamArn": f"{arn}/stream/{_STREAM_LABEL}"}


def _queue_identity(logical_id: str, region: str, properties: Properties) -> Identity:
    name = properties.get("QueueName") or f"{STACK}-{logical_id}"
    url = f"https://sqs.{region}.amazonaws.com/{ACCOUNT}/{name}"
    return url, {"Arn": f"arn:aws:sqs:{region}:{ACCOUNT}:{name}", "QueueName": name, "QueueUrl": url}


def _topic_identity(logical_id: str, region: str, properties: Properties) -> Identity:
    name = properties.get("TopicName") or f"{STACK}-{logical_id}"
    arn = f"arn:aws:sns:{region}:{ACCOUNT}:{name}"
    return arn, {"TopicArn": arn, "TopicName": name}


def _secret_identity(logical_id: str, region: str, properties: Properties) -> Identity:
    name = properties.get("Name") or f"{STACK}-{logical_id}"
    # moto puts six random characters after the name; the name alone finds the secret as well.
    arn = f"arn:aws:secretsmanager:{region}:{ACCOUNT}:secret:{name}"
    return arn, {"Id": arn}


def _parameter_identity(logical_id: str, region: str, properties: Properties) -> Identity:
    del region
    name = properties.get("Name") or f"{STACK}-{logical_id}"
    return name, {"Type": properties["Type"], "Value": properties["Value"]}


def _bucket_identity(logical_id: str, region: str, properties: Properties) -> Identity:
    name = properties.get("BucketName") or f"{STACK}-{logical_id}".lower()
    domain = f"{name}.s3.amazonaws.com"
    regional = f"{name}.s3.{region}.amazonaws.com"
    return name, {"Arn": f"arn:aws:s3:::{name}", "DomainName": domain, "RegionalDomainName": regional}


def _layer_identity(logical_id: str, region: str, properties: Properties) -> Identity:
    name = properties.get("LayerName", logical_id)
    return f"arn:aws:lambda:{region}:{ACCOUNT}:layer:{name}:1", {}


def _version_identity(logical_id: str, region: str, properties: Properties) -> Identity:
    del logical_id
    return f"{_function_arn(region, properties['FunctionName'])}:1", {"Version": "1"}


def _alias_identity(logical_id: str, region: str, properties: Properties) -> Identity:
    del logical_id
    arn = f"{_function_arn(region, properties['FunctionName'])}:{properties['Name']}"
    return arn, {"AliasArn": arn}


def _api_identity(logical_id: str, region: str, properties: Properties) -> Identity:
    del properties
    api_id = re.sub(r"[^a-z0-9]", "", f"{STACK}{logical_id}".lower())[:20]
    return api_id, {"ApiId": api_id, "ApiEndpoint": f"https://{api_id}.execute-api.{region}.amazonaws.com"}


def _stage_identity(logical_id: str, region: str, properties: Properties) -> Identity:
    del logical_id, region
    return properties["StageName"], {}


def _machine_identity(logical_id: str, region: str, properties: Properties) -> Identity:
    name = properties.get("StateMachineName") or f"{STACK}-{logical_id}"
    arn = f"arn:aws:states:{region}:{ACCOUNT}:stateMachine:{name}"
    return arn, {"Arn": arn, "Name": name}


def _identity_identity(logical_id: str, region: str, properties: Properties) -> Identity:
    del logical_id, region
    return properties["EmailIdentity"], {
        f"DkimDNSToken{part}{number}": f"{part.lower()}{number}.dkim.amazonses.com"
        for part in ("Name", "Value")
        for number in (1, 2, 3)
    }


def _role_identity(logical_id: str, region: str, properties: Properties) -> Identity:
    del region
    name = properties.get("RoleName") or f"{STACK}-{logical_id}"
    return name, {"Arn": f"arn:aws:iam::{ACCOUNT}:role/{name}", "RoleId": f"AROA{logical_id.upper()}"}


def _log_group_identity(logical_id: str, region: str, properties: Properties) -> Identity:
    name = properties.get("LogGroupName") or f"{STACK}-{logical_id}"
    return name, {"Arn": f"arn:aws:logs:{region}:{ACCOUNT}:log-group:{name}:*"}


def _plain_identity(logical_id: str, region: str, properties: Properties) -> Identity:
    del region, properties
    return f"{STACK}-{logical_id}", {}


# Makers


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
    ttl_attribute = ttl["AttributeName"] if _true(ttl.get("Enabled")) else None
    cloud.database.add(name, attributes["StreamArn"], view, ttl_attribute)
    cloud.stream_names[attributes["StreamArn"]] = name


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
    attributes = {"RawMessageDelivery": "true"} if _true(properties.get("RawMessageDelivery")) else {}
    boto3.client("sns").subscribe(
        TopicArn=properties["TopicArn"],
        Protocol="sqs",
        Endpoint=properties["Endpoint"],
        Attributes=attributes,
    )


def _make_secret(cloud: "Cloud", logical_id: str, properties: Properties) -> None:
    arn, _ = cloud.identity(logical_id)
    value = cloud.secrets.get(logical_id, properties.get("SecretString"))
    if value is None:
        value = _generate_secret(Random(f"{cloud.seed} {logical_id}"), properties["GenerateSecretString"])
    boto3.client("secretsmanager").create_secret(Name=arn.rpartition(":secret:")[2], SecretString=value)


def _generate_secret(random: Random, rule: Properties) -> str:
    pools = {
        "Uppercase": "ABCDEFGHIJKLMNOPQRSTUVWXYZ",
        "Lowercase": "abcdefghijklmnopqrstuvwxyz",
        "Numbers": "0123456789",
        "Punctuation": "!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~",
    }
    if unknown := set(rule) - {
        "PasswordLength",
        "ExcludeCharacters",
        "SecretStringTemplate",
        "GenerateStringKey",
        "RequireEachIncludedType",
        *(f"Exclude{pool}" for pool in pools),
    }:
        raise Unsupported(f"GenerateSecretString {', '.join(sorted(unknown))}")
    excluded = rule.get("ExcludeCharacters", "")
    characters = [
        character
        for pool, members in pools.items()
        if not _true(rule.get(f"Exclude{pool}"))
        for character in members
        if character not in excluded
    ]
    password = "".join(random.choices(characters, k=int(rule.get("PasswordLength", 32))))
    if "SecretStringTemplate" not in rule:
        return password
    return json.dumps(json.loads(rule["SecretStringTemplate"]) | {rule["GenerateStringKey"]: password})


def _make_parameter(cloud: "Cloud", logical_id: str, properties: Properties) -> None:
    name, _ = cloud.identity(logical_id)
    boto3.client("ssm").put_parameter(Name=name, Type=properties["Type"], Value=str(properties["Value"]))


def _make_bucket(cloud: "Cloud", logical_id: str, properties: Properties) -> None:
    del properties
    name, _ = cloud.identity(logical_id)
    client = boto3.client("s3")
    location: Any = {"LocationConstraint": cloud.region}
    client.create_bucket(
        Bucket=name, **({} if cloud.region == "us-east-1" else {"CreateBucketConfiguration": location})
    )


def _make_layer(cloud: "Cloud", logical_id: str, properties: Properties) -> None:
    arn, _ = cloud.identity(logical_id)
    cloud.layers[arn] = _importable(cloud.template.path_of(properties["Content"]))


def _importable(directory: Path) -> list[Path]:
    """Where a layer's source holds first-party packages: the directory itself, or directories in it.

    A layer that a makefile builds has its sources where the makefile looks for them; one that only gathers
    third-party packages has none, and shares those of this process.
    """
    places = [directory, *sorted(path for path in directory.iterdir() if path.is_dir())]
    return [place for place in places if any(place.glob("*/__init__.py"))][:1]


def _make_function(cloud: "Cloud", logical_id: str, properties: Properties) -> None:
    name, attributes = cloud.identity(logical_id)
    if "Code" not in properties or not str(properties.get("Runtime", "")).startswith("python"):
        raise Unsupported(f"{logical_id}: a function that is not a zip of Python")
    own = properties.get("Environment", {}).get("Variables", {})
    memory = int(properties.get("MemorySize", 128))
    dead_letters = properties.get("DeadLetterConfig", {}).get("TargetArn")
    if dead_letters is not None:
        cloud.queues.mark_dead_letters(dead_letters)
    cloud.functions.add(
        Function(
            logical_id=logical_id,
            name=name,
            arn=attributes["Arn"],
            handler=properties["Handler"],
            roots=list(
                dict.fromkeys(
                    [
                        cloud.template.path_of(properties["Code"]),
                        *(root for arn in properties.get("Layers", []) for root in cloud.layers[arn]),
                    ]
                )
            ),
            environment={
                **{variable: _text(value) for variable, value in own.items()},
                "AWS_LAMBDA_FUNCTION_NAME": name,
                "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": str(memory),
                "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST",
            },
            timeout=int(properties.get("Timeout", 3)),
            memory=memory,
            dead_letter_queue=dead_letters,
        )
    )


def _make_mapping(cloud: "Cloud", logical_id: str, properties: Properties) -> None:
    if _false(properties.get("Enabled", True)):
        return
    source = properties["EventSourceArn"]
    function = _function(cloud, properties["FunctionName"])
    if source in cloud.stream_names:
        options = read_options(properties, default_batch_size=100)
        if options.on_failure is not None:
            cloud.queues.mark_dead_letters(options.on_failure)
        cloud.stream_mappings.append(
            StreamMapping(
                cloud.database.streams[cloud.stream_names[source]],
                cloud.queues,
                cloud.functions,
                function,
                options,
                cloud.timers,
            )
        )
    elif source in cloud.queues.by_arn:
        if unknown := sorted(set(properties) - _QUEUE_MAPPING):
            raise Unsupported(f"{logical_id}: {', '.join(unknown)} for a queue")
        options = read_options(properties, default_batch_size=10)
        cloud.queues.mappings.append(
            QueueMapping(source, cloud.queues, cloud.functions, function, options, cloud.timers)
        )
    else:
        raise Unsupported(f"{logical_id}: event source {source}")


def _make_invoke_config(cloud: "Cloud", logical_id: str, properties: Properties) -> None:
    del logical_id
    function = _function(cloud, properties["FunctionName"])
    default = AsyncOptions()
    destinations = properties.get("DestinationConfig", {})
    if "OnSuccess" in destinations:
        raise Unsupported(f"DestinationConfig.OnSuccess of {function.logical_id}")
    on_failure = destinations.get("OnFailure", {}).get("Destination")
    if on_failure is not None:
        if on_failure not in cloud.queues.by_arn:
            raise Unsupported(f"a failure destination that is no queue: {on_failure}")
        cloud.queues.mark_dead_letters(on_failure)
    age = properties.get("MaximumEventAgeInSeconds")
    cloud.invocations.options[function.arn] = AsyncOptions(
        retries=int(properties.get("MaximumRetryAttempts", default.retries)),
        maximum_age=default.maximum_age if age is None else int(age) * SECOND,
        on_failure=on_failure,
    )


def _make_api(cloud: "Cloud", logical_id: str, properties: Properties) -> None:
    body = properties.get("Body")
    if body is None:
        raise Unsupported(f"{logical_id}: an HTTP API without a body")
    if unknown := sorted(set(body) - {"openapi", "info", "paths", "tags"}):
        raise Unsupported(f"{logical_id}: {', '.join(unknown)} in the API's body")
    for path, methods in body["paths"].items():
        for method, operation in methods.items():
            _add_route(cloud, logical_id, path, method, operation)


def _add_route(cloud: "Cloud", logical_id: str, path: str, method: str, operation: Properties) -> None:
    known = {"x-amazon-apigateway-integration", "responses", "parameters", "isDefaultRoute"}
    if unknown := sorted(set(operation) - known):
        raise Unsupported(f"{logical_id}: {', '.join(unknown)} of {method} {path}")
    integration = operation["x-amazon-apigateway-integration"]
    target = re.search(r"functions/(arn:[^/]+)/invocations", integration["uri"])
    if target is None or integration.get("payloadFormatVersion") != "2.0":
        raise Unsupported(f"{logical_id}: the integration of {method} {path} is no Lambda function with format 2.0")
    name = "ANY" if method == "x-amazon-apigateway-any-method" else method.upper()
    function = cloud.functions.find(target[1])
    cloud.http_api(logical_id).add(Route(name, "$default" if path == "/$default" else path, function))


def _make_machine(cloud: "Cloud", logical_id: str, properties: Properties) -> None:
    arn, attributes = cloud.identity(logical_id)
    if properties.get("StateMachineType", "STANDARD") != "STANDARD":
        raise Unsupported(f"{logical_id}: an express state machine")
    path = cloud.template.path_of(properties["DefinitionS3Location"])
    try:
        text = substitute(path.read_text(encoding="utf-8"), properties.get("DefinitionSubstitutions", {}))
        machine = parse(yaml.safe_load(text))
    except (DefinitionError, TemplateError, yaml.YAMLError) as error:
        raise TemplateError(f"{logical_id} ({path.name}): {error}") from error
    cloud.workflows.add(StateMachine(logical_id, attributes["Name"], arn, properties.get("RoleArn", ""), machine))


def _make_schedule(cloud: "Cloud", logical_id: str, properties: Properties) -> None:
    _, attributes = cloud.identity(logical_id)
    target = properties["Target"]
    if unknown := sorted(set(target) - {"Arn", "RoleArn", "Input", "RetryPolicy", "DeadLetterConfig"}):
        raise Unsupported(f"{logical_id}: {', '.join(unknown)} of a schedule's target")
    if dead_letters := target.get("DeadLetterConfig", {}).get("Arn"):
        cloud.queues.mark_dead_letters(dead_letters)
    cloud.schedules.add(
        Schedule(
            logical_id=logical_id,
            arn=attributes["Arn"],
            following=parse_expression(
                properties["ScheduleExpression"], properties.get("ScheduleExpressionTimezone", "UTC")
            ),
            function=_function(cloud, target["Arn"]),
            input=target.get("Input"),
            enabled=properties.get("State", "ENABLED") == "ENABLED",
        )
    )


def _make_rule(cloud: "Cloud", logical_id: str, properties: Properties) -> None:
    if properties.get("EventBusName", "default") != "default":
        raise Unsupported(f"{logical_id}: an event bus of its own")
    if properties.get("State", "ENABLED") != "ENABLED":
        return
    functions, queue_arns = [], []
    for target in properties["Targets"]:
        if unknown := sorted(set(target) - {"Arn", "Id", "RetryPolicy", "DeadLetterConfig", "RoleArn"}):
            raise Unsupported(f"{logical_id}: {', '.join(unknown)} of a rule's target")
        if dead_letters := target.get("DeadLetterConfig", {}).get("Arn"):
            cloud.queues.mark_dead_letters(dead_letters)
        if target["Arn"] in cloud.queues.by_arn:
            queue_arns.append(target["Arn"])
        else:
            functions.append(_function(cloud, target["Arn"]))
    matches = compile_pattern(properties["EventPattern"])
    cloud.bus.rules.append(Rule(logical_id, matches, functions, queue_arns))


def _make_identity(cloud: "Cloud", logical_id: str, properties: Properties) -> None:
    del logical_id
    cloud.ses.identities.add(properties["EmailIdentity"])


def _make_configuration_set(cloud: "Cloud", logical_id: str, properties: Properties) -> None:
    del properties
    cloud.ses.configuration_sets.add(cloud.identity(logical_id)[0])


def _make_event_destination(cloud: "Cloud", logical_id: str, properties: Properties) -> None:
    destination = properties["EventDestination"]
    if unknown := sorted(set(destination) - {"Name", "Enabled", "MatchingEventTypes", "SnsDestination"}):
        raise Unsupported(f"{logical_id}: event destination {', '.join(unknown)}")
    if _false(destination.get("Enabled", True)):
        return
    arn = destination["SnsDestination"]["TopicARN"]
    types = frozenset(_event_type(name) for name in destination["MatchingEventTypes"])
    cloud.ses.destinations.append(Destination(properties["ConfigurationSetName"], types, Topic(arn, cloud.region), arn))


def _event_type(name: str) -> str:
    """CloudFormation's `renderingFailure` and SES's `RENDERING_FAILURE` are the same."""
    return re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name).upper()


def _function(cloud: "Cloud", name_or_arn: str) -> Function:
    return cloud.functions.find(name_or_arn)


def _function_arn(region: str, name_or_arn: str) -> str:
    return (
        name_or_arn if name_or_arn.startswith("arn:") else f"arn:aws:lambda:{region}:{ACCOUNT}:function:{name_or_arn}"
    )


def _text(value: Any) -> str:
    """An environment variable's value as CloudFormation writes it."""
    return str(value).lower() if isinstance(value, bool) else str(value)


def _true(value: Any) -> bool:
    return str(value).lower() == "true"


def _false(value: Any) -> bool:
    return str(value).lower() == "false"


_QUEUE_MAPPING: Final = frozenset(
    {
        "EventSourceArn",
        "FunctionName",
        "Enabled",
        "BatchSize",
        "MaximumBatchingWindowInSeconds",
        "FilterCriteria",
        "FunctionResponseTypes",
        "ScalingConfig",
        "Tags",
    }
)
_NO_LEAVE = "the local cloud asks nobody's leave; cfn-lint and the policies' own tests look after them"
_NO_METRICS = "metrics are logged and not aggregated here"

KINDS: Final[Mapping[str, Kind]] = {
    "AWS::IAM::Role": Kind(_role_identity, why=_NO_LEAVE),
    "AWS::IAM::Policy": Kind(_plain_identity, why=_NO_LEAVE),
    "AWS::IAM::ManagedPolicy": Kind(_plain_identity, why=_NO_LEAVE),
    "AWS::SQS::QueuePolicy": Kind(_plain_identity, why=_NO_LEAVE),
    "AWS::SNS::TopicPolicy": Kind(_plain_identity, why=_NO_LEAVE),
    "AWS::S3::BucketPolicy": Kind(_plain_identity, why=_NO_LEAVE),
    "AWS::Lambda::Permission": Kind(_plain_identity, why=_NO_LEAVE),
    "AWS::Logs::LogGroup": Kind(_log_group_identity, why="each function's log is kept in memory"),
    "AWS::CloudWatch::Alarm": Kind(_named("AlarmName", "cloudwatch", "alarm:"), why=_NO_METRICS),
    "AWS::CloudWatch::CompositeAlarm": Kind(_named("AlarmName", "cloudwatch", "alarm:"), why=_NO_METRICS),
    "AWS::CloudWatch::Dashboard": Kind(_plain_identity, why=_NO_METRICS),
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
            }
        ),
        inert=frozenset(
            {
                "PointInTimeRecoverySpecification",
                "SSESpecification",
                "DeletionProtectionEnabled",
                "TableClass",
                "OnDemandThroughput",
            }
        ),
    ),
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
        _plain_identity,
        _make_subscription,
        acts_on=frozenset({"TopicArn", "Protocol", "Endpoint", "RawMessageDelivery"}),
        inert=frozenset({"RedrivePolicy", "Region"}),
    ),
    "AWS::SecretsManager::Secret": Kind(
        _secret_identity,
        _make_secret,
        acts_on=frozenset({"Name", "GenerateSecretString", "SecretString"}),
        inert=frozenset({"Description", "KmsKeyId"}),
    ),
    "AWS::SSM::Parameter": Kind(
        _parameter_identity,
        _make_parameter,
        acts_on=frozenset({"Name", "Type", "Value"}),
        inert=frozenset({"Description", "Tier", "AllowedPattern"}),
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
    "AWS::SES::EmailIdentity": Kind(
        _identity_identity,
        _make_identity,
        acts_on=frozenset({"EmailIdentity"}),
        inert=frozenset(
            {
                "DkimAttributes",
                "DkimSigningAttributes",
                "FeedbackAttributes",
                "MailFromAttributes",
                "ConfigurationSetAttributes",
            }
        ),
    ),
    "AWS::SES::ConfigurationSet": Kind(
        _named("Name", "ses", "configuration-set/"),
        _make_configuration_set,
        acts_on=frozenset({"Name"}),
        inert=frozenset(
            {
                "DeliveryOptions",
                "ReputationOptions",
                "SendingOptions",
                "SuppressionOptions",
                "TrackingOptions",
                "VdmOptions",
            }
        ),
    ),
    "AWS::SES::ConfigurationSetEventDestination": Kind(
        _plain_identity,
        _make_event_destination,
        acts_on=frozenset({"ConfigurationSetName", "EventDestination"}),
    ),
    "AWS::Lambda::LayerVersion": Kind(
        _layer_identity,
        _make_layer,
        acts_on=frozenset({"Content", "LayerName"}),
        inert=frozenset({"CompatibleRuntimes", "CompatibleArchitectures", "Description", "LicenseInfo"}),
    ),
    "AWS::Lambda::Function": Kind(
        _named("FunctionName", "lambda", "function:"),
        _make_function,
        acts_on=frozenset(
            {
                "FunctionName",
                "Code",
                "Handler",
                "Runtime",
                "Environment",
                "Layers",
                "Timeout",
                "MemorySize",
                "DeadLetterConfig",
            }
        ),
        inert=frozenset(
            {
                "Architectures",
                "Role",
                "Description",
                "TracingConfig",
                "LoggingConfig",
                "ReservedConcurrentExecutions",
                "EphemeralStorage",
                "KmsKeyArn",
                "SnapStart",
                "RuntimeManagementConfig",
                "PackageType",
                "RecursiveLoop",
            }
        ),
    ),
    "AWS::Lambda::Version": Kind(_version_identity, why="every version runs the code at hand"),
    "AWS::Lambda::Alias": Kind(_alias_identity, why="every alias runs the code at hand"),
    "AWS::Lambda::EventSourceMapping": Kind(
        _plain_identity,
        _make_mapping,
        acts_on=_QUEUE_MAPPING
        | {
            "StartingPosition",
            "BisectBatchOnFunctionError",
            "MaximumRetryAttempts",
            "MaximumRecordAgeInSeconds",
            "DestinationConfig",
        },
    ),
    "AWS::Lambda::EventInvokeConfig": Kind(
        _plain_identity,
        _make_invoke_config,
        acts_on=frozenset(
            {
                "FunctionName",
                "Qualifier",
                "MaximumRetryAttempts",
                "MaximumEventAgeInSeconds",
                "DestinationConfig",
            }
        ),
    ),
    "AWS::StepFunctions::StateMachine": Kind(
        _machine_identity,
        _make_machine,
        acts_on=frozenset(
            {
                "StateMachineName",
                "StateMachineType",
                "DefinitionS3Location",
                "DefinitionSubstitutions",
                "RoleArn",
            }
        ),
        inert=frozenset({"LoggingConfiguration", "TracingConfiguration", "EncryptionConfiguration"}),
    ),
    "AWS::ApiGatewayV2::Api": Kind(
        _api_identity,
        _make_api,
        acts_on=frozenset({"Body"}),
        inert=frozenset({"Name", "Description", "FailOnWarnings", "DisableExecuteApiEndpoint", "ProtocolType"}),
    ),
    "AWS::ApiGatewayV2::Stage": Kind(
        _stage_identity, why="one stage, without throttling; the access log is not written"
    ),
    "AWS::Scheduler::Schedule": Kind(
        _named("Name", "scheduler", "schedule/default/"),
        _make_schedule,
        acts_on=frozenset({"Name", "ScheduleExpression", "ScheduleExpressionTimezone", "State", "Target"}),
        # A flexible window lets Scheduler choose its moment; here it is always the first.
        inert=frozenset({"Description", "FlexibleTimeWindow", "KmsKeyArn"}),
    ),
    "AWS::Scheduler::ScheduleGroup": Kind(_plain_identity, why="a group only holds schedules together"),
    "AWS::Events::Rule": Kind(
        _named("Name", "events", "rule/"),
        _make_rule,
        acts_on=frozenset({"Name", "EventPattern", "State", "Targets", "EventBusName"}),
        inert=frozenset({"Description", "RoleArn"}),
    ),
}
"""In the order in which resources are made."""

SECOND_PASS: Final[Mapping[str, Make]] = {"AWS::SQS::Queue": _redrive_queue}
"""What can be done only once all resources are there."""
