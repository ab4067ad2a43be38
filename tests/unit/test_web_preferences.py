"""The preference page: it shows what stands, saves what was changed, and keeps everything else from the door."""

import re
from typing import Any
from urllib.parse import parse_qsl

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from homing.domain.events import PURPOSES
from homing.domain.ids import contact_id
from homing.domain.moments import HOUR, MINUTE, WEEK
from homing.domain.preferences import NO_BIRTHDAY, PAUSE, Wishes
from homing.domain.unsubscribe import Subscriber
from homing.web.look import languages, words
from homing.web.wishes_form import Choices, fields_of, read_wishes, shown_field
from tests.fakes.pages import INTERESTS, pages_of, request, sent, token_of
from tests.fakes.stories import NOW, happened, signed_up
from tests.fakes.world import ADA, ADDRESS, KEY, World

LINK = Subscriber(contact_id(ADDRESS), ADA)
Fields = list[tuple[str, str]]


def subscribed(**traits: str) -> World:
    world = World()
    world.tell(signed_up(NOW - HOUR, traits=traits))
    return world


def visit(world: World, method: str = "GET", page: str = "preferences", **more: Any) -> dict[str, Any]:
    token = token_of(LINK, "confirm" if page == "confirm" else "unsubscribe")
    return pages_of(world).answer(request(page, method, token, **more), key=KEY, now=NOW)


def press(world: World, fields: Fields | dict[str, str]) -> dict[str, Any]:
    return visit(world, "POST", **sent(fields))


def shown_by(html: str) -> Fields:
    """What a browser would send of the page's form, as it is."""
    form = html.partition('value="save"')[0]
    ticked = re.findall(r'name="(\w+)" value="([^"]*)" checked', form)
    chosen = [
        (name, next(iter(re.findall(r'value="(\d+)" selected', options)), ""))
        for name, options in re.findall(r'<select id="\w+" name="(\w+)".*?>(.*?)</select>', form, re.DOTALL)
    ]
    ((hidden, value),) = re.findall(r'name="(shown)" value="([^"]*)"', form)
    return [("do", "save"), (hidden, unescaped(value)), *((name, unescaped(v)) for name, v in ticked), *chosen]


def unescaped(text: str) -> str:
    for written, meant in {"&lt;": "<", "&gt;": ">", "&#34;": '"', "&amp;": "&"}.items():
        text = text.replace(written, meant)
    return text


def with_fields(fields: Fields, *without: str, **told: str) -> Fields:
    return [field for field in fields if field[0] not in {*without, *told}] + list(told.items())


def test_the_page_shows_what_stands_and_changes_nothing() -> None:
    world = subscribed(birthday="1990-05-17", channel="sms", interests="green tea\nPu-erh")
    before = (world.contact(), dict(world.profiles.records))
    shown = shown_by(visit(world)["body"])
    assert [field for field in shown if field[0] not in {"do", "shown"}] == [
        ("purpose", "marketing"),
        ("frequency", "all"),
        ("interest", "Green tea"),
        ("interest", "Pu-erh"),
        ("channel", "sms"),
        ("birthday_day", "17"),
        ("birthday_month", "5"),
    ]
    assert (world.contact(), dict(world.profiles.records), world.events.kept) == (*before, {})


def test_the_year_of_a_birthday_and_the_whole_address_are_not_shown() -> None:
    body = visit(subscribed(birthday="1990-05-17"))["body"]
    assert "1990" not in body
    assert ADDRESS not in body
    assert "a…\u2060@example.com" in body


def test_a_page_that_is_sent_back_as_it_is_changes_nothing() -> None:
    world = subscribed(birthday="1990-05-17", channel="whatsapp", interests="Pu-erh\nTeapots & <b>cups</b>")
    before = world.contact()
    answer = press(world, shown_by(visit(world)["body"]))
    assert answer["statusCode"] == 200
    assert words("en")["notices"]["unchanged"] in answer["body"]
    assert (world.contact(), world.events.kept) == (before, {})


def test_what_is_changed_is_saved_and_shown_at_once() -> None:
    world = subscribed()
    shown = shown_by(visit(world)["body"])
    wished = with_fields(shown, frequency="weekly", interest=INTERESTS[2], birthday_day="29", birthday_month="2")
    answer = press(world, [*wished, ("purpose", "tracking")])
    assert answer["statusCode"] == 200
    assert words("en")["notices"]["saved"] in answer["body"]
    assert sorted(with_fields(shown_by(answer["body"]), "shown")) == sorted(
        with_fields([*wished, ("purpose", "tracking")], "shown")
    )
    assert world.contact().gap == WEEK
    (event,) = world.events.all
    assert (event.about, event.source, event.name) == (ADA, "preferences", "Preferences Changed")
    assert event.consent == {"tracking": True}
    assert event.traits == {"birthday": "--02-29", "interests": INTERESTS[2]}
    assert re.fullmatch(r"preferences-en-[0-9a-f]{8}", event.wording or "")


