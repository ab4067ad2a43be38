"""Step Functions, as far as journeys need it."""

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
        canonical = json.dumps(execution_input, sort_keys=True, separators=(",", ":"))
        try:
            self._client.start_execution(stateMachineArn=self._arns[journey], name=name, input=canonical)
        except self._client.exceptions.ExecutionAlreadyExists:
            return

    def stop(self, journey: str, name: str, reason: str) -> None:
        """Stop the execution; none being there is success."""
        execution = self._arns[journey].replace(":stateMachine:", ":execution:") + f":{name}"
        try:
            self._client.stop_execution(executionArn=execution, error="RunEnded", cause=reason)
        except self._client.exceptions.ExecutionDoesNotExist:
            return
