"""moto's interpreter (LocalStack's): the oracle, for it was written by other people, against snapshots of AWS.

It cannot serve as it comes, so it is corrected from outside; each correction says what is wrong. Where moto differs
from AWS's documentation, it is left as it is, and the corpus records the difference with its source.

A module of its own, for to load moto's interpreter takes seconds: nobody does who does not ask it.
"""

import json
from collections.abc import Callable
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import boto3
import moto.stepfunctions.parser.asl.component.common.retry.retrier_decl as moto_retrier
import moto.stepfunctions.parser.asl.component.state.exec.state_task.lambda_eval_utils as moto_lambda
import moto.stepfunctions.parser.asl.eval.states as moto_states
import moto.stepfunctions.parser.asl.eval.variable_store as moto_variables
import moto.stepfunctions.parser.asl.jsonata.jsonata as moto_jsonata
import pytest
from botocore.exceptions import ClientError
from jsonata import Jsonata
from moto.core.models import DEFAULT_ACCOUNT_ID
from moto.stepfunctions.parser.asl.component.state.wait.wait_function.wait_function import WaitFunction
from moto.stepfunctions.parser.asl.parse.asl_parser import AmazonStateLanguageParser
from moto.stepfunctions.parser.asl.parse.preprocessor import Preprocessor
from moto.stepfunctions.parser.backend.execution import Execution as MotoExecution
from moto.stepfunctions.parser.backend.execution_worker import ExecutionWorker
from moto.stepfunctions.parser.models import stepfunctions_parser_backends as moto_backends

from tests.contract.asl_oracle.answers import SERVICE_ERROR, Functions, Outcome, function_cause, is_service_error

REGION = "eu-central-1"


class MotoRunner:
    """Runs one definition after another on moto, corrected and without real waiting; within `mock_aws`."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        correct(monkeypatch)
        hasten(monkeypatch)
        self._client = boto3.client("stepfunctions", region_name=REGION)
        self._monkeypatch = monkeypatch
        self._count = 0

    def __call__(self, definition: dict[str, Any], data: Any, functions: Functions) -> Outcome:
        self._count += 1
        calls: list[list[Any]] = []
        self._monkeypatch.setattr(moto_lambda, "_invoke_lambda_function", scripted(functions, calls))
        machine = self._client.create_state_machine(
            name=f"machine-{self._count}",
            definition=json.dumps(definition),
            roleArn="arn:aws:iam::123456789012:role/states",
        )["stateMachineArn"]
        self._client.start_execution(stateMachineArn=machine, name="run", input=json.dumps(data))
        executions: list[Any] = moto_backends[DEFAULT_ACCOUNT_ID][REGION].describe_state_machine(machine).executions
        (execution,) = executions
        described, events = execution.to_describe_output(), execution.to_history_output()["events"]
        return {
            "status": described["status"],
            "output": self._output(events),
            "error": described.get("error"),
            "cause": described.get("cause"),
            "states": [
                event["stateEnteredEventDetails"]["name"] for event in events if event["type"].endswith("StateEntered")
            ],
            "calls": calls,
        }

    @staticmethod
    def _output(events: list[Any]) -> Any:
        """The output as the history has it: moto's DescribeExecution leaves the quotes of a string away."""
        ended = [event for event in events if event["type"] == "ExecutionSucceeded"]
        return json.loads(ended[0]["executionSucceededEventDetails"]["output"]) if ended else None


def correct(monkeypatch: pytest.MonkeyPatch) -> None:
    """What keeps moto 5.2 from being an oracle for JSONata machines."""

    def evaluate(expression: str) -> Any:
        return json.loads(json.dumps(Jsonata(expression).evaluate(None)))

    # moto leaves JSONata out: it drops LocalStack's bridge to a Java library and calls None.
    monkeypatch.setattr(moto_jsonata, "_eval_jsonata", evaluate)

    def declarations(bindings: dict[str, Any]) -> str:
        return "".join(f"{name}:={json.dumps(value)};" for name, value in bindings.items())

    # moto writes variables into the expression's text, and forgets to escape quotes in strings.
    monkeypatch.setattr(moto_states, "encode_jsonata_variable_declarations", declarations)
    monkeypatch.setattr(moto_variables, "encode_jsonata_variable_declarations", declarations)

    start_details = MotoExecution.get_start_execution_details

    def start_details_as_json(execution: MotoExecution) -> Any:
        details = start_details(execution)
        return type(details)(
            arn=details.arn,
            name=details.name,
            role_arn=details.role_arn,
            inpt=details.inpt,
            start_time=as_text(details.start_time),
        )

    # moto puts a datetime into the context object, which must be JSON.
    monkeypatch.setattr(MotoExecution, "get_start_execution_details", start_details_as_json)


def hasten(monkeypatch: pytest.MonkeyPatch) -> None:
    """An oracle need not wait, nor run beside whoever asks it, nor parse a definition a second time."""
    monkeypatch.setattr(WaitFunction, "_wait_interval", lambda *_, **__: None)
    monkeypatch.setattr(moto_retrier, "time", SimpleNamespace(sleep=lambda _: None))
    monkeypatch.setattr(ExecutionWorker, "start", ExecutionWorker._execution_logic)

    parse_text, trees = AmazonStateLanguageParser.parse, dict[str, Any]()

    def parse_once(definition: str) -> Any:
        if definition in trees:
            return Preprocessor().visit(trees[definition]), trees[definition]
        program, trees[definition] = parse_text(definition)
        return program, trees[definition]

    monkeypatch.setattr(AmazonStateLanguageParser, "parse", parse_once)


def as_text(moment: Any) -> str:
    if isinstance(moment, datetime):
        return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    return str(moment)


def scripted(functions: Functions, calls: list[list[Any]]) -> Callable[..., Any]:
    """Stands in for moto's invocation of Lambda."""

    def invoke(parameters: dict[str, Any], **_: Any) -> Any:
        payload = json.loads(parameters["Payload"]) if "Payload" in parameters else {}
        calls.append([parameters["FunctionName"], payload])
        answer = functions(parameters["FunctionName"], payload)
        error = answer.get("raises")
        if error is None:
            return {"StatusCode": 200, "ExecutedVersion": "$LATEST", "Payload": answer["returns"]}
        if is_service_error(error):
            raise service_error(error)
        return {"StatusCode": 200, "FunctionError": "Unhandled", "Payload": json.loads(function_cause(answer))}

    return invoke


def service_error(error: str) -> ClientError:
    return ClientError(
        {
            "Error": {"Code": error.removeprefix(SERVICE_ERROR), "Message": "scripted"},
            "ResponseMetadata": {
                "HTTPStatusCode": 429,
                "RequestId": "request",
                "HTTPHeaders": {},
                "RetryAttempts": 0,
                "HostId": "",
            },
        },
        "Invoke",
    )
