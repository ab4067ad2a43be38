"""What SES tells: bounces and complaints stop the mails at once, and a lost answer is found again."""

from contextlib import suppress
from typing import Any
from unittest.mock import patch

import pytest

from homing.domain.events import Event
from homing.domain.moments import HOUR, format_moment
from homing.domain.sends import SEND_TAGS
from homing.errors import MailUncertain, RetryLater
from homing.ports import Mail
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


def test_a_mail_of_old_tags_that_the_ledger_does_not_know_yet_is_asked_for_again() -> None:
    world = welcomed()
    with pytest.raises(RetryLater):
        world.feedback().take(sent_notice("s1"), NOW)
    assert world.sends.kept == {}


def taken_notice(mail: Mail, at: int = NOW) -> dict[str, Any]:
    """What SES tells of a mail that it has taken."""
    tags = {name: [getattr(mail, name)] for name in SEND_TAGS}
    return {"eventType": "Send", "mail": {"messageId": "message-1", "timestamp": format_moment(at), "tags": tags}}


def cut_off_after_ses_took_the_mail(world: World) -> dict[str, Any]:
    """The greeting's send function dies before it writes the ledger; what SES tells of the mail."""
    with patch.object(world.sends, "record", side_effect=Crashed), pytest.raises(Crashed):
        world.send(world.run("welcome"), "greeting")
    assert world.sends.kept == {}
    return taken_notice(world.mailer.sent[0])


def test_the_word_of_ses_alone_settles_a_mail_whose_function_died_before_the_ledger() -> None:
    world = welcomed()
    notice = cut_off_after_ses_took_the_mail(world)
    world.feedback().take(notice, NOW + HOUR)
    run = world.run("welcome")
    template = world.shop.journeys["welcome"].steps["greeting"].template
    entry = run.ledger_entry("greeting", template, outcome="sent", reason=None, at=NOW)
    assert world.sends.kept == {entry.send_id: entry.model_copy(update={"message_id": "message-1"})}
    assert world.send(run, "greeting", NOW + HOUR).outcome == "sent"
    assert world.mailer.asked == 1


def test_the_word_of_ses_settles_it_also_after_a_retry_has_found_that_nobody_knows() -> None:
    world = welcomed()
    notice = cut_off_after_ses_took_the_mail(world)
    assert world.send(world.run("welcome"), "greeting").outcome == "unknown"
    world.feedback().take(notice, NOW + HOUR)
    (send,) = world.sends.kept.values()
    assert (send.outcome, send.reason, send.message_id) == ("sent", None, "message-1")


@pytest.mark.parametrize("answer", [None, MailUncertain("ReadTimeoutError")])
def test_a_word_of_ses_that_overtakes_the_ledger_leaves_the_mail_sent(answer: Exception | None) -> None:
    world = welcomed()
    send_mail = world.mailer.send

    def tells_before_it_answers(mail: Mail) -> str:
        message_id = send_mail(mail)
        world.feedback().take(taken_notice(mail), NOW)
        if answer is not None:
            raise answer
        return message_id

    with patch.object(world.mailer, "send", tells_before_it_answers):
        world.send(world.run("welcome"), "greeting")
    (send,) = world.sends.kept.values()
    assert (send.outcome, send.reason, send.message_id) == ("sent", None, "message-1")


def test_a_word_of_ses_from_the_future_has_come_now() -> None:
    world = welcomed()
    cut_off_after_ses_took_the_mail(world)
    world.feedback().take(taken_notice(world.mailer.sent[0], NOW + HOUR), NOW)
    assert [send.at for send in world.sends.kept.values()] == [NOW]


@pytest.mark.parametrize("missing", sorted(SEND_TAGS))
def test_a_mail_of_which_ses_tells_too_little_gets_no_entry_made_up(missing: str) -> None:
    world = welcomed()
    notice = cut_off_after_ses_took_the_mail(world)
    del notice["mail"]["tags"][missing]
    with suppress(RetryLater):
        world.feedback().take(notice, NOW)
    assert world.sends.kept == {}


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
