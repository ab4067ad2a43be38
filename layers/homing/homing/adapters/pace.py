"""The pace in the table: one item that all send functions share, changed by one write for each mail.

The rate is kept by the generic cell rate algorithm, which needs no counters and no clearing: `next_at` is when the next
mail may go; each mail takes that moment and moves it on by the interval. It stands in microseconds, for at 500 a second
mails are 2 milliseconds apart. The item has a partition of its own: it is the one that is written most.
"""

import math
from contextlib import suppress

from homing.adapters.table import ConditionFailed, Item, Table, number, text
from homing.domain.moments import HOUR, MINUTE, Duration, Moment
from homing.ports import NoSlot, Pacing, Slot

PACE = "PACE"
MEASURED_EVERY: Duration = 15 * MINUTE
"""How often the quota is measured anew, and after which nobody waits for it in vain."""

SANDBOX = 1
"""Mails a second that SES takes of every account."""

_MICROSECONDS = 1_000
"""In a millisecond."""


class TablePace:
    """The pace; see `homing.ports.Pace`. `rate` (mails a second) counts as long as nobody has measured one.

    Without one, with 0, mails begin at the pace of SES's sandbox.
    """

    def __init__(self, table: Table, rate: float) -> None:
        self._table = table
        self._interval = _interval(rate or SANDBOX)
        self._is_busy = False

    def reserve(self, now: Moment, *, marketing: bool) -> Slot | NoSlot:
        """The next place, in one write where it stands as it did the last time, else in two."""
        while True:
            try:
                return Slot(self._take(now, marketing=marketing))
            except ConditionFailed as error:
                refusal = _refusal(error.item, now, marketing=marketing)
                if refusal is not None:
                    return refusal
                self._is_busy = _next_at(error.item) >= now * _MICROSECONDS

    def _take(self, now: Moment, *, marketing: bool) -> Moment:
        """The place that was the next. Raises ConditionFailed."""
        busy = "next_at >= :now"
        conditions = [
            busy if self._is_busy else f"(attribute_not_exists(next_at) OR NOT {busy})",
            "(attribute_not_exists(room) OR room > :none)",
        ]
        if marketing:
            conditions.append("attribute_not_exists(brake)")
        base = "next_at" if self._is_busy else ":now"
        before = self._table.update(
            PACE,
            PACE,
            f"SET next_at = {base} + if_not_exists(interval_us, :interval), room = if_not_exists(room, :plenty) - :one",
            values={
                ":now": number(now * _MICROSECONDS),
                ":interval": number(self._interval),
                ":plenty": number(_PLENTY),
                ":none": number(0),
                ":one": number(1),
            },
            condition=" AND ".join(conditions),
            returns="ALL_OLD",
        )
        return max(now, -(-_next_at(before) // _MICROSECONDS))

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


def _next_at(item: Item) -> int:
    return _whole(item, "next_at")


def _whole(item: Item, name: str) -> int:
    return int(item[name]["N"]) if name in item else 0
