"""The template is read as CloudFormation reads it, and what is not known is refused by name."""

from pathlib import Path
from typing import Any

import pytest

from local.cloud.errors import TemplateError, Unsupported
from local.cloud.intrinsics import Resolver
from local.cloud.template import load_template, substitute

FIXTURE = Path(__file__).parents[1] / "cloud_fixture" / "template.yaml"
REGION = "eu-central-1"


def resolver() -> Resolver:
    names = {"Table": "the-table"}
    attributes = {("Table", "Arn"): "arn:table", ("Nested", "Outputs.Url"): "https://x"}
    return Resolver(
        parameters={"Stage": "prod", "AWS::Region": REGION, "AWS::Partition": "aws", "Names": ["a", "b"]},
        conditions={
            "IsProd": {"Fn::Equals": [{"Ref": "Stage"}, "prod"]},
            "IsTest": {"Fn::Not": [{"Condition": "IsProd"}]},
            "Both": {"Fn::And": [{"Condition": "IsProd"}, {"Condition": "IsTest"}]},
            "Either": {"Fn::Or": [{"Condition": "IsProd"}, {"Condition": "IsTest"}]},
        },
        mappings={"Sizes": {"prod": {"memory": 512}}},
        references=lambda name, attribute: names[name] if attribute is None else attributes[name, attribute],
    )


@pytest.mark.parametrize(
    ("value", "resolved"),
    [
        ({"Ref": "Stage"}, "prod"),
        ({"Ref": "Table"}, "the-table"),
        ({"Fn::GetAtt": ["Table", "Arn"]}, "arn:table"),
        ({"Fn::GetAtt": "Table.Arn"}, "arn:table"),
        ({"Fn::GetAtt": "Nested.Outputs.Url"}, "https://x"),
        (
            {"Fn::Sub": "${AWS::Region}/${Table}/${Table.Arn}/${!Literal}"},
            f"{REGION}/the-table/arn:table/${{Literal}}",
        ),
        ({"Fn::Sub": ["${Own}-${Stage}", {"Own": {"Ref": "Table"}}]}, "the-table-prod"),
        ({"Fn::Join": ["-", ["a", {"Ref": "Stage"}, 1]]}, "a-prod-1"),
        ({"Fn::Select": [1, {"Ref": "Names"}]}, "b"),
        ({"Fn::Split": [",", "a,b"]}, ["a", "b"]),
        ({"Fn::If": ["IsProd", {"a": 1}, {"a": 2}]}, {"a": 1}),
        ({"Fn::If": ["Both", 1, 2]}, 2),
        ({"Fn::If": ["Either", 1, 2]}, 1),
        ({"a": {"Fn::If": ["IsTest", 1, {"Ref": "AWS::NoValue"}]}, "b": 2}, {"b": 2}),
        (["a", {"Ref": "AWS::NoValue"}], ["a"]),
        ({"Fn::FindInMap": ["Sizes", {"Ref": "Stage"}, "memory"]}, 512),
        ({"Fn::Base64": "a"}, "YQ=="),
        (
            {"Condition": {"StringEquals": {"x": {"Ref": "Stage"}}}},
            {"Condition": {"StringEquals": {"x": "prod"}}},
        ),
    ],
)
def test_an_intrinsic_function_is_resolved(value: Any, resolved: Any) -> None:
    assert resolver().resolve(value) == resolved


@pytest.mark.parametrize(
    "value", [{"Fn::Cidr": ["10.0.0.0/16", 1, 8]}, "{{resolve:ssm:/a}}", ["x", {"Fn::ImportValue": "a"}]]
)
def test_a_function_that_is_not_known_is_refused_by_name(value: Any) -> None:
    with pytest.raises(Unsupported, match=r"Fn::|resolve:ssm"):
        resolver().resolve(value)


@pytest.mark.parametrize(
    "value",
    [
        {"Fn::If": ["Nowhere", 1, 2]},
        {"Fn::FindInMap": ["Sizes", "test", "memory"]},
        {"Fn::Select": [9, ["a"]]},
    ],
)
def test_what_is_not_defined_is_an_error(value: Any) -> None:
    with pytest.raises(TemplateError):
        resolver().resolve(value)


def test_substitutions_apply_to_the_text_so_that_numbers_stay_numbers() -> None:
    assert substitute("Seconds: ${Patience}", {"Patience": 60}) == "Seconds: 60"


def test_a_placeholder_without_a_substitution_is_an_error() -> None:
    with pytest.raises(TemplateError, match="Patience"):
        substitute("Seconds: ${Patience}", {})


def test_a_definition_may_hold_dollars_that_are_no_placeholders() -> None:
    jsonata = "{% $states.input.items{name: $sum(price)} %}"
    assert substitute(jsonata, {}) == jsonata


def test_globals_are_merged_and_local_code_is_found() -> None:
    template = load_template(FIXTURE, {}, REGION)
    function = template.resources["Fold"].properties
    assert function["Runtime"] == "python3.13"
    assert set(function["Environment"]["Variables"]) == {"TABLE", "GREETING", "MACHINE"}
    assert template.path_of(function["Code"]) == FIXTURE.parent / "functions" / "fold"


def test_the_defaults_of_parameters_hold_unless_overridden() -> None:
    assert load_template(FIXTURE, {}, REGION).parameters["Greeting"] == "hello"
    assert load_template(FIXTURE, {"Greeting": "good day"}, REGION).parameters["Greeting"] == "good day"


@pytest.mark.parametrize(
    ("overrides", "message"),
    [
        ({"Nonsense": "1"}, "no parameter Nonsense"),
        ({"Greeting": "go away"}, "Greeting.*none of hello, good day"),
        ({"Patience": "soon"}, "Patience.*not a number"),
    ],
)
def test_a_value_that_a_parameter_does_not_allow_is_an_error(overrides: dict[str, str], message: str) -> None:
    with pytest.raises(TemplateError, match=message):
        load_template(FIXTURE, overrides, REGION)


def write(directory: Path, resources: str, more: str = "") -> Path:
    path = directory / "template.yaml"
    path.write_text(f"Transform: AWS::Serverless-2016-10-31\n{more}\nResources:\n{resources}")
    return path


def test_a_parameter_without_a_value_is_an_error(tmp_path: Path) -> None:
    path = write(tmp_path, "  Topic: {Type: AWS::SNS::Topic}\n", "Parameters:\n  Name: {Type: String}\n")
    with pytest.raises(TemplateError, match="Name"):
        load_template(path, {}, REGION)


def test_an_unknown_section_is_refused(tmp_path: Path) -> None:
    path = write(tmp_path, "  Topic: {Type: AWS::SNS::Topic}\n", "Rules: {}\n")
    with pytest.raises(Unsupported, match="Rules"):
        load_template(path, {}, REGION)


def test_code_that_is_not_there_is_an_error(tmp_path: Path) -> None:
    path = write(
        tmp_path,
        "  F:\n    Type: AWS::Serverless::Function\n"
        "    Properties: {CodeUri: nowhere, Handler: app.handler, Runtime: python3.13}\n",
    )
    with pytest.raises(TemplateError, match="nowhere"):
        load_template(path, {}, REGION)


def test_what_sam_refuses_is_an_error_that_names_it(tmp_path: Path) -> None:
    path = write(
        tmp_path,
        f"  Odd:\n    Type: AWS::Serverless::Function\n    Properties: {{CodeUri: '{tmp_path}', Nonsense: 1}}\n",
    )
    with pytest.raises(TemplateError, match=r"Odd.*Nonsense"):
        load_template(path, {}, REGION)
