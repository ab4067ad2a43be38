"""Step Functions: state machines."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

import yaml

from local.asl import DefinitionError, parse
from local.cloud.errors import TemplateError, Unsupported
from local.cloud.resources.kinds import Identity, Kind, Properties
from local.cloud.template import ACCOUNT, STACK, substitute
from local.cloud.workflows import StateMachine

if TYPE_CHECKING:
    from local.cloud.cloud import Cloud


def _machine_identity(logical_id: str, region: str, properties: Properties) -> Identity:
    name = properties.get("StateMachineName") or f"{STACK}-{logical_id}"
    arn = f"arn:aws:states:{region}:{ACCOUNT}:stateMachine:{name}"
    return arn, {"Arn": arn, "Name": name}


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


KINDS: Final[Mapping[str, Kind]] = {
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
}
