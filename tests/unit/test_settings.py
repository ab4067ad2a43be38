"""Each function gets from template.yaml the environment that its settings model reads: all of it, and no more."""

import inspect
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError
from samtranslator.yaml_helper import yaml_parse

from homing import config

ROOT = Path(__file__).parents[2]
TEMPLATE: dict[str, Any] = yaml_parse((ROOT / "template.yaml").read_text("utf-8"))
GLOBAL: dict[str, object] = TEMPLATE["Globals"]["Function"]["Environment"]["Variables"]
FUNCTIONS: dict[str, dict[str, Any]] = {
    logical_id.removesuffix("Function"): resource["Properties"]
    for logical_id, resource in TEMPLATE["Resources"].items()
    if resource["Type"] == "AWS::Serverless::Function"
}
BASES = {"", "Table", "Shop"}
"""What the functions' models are composed of."""


def model_of(function: str) -> type[config.Settings]:
    model: type[config.Settings] = getattr(config, f"{function}Settings")
    return model


def environment_of(function: str) -> dict[str, object]:
    variables: dict[str, object] = FUNCTIONS[function].get("Environment", {}).get("Variables", {})
    return variables


def test_every_function_has_a_settings_model_and_every_model_a_function() -> None:
    models = {
        name.removesuffix("Settings")
        for name, member in inspect.getmembers(config, inspect.isclass)
        if issubclass(member, config.Settings)
    }
    assert models - BASES == set(FUNCTIONS)


@pytest.mark.parametrize("function", FUNCTIONS)
def test_a_functions_environment_is_its_settings(function: str) -> None:
    assert {name.upper() for name in model_of(function).model_fields} == set(environment_of(function))


@pytest.mark.parametrize("function", FUNCTIONS)
def test_a_function_is_named_as_its_folder(function: str) -> None:
    assert FUNCTIONS[function]["CodeUri"] == f"functions/{function.lower()}"


def values_for(function: str) -> dict[str, str]:
    """A value of the right kind for each variable."""
    kinds = {name.upper(): field.annotation for name, field in model_of(function).model_fields.items()}
    return {name: "yes" if kinds[name] is bool else "14" for name in environment_of(function)}


def test_what_all_functions_have_is_for_powertools_alone() -> None:
    assert [name for name in GLOBAL if not name.startswith("POWERTOOLS_")] == []


@pytest.mark.parametrize("function", FUNCTIONS)
def test_a_missing_variable_is_named(function: str) -> None:
    variables = values_for(function)
    assert model_of(function).read({**variables, "PATH": "/usr/bin"}).model_dump().keys() == {
        name.lower() for name in variables
    }
    for missing in variables:
        with pytest.raises(ValidationError, match=missing.lower()):
            model_of(function).read({name: value for name, value in variables.items() if name != missing})


def test_every_journey_has_its_state_machine() -> None:
    variables = dict.fromkeys(environment_of("Enroll"), "arn")
    arns = config.EnrollSettings.read(variables).state_machine_arns()
    machines = {path.name.removesuffix(".asl.yaml") for path in (ROOT / "statemachines").glob("*.asl.yaml")}
    assert set(arns) == machines - {"recompute"}
