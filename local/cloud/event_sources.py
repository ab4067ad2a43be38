"""What an event source mapping may say, read once and refused where it would not be honoured."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from homing.domain.moments import DAY, SECOND, Moment
from local.cloud.errors import Unsupported
from local.cloud.functions import Outcome
from local.cloud.patterns import Matcher, compile_pattern

_STREAM_RETENTION = DAY
_FOREVER = -1


@dataclass(frozen=True)
class MappingOptions:
    """Times in milliseconds. `retries` is None for as often as it takes; `wants` is the filter."""

    batch_size: int
    window: Moment
    partial: bool
    filters: Sequence[Matcher]
    bisect: bool
    retries: int | None
    maximum_age: Moment
    on_failure: str | None

    def wants(self, event: Any) -> bool:
        """Whether any filter lets the event through; without filters all pass."""
        return not self.filters or any(matches(event) for matches in self.filters)


def read_options(properties: Mapping[str, Any], *, default_batch_size: int) -> MappingOptions:
    """Reads a mapping's resolved properties, with AWS's defaults."""
    responses = properties.get("FunctionResponseTypes", [])
    if unknown := set(responses) - {"ReportBatchItemFailures"}:
        raise Unsupported(f"FunctionResponseTypes {sorted(unknown)}")
    if (position := properties.get("StartingPosition", "LATEST")) not in {"TRIM_HORIZON", "LATEST"}:
        raise Unsupported(f"StartingPosition {position}")
    retries = int(properties.get("MaximumRetryAttempts", _FOREVER))
    age = int(properties.get("MaximumRecordAgeInSeconds", _FOREVER))
    return MappingOptions(
        batch_size=int(properties.get("BatchSize", default_batch_size)),
        window=int(properties.get("MaximumBatchingWindowInSeconds", 0)) * SECOND,
        partial=bool(responses),
        filters=[
            compile_pattern(json.loads(entry["Pattern"]))
            for entry in properties.get("FilterCriteria", {}).get("Filters", [])
        ],
        bisect=_true(properties.get("BisectBatchOnFunctionError", False)),
        retries=None if retries == _FOREVER else retries,
        maximum_age=_STREAM_RETENTION if age == _FOREVER else min(age * SECOND, _STREAM_RETENTION),
        on_failure=properties.get("DestinationConfig", {}).get("OnFailure", {}).get("Destination"),
    )


def failed_items(outcome: Outcome, items: Sequence[str], options: MappingOptions) -> set[str]:
    """The items of a batch that are to be tried again: all, where the function failed or spoke nonsense."""
    if outcome.failed:
        return set(items)
    if not options.partial or not outcome.value:
        return set()
    try:
        failed = {str(failure["itemIdentifier"]) for failure in outcome.value["batchItemFailures"] or []}
    except (KeyError, TypeError):
        return set(items)
    unknown = failed - set(items)
    return set(items) if unknown else failed


def _true(value: Any) -> bool:
    return str(value).lower() == "true"
