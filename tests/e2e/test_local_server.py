"""`homing local` as a new user meets it: a process, a port, a printed line to try, a page, and Ctrl-C."""

import base64
import json
import re
import shlex
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import count
from typing import Any

import pytest
import urllib3
from typer.testing import CliRunner

from homing.domain.moments import DAY, parse_moment
from local.cli import app

PATIENCE = 60
"""Seconds until a server that says nothing fails the test instead of hanging it."""
WRITE_KEY = "a key; with $igns"
_NUMBERS = count(1)


class Server:
    """A running `homing local`."""

    def __init__(self) -> None:
        start = [sys.executable, "-c", "from local.cli import main; main()", "local"]
        self.process = subprocess.Popen(
            [*start, "--port", "0", "--write-key", WRITE_KEY],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        self.welcome = self._read_to("Ctrl-C ends it.")
        (self.address,) = set(re.findall(r"http://127\.0\.0\.1:\d+(?=/_local/$)", self.welcome, re.MULTILINE))

    def get(self, path: str) -> Any:
        return urllib3.request("GET", f"{self.address}{path}", retries=False, timeout=PATIENCE).json()

    def post(self, path: str, content: dict[str, Any], **headers: str) -> Any:
        url = f"{self.address}{path}"
        return urllib3.request("POST", url, json=content, headers=headers, retries=False, timeout=PATIENCE).json()

    def send(self, message: dict[str, Any]) -> Any:
        key = base64.b64encode(f"{WRITE_KEY}:".encode()).decode()
        return self.post("/v1/identify", message, authorization=f"Basic {key}")

    def let_pass(self, duration: str) -> Any:
        return self.post("/_local/clock", {"advance": duration})

    def sign_up(self) -> str:
        """The address of a new shopper who agrees to mail, as the shop has had confirmed."""
        name = f"shopper-{next(_NUMBERS)}"
        address = f"{name}@post.example"
        consent = {"categoryPreferences": {"marketing": True}, "confirmedAt": self.get("/_local/clock")["now"]}
        context = {"consent": consent}
        told = self.send({"messageId": name, "userId": name, "traits": {"email": address}, "context": context})
        assert told == {"success": True, "accepted": 1, "duplicate": 0}
        return address

    def mails(self) -> list[tuple[str, str, str]]:
        """Address, step and outcome of each."""
        return [(mail["email"], mail["step"], mail["outcome"]) for mail in self.get("/_local/emails")]

    def end(self) -> tuple[int, str]:
        """Press Ctrl-C: the exit status, and what it said at the end."""
        self.process.send_signal(signal.SIGINT)
        said, _ = self.process.communicate(timeout=PATIENCE)
        return self.process.returncode, said

    def _read_to(self, last: str) -> str:
        assert self.process.stdout is not None
        lines = []
        for line in self.process.stdout:
            lines.append(line.rstrip())
            if line.rstrip() == last:
                return "\n".join(lines)
        raise AssertionError("\n".join(["the server ended before it had begun:", *lines]))


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    """One server for all tests; each has shoppers of its own. Its end is the last thing that is tested."""
    server = Server()
    try:
        yield server
        status, said = server.end()
    finally:
        server.process.kill()
    assert status == 0
    assert said.rstrip().endswith("The local cloud has ended; nothing of it is kept.")
    assert "Traceback" not in said


def test_the_printed_line_sends_the_first_event(server: Server) -> None:
    (line,) = [line for line in server.welcome.splitlines() if "/v1/identify" in line]
    command, url, user_option, user, data_option, data = shlex.split(line)
    assert (command, user_option, data_option) == ("curl", "-u", "-d")
    assert (url, user) == (f"{server.address}/v1/identify", f"{WRITE_KEY}:")
    assert server.send(json.loads(data)) == {"success": True, "accepted": 1, "duplicate": 0}
    assert ("ada@mailbox.example", "greeting", "sent") in server.mails()


def test_many_clients_at_once_are_all_heard_while_the_clock_stands(server: Server) -> None:
    before = server.get("/_local/clock")["now"]
    with ThreadPoolExecutor(8) as clients:
        looking = [clients.submit(server.get, f"/_local/{name}") for name in ("emails", "profiles", "runs") * 4]
        addresses = list(clients.map(lambda _: server.sign_up(), range(24)))
        assert all(isinstance(look.result(PATIENCE), list) for look in looking)
    assert server.get("/_local/clock")["now"] == before
    told = server.let_pass("P5D")
    assert parse_moment(told["now"]) == parse_moment(before) + 5 * DAY
    mine = [mail for mail in server.mails() if mail[0] in addresses]
    expected = [(address, step, "sent") for address in addresses for step in ("greeting", "favourites")]
    assert sorted(mine) == sorted(expected)


def test_a_connection_that_says_nothing_keeps_nobody_waiting(server: Server) -> None:
    """Browsers open some in advance."""
    host, _, port = server.address.removeprefix("http://").partition(":")
    with socket.create_connection((host, int(port))):
        assert server.get("/_local/clock")["virtual"] is True


def test_a_port_that_is_taken_is_one_clear_line_and_status_2() -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        told = CliRunner().invoke(app, ["local", "--port", str(port)])
    assert told.exit_code == 2
    assert told.output == (
        f"homing: cannot serve on 127.0.0.1:{port}: Address already in use; choose another port with --port\n"
    )


@pytest.mark.parametrize("key", ["", "two:parts"])
def test_a_write_key_that_clients_could_not_send_is_one_clear_line_and_status_2(key: str) -> None:
    told = CliRunner().invoke(app, ["local", "--write-key", key])
    assert told.exit_code == 2
    assert told.output == "homing: --write-key: at least one character, and no colon\n"


@pytest.mark.browser
def test_in_the_page_time_passes_at_a_press_and_the_unsubscribe_link_works(server: Server) -> None:
    from playwright.sync_api import sync_playwright

    address = server.sign_up()
    with sync_playwright() as playwright:
        chromium = shutil.which("chromium") or shutil.which("google-chrome")
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        context = browser.new_context()
        context.set_default_timeout(PATIENCE * 1_000)
        page = context.new_page()
        errors: list[str] = []
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.goto(f"{server.address}/_local/")

        page.get_by_role("searchbox", name="Address, subject or profile").fill(address)
        page.locator(".mail-line").click()
        with context.expect_page() as opened:
            page.frame_locator(".reader iframe").locator('a[href*="/unsubscribe/"]').first.click()
        opened.value.get_by_role("button").click()
        opened.value.get_by_text("You will get no more marketing emails").wait_for()
        opened.value.close()

        page.get_by_role("button", name="+7 days").click()
        page.get_by_text("+7 days: ").wait_for()
        page.get_by_role("combobox", name="Outcome").select_option("withheld")
        page.locator(".mail-line", has_text="unsubscribed").click()
        page.get_by_text("This mail was not sent: unsubscribed.").wait_for()
        browser.close()
    assert not errors
    assert [outcome for email, _, outcome in server.mails() if email == address] == ["sent", "skipped"]
