"""What a rule answers."""

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


class Rule(Protocol):
    """A condition on a profile's facts, simple or composed."""

    def evaluate(self, facts: Facts, at: Moment, /) -> Verdict:
        """Whether the rule holds at `at`, and when that changes next."""

    def settles_at(self, facts: Facts, /) -> Moment:
        """A moment from which on only the calendar's yearly turn can change the verdict."""


SETTLED: Final[Moment] = 0
"""What `settles_at` says of a condition that no passing of time changes."""
