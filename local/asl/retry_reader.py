"""How Retry and ErrorEquals are read."""

from homing.domain.moments import SECOND
from local.asl.errors import ALL, InvalidDefinition, UnsupportedFeature
from local.asl.fields import Fields
from local.asl.retry import LONGEST_DELAY, Retrier

_FIELDS = (
    "BackoffRate",
    "Comment",
    "ErrorEquals",
    "IntervalSeconds",
    "JitterStrategy",
    "MaxAttempts",
    "MaxDelaySeconds",
)
_JITTER = {"NONE": False, "FULL": True}
_KNOWN_RESERVED = {
    ALL,
    "States.BranchFailed",
    "States.DataLimitExceeded",
    "States.ExceedToleratedFailureThreshold",
    "States.HeartbeatTimeout",
    "States.Http.Socket",
    "States.IntrinsicFailure",
    "States.ItemReaderFailed",
    "States.NoChoiceMatched",
    "States.ParameterPathFailure",
    "States.Permissions",
    "States.QueryEvaluationError",
    "States.ResultPathMatchFailure",
    "States.ResultWriterFailed",
    "States.Runtime",
    "States.TaskFailed",
    "States.Timeout",
}


def read_retriers(state: Fields) -> tuple[Retrier, ...]:
    """The entries of a Retry field, in order."""
    retriers = tuple(_read_retrier(retrier) for retrier in state.parts("Retry"))
    for retrier in retriers[:-1]:
        if ALL in retrier.errors:
            raise InvalidDefinition(state.place("Retry"), f"{ALL} must stand in the last entry")
    return retriers


def read_error_names(fields: Fields) -> tuple[str, ...]:
    """An ErrorEquals field: States.ALL stands alone, and AWS's own names are spelled as AWS does."""
    names = fields.need("ErrorEquals")
    if not isinstance(names, list) or not names or not all(isinstance(name, str) for name in names):
        raise InvalidDefinition(fields.place("ErrorEquals"), "must be a non-empty array of strings")
    if ALL in names and len(names) > 1:
        raise InvalidDefinition(fields.place("ErrorEquals"), f"{ALL} must stand alone")
    for name in names:
        if name.startswith("States.") and name not in _KNOWN_RESERVED:
            raise InvalidDefinition(fields.place("ErrorEquals"), f"AWS has no error {name!r}")
    return tuple(names)


def _read_retrier(fields: Fields) -> Retrier:
    fields.allow(_FIELDS)
    interval = fields.whole_number("IntervalSeconds", at_least=1) or 1
    attempts = fields.whole_number("MaxAttempts")
    longest = fields.whole_number("MaxDelaySeconds", at_least=interval + 1)
    return Retrier(
        errors=read_error_names(fields),
        interval=interval * SECOND,
        max_attempts=3 if attempts is None else attempts,
        backoff_rate=_backoff_rate(fields),
        max_delay=LONGEST_DELAY if longest is None else longest * SECOND,
        jitter=_jitter(fields),
    )


def _backoff_rate(fields: Fields) -> float:
    rate = fields.get("BackoffRate", 2.0)
    if not isinstance(rate, int | float) or isinstance(rate, bool) or rate < 1:
        raise InvalidDefinition(fields.place("BackoffRate"), f"must be a number from 1, not {rate!r}")
    return float(rate)


def _jitter(fields: Fields) -> bool:
    strategy = fields.get("JitterStrategy", "NONE")
    if strategy not in _JITTER:
        raise UnsupportedFeature(fields.place("JitterStrategy"), f"{strategy!r}; there are NONE and FULL")
    return _JITTER[strategy]
