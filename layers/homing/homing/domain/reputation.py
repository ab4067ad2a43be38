"""The reputation of the account at SES: when marketing has to stop before SES stops everything."""

from collections.abc import Iterable
from typing import NamedTuple

from homing.domain.moments import Moment

REPRESENTATIVE = 10_000
"""So many of the latest mails are looked at: SES, too, judges by a representative volume, not by a day."""

MOST_BOUNCES = 0.04
"""Of all mails. SES puts an account under review at 5 %."""

MOST_COMPLAINTS = 0.0008
"""Of all mails. SES puts an account under review at 0.1 %."""

FEWEST_BOUNCES, FEWEST_COMPLAINTS = 4, 2
"""Fewer are no rate: the first mail of a new shop may well bounce, and one reader complain."""


class Statistics(NamedTuple):
    """What SES counted in the quarter of an hour that begins at `at`, in all that the account sent."""

    at: Moment
    attempts: int
    bounces: int
    complaints: int


def reason_to_brake(statistics: Iterable[Statistics], since: Moment) -> str | None:
    """Why marketing has to stop; None where it may go on. What was counted before `since` does not count."""
    attempts = bounces = complaints = 0
    for quarter in sorted(statistics, reverse=True):
        if attempts >= REPRESENTATIVE or quarter.at < since:
            break
        attempts += quarter.attempts
        bounces += quarter.bounces
        complaints += quarter.complaints
    if bounces >= FEWEST_BOUNCES and bounces >= MOST_BOUNCES * attempts:
        return f"{bounces:,} of the latest {attempts:,} mails bounced"
    if complaints >= FEWEST_COMPLAINTS and complaints >= MOST_COMPLAINTS * attempts:
        return f"readers complained of {complaints:,} of the latest {attempts:,} mails"
    return None
