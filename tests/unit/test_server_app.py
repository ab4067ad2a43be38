"""What the local server answers: the shop's API at its deployed paths, and what the page under /_local/ asks for."""

import gzip
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import count
from typing import Any

import pytest
from werkzeug.test import Client, TestResponse

from homing.domain.moments import DAY, HOUR, Duration, format_moment, parse_moment
from local import pages
from local.cloud import Cloud
from local.server import SharedCloud, make_app
from local.simulation.deployment import deployed
from local.simulation.exact_schedule import look_exactly_when_due
from local.timers import Timers, VirtualClock

OPENING = parse_moment("2026-03-02T10:00:00Z")
HERE = "http://localhost:8787"
TEAPOT = {"product_id": "p1", "name": "Round Teapot", "price": 38, "quantity": 2, "currency": "EUR"}
_NUMBERS = count(1)

pytestmark = pytest.mark.usefixtures("built_shop")


@dataclass
class Browser:
    """Whoever asks the server; each test has shoppers of its own."""

    client: Client
    cloud: Cloud
    clock: VirtualClock

    def get(self, path: str, **request: Any) -> TestResponse:
        return self.client.get(path, base_url=HERE, **request)

    def look(self, name: str) -> Any:
        answer = self.get(f"/_local/{name}")
        assert answer.status_code == 200, answer.text
        return answer.json

    def post(self, path: str, content: Any, **request: Any) -> TestResponse:
        return self.client.post(path, base_url=HERE, json=content, **request)

    def send(self, kind: str, **message: Any) -> None:
        message = {"messageId": f"m-{next(_NUMBERS)}", **message}
        answer = self.post(f"/v1/{kind}", message, auth=("local", ""))
        assert answer.json == {"success": True, "accepted": 1, "duplicate": 0}

    def sign_up(self, **traits: str) -> str:
        """The address of a new shopper who agrees to mail, as the shop has had confirmed."""
        name = f"shopper-{next(_NUMBERS)}"
        address = f"{name}@post.example"
        consent = {"categoryPreferences": {"marketing": True}, "confirmedAt": format_moment(self.clock.now())}
        self.send("identify", userId=name, traits={"email": address, **traits}, context={"consent": consent})
        return address

    def let_pass(self, duration: str) -> None:
        answer = self.post("/_local/clock", {"advance": duration})
        assert answer.status_code == 200, answer.text

    def profile(self, address: str) -> dict[str, Any]:
        (profile,) = [each for each in self.look("profiles") if each["email"] == address]
        return dict(profile)

    def mails(self, address: str) -> list[dict[str, Any]]:
        return [mail for mail in self.look("emails") if mail["email"] == address]

    def runs(self, address: str) -> list[dict[str, Any]]:
        profile_id = self.profile(address)["profile_id"]
        return [run for run in self.look("runs") if run["profile_id"] == profile_id]


def told(answer: TestResponse) -> dict[str, Any]:
    content = answer.json
    assert isinstance(content, dict), answer.text
    return content


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with VirtualClock(OPENING) as clock, deployed(Timers(clock)) as cloud:
        look_exactly_when_due(cloud)
        yield Browser(Client(make_app(SharedCloud(cloud, is_virtual=True))), cloud, clock)


# The shop's API


def test_an_event_has_had_all_its_effects_when_it_is_answered(browser: Browser) -> None:
    address = browser.sign_up(firstName="Ada")
    (mail,) = browser.mails(address)
    assert (mail["journey"], mail["step"], mail["outcome"]) == ("welcome", "greeting", "sent")
    assert mail["subject"].startswith("Welcome, Ada!")


def test_the_apis_refusals_come_as_it_says_them(browser: Browser) -> None:
    answer = browser.post("/v1/track", {"event": "Product Viewed"}, auth=("wrong", ""))
    assert answer.status_code == 401
    assert answer.headers["www-authenticate"] == 'Basic realm="homing"'
    assert not told(answer)["success"]


def test_packed_bodies_reach_the_api_as_they_came(browser: Browser) -> None:
    batch = {"batch": [{"type": "page", "messageId": "packed", "userId": "zip"}]}
    answer = browser.client.post(
        "/v1/batch",
        base_url=HERE,
        data=gzip.compress(json.dumps(batch).encode()),
        headers={"content-encoding": "gzip", "content-type": "application/json"},
        auth=("local", ""),
    )
    assert answer.json == {"success": True, "accepted": 1, "duplicate": 0}


