"""The server's life: it takes its port, deploys the shop, says where to look, and serves until it is told to end."""

import os
import shlex
import signal
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from typing import Any, Final

from rich.console import Console
from rich.markup import escape
from werkzeug.serving import ThreadedWSGIServer, WSGIRequestHandler

from homing.domain.moments import SECOND, format_moment
from local.server.app import OWN_PATHS, make_app
from local.server.shared_cloud import SharedCloud
from local.simulation.deployment import deployed
from local.simulation.exact_schedule import look_exactly_when_due
from local.terminal import Unusable
from local.timers import RealClock, Timers, VirtualClock

HOST: Final = "127.0.0.1"
RATE: Final = 500
"""Mails a second: where the clock stands for as long as somebody tries things, none is to wait for the next."""
_LOOK_EVERY_SECONDS: Final = 1.0


class PortTaken(Unusable):
    """The port cannot be had; the message says which and why."""


def serve(port: int, *, write_key: str = "local", virtual: bool = True, console: Console) -> None:
    """Serve on 127.0.0.1 until SIGINT or SIGTERM; port 0 takes any that is free.

    The virtual clock stands at the moment of the start until it is moved. Raises PortTaken, and what `deployed` raises.
    """
    with suppress(KeyboardInterrupt), _ended_by_signals(), _listening(port) as listener:
        console.print("Setting up the shop …", style="dim")
        with _running(write_key, virtual=virtual) as shared:
            server = _Server(listener, make_app(shared), console, None if virtual else shared.run_due)
            console.print(_welcome(server.port, write_key, shared), highlight=False, soft_wrap=True)
            server.serve_forever(_LOOK_EVERY_SECONDS)
        console.print("\nThe local cloud has ended; nothing of it is kept.", style="dim")


@contextmanager
def _running(write_key: str, *, virtual: bool) -> Iterator[SharedCloud]:
    """The shop, deployed on one of both clocks."""
    with ExitStack() as resources:
        now = RealClock().now() // SECOND * SECOND
        clock = resources.enter_context(VirtualClock(now)) if virtual else RealClock()
        cloud = resources.enter_context(deployed(Timers(clock), write_key=write_key, parameters={"SesRate": str(RATE)}))
        cloud.ses.account.rate = RATE
        if virtual:
            look_exactly_when_due(cloud)
        shared = SharedCloud(cloud, is_virtual=virtual)
        # Before the cloud goes: a request that outlived it would look for the real AWS.
        resources.callback(shared.close)
        yield shared


class _Server(ThreadedWSGIServer):
    """A thread for every connection; browsers hold some open and say nothing."""

    def __init__(
        self,
        listener: socket.socket,
        app: Callable[..., Any],
        console: Console,
        each_second: Callable[[], None] | None,
    ) -> None:
        super().__init__(HOST, 0, app, _Handler, fd=listener.fileno())
        self.console = console
        self._each_second = each_second
        self._next = time.monotonic()

    def service_actions(self) -> None:
        """What the server's loop does between connections, at least once a second."""
        super().service_actions()
        if self._each_second is not None and time.monotonic() >= self._next:
            self._next = time.monotonic() + _LOOK_EVERY_SECONDS
            self._each_second()


class _Handler(WSGIRequestHandler):
    """Names the requests of the shop's clients and shoppers, not those of the page that looks every few seconds."""

    server: _Server

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        if not self.path.startswith(OWN_PATHS):
            # A path may hold what a terminal would obey.
            line = f"{self.command} {self.path}".encode("unicode_escape").decode()
            self.server.console.print(f"{code}  {line}", markup=False, highlight=False, soft_wrap=True)


@contextmanager
def _listening(port: int) -> Iterator[socket.socket]:
    """The port, taken before anything else is done. Raises PortTaken."""
    try:
        listener = socket.create_server((HOST, port))
    except OSError as error:
        reason = os.strerror(error.errno) if error.errno else error
        raise PortTaken(f"cannot serve on {HOST}:{port}: {reason}; choose another port with --port") from error
    with listener:
        yield listener


@contextmanager
def _ended_by_signals() -> Iterator[None]:
    """SIGTERM ends as Ctrl-C does, and both do so in the background too, where shells would have SIGINT ignored."""
    before = {number: signal.signal(number, signal.default_int_handler) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _welcome(port: int, write_key: str, shared: SharedCloud) -> str:
    here = f"http://{HOST}:{port}"
    now = format_moment(shared.look(lambda cloud, _recorder: cloud.timers.now()))
    user = shlex.quote(f"{write_key}:")
    agreed = f'"categoryPreferences": {{"marketing": true}}, "confirmedAt": "{now}"'
    consent = f'"context": {{"consent": {{{agreed}}}}}'
    traits = '"traits": {"email": "ada@mailbox.example", "firstName": "Ada"}'
    first_event = f'{{"messageId": "first-1", "userId": "ada", {traits}, {consent}}}'
    lines = [
        f"[bold]Homing is open at [link={here}{OWN_PATHS}]{here}{OWN_PATHS}[/link][/bold]",
        f"  events     POST {here}/v1/batch, as Segment's clients do",
        f"  write key  {escape(write_key)}",
        f"  clock      {f'virtual: it stands at {now} until it is moved' if shared.is_virtual else 'real'}",
        "",
        "Send a first event; without confirmedAt, Ada is asked for a confirmation first:",
        escape(f"  curl {here}/v1/identify -u {user} -d '{first_event}'"),
    ]
    if shared.is_virtual:
        move = """-H content-type:application/json -d '{"advance": "PT72H"}'"""
        lines += ["Let three days pass:", escape(f"  curl {here}{OWN_PATHS}clock {move}")]
    return "\n".join([*lines, "", "[dim]Ctrl-C ends it.[/dim]", ""])
