"""Lambda: functions, their layers, and how they get their events."""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from homing.domain.moments import SECOND
from local.cloud.errors import Unsupported
from local.cloud.event_sources import read_options
from local.cloud.events import AsyncOptions
from local.cloud.functions import Function
from local.cloud.queues import QueueMapping
from local.cloud.resources.kinds import Identity, Kind, Properties, is_false, named, nameless
from local.cloud.streams import StreamMapping
from local.cloud.template import ACCOUNT

if TYPE_CHECKING:
    from local.cloud.cloud import Cloud

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


def _layer_identity(logical_id: str, region: str, properties: Properties) -> Identity:
    name = properties.get("LayerName", logical_id)
    return f"arn:aws:lambda:{region}:{ACCOUNT}:layer:{name}:1", {}


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


def _text(value: Any) -> str:
    """An environment variable's value as CloudFormation writes it."""
    return str(value).lower() if isinstance(value, bool) else str(value)


def _version_identity(logical_id: str, region: str, properties: Properties) -> Identity:
    del logical_id
    return f"{_function_arn(region, properties['FunctionName'])}:1", {"Version": "1"}


def _alias_identity(logical_id: str, region: str, properties: Properties) -> Identity:
    del logical_id
    arn = f"{_function_arn(region, properties['FunctionName'])}:{properties['Name']}"
    return arn, {"AliasArn": arn}


def _function_arn(region: str, name_or_arn: str) -> str:
    return (
        name_or_arn if name_or_arn.startswith("arn:") else f"arn:aws:lambda:{region}:{ACCOUNT}:function:{name_or_arn}"
    )


def _make_mapping(cloud: "Cloud", logical_id: str, properties: Properties) -> None:
    if is_false(properties.get("Enabled", True)):
        return
    source = properties["EventSourceArn"]
    function = cloud.functions.find(properties["FunctionName"])
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
    function = cloud.functions.find(properties["FunctionName"])
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


KINDS: Final[Mapping[str, Kind]] = {
    "AWS::Lambda::LayerVersion": Kind(
        _layer_identity,
        _make_layer,
        acts_on=frozenset({"Content", "LayerName"}),
        inert=frozenset({"CompatibleRuntimes", "CompatibleArchitectures", "Description", "LicenseInfo"}),
    ),
    "AWS::Lambda::Function": Kind(
        named("FunctionName", "lambda", "function:"),
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
        nameless,
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
        nameless,
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
}