def test_a_body_without_a_json_content_type_is_as_welcome_to_events_as_it_is_deployed(browser: Browser) -> None:
    """As `curl -d` sends it."""
    answer = browser.client.post(
        "/v1/page",
        base_url=HERE,
        data='{"messageId": "curled", "userId": "curl"}',
        content_type="application/x-www-form-urlencoded",
        auth=("local", ""),
    )
    assert answer.status_code == 200


@pytest.mark.parametrize("path", ["/v2/batch", "/_locals", "/v1/batch/", "//_local/clock", "/unsubscribe/a%2Fb/c"])
def test_a_path_that_is_not_deployed_is_not_found(browser: Browser, path: str) -> None:
    answer = browser.get(path)
    assert answer.status_code == 404
    assert answer.json == {"message": "Not Found"}


def test_paths_and_queries_reach_the_api_undecoded(browser: Browser, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[tuple[str, str]] = []
    api = browser.cloud.http

    def listen(method: str, path: str, **request: Any) -> Any:
        asked.append((path, request["query"]))
        return api(method, path, **request)

    monkeypatch.setattr(browser.cloud, "http", listen)
    browser.get("/unsubscribe/a%20b%2Fc?lang=de&x=%26&lang=en")
    assert asked == [("/unsubscribe/a%20b%2Fc", "lang=de&x=%26&lang=en")]


def test_a_body_that_is_larger_than_api_gateway_takes_is_refused(browser: Browser) -> None:
    answer = browser.client.post("/v1/batch", base_url=HERE, data=b" " * (10 * 1024 * 1024 + 1), auth=("local", ""))
    assert answer.status_code == 413


# The clock


def test_the_clock_tells_the_shops_time(browser: Browser) -> None:
    assert browser.look("clock") == {"now": format_moment(browser.clock.now()), "virtual": True}


def test_the_clock_moves_through_everything_on_the_way(browser: Browser) -> None:
    signed_up_at = browser.clock.now()
    address = browser.sign_up()
    answer = browser.post("/_local/clock", {"advance": "PT72H"})
    assert answer.json == {"now": format_moment(signed_up_at + 3 * DAY), "virtual": True}
    assert [(mail["step"], mail["at"]) for mail in browser.mails(address)] == [
        ("greeting", format_moment(signed_up_at)),
        ("favourites", format_moment(signed_up_at + 3 * DAY)),
    ]


def test_segments_change_at_the_very_minute_that_their_rules_name(browser: Browser) -> None:
    address = browser.sign_up()
    user = address.partition("@")[0]
    browser.send("track", userId=user, event="Product Added", properties=TEAPOT)
    added_at = browser.clock.now()
    browser.let_pass("PT3H")
    (segment,) = [each for each in browser.profile(address)["segments"] if each["name"] == "cart_abandoners"]
    assert segment["since"] == format_moment(added_at + HOUR)


def test_the_clock_moves_to_a_moment(browser: Browser) -> None:
    target = format_moment(browser.clock.now() + 90_000)
    assert browser.post("/_local/clock", {"to": target}).json == {"now": target, "virtual": True}


@pytest.mark.parametrize("command", [{"advance": "three days"}, {"to": "2020-01-01T00:00:00Z"}, {}, []])
def test_a_command_that_cannot_be_followed_is_answered_with_the_reason_and_moves_nothing(
    browser: Browser, command: object
) -> None:
    before = browser.clock.now()
    answer = browser.post("/_local/clock", command)
    assert answer.status_code == 400
    assert told(answer)["message"]
    assert browser.clock.now() == before


# Who may ask


@pytest.mark.parametrize("content_type", ["text/plain", "application/x-www-form-urlencoded", "application/json"])
def test_another_sites_page_cannot_move_the_clock(browser: Browser, content_type: str) -> None:
    before = browser.client.get("/_local/clock", base_url=HERE).get_json()
    answer = browser.client.post(
        "/_local/clock",
        base_url=HERE,
        data='{"advance": "PT72H"}',
        content_type=content_type,
        headers={"origin": "https://elsewhere.example"},
    )
    assert answer.status_code == 403
    assert browser.client.get("/_local/clock", base_url=HERE).get_json() == before


@pytest.mark.parametrize("headers", [{}, {"origin": HERE}])
def test_a_command_or_the_page_itself_moves_the_clock_whatever_the_label(
    browser: Browser, headers: dict[str, str]
) -> None:
    answer = browser.client.post(
        "/_local/clock",
        base_url=HERE,
        data='{"advance": "PT1H"}',
        content_type="application/x-www-form-urlencoded",
        headers=headers,
    )
    assert answer.status_code == 200


def test_another_sites_script_is_not_told_that_it_may_ask(browser: Browser) -> None:
    asked = {"origin": "https://evil.example", "access-control-request-method": "POST"}
    for answer in (
        browser.client.options("/_local/clock", base_url=HERE, headers=asked),
        browser.get("/_local/emails", headers=asked),
    ):
        assert not [name for name, _ in answer.headers if name.lower().startswith("access-control")]


@pytest.mark.parametrize("path", ["/", "/_local/", "/_local/emails", "/_local/app.js", "/v1/batch", "/unsubscribe/x"])
@pytest.mark.parametrize(
    "host", ["evil.example", "evil.example:8787", "localhost.evil.example", "127.0.0.1.nip.example"]
)
def test_a_name_that_was_made_to_lead_here_is_not_served(browser: Browser, path: str, host: str) -> None:
    answer = browser.get(path, headers={"host": host})
    assert answer.status_code == 400
    assert answer.json == {"message": f"Host {host!r} is not trusted."}


@pytest.mark.parametrize("host", ["127.0.0.1:8787", "localhost:8787", "localhost"])
def test_this_machines_own_names_are_served(browser: Browser, host: str) -> None:
    assert browser.get("/_local/", headers={"host": host}).status_code == 200


@pytest.mark.parametrize("path", ["/_local/", "/_local/app.js", "/_local/clock", "/_local/nothing"])
def test_no_page_may_frame_what_is_private_and_no_cache_keep_it(browser: Browser, path: str) -> None:
    headers = browser.get(path).headers
    assert headers["cache-control"] == "no-store"
    assert headers["content-security-policy"] == "frame-ancestors 'none'"
    assert headers["cross-origin-resource-policy"] == "same-origin"
    assert headers["x-content-type-options"] == "nosniff"


# The page and what it asks for


def test_the_page_and_its_assets_are_served(browser: Browser) -> None:
    page = browser.get("/_local/")
    assert page.data == pages.index()
    assert page.content_type == "text/html; charset=utf-8"
    for path in re.findall(r'(?:href|src)="(/_local/[^"]+)"', page.text):
        asset = browser.get(path)
        assert (asset.data, asset.content_type) == pages.asset(path.removeprefix("/_local/"))


@pytest.mark.parametrize("path", ["/", "/_local"])
def test_the_way_to_the_page_is_shown(browser: Browser, path: str) -> None:
    answer = browser.get(path)
    assert answer.status_code in {302, 308}
    assert answer.location in {"/_local/", f"{HERE}/_local/"}


@pytest.mark.parametrize("path", ["/_local/nothing", "/_local/__init__.py", "/_local/../cli.py", "/_local/emails/none"])
def test_what_is_not_there_is_not_found(browser: Browser, path: str) -> None:
    answer = browser.get(path)
    assert answer.status_code == 404
    assert told(answer)["message"]


def test_what_is_only_to_be_read_cannot_be_written(browser: Browser) -> None:
    answer = browser.post("/_local/emails", {})
    assert answer.status_code == 405
    assert set(answer.headers["allow"].split(", ")) == {"GET", "HEAD"}


def test_a_mail_is_shown_as_it_went_out(browser: Browser) -> None:
    address = browser.sign_up(firstName="Zoë", language="de")
    (mail,) = browser.mails(address)
    shown = browser.look(f"emails/{mail['send_id']}")
    assert shown["headers"]["To"] == address
    assert shown["headers"]["Subject"] == mail["subject"]
    assert shown["headers"]["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert "Zoë" in shown["html"]
    assert "Zoë" in shown["text"]


def test_a_shown_mails_unsubscribe_link_leads_to_this_server_and_stops_the_mails(browser: Browser) -> None:
    address = browser.sign_up()
    (mail,) = browser.mails(address)
    shown = browser.look(f"emails/{mail['send_id']}")
    (link,) = set(re.findall(rf'href="({HERE}/unsubscribe/[^"]+)"', shown["html"]))
    assert link in shown["text"]

    path = link.removeprefix(HERE)
    assert "<form" in browser.get(path).text
    assert browser.client.post(path, base_url=HERE, data={}).status_code == 200
    browser.let_pass("P5D")
    assert sorted(each["outcome"] for each in browser.mails(address)) == ["sent", "skipped"]  # of one moment
    assert [(run["ended"], run["reason"]) for run in browser.runs(address)] == [("exited", "unsubscribed")]


def test_the_stored_mail_keeps_the_deployed_link(browser: Browser) -> None:
    address = browser.sign_up()
    browser.look(f"emails/{browser.mails(address)[0]['send_id']}")
    stored = browser.cloud.outbox[-1]
    assert stored.to == [address]
    assert f"{browser.cloud.outputs['ApiUrl']}/unsubscribe/" in (stored.html or "")
    assert HERE not in (stored.html or "")


def test_a_profile_shows_what_is_known_of_a_shopper(browser: Browser) -> None:
    address = browser.sign_up(firstName="Ada", lastName="Lovelace", language="de")
    user = address.partition("@")[0]
    order = {"order_id": "o-1", "total": 76, "currency": "EUR", "products": [TEAPOT]}
    browser.send("track", userId=user, event="Order Completed", properties=order)
    browser.let_pass("PT1S")
    browser.send("track", userId=user, event="Product Added", properties=TEAPOT)
    profile = browser.profile(address)
    ordered_at = format_moment(browser.clock.now() - 1_000)
    assert profile.pop("profile_id")
    assert {segment["since"] for segment in profile.pop("segments")} == {ordered_at}
    assert profile == {
        "email": address,
        "name": "Ada Lovelace",
        "language": "de",
        "orders": 1,
        "last_order_at": ordered_at,
        "cart_size": 2,
    }


def test_an_unknown_visitor_has_a_profile_without_a_name(browser: Browser) -> None:
    before = {profile["profile_id"] for profile in browser.look("profiles")}
    browser.send("page", anonymousId=f"visitor-{next(_NUMBERS)}", name="Home")
    (visitor,) = [profile for profile in browser.look("profiles") if profile["profile_id"] not in before]
    assert (visitor["name"], visitor["email"]) == (None, None)
    assert [segment["name"] for segment in visitor["segments"]] == ["curious", "prefers_email"]


def test_a_running_journey_shows_where_it_waits_and_until_when(browser: Browser) -> None:
    signed_up_at = browser.clock.now()
    address = browser.sign_up()
    (run,) = browser.runs(address)
    assert run["ended"] == "running"
    favourites_at = parse_moment(run["next_at"])
    assert run["step"] == "WaitBeforeFavourites"
    assert signed_up_at + 3 * DAY <= favourites_at <= signed_up_at + 4 * DAY  # in the shopper's best hour
    browser.let_pass("P4D")
    (run,) = browser.runs(address)
    assert run["step"] == "WaitBeforeLastCall"
    assert favourites_at + 7 * DAY <= parse_moment(run["next_at"]) <= favourites_at + 8 * DAY


def test_an_ended_journey_waits_for_nothing(browser: Browser) -> None:
    address = browser.sign_up()
    browser.let_pass("P13D")
    (run,) = browser.runs(address)
    assert run["ended"] == "completed"
    assert (run["step"], run["next_at"]) == (None, None)


# The real clock


def test_on_the_real_clock_time_is_nobodys_to_move_and_what_comes_due_runs_by_itself(browser: Browser) -> None:
    shared = SharedCloud(browser.cloud, is_virtual=False)
    real = Browser(Client(make_app(shared)), browser.cloud, browser.clock)
    address = real.sign_up()
    refused = real.post("/_local/clock", {"advance": "PT72H"})
    assert refused.status_code == 409
    assert real.look("clock")["virtual"] is False

    _time_goes_by(browser, 4 * DAY)
    assert len(real.mails(address)) == 1
    shared.run_due()
    assert [mail["step"] for mail in real.mails(address)] == ["greeting", "favourites"]


def _time_goes_by(browser: Browser, duration: Duration) -> None:
    """As real time does: without asking the cloud."""
    browser.clock.move_to(browser.clock.now() + duration)


def test_a_server_that_is_going_down_says_so(browser: Browser) -> None:
    shared = SharedCloud(browser.cloud, is_virtual=True)
    shared.close()
    answer = Client(make_app(shared)).get("/_local/emails", base_url=HERE)
    assert answer.status_code == 503
    assert answer.json == {"message": "the local cloud is going down"}
