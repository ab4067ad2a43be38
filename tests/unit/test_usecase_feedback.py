"""What SES tells: bounces and complaints stop the mails at once, and a lost answer is found again."""

from contextlib import suppress
from typing import Any
from unittest.mock import patch

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from homing.domain.events import Event
from homing.domain.ids import contact_id
from homing.domain.moments import DAY, HOUR, format_moment
from homing.domain.sends import SEND_TAGS, Send
from homing.errors import InvalidNotice, MailUncertain, RetryLater
from homing.ports import Mail
from tests.fakes.crashes import Crashed, Fuse
from tests.fakes.stories import NOW, signed_up
from tests.fakes.world import ADA, ADDRESS, World

TAGS = {"send_id": ["s1"], "profile_id": [ADA], "journey": ["welcome"]}
MAIL: dict[str, Any] = {"messageId": "m-1", "timestamp": format_moment(NOW), "tags": TAGS}


def welcomed() -> World:
    world = World()
    world.tell(signed_up(NOW - HOUR))
    return world


def bounce(kind: str = "Permanent", at: int = NOW, address: str = ADDRESS) -> dict[str, Any]:
    told = {"bounceType": kind, "timestamp": format_moment(at), "bouncedRecipients": [{"emailAddress": address}]}
    return {"eventType": "Bounce", "mail": MAIL, "bounce": told}


def complaint() -> dict[str, Any]:
    told = {"timestamp": format_moment(NOW), "complainedRecipients": [{"emailAddress": ADDRESS.upper()}]}
    return {"eventType": "Complaint", "mail": MAIL, "complaint": told}


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


@pytest.mark.parametrize("kind", ["Transient", "Undetermined", "Something New"])
def test_an_address_that_bounces_for_a_while_is_not_given_up(kind: str) -> None:
    world = welcomed()
    world.feedback().take(bounce(kind), NOW)
    assert world.contact().suppressed is None
    assert [event.name for event in world.events.quiet] == ["Email Bounced"]
    assert world.events.loud == []


def test_the_first_reason_stays() -> None:
    world = welcomed()
    world.feedback().take(complaint(), NOW)
    world.feedback().take(bounce(), NOW)
    assert world.contact().suppressed == "complained"


def test_a_bounce_from_the_future_has_happened_now() -> None:
    world = welcomed()
    world.feedback().take(bounce(at=NOW + HOUR), NOW)
    assert [event.at for event in world.events.all] == [NOW]


@pytest.mark.parametrize("killed_at", range(1, 9))
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
    notice["mail"] = {name: told for name, told in MAIL.items() if name != "tags"}
    world.feedback().take(notice, NOW)
    assert world.contact().suppressed == "bounced"
    assert world.events.kept == {}


def sent_notice(send_id: str) -> dict[str, Any]:
    return {"eventType": "Send", "mail": MAIL | {"tags": {**TAGS, "send_id": [send_id]}}}


def test_ses_settles_what_is_unknown_and_nothing_else() -> None:
    world = welcomed()
    world.mailer.answers = [MailUncertain("ReadTimeoutError")]
    run = world.run("welcome")
    unknown, sent = world.send(run, "greeting"), world.send(run, "favourites", NOW + 3 * DAY)
    for send in (unknown, sent):
        world.feedback().take(sent_notice(send.send_id), NOW + 4 * DAY)
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
    return {"eventType": kind, "mail": MAIL, kind.lower(): told}


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


@pytest.mark.parametrize("kind", ["Subscription", "Something New"])
def test_other_news_changes_nothing(kind: object) -> None:
    world = welcomed()
    assert world.feedback().take({"eventType": kind, "mail": MAIL}, NOW) == "other"
    assert world.events.kept == {}
    assert world.contact().suppressed is None


# What became of a mail


NOON, LATER = NOW - HOUR, NOW + HOUR


def news(number: int, kind: str, at: int = NOON + HOUR, address: str = ADDRESS) -> dict[str, Any]:
    """What SES tells of the shopper's mail of that number; `kind` is SES's, or the type of a bounce."""
    mail = MAIL | {"messageId": f"m-{number}", "timestamp": format_moment(NOON + number), "tags": tags_of(number)}
    told: dict[str, Any] = {"timestamp": format_moment(at)}
    match kind:
        case "Permanent" | "Transient" | "Undetermined":
            recipient = {"emailAddress": address, "action": "failed", "status": "4.4.7"}
            bounced = {"bounceType": kind, "bounceSubType": "General", "bouncedRecipients": [recipient]}
            return {"eventType": "Bounce", "mail": mail, "bounce": told | bounced}
        case "Complaint":
            complained = {"complainedRecipients": [{"emailAddress": address}]}
            return {"eventType": kind, "mail": mail, "complaint": told | complained}
        case "Reject":
            return {"eventType": kind, "mail": mail, "reject": {"reason": "Bad content"}}
        case "Rendering Failure":
            return {"eventType": kind, "mail": mail, "failure": {"errorMessage": "no", "templateName": "t"}}
        case "DeliveryDelay":
            return {"eventType": kind, "mail": mail, "deliveryDelay": told | {"delayType": "MailboxFull"}}
    return {"eventType": kind, "mail": mail, kind.lower(): told}


