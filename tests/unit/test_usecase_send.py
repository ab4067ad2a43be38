"""Sending: the permit, the mail, and one final entry in the ledger, whatever is repeated, refused or cut off."""

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from homing.domain.events import Event
from homing.domain.ids import contact_id
from homing.domain.moments import DAY, HOUR, format_moment, parse_moment
from homing.domain.sends import Run, Send
from homing.domain.turns import Turn
from homing.domain.unsubscribe import Subscriber, read_token
from homing.emails import RenderFailed
from homing.errors import MailRefused, MailUncertain, RetryLater, RunEnded
from tests.fakes.crashes import Crashed, Fuse
from tests.fakes.stories import NOW, bought, happened, product, put_in_cart, signed_up, withdrew
from tests.fakes.world import ADA, ADDRESS, IDENTITY, KEY, World

CONTACT = contact_id(ADDRESS)


def welcomed(**traits: str) -> tuple[World, Run]:
    world = World()
    world.tell(signed_up(traits=traits))
    return world, world.run("welcome")


def left_cart(*events: Event, **traits: str) -> tuple[World, Run]:
    world = World()
    told = events or (put_in_cart(NOW - 2 * HOUR),)
    world.tell(bought(NOW - DAY), signed_up(NOW - DAY, traits=traits), *told)
    return world, world.run("cart")


def context_of(world: World) -> dict[str, Any]:
    context: dict[str, Any] = world.renderer.rendered[-1][2]
    return context


def entry(send: Send) -> tuple[str, str | None]:
    return send.outcome, send.reason


def test_a_mail_goes_to_the_shopper_with_the_ids_that_ses_gives_back() -> None:
    world, run = welcomed()
    send = world.send(run, "greeting")
    [mail] = world.mailer.sent
    assert (mail.to, mail.subject, mail.journey, mail.profile_id) == (
        ADDRESS,
        "subject of welcome-greeting",
        "welcome",
        ADA,
    )
    assert mail.send_id == send.send_id == run.send_id("greeting")
    assert (send.outcome, send.reason, send.message_id, send.at) == ("sent", None, "message-1", NOW)
    assert world.sends.entries == [send]


def test_calling_again_sends_once_and_tells_the_same() -> None:
    world, run = welcomed()
    first = world.send(run, "greeting")
    assert [world.send(run, "greeting", NOW + HOUR) for _ in range(3)] == [first] * 3
    assert world.mailer.asked == 1


def test_each_step_is_a_mail_of_its_own() -> None:
    world, run = welcomed()
    now, turn = NOW, None
    for step in ("greeting", "favourites", "last_call"):
        _, turn = world.attempt(run, step, now, turn=turn)
        now = turn.at if turn else now
    assert turn is None
    assert len({mail.send_id for mail in world.mailer.sent}) == 3


@pytest.mark.parametrize(
    ("event", "reason"),
    [
        (withdrew(NOW + 1), "consent_withdrawn"),
        (withdrew(NOW + 1, source="unsubscribe"), "unsubscribed"),
        (withdrew(NOW + 1, source="bounced"), "bounced"),
        (withdrew(NOW + 1, source="complained"), "complained"),
        (bought(NOW + 1), "ordered"),
    ],
)
def test_a_run_that_the_profile_ends_sends_nothing_and_says_why(event: Event, reason: str) -> None:
    world, run = welcomed()
    world.fold(ADA, [event])
    with pytest.raises(RunEnded, match=reason):
        world.send(run, "greeting")
    assert world.mailer.asked == 0
    assert [entry(send) for send in world.sends.entries] == [("skipped", reason)]
    assert (world.run("welcome").ended, world.run("welcome").reason) == ("exited", reason)


def test_an_emptied_cart_sends_nothing() -> None:
    world, run = left_cart()
    world.fold(ADA, [happened("Product Removed", products=(product(),))])
    with pytest.raises(RunEnded, match="cart_emptied"):
        world.send(run, "reminder")
    assert world.mailer.asked == 0


def test_a_stop_that_the_profile_does_not_know_yet_is_seen_by_the_permit() -> None:
    world, run = welcomed()
    world.contacts.note_consent(CONTACT, ADA, granted=False, at=NOW)
    with pytest.raises(RunEnded, match="no_consent"):
        world.send(run, "greeting")
    assert world.mailer.asked == 0
    assert entry(world.sends.entries[-1]) == ("skipped", "no_consent")


def test_a_suppressed_address_gets_nothing() -> None:
    world, run = welcomed()
    world.contacts.suppress(CONTACT, "bounced")
    with pytest.raises(RunEnded, match="suppressed"):
        world.send(run, "greeting")
    assert world.mailer.asked == 0


