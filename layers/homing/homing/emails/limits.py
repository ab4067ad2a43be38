"""What one mail may cost. A template that wants more stops its own mail, and no other.

Not limited from in here, for nothing in this process can be: the memory that a single expression takes. The function's
own memory and timeout bound that, and a mail is rendered before its permit is asked for, so that a function which dies
of it has neither sent nor claimed anything.
"""

from collections.abc import Callable, Iterable, Iterator
from time import thread_time

from homing.emails.errors import RenderingStopped

MOST_STEPS = 20_000
"""Rounds of loops, and calls. The largest of Homing's own mails takes a few hundred."""
MOST_CHARACTERS = 200_000
"""Of one part: twice what Gmail shows of a mail."""
LONGEST_REPETITION = 10_000
"""Characters or elements that `"-" * 60` may come to."""
MOST_SECONDS = 5.0
"""Of the processor's time, which is no shorter on a busy machine; looked at with every step."""


class Meter:
    """Counts the steps of the mail that is being rendered: `taken`. `seconds` tells the time of the processor."""

    def __init__(self, seconds: Callable[[], float] = thread_time) -> None:
        self._seconds = seconds
        self.start()

    def start(self) -> None:
        """A new mail begins."""
        self.taken = 0
        self._until = self._seconds() + MOST_SECONDS

    def step(self) -> None:
        """One round of a loop, or one call. Raises RenderingStopped."""
        self.taken += 1
        if self.taken > MOST_STEPS:
            raise RenderingStopped(f"more than {MOST_STEPS:,} rounds of loops and calls")
        if self._seconds() > self._until:
            raise RenderingStopped(f"more than {MOST_SECONDS:g} seconds of computing")

    def steps(self, elements: Iterable[object]) -> Iterator[object]:
        """The elements, each a step."""
        for element in elements:
            self.step()
            yield element


def within_size(pieces: Iterable[str]) -> str:
    """The pieces of a mail's part as one text. Raises RenderingStopped as soon as they are too long."""
    taken: list[str] = []
    left = MOST_CHARACTERS
    for piece in pieces:
        left -= len(piece)
        if left < 0:
            raise RenderingStopped(f"more than {MOST_CHARACTERS:,} characters")
        taken.append(piece)
    return "".join(taken)


def check_repetition(left: object, right: object) -> None:
    """Raises RenderingStopped where `left * right` would repeat something too often."""
    for whole, times in ((left, right), (right, left)):
        if isinstance(whole, str | list | tuple) and isinstance(times, int) and len(whole) * times > LONGEST_REPETITION:
            raise RenderingStopped(f"a repetition of more than {LONGEST_REPETITION:,} characters")
