"""When and how often a shop sends: quiet hours, the frequency cap, and how long a mail may be held."""

import re
from typing import Annotated, Any, Final, NamedTuple
from zoneinfo import ZoneInfo

from pydantic import BeforeValidator, Field

from homing.domain.events import Frozen
from homing.domain.moments import DAY, Duration, parse_duration

MOST_MAILS: Final = 20
"""The largest number that a cap can count to: the contact remembers as many moments."""

LONGEST_WINDOW: Final[Duration] = 92 * DAY

FEWEST_AWAKE: Final = 4
"""Hours of the day that are not quiet: clocks that are put forward leave out two of them at most."""

ALL_HOURS: Final = frozenset(range(24))


_HOURS: Final = re.compile(r"([0-9]|1[0-9]|2[0-3])-([0-9]|1[0-9]|2[0-3])")


class QuietHours(NamedTuple):
    """Hours of the shopper's day, from `start` until `end`, in which no marketing mail is sent; 21 to 8 is a night."""

    start: int
    end: int

    @property
    def awake(self) -> frozenset[int]:
        """The other hours of the day."""
        quiet = {(self.start + passed) % 24 for passed in range((self.end - self.start) % 24)}
        return ALL_HOURS - quiet


class Cap(NamedTuple):
    """At most so many `mails` in any window so long: `window` in milliseconds, with its beginning, without its end."""

    mails: int
    window: Duration


def read_duration(told: object) -> object:
    """The milliseconds of `3 days`; what is no text is left for pydantic to judge."""
    return parse_duration(told) if isinstance(told, str) else told


def _quiet_hours(told: object) -> object:
    if not isinstance(told, str):
        return told
    match = _HOURS.fullmatch(told)
    if match is None or match[1] == match[2]:
        raise ValueError("write the hours as '21-8', or null for none")
    quiet = QuietHours(int(match[1]), int(match[2]))
    if len(quiet.awake) < FEWEST_AWAKE:
        raise ValueError(f"leave {FEWEST_AWAKE} hours of the day that are not quiet")
    return quiet


def _caps(told: object) -> object:
    """Each `window: mails` of the file as a Cap, the shortest window first."""
    if not isinstance(told, dict):
        raise ValueError("expected windows and numbers of mails, such as {1 day: 1, 7 days: 3}")  # noqa: TRY004 - pydantic's way
    return sorted((_cap(window, mails) for window, mails in told.items()), key=lambda cap: cap.window)


def _cap(window: object, mails: Any) -> Cap:
    length = parse_duration(str(window))
    if not 0 < length <= LONGEST_WINDOW:
        raise ValueError(f"'{window}' is not between a second and {LONGEST_WINDOW // DAY} days")
    if type(mails) is not int or not 1 <= mails <= MOST_MAILS:
        raise ValueError(f"'{window}: {mails}': expected a number of mails from 1 to {MOST_MAILS}")
    return Cap(mails, length)


def _zone(name: object) -> object:
    """The name, if it is a zone's."""
    try:
        return ZoneInfo(str(name)).key
    except (KeyError, ValueError, OSError) as error:
        raise ValueError(f"'{name}' is no time zone: write one such as Europe/London") from error


class Sending(Frozen):
    """How the shop sends its marketing mails; service mails go at once, whatever stands here."""

    quiet_hours: Annotated[QuietHours | None, BeforeValidator(_quiet_hours)] = QuietHours(21, 8)
    timezone: Annotated[str, BeforeValidator(_zone)] = "UTC"
    """Of shoppers whose own is not known."""
    best_hour: bool = True
    """Whether mails that need not be prompt wait for the hour at which the shopper is most likely to read."""
    at_most: Annotated[tuple[Cap, ...], BeforeValidator(_caps)] = (Cap(1, DAY), Cap(3, 7 * DAY))
    """The frequency cap, shortest window first."""
    patience: Annotated[Duration, BeforeValidator(read_duration), Field(gt=0)] = 3 * DAY
    """How long after it was due a mail may still go; what is held for longer is skipped."""