def test_a_run_without_a_licence_sends_nothing_and_keeps_the_reason_that_ended_it() -> None:
    world, run = welcomed()
    world.tell(withdrew(NOW + 1), happened(at=NOW + 2, consent={"marketing": True}))
    with pytest.raises(RunEnded, match="consent_withdrawn"):
        world.send(run, "favourites")
    assert world.mailer.asked == 0
    assert {entry(send) for send in world.sends.entries} == {("skipped", "consent_withdrawn")}


def test_a_run_without_any_record_has_ended() -> None:
    world, _ = welcomed()
    with pytest.raises(RunEnded, match="run_ended"):
        world.send(Run(journey="welcome", profile_id=ADA, entry="another"), "greeting")


def test_a_profile_without_an_address_gets_nothing() -> None:
    world = World()
    world.tell(happened(consent={"marketing": True}))
    with pytest.raises(RunEnded, match="no_address"):
        world.send(Run(journey="welcome", profile_id=ADA, entry="once"), "greeting")


@pytest.mark.parametrize(("journey", "step"), [("welcome", "gone"), ("gone", "greeting")])
def test_a_step_that_the_shop_has_taken_out_ends_the_run(journey: str, step: str) -> None:
    world, run = welcomed()
    with pytest.raises(RunEnded, match="is no step of"):
        world.send(run.model_copy(update={"journey": journey}), step)


def test_a_throttled_mail_gives_its_claim_back_and_is_sent_later() -> None:
    world, run = welcomed()
    world.mailer.answers = [RetryLater("ThrottlingException"), RetryLater("ThrottlingException")]
    for _ in range(2):
        with pytest.raises(RetryLater):
            world.send(run, "greeting")
        assert world.contact().claims == {}
        assert world.sends.entries == []
    assert world.send(run, "greeting").outcome == "sent"
    assert len(world.mailer.sent) == 1


def test_a_mail_that_ses_refuses_has_failed_and_is_not_tried_again() -> None:
    world, run = welcomed()
    world.mailer.answers = [MailRefused("MessageRejected")]
    assert entry(world.send(run, "greeting")) == ("failed", "MessageRejected")
    world.send(run, "greeting")
    assert world.mailer.asked == 1


@pytest.mark.parametrize("later", [None, bought(NOW + 1), withdrew(NOW + 1)])
def test_a_mail_without_an_answer_is_unknown_and_never_sent_again(later: Event | None) -> None:
    world, run = welcomed()
    world.mailer.answers = [MailUncertain("ReadTimeoutError")]
    assert entry(world.send(run, "greeting")) == ("unknown", "no_answer")
    if later is not None:
        world.fold(ADA, [later])
    assert entry(world.send(run, "greeting")) == ("unknown", "no_answer")
    assert world.mailer.asked == 1


def test_a_template_that_fails_is_a_failed_mail_without_a_claim() -> None:
    world, run = welcomed()
    world.renderer.failure = RenderFailed("welcome-greeting", "en", "UndefinedError")
    send = world.send(run, "greeting")
    assert send.outcome == "failed"
    assert "UndefinedError" in (send.reason or "")
    assert world.contact().claims == {}
    assert world.mailer.asked == 0


@settings(max_examples=60)
@given(st.lists(st.integers(1, 20), max_size=4), st.sampled_from([None, "throttled", "uncertain", "refused"]))
def test_whatever_is_cut_off_and_repeated_ses_is_asked_once_and_the_ledger_is_true(
    kills: list[int], answer: str | None
) -> None:
    world, run = welcomed()
    failures = {"throttled": RetryLater("T"), "uncertain": MailUncertain("U"), "refused": MailRefused("R")}
    world.mailer.answers = [failures[answer]] if answer else []
    for killed_at in (*kills, None, None):
        try:
            world.send(run, "greeting", fuse=Fuse(killed_at))
        except (Crashed, RetryLater):
            continue
    assert world.mailer.asked <= (2 if answer == "throttled" else 1)
    assert len(world.mailer.sent) <= 1
    [send] = world.sends.kept.values()
    if send.outcome == "sent":
        assert len(world.mailer.sent) == 1
    if world.mailer.sent:
        assert send.outcome in ("sent", "unknown")


@pytest.mark.parametrize("killed_at", range(1, 30))
@pytest.mark.parametrize("roads", ["send", "enroll", "both"])
def test_a_mail_that_went_out_before_an_exit_is_never_called_skipped(killed_at: int, roads: str) -> None:
    world, run = welcomed()
    try:
        world.send(run, "greeting", fuse=Fuse(killed_at))
    except Crashed:
        before = world.record()
        world.fold(ADA, [bought(NOW + 1)])
        if roads != "send":
            world.enroller().reconcile(world.record(), before, NOW + 1)
        if roads != "enroll":
            try:
                world.send(run, "greeting", NOW + 2)
            except RunEnded:
                assert True
    send = world.sends.kept[run.send_id("greeting")]
    assert send.outcome in (("sent", "unknown") if world.mailer.sent else ("skipped", "unknown"))


