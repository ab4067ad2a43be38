"""On schedule: what SES says of the account, and what became of the mails that were about to go out."""

from collections import Counter
from typing import Any

from homing import bootstrap
from homing.domain.moments import Moment
from homing.observability import count, count_by, logger, metrics


@metrics.log_metrics
def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Look at the open mails of one shard, `{"shard": 0}`, or at the account and at what shoppers wait for, `{}`."""
    return _sweep(event["shard"], context) if "shard" in event else _look_at_the_account(bootstrap.now())


def _sweep(shard: int, context: Any) -> dict[str, Any]:
    told = Counter(looked_at=0, unknown=0, unsettled=0)
    for page in bootstrap.sweeper().sweep(shard, bootstrap.now(), context.get_remaining_time_in_millis):
        told.update(looked_at=len(page.looked_at), unknown=len(page.unknown), unsettled=len(page.unsettled))
        for send in page.interrupted:
            count_by("Emails", journey=send.journey, outcome="unknown")
        for send in page.unknown:
            logger.error("nobody knows whether a mail went out", extra={"send_id": send.send_id, "run_id": send.run_id})
        for send in page.unsettled:
            logger.error("SES does not tell what became of a mail", extra={"send_id": send.send_id})
        count("EmailsUnknown", len(page.unknown))
        count("EmailsUnsettled", len(page.unsettled))
        metrics.flush_metrics()  # before they are kept: cut off in between, they are counted again
    return dict(told)


def _look_at_the_account(now: Moment) -> dict[str, Any]:
    looked = bootstrap.account_keeper().look(now)
    count("OldestRequestDays", bootstrap.days_waited(now))
    count("Brake", int(looked.brake is not None))
    count("AddressesMirrored", looked.mirrored)
    if looked.brake is not None:
        logger.error("marketing stands still until a person lets it go on", extra={"reason": looked.brake})
    return {"brake": looked.brake, "mirrored": looked.mirrored}
