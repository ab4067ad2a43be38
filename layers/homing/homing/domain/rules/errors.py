"""Faults of a shop's rules: where they stand and what is wrong, all of them at once."""

from collections.abc import Callable, Iterable, Sequence
from difflib import get_close_matches
from typing import NamedTuple, Self, TypeAlias, TypeVar

Path: TypeAlias = tuple[str | int, ...]
"""The keys and indices that lead to a place in a file."""

Item = TypeVar("Item")
Read = TypeVar("Read")


class Fault(NamedTuple):
    """What is wrong at one place: `path` leads there from the root of the file, `message` says why."""

    path: Path
    message: str

    def __str__(self) -> str:
        """`segments.lapsed.all[1].orders.last_at: ...`."""
        place = "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in self.path)
        return f"{place.removeprefix('.')}: {self.message}"


class RuleError(ValueError):
    """Rules that cannot be read: `path` and `message` of the first fault, and all `faults`."""

    def __init__(self, path: Path, message: str, *others: Fault) -> None:
        super().__init__(path, message, *others)
        self.path = path
        self.message = message
        self.faults = (Fault(path, message), *others)

    @classmethod
    def of(cls, faults: Sequence[Fault]) -> Self:
        """The error with these faults; there is at least one."""
        (path, message), *others = faults
        return cls(path, message, *others)

    def __str__(self) -> str:
        """Each fault on a line of its own."""
        return "\n".join(map(str, self.faults))


def read_each(items: Iterable[Item], read: Callable[[Item], Read]) -> list[Read]:
    """What `read` makes of each of the items. Raises RuleError with the faults of all of them, each once."""
    results: list[Read] = []
    faults: dict[Fault, None] = {}
    for item in items:
        try:
            results.append(read(item))
        except RuleError as error:
            faults.update(dict.fromkeys(error.faults))
    if faults:
        raise RuleError.of(tuple(faults))
    return results


def or_similar(word: str, words: Sequence[str]) -> str:
    """A hint for a word that is not among those known."""
    similar = get_close_matches(word, words, n=1)
    if similar:
        return f"; did you mean '{similar[0]}'?"
    return f"; there are {', '.join(words)}" if words else "; there are none"
