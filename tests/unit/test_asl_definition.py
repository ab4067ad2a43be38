"""What is refused when a state machine is read, and by which name."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from local.asl import InvalidDefinition, UnsupportedFeature, parse
from local.asl.__main__ import main
from local.asl.files import load, substitute, substitute_samples

Definition = dict[str, Any]
LAMBDA = "arn:aws:states:::lambda:invoke"
TASK = {"Type": "Task", "Resource": LAMBDA, "Arguments": {"FunctionName": "send"}, "End": True}
PASS = {"Type": "Pass", "End": True}
INNER = {"StartAt": "Inner", "States": {"Inner": PASS}}


def machine(state: Definition, **more: Definition) -> Definition:
    return {"QueryLanguage": "JSONata", "StartAt": "State", "States": {"State": state, **more}}


def says(definition: Definition, error: type[Exception], *words: str) -> None:
    with pytest.raises(error) as refused:
        parse(definition)
    for word in words:
        assert word in str(refused.value)


def test_a_target_that_is_no_state_is_refused() -> None:
    says(machine({"Type": "Pass", "Next": "Nowhere"}), InvalidDefinition, "State", "Next", "Nowhere")


@pytest.mark.parametrize(
    "state",
    [
        {"Type": "Choice", "Choices": [{"Condition": True, "Next": "Nowhere"}]},
        {"Type": "Choice", "Choices": [{"Condition": True, "Next": "State"}], "Default": "Nowhere"},
        {**TASK, "Catch": [{"ErrorEquals": ["States.ALL"], "Next": "Nowhere"}]},
        {
            "Type": "Parallel",
            "Branches": [{"StartAt": "A", "States": {"A": {"Type": "Pass", "Next": "Nowhere"}}}],
            "End": True,
        },
    ],
)
def test_a_target_that_is_no_state_is_refused_wherever_it_stands(state: Definition) -> None:
    says(machine(state), InvalidDefinition, "Nowhere")


def test_a_machine_without_start_is_refused() -> None:
    says({"QueryLanguage": "JSONata", "States": {"State": PASS}}, InvalidDefinition, "StartAt")


def test_a_start_that_is_no_state_is_refused() -> None:
    says({**machine(PASS), "StartAt": "Nowhere"}, InvalidDefinition, "StartAt", "Nowhere")


def test_an_unreachable_state_is_refused() -> None:
    says(machine(PASS, Island=PASS), InvalidDefinition, "Island")


def test_a_machine_without_end_is_refused() -> None:
    says(machine({"Type": "Pass", "Next": "State"}), InvalidDefinition, "no state ends it")


def test_a_name_that_stands_twice_is_refused_at_any_depth() -> None:
    inner = {"StartAt": "State", "States": {"State": PASS}}
    says(machine({"Type": "Parallel", "Branches": [inner], "End": True}), InvalidDefinition, "State", "name")


def test_a_name_longer_than_aws_allows_is_refused() -> None:
    long = "N" * 81
    says({"QueryLanguage": "JSONata", "StartAt": long, "States": {long: PASS}}, InvalidDefinition, "80")


@pytest.mark.parametrize(
    ("state", "field"),
    [
        ({**PASS, "Seconds": 1}, "Seconds"),
        ({**PASS, "Retry": []}, "Retry"),
        ({"Type": "Succeed", "Next": "State"}, "Next"),
        ({"Type": "Succeed", "Assign": {}}, "Assign"),
        ({"Type": "Fail", "End": True}, "End"),
        ({"Type": "Choice", "Choices": [{"Condition": True, "Next": "State"}], "End": True}, "End"),
        ({**TASK, "Choices": []}, "Choices"),
        ({"Type": "Wait", "Seconds": 1, "End": True, "TimeoutSeconds": 1}, "TimeoutSeconds"),
        ({**TASK, "Spelling": 1}, "Spelling"),
        ({**TASK, "Retry": [{"ErrorEquals": ["A"], "Next": "State"}]}, "Next"),
        ({**TASK, "Catch": [{"ErrorEquals": ["A"], "Next": "State", "MaxAttempts": 1}]}, "MaxAttempts"),
    ],
)
def test_a_field_that_does_not_belong_to_the_state_is_refused(state: Definition, field: str) -> None:
    says(machine(state), InvalidDefinition, field, "does not belong")


@pytest.mark.parametrize(
    ("state", "words"),
    [
        ({"Type": "Pass"}, ["either Next or End"]),
        ({**PASS, "Next": "State"}, ["either Next or End"]),
        ({"Type": "Sleep", "End": True}, ["Sleep"]),
        ({"Type": "Wait", "End": True}, ["either Seconds or Timestamp"]),
        ({"Type": "Wait", "Seconds": 1, "Timestamp": "2026-01-01T00:00:00Z", "End": True}, ["either"]),
        ({"Type": "Wait", "Seconds": "60", "End": True}, ["Seconds", "whole number"]),
        ({"Type": "Wait", "Seconds": -1, "End": True}, ["Seconds", "whole number"]),
        ({"Type": "Choice", "Choices": []}, ["Choices"]),
        ({"Type": "Choice", "Choices": [{"Condition": "yes", "Next": "State"}]}, ["Condition"]),
        ({**TASK, "Arguments": {"Payload": {}}}, ["FunctionName"]),
        ({**TASK, "TimeoutSeconds": 0}, ["TimeoutSeconds"]),
        ({"Type": "Parallel", "Branches": [], "End": True}, ["Branches"]),
        ({"Type": "Map", "Items": 3, "ItemProcessor": INNER, "End": True}, ["Items"]),
        ({**TASK, "Retry": [{"ErrorEquals": []}]}, ["ErrorEquals"]),
        ({**TASK, "Retry": [{"ErrorEquals": ["States.ALL", "A"]}]}, ["States.ALL", "alone"]),
        ({**TASK, "Retry": [{"ErrorEquals": ["States.ALL"]}, {"ErrorEquals": ["A"]}]}, ["last"]),
        ({**TASK, "Retry": [{"ErrorEquals": ["States.TaskFail"]}]}, ["States.TaskFail"]),
        ({**TASK, "Retry": [{"ErrorEquals": ["A"], "BackoffRate": 0.5}]}, ["BackoffRate"]),
        ({**TASK, "Retry": [{"ErrorEquals": ["A"], "IntervalSeconds": 0}]}, ["IntervalSeconds"]),
        (
            {**TASK, "Retry": [{"ErrorEquals": ["A"], "IntervalSeconds": 9, "MaxDelaySeconds": 9}]},
            ["MaxDelay"],
        ),
        ({**PASS, "Assign": {"states": 1}}, ["'states'"]),
        ({**PASS, "Assign": {"a.b": 1}}, ["'a.b'"]),
    ],
)
def test_what_the_language_forbids_is_refused_with_its_place(state: Definition, words: list[str]) -> None:
    says(machine(state), InvalidDefinition, "State", *words)


@pytest.mark.parametrize(
    ("state", "feature"),
    [
        ({**PASS, "Result": {}}, "JSONPath (Result)"),
        ({**PASS, "InputPath": "$"}, "JSONPath (InputPath)"),
        ({**PASS, "Parameters": {}}, "JSONPath (Parameters)"),
        ({**TASK, "ResultPath": "$.x"}, "JSONPath (ResultPath)"),
        ({**TASK, "ResultSelector": {}}, "JSONPath (ResultSelector)"),
        ({"Type": "Wait", "SecondsPath": "$.x", "End": True}, "JSONPath (SecondsPath)"),
        ({**PASS, "QueryLanguage": "JSONPath"}, "JSONPath"),
        ({**TASK, "HeartbeatSeconds": 1}, "HeartbeatSeconds"),
        ({**TASK, "Credentials": {}}, "Credentials"),
        ({**TASK, "Resource": "arn:aws:states:::lambda:invoke.waitForTaskToken"}, "waitForTaskToken"),
        ({**TASK, "Resource": "arn:aws:states:::states:startExecution.sync"}, "startExecution.sync"),
        ({**TASK, "Resource": "arn:aws:lambda:eu-central-1:123456789012:function:f"}, "function:f"),
        ({**TASK, "Resource": "arn:aws:states:eu-central-1:123456789012:activity:a"}, "activity:a"),
        ({**TASK, "Arguments": {"FunctionName": "f", "Qualifier": "live"}}, "Qualifier"),
        ({"Type": "Map", "ItemProcessor": INNER, "ItemReader": {}, "End": True}, "distributed Map"),
        ({"Type": "Map", "ItemProcessor": INNER, "ToleratedFailureCount": 1, "End": True}, "distributed Map"),
        (
            {
                "Type": "Map",
                "ItemProcessor": {**INNER, "ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "EXPRESS"}},
                "End": True,
            },
            "EXPRESS",
        ),
        ({**TASK, "Retry": [{"ErrorEquals": ["A"], "JitterStrategy": "SOME"}]}, "SOME"),
        ({**PASS, "Output": "{% $eval('1') %}"}, "$parse"),
        ({**PASS, "Output": "{% $uuid() %}"}, "$uuid"),
        ({**PASS, "Output": "{% $hash('a', 'MD5') %}"}, "$hash"),
        ({**PASS, "Output": "{% $shuffle([1]) %}"}, "$shuffle"),
        ({**PASS, "Output": "{% $random(7) %}"}, "$random"),
    ],
)
def test_a_feature_that_is_not_supported_is_refused_by_name(state: Definition, feature: str) -> None:
    says(machine(state), UnsupportedFeature, "State", feature)


def test_jsonpath_machines_are_refused() -> None:
    says({"StartAt": "State", "States": {"State": PASS}}, UnsupportedFeature, "JSONPath")


@pytest.mark.parametrize(
    ("expression", "word"),
    [
        ("{% 1 + %}", "JSONata"),
        ("{% $unknown %}", "$unknown"),
        ("{% $states.inptu %}", "$states.inptu"),
        ("{% $states.result %}", "$states.result"),
        ("{% $states.errorOutput %}", "$states.errorOutput"),
        ("{% customer %}", "customer"),
        ("{% customer.name %}", "customer"),
        ("{% $ %}", "top"),
        ("{% $$.a %}", "top"),
        ("{% $states.input.items[$$.a] %}", "top"),
        (" {% 1 %}", "neither"),
        ("{% 1 % }", "neither"),
    ],
)
def test_an_expression_that_can_have_no_value_is_refused(expression: str, word: str) -> None:
    says(machine({**PASS, "Output": {"deep": [expression]}}), InvalidDefinition, "State", "deep[0]", word)


@pytest.mark.parametrize(
    "expression",
    [
        "{% $states.input.items[$ > 2] %}",
        "{% $states.input.items[price > 2].{'a': name} %}",
        "{% ($x := 1; $f := function($y) { $x + $y }; $f(2)) %}",
        "{% $states.input.items#$i.{'index': $i} %}",
        "{% $states.input ~> | items | {'seen': true} | %}",
        "{% $sort($states.input.items, function($a, $b) { $a.n > $b.n }) %}",
        "{% $states.input.items^(>price) %}",
        "{% $states.input.items{name: $sum(price)} %}",
        "{% $count($states.input.*) %}",
    ],
)
def test_what_has_a_context_or_a_name_of_its_own_is_accepted(expression: str) -> None:
    parse(machine({**PASS, "Output": expression}))


def test_a_variable_is_known_wherever_any_state_of_its_scope_assigns_it() -> None:
    parse(machine({"Type": "Pass", "Output": "{% $later %}", "Next": "Then"}, Then={**PASS, "Assign": {"later": 1}}))


def test_an_inner_scope_reads_outer_variables_and_its_own_stay_inside() -> None:
    inner = {
        "StartAt": "Inner",
        "States": {"Inner": {**PASS, "Assign": {"own": "{% $outer %}"}}},
    }
    parallel = {"Type": "Parallel", "Branches": [inner], "Assign": {"outer": 1}, "End": True}

    parse(machine(parallel))
    says(machine({**parallel, "Output": "{% $own %}"}), InvalidDefinition, "$own")


def test_an_inner_scope_does_not_assign_outer_variables() -> None:
    inner = {"StartAt": "Inner", "States": {"Inner": {**PASS, "Assign": {"shared": 1}}}}
    parallel = {"Type": "Parallel", "Branches": [inner], "Assign": {"shared": 2}, "End": True}

    says(machine(parallel), InvalidDefinition, "Inner", "$shared", "outer")


def test_the_error_output_is_known_in_catch_and_the_result_in_output() -> None:
    catch = [{"ErrorEquals": ["A"], "Output": "{% $states.errorOutput.Cause %}", "Next": "State"}]
    parse(machine({**TASK, "Output": "{% $states.result.Payload %}", "Catch": catch}))

    wrong = [{"ErrorEquals": ["A"], "Output": "{% $states.result %}", "Next": "State"}]
    says(machine({**TASK, "Catch": wrong}), InvalidDefinition, "Catch[0]/Output", "$states.result")


WELL = """
QueryLanguage: JSONata
StartAt: Send
States:
  Send:
    Type: Task
    Resource: arn:aws:states:::lambda:invoke
    Arguments: {FunctionName: "${SendFunctionArn}", Payload: {}}
    Next: Rest
  Rest: {Type: Wait, Seconds: "{% ${RestDays} * 86400 %}", End: true}
