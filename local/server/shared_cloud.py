"""A cloud for many threads: they take turns, so that it is as single-threaded as it was made to be."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Lock
from typing import TypeVar

from homing.domain.moments import DAY, Moment
from local.cloud import Cloud, Response
from local.simulation.recorder import Recorder

T = TypeVar("T")


class Closed(Exception):
    """The cloud is going down, and takes no more orders."""


class ClockIsReal(Exception):
    """Nobody moves the real clock."""


class SharedCloud:
    """The one way to a cloud and to what has been recorded of it. Every method may raise Closed."""

    def __init__(self, cloud: Cloud, *, is_virtual: bool) -> None:
        """`is_virtual` tells whether the clock of the cloud's timers may be moved."""
        self.is_virtual = is_virtual
        self._cloud = cloud
        self._recorder = Recorder(cloud)
        self._turn = Lock()
        self._closing = False

    def request(self, method: str, path: str, headers: dict[str, str], body: bytes, query: str) -> Response:
        """A request to the template's HTTP API; all that follows from it at this moment has happened on return."""
        with self._my_turn():
            response = self._cloud.http(method, path, headers=headers, body=body, query=query)
            self._cloud.settle()
            return response

    def look(self, view: Callable[[Cloud, Recorder], T]) -> T:
        """What the view makes of the cloud and its record, with nothing moving meanwhile."""
        with self._my_turn():
            return view(self._cloud, self._recorder)

    def move_clock(self, target: Callable[[Moment], Moment]) -> None:
        """Let time pass, through everything on the way, until `target(now)`.

        Raises ClockIsReal, and whatever `target` raises.
        """
        if not self.is_virtual:
            raise ClockIsReal
        with self._my_turn():
            end = target(self._cloud.timers.now())
            self._cloud.settle()
            # Day by day, so that whoever ends the server need not wait for years to pass.
            while (now := self._cloud.timers.now()) < end:
                if self._closing:
                    raise Closed
                self._cloud.advance_to(min(now + DAY, end))

    def run_due(self) -> None:
        """Run what has come due by itself: what the passing of real time asks for."""
        with self._my_turn():
            self._cloud.advance_to(self._cloud.timers.now())

    def close(self) -> None:
        """Let who has the turn finish, and nobody else begin: the cloud may then be taken down."""
        self._closing = True
        with self._turn:
            pass

    @contextmanager
    def _my_turn(self) -> Iterator[None]:
        with self._turn:
            if self._closing:
                raise Closed
            yield
