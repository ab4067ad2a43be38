"""Logs and metrics: structured, by opaque ids, without a person's data.

Service and namespace come from the template (`POWERTOOLS_SERVICE_NAME`, `POWERTOOLS_METRICS_NAMESPACE`).
"""

from collections.abc import Mapping

from aws_lambda_powertools import Logger, Metrics
from aws_lambda_powertools.metrics import MetricUnit, single_metric
from aws_lambda_powertools.metrics.provider.cloudwatch_emf.cloudwatch import AmazonCloudWatchEMFProvider


class _Provider(AmazonCloudWatchEMFProvider):
    def flush_metrics(self, raise_on_empty_metrics: bool = False) -> None:  # noqa: FBT001, FBT002 - Powertools' own
        """Write what was counted; an invocation that counted nothing is no cause for a warning."""
        if self.metric_set:
            super().flush_metrics(raise_on_empty_metrics)


logger = Logger(utc=True)
metrics = Metrics(provider=_Provider())


def count(name: str, amount: int = 1) -> None:
    """Count something; written out once at the end of the invocation."""
    metrics.add_metric(name=name, unit=MetricUnit.Count, value=amount)


def count_by(name: str, amount: int = 1, **dimensions: str) -> None:
    """Count something under dimensions of its own, such as its journey and outcome."""
    with single_metric(name=name, unit=MetricUnit.Count, value=amount) as metric:
        for dimension, value in dimensions.items():
            metric.add_dimension(name=dimension, value=value)


def tell_parked(parked: Mapping[str, int]) -> None:
    """Tell of segments whose rules have failed, each with the number of profiles; their memberships stay."""
    for segment, profiles in sorted(parked.items()):
        count_by("SegmentsParked", profiles, segment=segment)
        logger.error("a segment's rule has failed", extra={"segment": segment, "profiles": profiles})
    if parked:
        count("RulesFailed", sum(parked.values()))
