"""What a stack is told: secrets and parameters."""

import json
from collections.abc import Mapping
from random import Random
from typing import TYPE_CHECKING, Final

import boto3

from local.cloud.errors import Unsupported
from local.cloud.resources.kinds import Identity, Kind, Properties, is_true
from local.cloud.template import ACCOUNT, STACK

if TYPE_CHECKING:
    from local.cloud.cloud import Cloud


def _secret_identity(logical_id: str, region: str, properties: Properties) -> Identity:
    name = properties.get("Name") or f"{STACK}-{logical_id}"
    # moto puts six random characters after the name; the name alone finds the secret as well.
    arn = f"arn:aws:secretsmanager:{region}:{ACCOUNT}:secret:{name}"
    return arn, {"Id": arn}


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
        if not is_true(rule.get(f"Exclude{pool}"))
        for character in members
        if character not in excluded
    ]
    password = "".join(random.choices(characters, k=int(rule.get("PasswordLength", 32))))
    if "SecretStringTemplate" not in rule:
        return password
    return json.dumps(json.loads(rule["SecretStringTemplate"]) | {rule["GenerateStringKey"]: password})


def _parameter_identity(logical_id: str, region: str, properties: Properties) -> Identity:
    del region
    name = properties.get("Name") or f"{STACK}-{logical_id}"
    return name, {"Type": properties["Type"], "Value": properties["Value"]}


def _make_parameter(cloud: "Cloud", logical_id: str, properties: Properties) -> None:
    name, _ = cloud.identity(logical_id)
    boto3.client("ssm").put_parameter(Name=name, Type=properties["Type"], Value=str(properties["Value"]))


KINDS: Final[Mapping[str, Kind]] = {
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
}