def test_a_page_that_was_open_for_days_grants_nothing_that_was_withdrawn_meanwhile() -> None:
    world = subscribed()
    opened = shown_by(visit(world)["body"])
    assert visit(world, "POST", "unsubscribe")["statusCode"] == 200
    answer = press(world, with_fields(opened, channel="sms"))
    assert answer["statusCode"] == 200
    assert not world.contact().consent
    assert ("purpose", "marketing") not in shown_by(answer["body"])
    assert [event.consent for event in world.events.all] == [{"marketing": False}, {}]


def test_a_day_that_no_year_has_is_told_beside_its_field_and_nothing_else_is_saved() -> None:
    world = subscribed()
    shown = shown_by(visit(world)["body"])
    wished = with_fields(shown, frequency="weekly", birthday_day="31", birthday_month="2")
    answer = press(world, wished)
    assert answer["statusCode"] == 400
    assert 'role="alert"' in answer["body"]
    assert 'aria-describedby="birthday-fault"' in answer["body"]
    assert sorted(shown_by(answer["body"])) == sorted(wished)
    assert (world.contact().gap, world.events.kept) == (None, {})
    mended = press(world, with_fields(shown_by(answer["body"]), birthday_day="28"))
    assert mended["statusCode"] == 200
    assert world.contact().gap == WEEK


def test_a_pause_says_until_when_and_can_be_ended() -> None:
    world = subscribed()
    paused = press(world, {"do": "pause"})["body"]
    assert "until 15 July 2026" in paused
    assert 'value="resume"' in paused
    assert world.contact().paused_until == NOW + PAUSE
    assert 'value="pause"' in press(world, {"do": "resume"})["body"]
    assert world.contact().paused_until is None


def test_one_press_stops_everything() -> None:
    world = subscribed()
    answer = press(world, {"do": "stop"})
    assert words("en")["notices"]["stopped"] in answer["body"]
    assert [field for field in shown_by(answer["body"]) if field[0] == "purpose"] == []
    assert not world.contact().consent
    (event,) = world.events.all
    assert (event.consent, event.source) == (dict.fromkeys(PURPOSES, False), "unsubscribe")


@pytest.mark.parametrize("right", ["data", "erasure"])
def test_a_right_is_asked_for_on_a_page_of_its_own_and_by_a_second_press(right: str) -> None:
    world = subscribed()
    assert f"?lang=en&amp;ask={right}" in visit(world)["body"]
    asked = visit(world, rawQueryString=f"lang=en&ask={right}")
    assert words("en")["ask"][right]["press"] in asked["body"]
    assert '<form method="post" action="?lang=en">' in asked["body"]
    assert f'name="do" value="{right}"' in asked["body"]
    assert world.requests.kept == {}
    noted = press(world, {"do": right})
    assert noted["statusCode"] == 200
    assert words("en")["notices"][right].format(shop="Tea &amp; Clay") in noted["body"]
    assert world.requests.kept == {(right, ADA): NOW}


def test_a_suppressed_address_is_told_why_nothing_comes() -> None:
    world = subscribed()
    assert words("en")["notices"]["suppressed"] not in visit(world)["body"]
    world.contacts.suppress(LINK.contact_id, "bounced")
    assert words("en")["notices"]["suppressed"] in visit(world)["body"]


def test_an_address_of_old_is_shown_nothing_and_may_only_stop_all() -> None:
    world = subscribed(birthday="1990-05-17")
    world.tell(happened(at=NOW - MINUTE, traits={"email": "ada@elsewhere.example"}))
    page = visit(world)
    assert page["statusCode"] == 200
    assert "elsewhere" not in page["body"]
    assert 'name="purpose"' not in page["body"]
    for fields in ({"do": "save"}, {"do": "data"}, {"do": "erasure"}, {"do": "pause"}, {}):
        assert press(world, fields)["statusCode"] == 400
    assert (world.events.kept, world.requests.kept) == ({}, {})
    assert press(world, {"do": "stop"})["statusCode"] == 200
    assert not world.contact().consent


def test_what_is_not_of_this_page_is_refused_with_what_stands() -> None:
    world = subscribed()
    answer = press(world, {"do": "dance"})
    assert answer["statusCode"] == 400
    assert words("en")["faults"]["unreadable"] in answer["body"]
    assert ("purpose", "marketing") in shown_by(answer["body"])


