"""What SES tells: bounces and complaints stop the mails at once, and a lost answer is found again."""

from typing import Any

import pytest

from homing.domain.events import Event
from homing.domain.moments import HOUR, format_moment
from homing.errors import MailUncertain, RetryLater
from tests.fakes.crashes import Crashed, Fuse
from tests.fakes.stories import NOW, signed_up
from tests.fakes.world import ADA, ADDRESS, World

TAGS = {"send_id": ["s1"], "profile_id": [ADA], "journey": ["welcome"]}


def welcomed() -> World:
    world = World()
    world.tell(signed_up(NOW - HOUR))
    return world


def bounce(kind: str = "Permanent", at: int = NOW, address: str = ADDRESS) -> dict[str, Any]:
    told = {"bounceType": kind, "timestamp": format_moment(at), "bouncedRecipients": [{"emailAddress": address}]}
    return {"eventType": "Bounce", "mail": {"messageId": "m-1", "tags": TAGS}, "bounce": told}


def complaint() -> dict[str, Any]:
    told = {"timestamp": format_moment(NOW), "complainedRecipients": [{"emailAddress": ADDRESS.upper()}]}
    return {"eventType": "Complaint", "mail": {"messageId": "m-1", "tags": TAGS}, "complaint": told}


@pytest.mark.parametrize(("notice", "reason"), [(bounce(), "bounced"), (complaint(), "complained")])
def test_a_permanent_bounce_and_a_complaint_suppress_the_address_and_end_the_runs(
    notice: dict[str, Any], reason: str
) -> None:
    world = welcomed()
    assert world.feedback().take(notice, NOW) == notice["eventType"]
    assert world.contact().suppressed == reason
    world.tell(*world.events.all)
    assert world.run("welcome").reason == reason
    assert world.running == set()


def test_an_address_that_bounces_for_a_while_is_not_given_up() -> None:
    world = welcomed()
    for kind in ("Transient", "Undetermined"):
        world.feedback().take(bounce(kind), NOW)
    assert world.contact().suppressed is None
    assert world.events.kept == {}


def test_the_first_reason_stays() -> None:
    world = welcomed()
    world.feedback().take(complaint(), NOW)
    world.feedback().take(bounce(), NOW)
    assert world.contact().suppressed == "complained"


def test_a_bounce_from_the_future_has_happened_now() -> None:
    world = welcomed()
    world.feedback().take(bounce(at=NOW + HOUR), NOW)
    assert [event.at for event in world.events.all] == [NOW]


@pytest.mark.parametrize("killed_at", range(1, 5))
def test_a_bounce_that_was_cut_off_is_taken_whole_when_it_comes_again(killed_at: int) -> None:
    world = welcomed()
    with pytest.raises(Crashed):
        world.feedback(Fuse(killed_at)).take(bounce(), NOW)
    for _ in range(2):
        world.feedback().take(bounce(), NOW + HOUR)
    assert world.contact().suppressed == "bounced"
    assert len(world.events.kept) == 1


def test_a_bounce_of_a_mail_that_is_not_ours_suppresses_and_tells_nobody() -> None:
    world = welcomed()
    notice = bounce()
    notice["mail"] = {"messageId": "m-1"}
    world.feedback().take(notice, NOW)
    assert world.contact().suppressed == "bounced"
    assert world.events.kept == {}


def sent_notice(send_id: str) -> dict[str, Any]:
    return {"eventType": "Send", "mail": {"messageId": "m-1", "tags": {**TAGS, "send_id": [send_id]}}}


def test_ses_settles_what_is_unknown_and_nothing_else() -> None:
    world = welcomed()
    world.mailer.answers = [MailUncertain("ReadTimeoutError")]
    run = world.run("welcome")
    unknown, sent = world.send(run, "greeting"), world.send(run, "favourites")
    for send in (unknown, sent):
        world.feedback().take(sent_notice(send.send_id), NOW + HOUR)
    assert world.sends.kept[unknown.send_id].outcome == "sent"
    assert world.sends.kept[sent.send_id] == sent


def test_a_mail_that_the_ledger_does_not_know_yet_is_asked_for_again() -> None:
    world = welcomed()
    with pytest.raises(RetryLater):
        world.feedback().take(sent_notice("s1"), NOW)


def engaged(kind: str, at: int = NOW) -> dict[str, Any]:
    told = {
        "timestamp": format_moment(at),
        "ipAddress": "192.0.2.1",
        "userAgent": "Mail",
        "link": "https://shop.example",
    }
    return {"eventType": kind, "mail": {"messageId": "m-1", "tags": TAGS}, kind.lower(): told}


def test_opens_and_clicks_are_told_to_the_profile_each_once() -> None:
    world = welcomed()
    for notice in (engaged("Open"), engaged("Open"), engaged("Open", NOW + 1), engaged("Click"), engaged("Click")):
        world.feedback().take(notice, NOW + HOUR)
    world.tell(*world.events.all)
    facts = world.record().facts
    assert facts.days["opened"] == ((NOW + 1, 2),)
    assert facts.days["clicked"] == ((NOW, 1),)
    assert facts.campaigns == ((NOW, "welcome"),)


def test_of_a_click_neither_the_link_nor_the_reader_is_kept() -> None:
    world = welcomed()
    world.feedback().take(engaged("Click"), NOW)
    (event,) = world.events.all
    assert event == Event(
        message_id=event.message_id,
        type="track",
        name="Email Link Clicked",
        about=ADA,
        at=NOW,
        campaign="welcome",
        source="ses",
    )


@pytest.mark.parametrize("kind", ["Delivery", "Open", "Click", "Reject", "DeliveryDelay", "Something New"])
def test_other_news_changes_nothing(kind: str) -> None:
    world = welcomed()
    assert world.feedback().take({"eventType": kind, "mail": {"messageId": "m-1"}}, NOW) == kind
    assert world.events.kept == {}
    assert world.contact().suppressed is None
