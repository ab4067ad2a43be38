"""The unsubscribe page: a look changes nothing, one press or none stops the mails, and no token can be made up."""

import base64
from typing import Any

import pytest

from homing.domain.ids import alias_id, contact_id
from homing.domain.unsubscribe import Subscriber, make_token
from tests.fakes.pages import pages_of, request
from tests.fakes.stories import NOW, signed_up
from tests.fakes.world import ADA, ADDRESS, KEY, World

TOKEN = make_token(Subscriber(contact_id(ADDRESS), ADA), KEY)


def subscribed() -> World:
    world = World()
    world.tell(signed_up(NOW - 1))
    assert world.contact().consent
    return world


def visit(world: World, method: str, token: str = TOKEN, shop_name: str = "Tea & Clay", **more: Any) -> dict[str, Any]:
    return pages_of(world, shop_name).answer(request("unsubscribe", method, token, **more), key=KEY, now=NOW)


def test_a_look_asks_and_changes_nothing() -> None:
    world = subscribed()
    before = world.contact()
    for _ in range(3):
        answer = visit(world, "GET")
        assert answer["statusCode"] == 200
        assert '<form method="post">' in answer["body"]
    assert world.contact() == before
    assert world.events.kept == {}


@pytest.mark.parametrize(
    "more",
    [
        {},
        {"body": "List-Unsubscribe=One-Click", "headers": {"content-type": "application/x-www-form-urlencoded"}},
        {
            "body": base64.b64encode(
                b'--x\r\nContent-Disposition: form-data; name="List-Unsubscribe"\r\n\r\nOne-Click\r\n--x--'
            ).decode(),
            "isBase64Encoded": True,
            "headers": {"content-type": "multipart/form-data; boundary=x"},
        },
    ],
)
def test_one_press_or_the_mail_programs_own_button_stops_the_mails(more: dict[str, Any]) -> None:
    world = subscribed()
    assert visit(world, "POST", **more)["statusCode"] == 200
    assert not world.contact().consent
    world.tell(*world.events.all)
    assert not world.record().facts.consent["marketing"].granted
    assert world.run("welcome").reason == "unsubscribed"


def test_pressing_twice_is_pressing_once() -> None:
    world = subscribed()
    assert visit(world, "POST") == visit(world, "POST")
    assert not world.contact().consent
    assert len(world.events.kept) == 1


PROOF = TOKEN.rpartition(".")[2]
OTHER = make_token(Subscriber(contact_id("bob@example.com"), alias_id("user", "bob")), KEY)


@pytest.mark.parametrize(
    "token",
    [
        "",
        ".",
        "..",
        "nonsense",
        TOKEN[:-1],
        TOKEN[1:],
        TOKEN + "0",
        TOKEN.upper(),
        TOKEN.rpartition(".")[0],
        f"{contact_id('bob@example.com')}.{ADA}.{PROOF}",
        f"{contact_id(ADDRESS)}.{alias_id('user', 'bob')}.{PROOF}",
        f"{ADA}.{contact_id(ADDRESS)}.{PROOF}",
        f"{OTHER.rpartition('.')[0]}.{PROOF}",
        make_token(Subscriber(contact_id(ADDRESS), ADA), b"another key"),
        f"{TOKEN}\r\nSet-Cookie: a=b",
        "ä.ö.ü",
    ],
)
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_token_that_was_not_made_here_is_refused(method: str, token: str) -> None:
    world = subscribed()
    answer = visit(world, method, token)
    assert answer["statusCode"] == 404
    assert world.contact().consent
    assert world.events.kept == {}
    assert token not in answer["body"] or len(token) < 3


def test_a_request_without_a_token_is_refused() -> None:
    bare = {"routeKey": "POST /unsubscribe/{token}", "requestContext": {"http": {"method": "POST"}}}
    assert pages_of(World()).answer(bare, key=KEY, now=NOW)["statusCode"] == 404


def test_nothing_that_a_visitor_sends_comes_back_unescaped() -> None:
    evil = "<script>alert(1)</script>"
    more: dict[str, Any] = {
        "rawQueryString": f"lang={evil}&x={evil}",
        "headers": {"accept-language": f"{evil}\r\nX-Evil: 1", "user-agent": evil},
        "body": evil,
    }
    for method in ("GET", "POST"):
        answer = visit(subscribed(), method, **more)
        assert evil not in str(answer)
        assert "X-Evil" not in str(answer)
        assert not any("\n" in value or "\r" in value for value in answer["headers"].values())


def test_the_name_of_the_shop_is_escaped() -> None:
    for method in ("GET", "POST"):
        body = visit(subscribed(), method, shop_name="<b>Tea & {Clay}</b>")["body"]
        assert "&lt;b&gt;Tea &amp; {Clay}&lt;/b&gt;" in body


@pytest.mark.parametrize(
    ("query", "accepted", "language"),
    [
        ("", "", "en"),
        ("", "de-AT,de;q=0.9,en;q=0.8", "de"),
        ("", "fr,de", "de"),
        ("", "fr", "en"),
        ("lang=de", "en", "de"),
        ("lang=fr", "en", "en"),
    ],
)
def test_the_page_speaks_the_language_of_the_link_or_of_the_browser(query: str, accepted: str, language: str) -> None:
    body = visit(subscribed(), "GET", rawQueryString=query, headers={"accept-language": accepted})["body"]
    assert f'<html lang="{language}" dir="ltr">' in body
    assert ("Ja, abbestellen" in body) == (language == "de")