"""

WriteFile = Callable[[str, str], str]


@pytest.fixture
def write(tmp_path: Path) -> WriteFile:
    def write_file(name: str, content: str) -> str:
        path = tmp_path / name
        path.write_text(content, encoding="utf-8")
        return str(path)

    return write_file


def test_the_checker_accepts_a_file_with_substitutions(write: WriteFile) -> None:
    assert main([write("well.asl.yaml", WELL)]) == 0


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (WELL.replace("Next: Rest", "Next: Bed"), ["Send", "Bed"]),
        (WELL + "  Rest: {Type: Succeed}\n", ["Rest", "twice", "line 11"]),
        ("States: [", ["line 1"]),
        ("- no mapping", ["no state machine"]),
    ],
)
def test_the_checker_names_file_and_fault(
    write: WriteFile, capsys: pytest.CaptureFixture[str], content: str, words: list[str]
) -> None:
    good, bad = write("good.asl.yaml", WELL), write("bad.asl.yaml", content)

    assert main([good, bad, "missing.asl.yaml"]) == 1

    errors = capsys.readouterr().err
    assert "good.asl.yaml" not in errors
    assert "missing.asl.yaml" in errors
    assert all(word in errors for word in ["bad.asl.yaml", *words])


def test_the_checker_without_files_says_how_it_is_used(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([]) == 2
    assert "usage" in capsys.readouterr().err


def test_substitution_reaches_every_string(write: WriteFile) -> None:
    definition = load(Path(write("well.asl.yaml", WELL)))

    deployed = substitute(definition, {"SendFunctionArn": "arn:send", "RestDays": "2"})

    assert deployed["States"]["Send"]["Arguments"]["FunctionName"] == "arn:send"
    assert deployed["States"]["Rest"]["Seconds"] == "{% 2 * 86400 %}"
    assert "${" not in str(substitute_samples(definition))
    with pytest.raises(KeyError, match="RestDays"):
        substitute(definition, {"SendFunctionArn": "arn:send"})