def test_the_word_of_ses_settles_an_interrupted_send() -> None:
    world, run = welcomed()
    world.mailer.answers = [MailUncertain("ReadTimeoutError")]
    send = world.send(run, "greeting")
    mail = {
        "messageId": "m-1",
        "timestamp": format_moment(NOW),
        "tags": {"send_id": [send.send_id], "profile_id": [ADA]},
    }
    for _ in range(2):
        world.feedback().take({"eventType": "Send", "mail": mail}, NOW + HOUR)
    settled = world.sends.kept[send.send_id]
    assert (settled.outcome, settled.reason, settled.message_id, settled.at) == ("sent", None, "m-1", NOW)


def test_the_offer_ends_on_the_same_day_in_the_greeting_and_in_the_last_call() -> None:
    world, run = welcomed()
    valid = timedelta(days=world.shop.offers["welcome"].valid_days)
    for step, later in (("greeting", 0), ("last_call", 10 * DAY)):
        world.send(run, step, NOW + later)
        assert context_of(world)["offer"]["ends_on"] == date(2026, 6, 15) + valid


def test_the_offer_of_a_greeting_whose_answer_was_lost_is_not_prolonged_either() -> None:
    world, run = welcomed()
    world.mailer.answers = [MailUncertain("ReadTimeoutError")]
    for step, later in (("greeting", 0), ("last_call", 10 * DAY)):
        world.send(run, step, NOW + later)
    assert context_of(world)["offer"]["ends_on"] == date(2026, 6, 29)


def test_an_offer_that_the_greeting_never_made_begins_with_the_last_call() -> None:
    world, run = welcomed()
    world.mailer.answers = [MailRefused("MessageRejected")]
    world.send(run, "greeting")
    world.send(run, "last_call", NOW + 10 * DAY)
    assert context_of(world)["offer"]["ends_on"] == date(2026, 7, 9)


def test_the_offer_ends_by_the_shoppers_own_calendar() -> None:
    world, run = welcomed(timezone="Pacific/Auckland")
    world.send(run, "greeting", parse_moment("2026-06-15T21:00:00Z"))
    assert context_of(world)["offer"]["ends_on"] == date(2026, 6, 30)


@pytest.mark.parametrize(
    ("told", "tag"),
    [
        ("de", "de"),
        ("de_AT", "de-AT"),
        ("zh-Hant-TW", "zh-Hant-TW"),
        ("es-419", "es-419"),
        ("en_US.UTF-8", "en-US"),
        ("german", "en"),
        ("win-prizes-at-evil.example", "win"),
        ("de-buy-now", "de"),
        ("de-evil.example", "de"),
        ("sr-latn-rs", "sr-latn-rs"),
        ("evil.example", "en"),
        ("d&x=%0a", "en"),
    ],
)
def test_a_link_says_no_more_of_the_language_than_is_one(told: str, tag: str) -> None:
    world, run = welcomed(language=told)
    world.send(run, "greeting")
    context = context_of(world)
    for page in ("preferences", "unsubscribe"):
        assert context["links"][page].rpartition("?")[2] == f"lang={tag}"
    assert context["shopper"]["language"] == tag


def test_the_offer_speaks_the_shoppers_language() -> None:
    world, run = welcomed(language="de_AT")
    world.send(run, "greeting")
    assert world.renderer.rendered[-1][1] == "de-AT"
    assert context_of(world)["offer"]["name"] == "10 % auf deine erste Bestellung"


def test_a_cart_of_which_nothing_is_known_shows_nothing_and_is_not_mailed() -> None:
    world, run = left_cart()
    world.catalogue.products.clear()
    assert entry(world.send(run, "reminder")) == ("skipped", "nothing_to_show")
    assert world.mailer.asked == 0


def test_the_cart_is_shown_with_its_pieces_prices_and_sum() -> None:
    pot = product("pot", 1, 1999, name="Tea pot", url="https://shop.example/pot")
    world, run = left_cart(
        put_in_cart(NOW - 3 * HOUR, quantity=2),
        happened("Product Added", NOW - 2 * HOUR, products=(pot,), currency="EUR"),
    )
    world.send(run, "reminder")
    context = context_of(world)
    assert [(item["product_id"], item["quantity"], item["price"]) for item in context["items"]] == [
        ("mug", 2, Decimal("12.00")),
        ("pot", 1, Decimal("19.99")),
    ]
    assert (context["total"], context["currency"]) == (Decimal("43.99"), "EUR")
    assert (context["items"][1]["name"], context["items"][1]["url"]) == ("Tea pot", "https://shop.example/pot")