def test_a_form_that_is_too_large_is_refused_as_such() -> None:
    world = subscribed()
    answer = press(world, {"do": "save", "shown": "x" * 20_000})
    assert answer["statusCode"] == 413
    assert words("en")["too_large"]["title"] in answer["body"]
    assert world.events.kept == {}


# Confirmation


def waiting() -> World:
    world = World()
    world.tell(signed_up(NOW - HOUR, consent={"newsletter": True, "marketing": True}).with_proof_wanted())
    return world


def test_a_look_at_the_confirmation_says_what_it_is_about_and_confirms_nothing() -> None:
    world = waiting()
    body = visit(world, page="confirm")["body"]
    for purpose in ("marketing", "newsletter"):
        told = words("en")["preferences"]["purposes"][purpose]["text"]
        assert f"<li>{told.format(shop='Tea &amp; Clay')}</li>" in body
    assert '<form method="post">' in body
    assert world.events.kept == {}


def test_a_press_confirms_and_offers_the_preferences() -> None:
    world = waiting()
    body = visit(world, "POST", "confirm")["body"]
    assert words("en")["confirm"]["done_title"] in body
    assert f"../preferences/{token_of(LINK)}?lang=en" in body
    world.tell(*world.events.all)
    assert world.record().facts.agrees_to("marketing")
    assert visit(world, "POST", "confirm")["statusCode"] == 200
    assert words("en")["confirm"]["nothing_title"] in visit(world, page="confirm")["body"]


def test_where_nothing_waits_nothing_is_confirmed() -> None:
    world = subscribed()
    for method in ("GET", "POST"):
        body = visit(world, method, "confirm")["body"]
        assert words("en")["confirm"]["nothing_title"] in body
        assert "<form" not in body
    assert world.events.kept == {}


@pytest.mark.parametrize("page", ["unsubscribe", "preferences", "confirm"])
def test_a_link_opens_the_page_that_it_was_made_for_and_no_other(page: str) -> None:
    world = waiting()
    wrong = token_of(LINK, "unsubscribe" if page == "confirm" else "confirm")
    for method in ("GET", "POST"):
        answer = pages_of(world).answer(request(page, method, wrong, **sent({"do": "stop"})), key=KEY, now=NOW)
        assert answer["statusCode"] == 404
    assert world.events.kept == {}


# The form


CHOICES = Choices(INTERESTS, ("email", "sms"))
WISHES = st.builds(
    Wishes,
    purposes=st.frozensets(st.sampled_from(PURPOSES)),
    frequency=st.sampled_from(["all", "weekly", "monthly"]),
    channel=st.sampled_from(["", "email", "sms"]),
    birthday=st.tuples(st.integers(0, 12), st.integers(0, 31)),
    interests=st.frozensets(st.sampled_from(INTERESTS)),
)


@given(WISHES, WISHES, WISHES)
def test_a_form_tells_what_was_shown_and_what_is_wished(standing: Wishes, shown: Wishes, wished: Wishes) -> None:
    fields = [("shown", shown_field(shown)), *fields_of(wished)]
    assert read_wishes(fields, CHOICES, standing) == (shown, wished)


@settings(max_examples=40)
@given(WISHES)
def test_the_page_shows_the_wishes_that_it_is_given(wishes: Wishes) -> None:
    world = subscribed(channel=wishes.channel, interests="\n".join(wishes.interests))
    expected = Wishes(frozenset({"marketing"}), "all", wishes.channel, NO_BIRTHDAY, wishes.interests)
    shown = dict(shown_by(visit(world)["body"]))["shown"]
    assert sorted(parse_qsl(shown, keep_blank_values=True)) == sorted(fields_of(expected))


# What every page has


@pytest.mark.parametrize("language", [language for language, _ in languages()])
@pytest.mark.parametrize("page", ["unsubscribe", "preferences", "confirm"])
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_every_page_speaks_each_language_and_asks_for_nothing_from_elsewhere(
    page: str, method: str, language: str
) -> None:
    answer = visit(waiting(), method, page, rawQueryString=f"lang={language}", **sent({"do": "pause"}))
    assert answer["statusCode"] == 200
    assert f'<html lang="{language}" dir="{words(language)["direction"]}">' in answer["body"]
    assert "{" not in re.sub(r"<style>.*?</style>", "", answer["body"], flags=re.DOTALL)
    assert not re.search(r"<script|<img|<link|\son\w+=|\sstyle=", answer["body"])
    headers = answer["headers"]
    assert headers["referrer-policy"] == "no-referrer"
    assert headers["cache-control"] == "no-store"
    assert headers["x-robots-tag"] == "noindex"
    assert "unsafe-inline" not in headers["content-security-policy"]