KINDS = (
    *("Send", "Delivery", "DeliveryDelay", "Transient", "Undetermined", "Permanent", "Complaint"),
    *("Reject", "Rendering Failure", "Open", "Click"),
)


def tags_of(number: int) -> dict[str, list[str]]:
    told = {"send_id": f"s{number}", "run_id": f"welcome-{ADA}-{number}", "profile_id": ADA, "journey": "welcome"}
    return {name: [value] for name, value in {**told, "step": "greeting", "template": "welcome-greeting"}.items()}


def mailed(numbers: int = 4) -> World:
    """A world whose shopper was sent so many mails."""
    world = welcomed()
    for number in range(numbers):
        told: dict[str, Any] = {name: values[0] for name, values in tags_of(number).items()}
        told |= {"at": NOON + number, "outcome": "sent", "message_id": f"m-{number}", "subject": "Hello"}
        world.sends.record(Send.model_validate(told))
    return world


@pytest.mark.parametrize(
    ("kind", "delivery", "at", "name"),
    [
        ("Delivery", "delivered", NOON + HOUR, "Email Delivered"),
        ("DeliveryDelay", "delayed", NOON + HOUR, "Email Delayed"),
        ("Transient", "bounced_softly", NOON + HOUR, "Email Bounced"),
        ("Undetermined", "bounced_softly", NOON + HOUR, "Email Bounced"),
        ("Permanent", "bounced", NOON + HOUR, "Email Bounced"),
        ("Complaint", "complained", NOON + HOUR, "Email Marked as Spam"),
        ("Reject", "rejected", NOON, "Email Rejected"),
        ("Rendering Failure", "rejected", NOON, "Email Rejected"),
    ],
)
def test_what_became_of_a_mail_stands_in_the_ledger_and_in_the_profiles_events(
    kind: str, delivery: str, at: int, name: str
) -> None:
    world = mailed(1)
    world.feedback().take(news(0, kind), LATER)
    kept = world.sends.kept["s0"]
    assert (kept.outcome, kept.delivery, kept.delivery_at, kept.subject) == ("sent", delivery, at, "Hello")
    assert [(event.name, event.at, event.about) for event in world.events.all] == [(name, at, ADA)]


@pytest.mark.parametrize("kind", ["Delivery", "DeliveryDelay", "Transient", "Undetermined", "Reject"])
def test_what_changes_nothing_for_the_profile_is_kept_quietly(kind: str) -> None:
    world = mailed(1)
    world.feedback().take(news(0, kind), LATER)
    assert world.events.quiet == world.events.all != []


WORST = {"Transient": "bounced_softly", "Permanent": "bounced", "Complaint": "complained"}


@pytest.mark.parametrize("kind", WORST)
@pytest.mark.parametrize("late", ["Delivery", "DeliveryDelay", "Transient", "Send", "Open"])
def test_no_later_notice_clears_a_bounce_or_a_complaint(kind: str, late: str) -> None:
    world = mailed(1)
    for told in (kind, late):
        world.feedback().take(news(0, told), LATER)
    assert world.sends.kept["s0"].delivery == WORST[kind]


def test_an_automatic_answer_to_a_mail_that_was_delivered_is_no_bounce() -> None:
    """SES tells of "out of the office" as of a transient bounce without the status that a mail server gives."""
    world = mailed()
    for number in range(4):
        answer = news(number, "Transient")
        answer["bounce"] |= {"bounceSubType": "General", "bouncedRecipients": [{"emailAddress": ADDRESS}]}
        for notice in (news(number, "Delivery"), answer):
            world.feedback().take(notice, LATER)
    assert {event.name for event in world.events.all} == {"Email Delivered"}
    assert {send.delivery for send in world.sends.kept.values()} == {"delivered"}
    assert world.contact().suppressed is None


