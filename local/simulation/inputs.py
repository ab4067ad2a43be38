"""Messages from files: one JSON object a line, plain or packed, put into the order of their timestamps."""

import gzip
import json
import lzma
import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO, NamedTuple, cast

from homing.domain.moments import Moment, parse_moment
from local.terminal import Unusable


class InputUnreadable(Unusable):
    """An input that is no text of lines; the message says which and why."""


class NoMessage(ValueError):
    """A line without a message that has a time."""


class Message(NamedTuple):
    """A line with its moment. Sorting puts lines of one moment into an order of their own, whatever the file's."""

    at: Moment
    text: str
    place: str
    """Input and line number, for people."""


class Rejected(NamedTuple):
    """A line that is no message."""

    place: str
    reason: str


@dataclass(slots=True)
class Inputs:
    """All lines of all inputs: messages in the order of their time, and lines that have none."""

    messages: list[Message] = field(default_factory=list)
    rejected: list[Rejected] = field(default_factory=list)


def read_inputs(names: Sequence[str]) -> Inputs:
    """The lines of files named `.jsonl`, `.jsonl.gz`, `.jsonl.xz`, or of standard input for `-`.

    Raises InputUnreadable.
    """
    inputs = Inputs()
    for name in names:
        read_lines(inputs, _lines(name), "standard input" if name == "-" else name)
    inputs.messages.sort()
    return inputs


def read_lines(inputs: Inputs, lines: Iterable[str], source: str) -> None:
    """Add lines to the inputs, unsorted."""
    for number, line in enumerate(lines, start=1):
        text = line.strip()
        if not text:
            continue
        place = f"{source}:{number}"
        try:
            inputs.messages.append(Message(_moment(text), text, place))
        except NoMessage as error:
            inputs.rejected.append(Rejected(place, str(error)))


def _moment(text: str) -> Moment:
    try:
        message = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise NoMessage(f"not JSON: {error}") from error
    if not isinstance(message, dict):
        raise NoMessage("not a JSON object")
    told = message.get("timestamp")
    if not isinstance(told, str):
        raise NoMessage("timestamp: missing, so there is no time to send it at")
    try:
        return parse_moment(told)
    except ValueError as error:
        raise NoMessage(f"timestamp: {error}") from error


def _lines(name: str) -> Iterator[str]:
    try:
        with _opened(name) as file:
            for line in file:
                yield line.decode("utf-8")
    except (OSError, EOFError, lzma.LZMAError, UnicodeDecodeError) as error:
        reason = (error.strerror if isinstance(error, OSError) else None) or error
        raise InputUnreadable(f"cannot read {name}: {reason}") from error


@contextmanager
def _opened(name: str) -> Iterator[BinaryIO]:
    if name == "-":
        yield sys.stdin.buffer
        return
    path = Path(name)
    match path.suffix:
        case ".gz":
            with gzip.open(path) as packed:
                yield cast("BinaryIO", packed)
        case ".xz":
            with lzma.open(path) as packed:
                yield cast("BinaryIO", packed)
        case _:
            with path.open("rb") as plain:
                yield plain
