"""Random decisions that stay the same on every version of Python."""

from collections.abc import Sequence
from random import Random
from typing import TypeVar

T = TypeVar("T")


class Dice:
    """Built on `Random.random` alone: the one method whose sequence Python promises to keep for a seed."""

    def __init__(self, seed: int, number: int) -> None:
        self._random = Random(seed * 1_000_003 + number)

    def chance(self, probability: float) -> bool:
        """True with the probability given, from 0 to 1."""
        return self._random.random() < probability

    def between(self, lowest: int, highest: int) -> int:
        """A whole number; both ends are possible."""
        return lowest + int(self._random.random() * (highest - lowest + 1))

    def pick(self, choices: Sequence[T]) -> T:
        """One of the choices, each as likely as the next."""
        return choices[self.between(0, len(choices) - 1)]

    def pick_some(self, choices: Sequence[T], count: int) -> list[T]:
        """Different choices, in the order of their drawing."""
        left = list(choices)
        return [left.pop(self.between(0, len(left) - 1)) for _ in range(min(count, len(left)))]