@pytest.mark.parametrize(
    ("kinds", "suppressed"),
    [
        (["Transient", "Transient", "Transient"], "bounced"),
        (["Delivery", "Transient", "Undetermined", "Transient"], "bounced"),
        (["Transient", "Transient"], None),
        (["Transient", "Delivery", "Transient", "Transient"], None),
        (["Transient", "Transient", "DeliveryDelay", "Transient"], None),
    ],
)
def test_three_soft_bounces_in_a_row_are_one_for_good(kinds: list[str], suppressed: str | None) -> None:
    world = mailed(len(kinds))
    for number, kind in enumerate(kinds):
        world.feedback().take(news(number, kind), LATER)
    assert world.contact().suppressed == suppressed
    world.tell(*world.events.loud)
    assert world.run("welcome").reason == suppressed


def test_soft_bounces_of_an_old_address_say_nothing_of_the_new_one() -> None:
    world = mailed(3)
    for number, address in enumerate([ADDRESS, "ada@before.example", ADDRESS]):
        world.feedback().take(news(number, "Transient", address=address), LATER)
    assert world.contact().suppressed is None


def test_a_complaint_that_takes_a_mail_out_of_the_spam_is_none() -> None:
    world = mailed(1)
    notice = news(0, "Complaint")
    notice["complaint"]["complaintFeedbackType"] = "not-spam"
    assert world.feedback().take(notice, LATER) == "other"
    assert world.contact().suppressed is None
    assert world.events.kept == {}


@pytest.mark.parametrize("kind", ["Permanent", "Complaint"])
def test_a_late_bounce_of_an_old_address_leaves_the_new_one_alone(kind: str) -> None:
    world = mailed(1)
    world.contacts.note_consent(contact_id("ada@before.example"), ADA, granted=True, at=NOON)
    world.feedback().take(news(0, kind, address="ada@before.example"), LATER)
    world.tell(*world.events.loud)
    assert world.contact("ada@before.example").suppressed is not None
    assert world.contact().suppressed is None
    assert world.record().facts.consent["marketing"].granted
    assert world.running == {"welcome"}


@pytest.mark.parametrize("kind", KINDS)
def test_a_mail_with_an_empty_profile_id_is_nobodys(kind: str) -> None:
    world = welcomed()
    notice = news(0, kind)
    notice["mail"]["tags"]["profile_id"] = [""]
    world.feedback().take(notice, LATER)
    assert (world.events.kept, world.sends.kept) == ({}, {})


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("member", ["messageId", "timestamp"])
def test_a_notice_without_its_mails_id_or_moment_fails_before_it_changes_anything(kind: str, member: str) -> None:
    world = welcomed()
    notice = news(0, kind)
    del notice["mail"][member]
    with pytest.raises(InvalidNotice):
        world.feedback().take(notice, LATER)
    assert world.contact().suppressed is None
    assert (world.events.kept, world.sends.kept) == ({}, {})


MOMENTS, ADDRESSES = st.integers(NOON, NOW), st.sampled_from([ADDRESS, "ada@before.example"])
ENDS = ("Transient", "Undetermined", "Permanent", "Complaint", "Reject", "Rendering Failure")
"""A mail comes to one of these ends, or to none: it has one recipient."""

ends = st.dictionaries(st.integers(0, 3), st.tuples(st.sampled_from(ENDS), MOMENTS, ADDRESSES))
others = st.lists(st.tuples(st.integers(0, 3), st.sampled_from(sorted({*KINDS} - {*ENDS})), MOMENTS), max_size=6)


def state(world: World) -> tuple[object, ...]:
    """All that feedback may change, and the profile that comes of it; not which sign-up it was that made it."""
    told = sorted(world.events.loud, key=lambda event: event.message_id)
    world.fold(ADA, told)
    contacts = {name: contact.suppressed for name, contact in world.contacts.contacts.items()}
    quiet = {event.message_id for event in world.events.quiet}
    return (
        world.sends.kept,
        contacts,
        [event.message_id for event in told],
        quiet,
        world.record().facts.model_copy(update={"seen": {}}),
    )


@settings(max_examples=80)
@given(ends=ends, others=others, data=st.data())
def test_whatever_order_and_however_often_ses_tells_the_outcome_is_the_same(
    ends: dict[int, tuple[str, int, str]], others: list[tuple[int, str, int]], data: st.DataObject
) -> None:
    told = [news(number, *end) for number, end in ends.items()] + [news(*other) for other in others]
    repeats = data.draw(st.lists(st.sampled_from(told), max_size=4)) if told else []
    once, again = mailed(), mailed()
    for world, notices in ((once, told), (again, data.draw(st.permutations(told + repeats)))):
        world.contacts.note_consent(contact_id("ada@before.example"), ADA, granted=True, at=NOON)
        for notice in notices:
            world.feedback().take(notice, LATER)
    assert state(once) == state(again)
