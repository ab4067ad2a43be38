"""Step Functions, as far as journeys and the recompute need it."""

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mypy_boto3_stepfunctions import SFNClient


class StepFunctionsExecutions:
    """Journeys' executions; see `homing.ports.Executions`.

    `arns` maps each journey to its state machine's ARN.
    """

    def __init__(self, client: "SFNClient", arns: Mapping[str, str]) -> None:
        self._client = client
        self._arns = arns

    def start(self, journey: str, name: str, execution_input: Mapping[str, object]) -> None:
        """Start the journey's state machine; an execution of that name being there already is success."""
        _start(self._client, self._arns[journey], name, execution_input)

    def stop(self, journey: str, name: str, reason: str) -> None:
        """Stop the execution; none being there is success, nor a journey any more."""
        if journey not in self._arns:
            return
        execution = self._arns[journey].replace(":stateMachine:", ":execution:") + f":{name}"
        try:
            self._client.stop_execution(executionArn=execution, error="RunEnded", cause=reason)
        except self._client.exceptions.ExecutionDoesNotExist:
            return


class StepFunctionsRecomputeRuns:
    """The recompute's executions; see `homing.ports.RecomputeRuns`. `arn` is its state machine's."""

    def __init__(self, client: "SFNClient", arn: str) -> None:
        self._client = client
        self._arn = arn

    def start(self, name: str, execution_input: Mapping[str, object]) -> None:
        """Start it under the name; an execution of that name being there already is success."""
        _start(self._client, self._arn, name, execution_input)


def _start(client: "SFNClient", arn: str, name: str, execution_input: Mapping[str, object]) -> None:
    canonical = json.dumps(execution_input, sort_keys=True, separators=(",", ":"))
    try:
        client.start_execution(stateMachineArn=arn, name=name, input=canonical)
    except client.exceptions.ExecutionAlreadyExists:
        return
