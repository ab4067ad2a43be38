"""Turns: when a mail is due, and when it goes. State machines carry them from one send step to the next wait."""

from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator, PlainSerializer

from homing.domain.events import Frozen
from homing.domain.moments import SECOND, Moment, format_moment, parse_moment

_Told = Annotated[
    Moment,
    BeforeValidator(lambda told: parse_moment(told) if isinstance(told, str) else told),
    PlainSerializer(format_moment, return_type=str),
]
"""A moment that is ISO 8601 outside, as Wait states take it."""

EARLY = SECOND
"""By how much a mail may be early: its moment is rounded up."""

SLOT_KEPT = 10 * SECOND
"""How long a place in SES's rate is kept for who comes late."""


def _whole_second(moment: Moment) -> Moment:
    return -(-moment // SECOND) * SECOND


class Turn(Frozen):
    """One mail's turn: `due_at` by the journey's own times, and `at`, when it is to be tried.

    `at` is rounded up to a whole second: Wait states cut milliseconds off, and who came before the end of what holds
    the mail would be sent back to wait for the rest of the second, and again. `slot` is the place in SES's rate
    that has been taken for it, None where none has.
    """

    due_at: _Told
    at: Annotated[_Told, AfterValidator(_whole_second)]
    slot: _Told | None = None

    @classmethod
    def now(cls, at: Moment) -> "Turn":
        """Due, and to be tried at once."""
        return cls(due_at=at, at=at)

    def told(self) -> dict[str, Any]:
        """As state machines have it: `{"due_at": ISO, "at": ISO}`, and `"slot": ISO` where one is taken."""
        return self.model_dump(mode="json", exclude_none=True)

    def text(self) -> str:
        """The same as JSON."""
        return self.model_dump_json(exclude_none=True)

    def has_come(self, now: Moment) -> bool:
        """Whether the mail may be tried."""
        return self.at <= now + EARLY

    def holds_slot(self, now: Moment) -> bool:
        """Whether a place in SES's rate is taken for it, and not yet given up."""
        return self.slot is not None and now - SLOT_KEPT < self.slot <= now + EARLY

    def later(self, at: Moment, slot: Moment | None = None) -> "Turn":
        """The same mail, tried at another moment."""
        return Turn(due_at=self.due_at, at=at, slot=slot)
