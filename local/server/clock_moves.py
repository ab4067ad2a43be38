"""How the clock is asked to move: `{"advance": "PT72H"}` or `{"to": "2026-12-01T09:00:00Z"}`."""

import re
from typing import Final

from homing.domain.moments import DAY, HOUR, MINUTE, SECOND, WEEK, Duration, Moment, parse_moment

FARTHEST: Final[Duration] = 3_653 * DAY
"""Ten years: a longer way is a slip of the pen, and would keep the server busy."""

_UNITS: Final = (WEEK, DAY, HOUR, MINUTE, SECOND)
_DURATION: Final = re.compile(
    r"P(?=.)(?:([0-9]{1,9})W)?(?:([0-9]{1,9})D)?"
    r"(?:T(?=.)(?:([0-9]{1,9})H)?(?:([0-9]{1,9})M)?(?:([0-9]{1,9})S)?)?"
)


def parse_iso_duration(text: str) -> Duration:
    """The milliseconds of an ISO 8601 duration in weeks, days, hours, minutes and seconds; else ValueError.

    Years and months are refused: how long they are depends on when they begin.
    """
    match = _DURATION.fullmatch(text)
    if match is None:
        raise ValueError(f"{text!r} is no duration: write 'PT72H', 'P3D', 'P2W' or 'PT1H30M'")
    return sum(int(count or 0) * unit for count, unit in zip(match.groups(), _UNITS, strict=True))


def target_of(command: object, now: Moment) -> Moment:
    """Where the clock is to stand. Raises ValueError for what is no command, and for the past."""
    match command:
        case {"advance": str(text), **others} if not others:
            target = now + parse_iso_duration(text)
        case {"to": str(text), **others} if not others:
            target = parse_moment(text)
        case _:
            raise ValueError('write {"advance": "PT72H"} or {"to": "2026-12-01T09:00:00Z"}')
    if target < now:
        raise ValueError("time does not run backwards")
    if target > now + FARTHEST:
        raise ValueError("ten years at once are the most")
    return target
