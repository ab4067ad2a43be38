"""Work done in forked children, some at a time: each stands on this process as it is now, and changes nothing in it."""

import gc
import os
import pickle
import selectors
import signal
import sys
import time
import traceback
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Final, Generic, TypeVar

Task = TypeVar("Task")
Result = TypeVar("Result")

_PIECE: Final = 65_536


class ChildFailed(Exception):
    """A child died, hung or raised; the message tells which, and its traceback."""


@dataclass(slots=True)
class _Child(Generic[Task]):
    task: Task
    pid: int
    ends_by: float
    read: bytes = b""


def in_children(
    tasks: Iterable[Task], work: Callable[[Task], Result], *, workers: int, bound: float
) -> Iterator[tuple[Task, Result | ChildFailed]]:
    """`work(task)` of each task in a child of its own, `workers` at a time, as they come to an end.

    `bound` is in seconds; a child that takes longer is ended. What `work` returns is pickled.
    """
    waiting = iter(tasks)
    with selectors.DefaultSelector() as pipes:
        try:
            for task in waiting:
                _start(pipes, task, work, bound)
                if len(pipes.get_map()) >= workers:
                    yield from _ended(pipes)
            while pipes.get_map():
                yield from _ended(pipes)
        finally:
            for key in list(pipes.get_map().values()):
                _end(pipes, key.fd, key.data, kill=True)


def _start(pipes: selectors.BaseSelector, task: Task, work: Callable[[Task], Result], bound: float) -> None:
    reader, writer = os.pipe()
    sys.stdout.flush()
    sys.stderr.flush()
    pid = os.fork()
    if pid == 0:
        os.close(reader)
        _work(writer, task, work)
    os.close(writer)
    pipes.register(reader, selectors.EVENT_READ, _Child(task, pid, time.monotonic() + bound))


def _work(writer: int, task: Task, work: Callable[[Task], Result]) -> None:
    """The child's life; it never returns."""
    gc.disable()  # it is over before there is much garbage
    try:
        told: object = work(task)
    except BaseException:  # noqa: BLE001 - the parent is told, whatever it was
        told = ChildFailed(traceback.format_exc())
    try:
        with os.fdopen(writer, "wb") as pipe:
            pickle.dump(told, pipe)
    finally:
        os._exit(0)


def _ended(pipes: selectors.BaseSelector) -> Iterator[tuple[Task, Result | ChildFailed]]:
    """The results of children that have come to their end, at least of one."""
    while True:
        found = False
        soonest = min(key.data.ends_by for key in pipes.get_map().values())
        for key, _ in pipes.select(max(0.0, soonest - time.monotonic())):
            child: _Child[Task] = key.data
            piece = os.read(key.fd, _PIECE)
            child.read += piece
            if not piece:
                _end(pipes, key.fd, child, kill=False)
                found = True
                yield child.task, _result(child)
        for key in list(pipes.get_map().values()):
            if key.data.ends_by <= time.monotonic():
                _end(pipes, key.fd, key.data, kill=True)
                found = True
                yield key.data.task, ChildFailed("it took too long, and was ended")
        if found:
            return


def _end(pipes: selectors.BaseSelector, reader: int, child: "_Child[Task]", *, kill: bool) -> None:
    pipes.unregister(reader)
    os.close(reader)
    if kill:
        os.kill(child.pid, signal.SIGKILL)
    os.waitpid(child.pid, 0)


def _result(child: "_Child[Task]") -> Result | ChildFailed:
    if not child.read:
        return ChildFailed("it died without a word")
    told: Result | ChildFailed = pickle.loads(child.read)  # noqa: S301 - our own child wrote it
    return told
