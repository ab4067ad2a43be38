"""What can go wrong with a state machine.

DefinitionError            the definition cannot be run; raised by `parse`
├── InvalidDefinition      it breaks the rules of the Amazon States Language
└── UnsupportedFeature     it may be right, but this interpreter does not know what it uses
StateError                 a state failed while running: an error name and a cause, for Retry and Catch
└── TaskFailed             raised by the function or the service that a Task asked
"""

from typing import Final

ALL: Final = "States.ALL"
DATA_LIMIT_EXCEEDED: Final = "States.DataLimitExceeded"
ITEM_READER_FAILED: Final = "States.ItemReaderFailed"
NO_CHOICE_MATCHED: Final = "States.NoChoiceMatched"
QUERY_EVALUATION_ERROR: Final = "States.QueryEvaluationError"
RUNTIME: Final = "States.Runtime"
TASK_FAILED: Final = "States.TaskFailed"
TIMEOUT: Final = "States.Timeout"
TOO_MANY_FAILURES: Final = "States.ExceedToleratedFailureThreshold"


class DefinitionError(Exception):
    """`where` names the state and the field as a path, `what` says what is wrong with it."""

    def __init__(self, where: str, what: str) -> None:
        super().__init__(f"{where}: {what}")
        self.where = where
        self.what = what


class InvalidDefinition(DefinitionError):
    """The definition breaks the rules of the Amazon States Language; AWS would refuse it too."""


class UnsupportedFeature(DefinitionError):
    """The definition uses something that this interpreter refuses rather than guesses at."""


class StateError(Exception):
    """A state failed: `error` is the name that Retry and Catch go by."""

    def __init__(self, error: str | None, cause: str | None = None) -> None:
        super().__init__(f"{error}: {cause}")
        self.error = error
        self.cause = cause

    def matches(self, names: tuple[str, ...]) -> bool:
        """Whether the ErrorEquals `names` cover this error, with AWS's two wildcards and their exceptions."""
        if self.error in names:
            return True
        if self.error in {DATA_LIMIT_EXCEEDED, RUNTIME}:
            return False
        return ALL in names or (TASK_FAILED in names and self.error != TIMEOUT)


class TaskFailed(StateError):
    """What a Task asked for failed: `error` is the function's error type, `Lambda.…`, or a service's `DynamoDb.…`.

    `cause` is AWS's JSON text of a function's error, and a service's message.
    """
