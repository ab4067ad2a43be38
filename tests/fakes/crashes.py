"""Crashes, and other functions, between any two calls of a port."""

from collections.abc import Callable
from typing import Any, TypeVar

Port = TypeVar("Port")


class Crashed(Exception):
    """The function was killed here."""


class Fuse:
    """Burns before and after each call of the ports that it guards, and kills at the given burn; None never kills."""

    def __init__(self, kills_at: int | None = None) -> None:
        self.kills_at = kills_at
        self.burns = 0

    def burn(self) -> None:
        self.burns += 1
        if self.burns == self.kills_at:
            raise Crashed

    def guard(self, port: Port) -> Port:
        """The port, with this fuse before and after each of its calls."""
        guarded: Any = _Guarded(port, self)
        return guarded  # type: ignore[no-any-return] # it answers all that the port answers


class Ambush(Fuse):
    """Burns as a fuse does, and at the given burn has somebody else do all of what they have to do."""

    def __init__(self, strikes_at: int, others: Callable[[], object]) -> None:
        super().__init__()
        self._strikes_at = strikes_at
        self._others = others

    def burn(self) -> None:
        self.burns += 1
        if self.burns == self._strikes_at:
            self._others()


class _Guarded:
    def __init__(self, port: object, fuse: Fuse) -> None:
        self._port = port
        self._fuse = fuse

    def __getattr__(self, name: str) -> Callable[..., Any]:
        method = getattr(self._port, name)

        def call(*args: Any, **named: Any) -> Any:
            self._fuse.burn()
            result = method(*args, **named)
            self._fuse.burn()
            return result

        return call
