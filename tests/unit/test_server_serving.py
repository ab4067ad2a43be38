"""The server around the application: its port, its log, and what it does each second."""

import io
import signal
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Event, Thread

import pytest
from rich.console import Console
from werkzeug.wrappers import Request, Response

from local.server import serving
from local.server.serving import PortTaken

PATIENCE = 30
"""Seconds that a thread is waited for, before the test fails instead of hanging."""


@Request.application
def hello(_request: Request) -> Response:
    return Response("hello")


@contextmanager
def served(console: Console, each_second: Callable[[], None] | None = None) -> Iterator[int]:
    """The port of a server that says hello."""
    with serving._listening(0) as listener:
        server = serving._Server(listener, hello, console, each_second)
        thread = Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield server.port
        finally:
            server.shutdown()
            thread.join(PATIENCE)


def ask(port: int, request: bytes) -> bytes:
    """The whole answer to the bytes of a request."""
    with socket.create_connection(("127.0.0.1", port), timeout=PATIENCE) as connection:
        connection.sendall(request)
        return b"".join(iter(lambda: connection.recv(4096), b""))


@pytest.fixture
def console() -> Console:
    return Console(file=io.StringIO(), force_terminal=True, color_system=None)


def printed(console: Console) -> str:
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


def test_only_this_machine_is_listened_to() -> None:
    with serving._listening(0) as listener:
        assert listener.getsockname()[0] == "127.0.0.1"


def test_a_port_can_be_had_once() -> None:
    with serving._listening(0) as listener:
        port = listener.getsockname()[1]
        with (
            pytest.raises(PortTaken, match=f"cannot serve on 127.0.0.1:{port}: Address already in use"),
            serving._listening(port),
        ):
            pass
    with serving._listening(port) as again:
        assert again.getsockname()[1] == port


def test_requests_of_clients_and_shoppers_are_named_and_the_pages_own_are_not(console: Console) -> None:
    with served(console) as port:
        for path in (b"/_local/emails", b"/v1/batch?x=[bold]y"):
            assert ask(port, b"POST " + path + b" HTTP/1.1\r\nhost: localhost\r\n\r\n").endswith(b"hello")
    assert printed(console) == "200  POST /v1/batch?x=[bold]y\n"


def test_what_a_terminal_would_obey_is_only_named(console: Console) -> None:
    with served(console) as port:
        ask(port, b"GET /\x1b]0;mine\x07\xc3\xa4 HTTP/1.1\r\nhost: localhost\r\n\r\n")
    assert printed(console) == "200  GET /\\x1b]0;mine\\x07\\xc3\\xa4\n"


def test_what_is_to_be_done_each_second_is_done_without_any_request(console: Console) -> None:
    done = Event()
    with served(console, done.set):
        assert done.wait(PATIENCE)


def test_while_it_serves_ctrl_c_ends_it_even_where_the_shell_had_it_ignored() -> None:
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        with pytest.raises(KeyboardInterrupt), serving._ended_by_signals():
            signal.raise_signal(signal.SIGINT)
        assert signal.getsignal(signal.SIGINT) is signal.SIG_IGN
        with pytest.raises(KeyboardInterrupt), serving._ended_by_signals():
            signal.raise_signal(signal.SIGTERM)
    finally:
        signal.signal(signal.SIGINT, before)
