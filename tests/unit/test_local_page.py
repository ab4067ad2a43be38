"""The local page is static, asks for nothing that is not there, and draws what the server tells."""

import json
import re
import shutil
import subprocess
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from local import pages

NOW = "2026-03-02T09:30:00Z"
A_DAY_LATER = "2026-03-03T09:30:00Z"
MAIL = {
    "at": "2026-03-02T09:00:00Z",
    "profile_id": "prf-1",
    "email": "ada@post.example",
    "journey": "cart",
    "step": "reminder",
    "send_id": "snd-1",
    "outcome": "sent",
    "reason": None,
    "subject": "Ada, <b>your cart</b> waits",
    "template": "cart-reminder",
}
BODY = {
    "headers": {"Subject": MAIL["subject"], "To": MAIL["email"]},
    "html": "<h1>Still here</h1><img src='https://shop.example/a.jpg' alt='Round Teapot'>"
    "<script>parent.document.title = 'broken out'</script>",
    "text": "Still here",
}
PROFILE = {
    "profile_id": "prf-1",
    "email": "ada@post.example",
    "name": "Ada",
    "language": "en",
    "segments": [{"name": "cart_abandoners", "since": "2026-03-02T08:00:00Z"}],
    "orders": 0,
    "last_order_at": None,
    "cart_size": 2,
}
RUN = {
    "run_id": "run-1",
    "journey": "cart",
    "profile_id": "prf-1",
    "started_at": "2026-03-02T08:00:00Z",
    "ended_at": None,
    "ended": "running",
    "reason": None,
    "step": "second",
    "next_at": "2026-03-03T09:30:00Z",
}
CLOCK = {"now": NOW, "virtual": True}
NOTHING: dict[str, Any] = {"emails": [], "profiles": [], "runs": [], "clock": CLOCK}
A_CART = {"emails": [MAIL], "emails/snd-1": BODY, "profiles": [PROFILE], "runs": [RUN], "clock": CLOCK}


def _links() -> list[str]:
    return re.findall(r'(?:href|src)="([^"]+)"', pages.index().decode())


def test_every_file_that_the_page_links_to_is_an_asset() -> None:
    names = [link.removeprefix("/_local/") for link in _links() if link.startswith("/_local/")]
    assert names
    assert all(pages.asset(name) for name in names)


def test_nothing_comes_from_another_host() -> None:
    assert all(link.startswith(("/_local/", "#", "data:")) for link in _links())
    for name in ("app.css", "theme.css"):
        content, _ = pages.asset(name) or (b"", "")
        assert not re.search(rb"https?://|@import", content)


@pytest.mark.parametrize(
    ("name", "content_type"),
    [("app.js", "text/javascript; charset=utf-8"), ("theme.css", "text/css; charset=utf-8")],
)
def test_an_asset_comes_with_its_content_type(name: str, content_type: str) -> None:
    content, told = pages.asset(name) or (b"", "")
    assert content
    assert told == content_type


@pytest.mark.parametrize("name", ["", "index.html", "../report/page.py", "__init__.py", "/etc/hostname"])
def test_nothing_else_is_an_asset(name: str) -> None:
    assert pages.asset(name) is None


def test_every_element_that_the_script_looks_for_is_in_the_page() -> None:
    script, _ = pages.asset("app.js") or (b"", "")
    wanted = set(re.findall(r'find\("([\w-]+)"\)', script.decode()))
    ids = set(re.findall(r'id="([\w-]+)"', pages.index().decode()))
    assert wanted
    assert wanted <= ids


@pytest.mark.browser
def test_an_empty_shop_teaches_how_to_send_the_first_event(tmp_path: Path) -> None:
    with _Server(NOTHING) as address:
        drawn = _drawn(f"{address}/_local/", tmp_path)
    assert f"curl {address}/v1/identify -u local:" in drawn
    assert NOW in drawn


@pytest.mark.browser
def test_the_newest_mail_is_read_where_it_can_do_no_harm(tmp_path: Path) -> None:
    with _Server(A_CART) as address:
        drawn = _drawn(f"{address}/_local/", tmp_path)
    assert "Ada, &lt;b&gt;your cart&lt;/b&gt; waits" in drawn
    assert '<iframe sandbox="allow-popups allow-popups-to-escape-sandbox"' in drawn
    assert "<title>Homing, on this machine</title>" in drawn
    assert "https://shop.example/a.jpg" not in drawn


@pytest.mark.browser
def test_profiles_show_their_segments(tmp_path: Path) -> None:
    with _Server(A_CART) as address:
        drawn = _drawn(f"{address}/_local/#profiles", tmp_path)
    assert "cart abandoners</span>" in drawn


@pytest.mark.browser
def test_journeys_show_who_waits_for_what_and_how_long(tmp_path: Path) -> None:
    with _Server(A_CART) as address:
        drawn = _drawn(f"{address}/_local/#journeys", tmp_path)
    assert "in 1 day" in drawn
    assert "second</span>" in drawn


@pytest.mark.browser
def test_a_button_moves_the_clock_and_tells_what_came_of_it(tmp_path: Path) -> None:
    with _Server(A_CART, pressed="PT24H") as address:
        drawn = _drawn(f"{address}/_local/", tmp_path)
    assert "3 Mar 2026, 09:30 UTC" in drawn
    assert "+1 day: no mail went out." in drawn


def _drawn(address: str, tmp_path: Path) -> str:
    """The page's elements after its script has run."""
    browser = shutil.which("chromium") or shutil.which("google-chrome")
    assert browser, "the tests marked browser need Chromium"
    flags = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking"]
    command = [browser, *flags, "--disable-component-update", f"--user-data-dir={tmp_path}"]
    options = ["--virtual-time-budget=2000", "--dump-dom"]
    return subprocess.run([*command, *options, address], check=True, capture_output=True, text=True, timeout=60).stdout


class _Server:
    """The page and the JSON given, on a port of this machine for as long as the context lasts.

    `pressed` is the button that is pressed once the page is drawn: moving the clock makes it a day later.
    """

    def __init__(self, told: dict[str, Any], pressed: str | None = None) -> None:
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _answering(dict(told), pressed))

    def __enter__(self) -> str:
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return f"http://127.0.0.1:{self._server.server_port}"

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()


def _answering(told: dict[str, Any], pressed: str | None) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["content-length"])))
            if self.path == "/_local/clock" and body == {"advance": "PT24H"}:
                told["clock"] = {"now": A_DAY_LATER, "virtual": True}
            self._answer(json.dumps(told["clock"]).encode(), "application/json")

        def do_GET(self) -> None:
            name = self.path.removeprefix("/_local/")
            if name in told:
                self._answer(json.dumps(told[name]).encode(), "application/json")
            elif name == "app.js" and pressed:
                content, content_type = pages.asset(name) or (b"", "")
                press = f"setTimeout(() => document.querySelector('[data-advance={pressed}]').click(), 300);"
                self._answer(content + press.encode(), content_type)
            else:
                self._answer(*(pages.asset(name) or (pages.index(), "text/html")))

        def _answer(self, content: bytes, content_type: str) -> None:
            self.send_response(200)
            self.send_header("content-type", content_type)
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_: object) -> None:
            """Quiet: the tests' output is for failures."""

    return Handler
