"""When a mail goes: not in the shopper's quiet hours, and rather in the shopper's best hour, by the shopper's clock."""

from datetime import timedelta, tzinfo

from homing.domain.figures import Figures
from homing.domain.hours import best_hour, hours_of
from homing.domain.moments import HOUR, Moment, datetime_of
from homing.domain.profile import Profile
from homing.domain.rules.birthdays import zone_named
from homing.domain.sending import ALL_HOURS, Sending

_MILLISECOND = timedelta(milliseconds=1)


def go_at(due_at: Moment, *, facts: Profile, figures: Figures, sending: Sending) -> Moment:
    """When a mail that is due goes: never in quiet hours, never before it is due, at most 24 hours after.

    In its best hour it keeps its minutes, so that not all mails of an hour go at its beginning. Where nothing is known
    of the shopper's hours nor of the shop's, or clocks leave the best hour out, only quiet hours hold it.
    """
    hour = _best_hour(facts, figures, sending)
    zone = zone_of(facts, sending.timezone)
    # A day with clocks put back has an hour more, and so the same hour again after 24.
    coming = (due_at + passed * HOUR for passed in range(25))
    best = (at for at in coming if datetime_of(at).astimezone(zone).hour == hour)
    return next(best, awake_from(due_at, facts, sending))


def awake_from(moment: Moment, facts: Profile, sending: Sending) -> Moment:
    """The end of the shopper's quiet hours where the moment lies within them, else the moment itself.

    Hour by hour, as the clock goes that night: it may leave out the end, or come back to before it.
    """
    quiet, zone = sending.quiet_hours, zone_of(facts, sending.timezone)
    while quiet and (local := datetime_of(moment).astimezone(zone)).hour not in quiet.awake:
        begun = local - local.replace(minute=0, second=0, microsecond=0)
        moment += HOUR - begun // _MILLISECOND
    return moment


def zone_of(facts: Profile, timezone: str) -> tzinfo:
    """The shopper's time zone; where none is known, the one of that name."""
    return zone_named(facts.trait("timezone"), zone_named(timezone))


def _best_hour(facts: Profile, figures: Figures, sending: Sending) -> int | None:
    if not sending.best_hour:
        return None
    own = hours_of(facts, zone_of(facts, sending.timezone))
    return best_hour(own, figures.hours, sending.quiet_hours.awake if sending.quiet_hours else ALL_HOURS)
