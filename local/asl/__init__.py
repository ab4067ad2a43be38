"""Amazon States Language with JSONata, interpreted on a heap of timers.

The reasons stand in docs/decisions/0003-own-interpreter.md.
"""

from local.asl.definition import parse
from local.asl.errors import DefinitionError, InvalidDefinition, TaskFailed, UnsupportedFeature
from local.asl.execution import Execution, Status
from local.asl.interpreter import Interpreter
from local.asl.machine import Machine

__all__ = [
    "DefinitionError",
    "Execution",
    "Interpreter",
    "InvalidDefinition",
    "Machine",
    "Status",
    "TaskFailed",
    "UnsupportedFeature",
    "parse",
]
