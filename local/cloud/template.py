"""Reads template.yaml as CloudFormation will see it: the SAM transform applied, parameters given."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from samtranslator.model.exceptions import InvalidDocumentException
from samtranslator.parser.parser import Parser
from samtranslator.translator.translator import Translator
from samtranslator.yaml_helper import yaml_parse

from local.cloud.errors import TemplateError, Unsupported

ACCOUNT = "123456789012"
STACK = "homing"
_ARTEFACTS = "local-artefacts"
_SECTIONS = {
    "AWSTemplateFormatVersion",
    "Transform",
    "Description",
    "Metadata",
    "Globals",
    "Parameters",
    "Mappings",
    "Conditions",
    "Resources",
    "Outputs",
}
_LOCAL_PATHS = {
    "AWS::Serverless::Function": "CodeUri",
    "AWS::Serverless::LayerVersion": "ContentUri",
    "AWS::Serverless::StateMachine": "DefinitionUri",
}
_SUBSTITUTION = re.compile(r"\$\{([A-Za-z0-9_]+)\}")


@dataclass(frozen=True)
class Resource:
    """One resource of the translated template; its properties still hold intrinsics."""

    logical_id: str
    type: str
    properties: Mapping[str, Any]
    condition: str | None


@dataclass(frozen=True)
class Template:
    """A template after translation. `artefacts` gives the local path behind each artefact's key."""

    parameters: Mapping[str, Any]
    conditions: Mapping[str, Any]
    mappings: Mapping[str, Any]
    resources: Mapping[str, Resource]
    outputs: Mapping[str, Any]
    artefacts: Mapping[str, Path]

    def path_of(self, location: Mapping[str, Any]) -> Path:
        """The local path behind an S3 location (`S3Bucket`/`Bucket`, `S3Key`/`Key`)."""
        bucket, key = (location.get("S3" + name, location.get(name)) for name in ("Bucket", "Key"))
        if bucket != _ARTEFACTS:
            raise Unsupported(f"an artefact that is not a local path: s3://{bucket}/{key}")
        return self.artefacts[str(key)]


class _ManagedPolicies(dict[str, str]):
    """Every managed policy's name is known: the local cloud asks nobody's leave."""

    def get(self, name: str, default: object = None) -> str:
        del default
        return f"arn:aws:iam::aws:policy/{name}"

    def __contains__(self, name: object) -> bool:
        return True


def load_template(path: Path, overrides: Mapping[str, str], region: str) -> Template:
    """Reads and translates the template; offline, in process.

    `overrides` are values for its parameters, by name. Raises TemplateError where the template or a value is
    not valid, Unsupported for a section that is not known.
    """
    source = yaml_parse(path.read_text(encoding="utf-8"))
    if unknown := set(source) - _SECTIONS:
        raise Unsupported(f"template sections: {', '.join(sorted(unknown))}")
    artefacts = _detach_local_paths(source, path.parent)
    parameters = _parameter_values(source.get("Parameters", {}), overrides) | _pseudo_parameters(region)
    try:
        translator = Translator(None, Parser())
        translated = translator.translate(
            source, parameter_values=dict(parameters), get_managed_policy_map=_ManagedPolicies
        )
    except InvalidDocumentException as error:
        raise TemplateError("; ".join(cause.message for cause in error.causes) or error.message) from error
    translator.metrics.publish()  # to nobody; unpublished ones complain when they are collected
    resources = {
        logical_id: Resource(logical_id, body["Type"], body.get("Properties", {}), body.get("Condition"))
        for logical_id, body in translated["Resources"].items()
    }
    return Template(
        parameters=parameters,
        conditions=translated.get("Conditions", {}),
        mappings=translated.get("Mappings", {}),
        resources=resources,
        outputs=translated.get("Outputs", {}),
        artefacts=artefacts,
    )


def substitute(text: str, values: Mapping[str, Any]) -> str:
    """`DefinitionSubstitutions` applied as CloudFormation does: to the text, before it is parsed.

    Raises TemplateError for a placeholder without a value, which CloudFormation would leave standing.
    """
    if missing := sorted(set(_SUBSTITUTION.findall(text)) - set(values)):
        raise TemplateError(f"no substitution for {', '.join(missing)}")
    return _SUBSTITUTION.sub(lambda match: str(values[match[1]]), text)


def _detach_local_paths(source: dict[str, Any], root: Path) -> dict[str, Path]:
    """Puts S3 locations in the place of local paths, as `sam package` does; gives the paths by key."""
    defaults = source.get("Globals", {})
    artefacts = {}
    for logical_id, resource in source["Resources"].items():
        name = _LOCAL_PATHS.get(resource["Type"])
        if name is None:
            continue
        section = resource["Type"].removeprefix("AWS::Serverless::")
        properties = resource.setdefault("Properties", {})
        local_path = properties.get(name, defaults.get(section, {}).get(name))
        if not isinstance(local_path, str):
            raise TemplateError(f"{logical_id}: {name} must be a local path")
        artefacts[logical_id] = (root / local_path).resolve()
        if not artefacts[logical_id].exists():
            raise TemplateError(f"{logical_id}: {name} {local_path} does not exist")
        properties[name] = f"s3://{_ARTEFACTS}/{logical_id}"
    return artefacts


def _pseudo_parameters(region: str) -> dict[str, Any]:
    return {
        "AWS::AccountId": ACCOUNT,
        "AWS::Partition": "aws",
        "AWS::Region": region,
        "AWS::StackName": STACK,
        "AWS::StackId": f"arn:aws:cloudformation:{region}:{ACCOUNT}:stack/{STACK}/local",
        "AWS::URLSuffix": "amazonaws.com",
    }


def _parameter_values(declared: Mapping[str, Any], overrides: Mapping[str, str]) -> dict[str, Any]:
    if unknown := sorted(set(overrides) - set(declared)):
        raise TemplateError(f"the template has no parameter {', '.join(unknown)}")
    if missing := sorted(name for name, body in declared.items() if name not in overrides and "Default" not in body):
        raise TemplateError(f"no value for parameter {', '.join(missing)}")
    return {
        name: _parameter_value(name, body, overrides.get(name, body.get("Default"))) for name, body in declared.items()
    }


def _parameter_value(name: str, declaration: Mapping[str, Any], value: Any) -> Any:
    kind = declaration["Type"]
    if kind not in {"String", "Number", "CommaDelimitedList", "List<Number>"}:
        raise Unsupported(f"parameter {name} of type {kind}")
    text = str(value)
    allowed = [str(choice) for choice in declaration.get("AllowedValues", [])]
    problems = [
        (bool(allowed) and text not in allowed, f"is none of {', '.join(allowed)}"),
        (
            "AllowedPattern" in declaration and not re.fullmatch(declaration["AllowedPattern"], text),
            declaration.get("ConstraintDescription", f"does not match {declaration.get('AllowedPattern')}"),
        ),
        (len(text) < int(declaration.get("MinLength", 0)), "is too short"),
        (len(text) > int(declaration.get("MaxLength", 4096)), "is too long"),
        (kind == "Number" and not _within(text, declaration), "is not a number within the bounds"),
    ]
    for wrong, message in problems:
        if wrong:
            raise TemplateError(f"parameter {name}: {text!r} {message}")
    return [part.strip() for part in text.split(",")] if "List" in kind else text


def _within(text: str, declaration: Mapping[str, Any]) -> bool:
    try:
        number = float(text)
    except ValueError:
        return False
    low, high = declaration.get("MinValue", "-inf"), declaration.get("MaxValue", "inf")
    return float(low) <= number <= float(high)