def test_a_sum_is_told_only_where_every_price_is_known_in_one_currency() -> None:
    pot = product("pot", 1, None)
    world, run = left_cart(
        put_in_cart(NOW - 3 * HOUR), happened("Product Added", NOW - 2 * HOUR, products=(pot,), currency="EUR")
    )
    world.send(run, "reminder")
    assert context_of(world)["total"] is None

    world, run = left_cart(
        put_in_cart(NOW - 3 * HOUR),
        happened("Product Added", NOW - 2 * HOUR, products=(product("pot"),), currency="USD"),
    )
    world.send(run, "reminder")
    context = context_of(world)
    assert context["total"] is None
    assert {item["currency"] for item in context["items"]} == {context["currency"]} == {"USD"}


def test_a_sum_is_not_told_where_a_product_of_the_cart_cannot_be_shown() -> None:
    world, run = left_cart(put_in_cart(NOW - 3 * HOUR), put_in_cart(NOW - 2 * HOUR, "pot"))
    del world.catalogue.products["pot"]
    world.send(run, "reminder")
    assert [item["product_id"] for item in context_of(world)["items"]] == ["mug"]
    assert context_of(world)["total"] is None


def test_what_is_suggested_is_of_the_shoppers_own_categories_first() -> None:
    world = World()
    shelf = [product("plate", category="Plates"), product("oolong", category="Tea"), product("bowl", category="Bowls")]
    for number, line in enumerate(shelf):
        world.tell(happened("Product Viewed", NOW - (9 - number) * DAY, products=(line,), currency="EUR", user="bob"))
    interest = happened("Product Viewed", NOW - 5 * DAY, products=(product("sencha", category="Tea"),), currency="EUR")
    world.tell(signed_up(NOW - 5 * DAY), interest, put_in_cart(NOW - 2 * HOUR))
    world.send(world.run("cart"), "reminder")
    suggested = [item["product_id"] for item in context_of(world)["suggestions"]]
    assert set(suggested[:2]) == {"sencha", "oolong"}
    assert set(suggested) == {"sencha", "oolong", "bowl", "plate"}


def test_nothing_is_suggested_that_is_in_the_cart_or_was_bought() -> None:
    world = World()
    world.tell(bought(NOW - 9 * DAY), signed_up(NOW - 9 * DAY), put_in_cart(NOW - 2 * HOUR, "pot"))
    world.send(world.run("cart"), "reminder")
    context = context_of(world)
    assert [item["product_id"] for item in context["items"]] == ["pot"]
    assert context["suggestions"] == []


def test_a_winback_shows_what_was_bought_and_suggests_something_else() -> None:
    world = World()
    look = happened("Product Viewed", NOW - 100 * DAY, products=(product("new"),), currency="EUR", user="bob")
    world.tell(look, bought(NOW - 100 * DAY), signed_up(NOW - 100 * DAY))
    world.send(world.run("winback"), "missing_you", turn=Turn.now(NOW))
    context = context_of(world)
    assert [item["product_id"] for item in context["items"]] == ["mug"]
    assert [item["product_id"] for item in context["suggestions"]] == ["new"]
    assert context["total"] is None


@settings(max_examples=40)
@given(name=st.text(min_size=1, max_size=80))
def test_a_name_goes_to_the_templates_as_it_is_and_nowhere_else(name: str) -> None:
    world, run = welcomed(first_name=name)
    world.send(run, "greeting")
    context = context_of(world)
    assert context["shopper"]["first_name"] == name
    assert context["shop"]["name"] == IDENTITY.shop_name
    assert (world.mailer.sent[0].unsubscribe_url or name).isascii()


def test_the_unsubscribe_link_is_valid_for_this_contact_and_profile_alone() -> None:
    world, run = welcomed()
    world.send(run, "greeting")
    url = world.mailer.sent[0].unsubscribe_url
    assert url is not None
    assert f"{url}?lang=en" == context_of(world)["links"]["unsubscribe"]
    address, _, token = url.rpartition("/")
    assert address == f"{IDENTITY.pages_url}/unsubscribe"
    assert read_token(token, KEY) == Subscriber(CONTACT, ADA)


def test_a_run_of_an_anonymous_history_goes_on_for_the_person_it_belongs_to() -> None:
    world = World()
    newsletter = signed_up(user=None, anonymous_id="phone")
    world.tell(newsletter)
    run = world.run("welcome", newsletter.alias)
    world.tell(happened(at=NOW + 1, anonymous_id="phone", traits={"first_name": "Ada"}))
    world.send(run, "greeting")
    assert context_of(world)["shopper"]["first_name"] == "Ada"
    assert [mail.to for mail in world.mailer.sent] == [ADDRESS]
