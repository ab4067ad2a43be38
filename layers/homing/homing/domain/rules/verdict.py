"""What a rule answers."""

from collections.abc import Iterable
from typing import Final, NamedTuple, Protocol

from homing.domain.moments import Moment, parse_moment
from homing.domain.rules.vocabulary import Facts

LAST_MOMENT: Final[Moment] = parse_moment("9999-12-31T23:59:59.999Z")
"""What lies beyond the calendar never comes."""


class Verdict(NamedTuple):
    """Whether a rule holds, and until when.

    With no new event the answer stays as it is up to the last millisecond before `changes_at`, is the
    opposite at `changes_at`, and never changes where that is None.
    """

    member: bool
    changes_at: Moment | None


ALWAYS: Final = Verdict(member=True, changes_at=None)
NEVER: Final = Verdict(member=False, changes_at=None)


def holds(*, until: Moment) -> Verdict:
    """Holds now, and ceases to at `until`."""
    return Verdict(member=True, changes_at=until) if until <= LAST_MOMENT else ALWAYS


def fails(*, until: Moment) -> Verdict:
    """Does not hold now, and begins to at `until`."""
    return Verdict(member=False, changes_at=until) if until <= LAST_MOMENT else NEVER


def turning_at(turn: Moment, at: Moment, *, member: bool) -> Verdict:
    """`member` up to the moment `turn`, and the opposite from it on for ever."""
    if at < turn:
        return holds(until=turn) if member else fails(until=turn)
    return NEVER if member else ALWAYS


def within_spans(spans: Iterable[tuple[Moment, Moment]], at: Moment) -> Verdict:
    """Whether `at` lies in one of the half-open spans, of which both the starts and the ends ascend."""
    end: Moment | None = None
    for start, stop in spans:
        if stop <= at:
            continue
        if end is None and at < start:
            return fails(until=start)
        if end is not None and start > end:
            break
        end = stop
    return NEVER if end is None else holds(until=end)


class Rule(Protocol):
    """A condition on a profile's facts, simple or composed."""

    def evaluate(self, facts: Facts, at: Moment, /) -> Verdict:
        """Whether the rule holds at `at`, and when that changes next."""

    def settles_at(self, facts: Facts, /) -> Moment:
        """A moment from which on only the calendar's yearly turn can change the verdict."""


SETTLED: Final[Moment] = 0
"""What `settles_at` says of a condition that no passing of time changes."""

LONG_AGO: Final[Moment] = parse_moment("0001-01-01T00:00:00Z")
"""The turn of what has been over before anything was known."""
