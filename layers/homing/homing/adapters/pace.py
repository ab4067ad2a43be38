"""The pace in the table: one item that all send functions share, changed by one write for each mail.

`next_at` is the next free place. Places lie as far apart as the rate demands (the generic cell rate algorithm): that
needs no counters and no clearing. But those who have to wait wait in Step Functions, which know no milliseconds, and
come at the beginning of their place's second, all at once. So that no second holds more mails than the rate,
whenever one begins to count:

- who finds less than half of this second's places taken goes at once: two seconds of which that is true hold no more
  than the rate together, wherever in them the mails go;
- who finds more of them taken begins a queue, in the later half of the next second's places;
- while there is a queue for seconds to come, everybody joins its end.

Moments stand in microseconds here, for at 500 a second mails are 2 milliseconds apart. The item has a partition of its
own: it is the one that is written most.
"""

import math
from contextlib import suppress
from typing import Final, NamedTuple

from homing.adapters.table import ConditionFailed, Item, Table, number, text
from homing.domain.moments import HOUR, MINUTE, Duration, Moment
from homing.ports import NoSlot, Pacing, Slot

PACE = "PACE"
MEASURED_EVERY: Duration = 15 * MINUTE
"""How often the quota is measured anew, and after which nobody waits for it in vain."""

SANDBOX = 1
"""Mails a second that SES takes of every account."""

_MICROSECONDS: Final = 1_000
"""In a millisecond."""

_SECOND: Final = 1_000_000


class TablePace:
    """The pace; see `homing.ports.Pace`. `rate` (mails a second) counts as long as nobody has measured one.

    Without one, with 0, mails begin at the pace of SES's sandbox.
    """

    def __init__(self, table: Table, rate: float) -> None:
        self._table = table
        self._interval = _interval(rate or SANDBOX)
        self._next_at = 0

    def reserve(self, now: Moment, *, marketing: bool) -> Slot | NoSlot:
        """The next place, in one write where the item stands about as it did the last time, else in two."""
        while True:
            step = _step(self._next_at, now * _MICROSECONDS, self._interval)
            try:
                taken = self._take(step, marketing=marketing)
            except ConditionFailed as error:
                refusal = _refusal(error.item, now, marketing=marketing)
                if refusal is not None:
                    return refusal
                self._interval = _whole(error.item, "interval_us") or self._interval
                self._next_at = _whole(error.item, "next_at")
            else:
                self._next_at = taken + self._interval
                return Slot(max(now, _beginning(taken) // _MICROSECONDS))

    def _take(self, step: "_Step", *, marketing: bool) -> int:
        """The place that was taken. Raises ConditionFailed."""
        conditions = [
            step.condition,
            "(attribute_not_exists(interval_us) OR interval_us = :interval)",
            "(attribute_not_exists(room) OR room > :none)",
            *(["attribute_not_exists(brake)"] if marketing else []),
        ]
        numbers = {":interval": self._interval, ":plenty": _PLENTY, ":none": 0, ":one": 1, **step.values}
        after = self._table.update(
            PACE,
            PACE,
            f"SET next_at = {step.place} + :interval, room = if_not_exists(room, :plenty) - :one",
            values={name: number(value) for name, value in numbers.items()},
            condition=" AND ".join(conditions),
            returns="UPDATED_NEW",
        )
        return _whole(after, "next_at") - self._interval

    def measure(self, rate: float, room: int | None, at: Moment) -> None:
        """SES's word: mails a second, and mails left of the daily quota, None where it has no end."""
        with suppress(ConditionFailed):
            self._table.update(
                PACE,
                PACE,
                "SET interval_us = :interval, room = :room, measured_at = :at",
                values={
                    ":interval": number(_interval(rate)),
                    ":room": number(_PLENTY if room is None else room),
                    ":at": number(at),
                },
                condition="attribute_not_exists(measured_at) OR measured_at <= :at",
            )

    def brake(self, reason: str, at: Moment) -> None:
        """No marketing from now on; braked already, the first reason stays."""
        with suppress(ConditionFailed):
            self._table.update(
                PACE,
                PACE,
                "SET brake = :reason, braked_at = :at",
                values={":reason": text(reason), ":at": number(at)},
                condition="attribute_not_exists(brake)",
            )

    def release(self, at: Moment) -> None:
        """A person lets marketing go on."""
        self._table.update(PACE, PACE, "SET released_at = :at REMOVE brake, braked_at", values={":at": number(at)})

    def load(self) -> Pacing:
        """What the pace goes by; a consistent read."""
        item = self._table.get(PACE, PACE) or {}
        room = _whole(item, "room")
        return Pacing(
            room=None if "measured_at" not in item or room > _PLENTY // 2 else room,
            measured_at=_whole(item, "measured_at"),
            brake=item.get("brake", {}).get("S"),
            braked_at=_whole(item, "braked_at"),
            released_at=_whole(item, "released_at"),
        )


_PLENTY = 10**15
"""The room of who has none to keep to: more mails than will ever be sent."""


def _interval(rate: float) -> int:
    """Microseconds from one mail to the next, so that no second holds more of them than the rate."""
    return math.ceil(1_000_000 / rate)


def _refusal(item: Item, now: Moment, *, marketing: bool) -> NoSlot | None:
    """Why there is no place for anybody; None where somebody else was only faster."""
    if marketing and "brake" in item:
        return NoSlot("braked", now + HOUR)
    if "room" in item and _whole(item, "room") <= 0:
        return NoSlot("quota", max(_whole(item, "measured_at") + MEASURED_EVERY, now + MINUTE))
    return None


class _Step(NamedTuple):
    """How a place is taken: which one, in words of an update, and where `next_at` has to stand for it."""

    place: str
    condition: str
    values: dict[str, int]


def _step(next_at: int, now: int, interval: int) -> _Step:
    """The step for who comes now; `next_at` is where it stood when it was seen last. It only ever grows."""
    second = _beginning(now)
    following = second + _SECOND
    half = round(_SECOND / interval) // 2 * interval
    if next_at >= following:
        return _Step("next_at", "next_at >= :following", {":following": following})
    if second <= next_at < second + half:
        within = {":second": second, ":half": second + half}
        return _Step("next_at", "next_at >= :second AND next_at < :half", within)
    if next_at < second and half:
        return _Step(":second", "(attribute_not_exists(next_at) OR next_at < :second)", {":second": second})
    queue = {":queue": following + half, ":following": following}
    return _Step(":queue", "(attribute_not_exists(next_at) OR next_at < :following)", queue)


def _beginning(moment: int) -> int:
    """The beginning of the second."""
    return moment - moment % _SECOND


def _whole(item: Item, name: str) -> int:
    return int(item[name]["N"]) if name in item else 0
