"""Consent: what was asked for is not agreed to until it is proven, for the address at which it was proven."""

from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from homing.domain.events import NEED_PROOF, Event
from homing.domain.facts import ProfileFacts
from homing.domain.ids import contact_id
from homing.domain.journeys import wanted
from homing.domain.moments import DAY, HOUR, MINUTE, Moment
from homing.domain.permit import Claim, Contact
from homing.domain.profile import Profile
from homing.domain.unsubscribe import Subscriber
from homing.errors import MailRefused
from homing.usecases.confirm import confirm
from tests.fakes.stories import NOW, default_shop, happened, profile_of, signed_up, withdrew
from tests.fakes.world import ADA, ADDRESS, World

OTHER = "other@example.com"


@pytest.fixture
def world() -> World:
    return World()


def asked(at: Moment = NOW, **more: Any) -> Event:
    """A sign-up as it counts with double opt-in."""
    return signed_up(at, **more).with_proof_wanted()


def confirmed(at: Moment = NOW, email: str = ADDRESS, purpose: str = "marketing") -> Event:
    """The press of the button in the mail to this address."""
    proof: dict[str, Any] = {"confirmed_at": at, "confirmed_by": contact_id(email), "source": "double_opt_in"}
    return happened("Subscription Confirmed", at, consent={purpose: True}, **proof)


def vouched(at: Moment = NOW, confirmed_at: Moment = NOW) -> Event:
    """A consent that the shop itself has had confirmed, told at some time."""
    return signed_up(at, confirmed_at=confirmed_at).with_proof_wanted()


def entry_of(*events: Event, at: Moment = NOW) -> str | None:
    """The entry under which a confirmation is asked for."""
    wants = wanted(default_shop().journeys, profile_of(*events), at)
    return next((want.entry for want in wants if want.journey.name == "confirmation"), None)


def test_what_was_asked_for_waits_and_is_not_agreed_to() -> None:
    profile = profile_of(asked(wording="2026-01"))
    assert not profile.agrees_to("marketing")
    assert profile.pending()["marketing"].wording == "2026-01"


def test_a_press_grants_what_was_asked_for_with_its_proof() -> None:
    profile = profile_of(asked(), confirmed(NOW + HOUR))
    assert profile.agrees_to("marketing")
    assert profile.pending() == {}
    assert profile.consent["marketing"].confirmed_at == NOW + HOUR


def test_a_client_that_repeats_the_consent_asks_for_nothing_more() -> None:
    assert profile_of(asked(), confirmed(NOW + HOUR), asked(NOW + DAY)).pending() == {}


def test_a_withdrawal_ends_what_was_asked_for_before_it_and_nothing_after_it() -> None:
    assert profile_of(asked(), withdrew(NOW + HOUR)).pending() == {}
    assert set(profile_of(asked(NOW + DAY), withdrew(NOW + HOUR)).pending()) == {"marketing"}
    assert profile_of(asked(), withdrew(NOW)).pending() == {}


def test_a_proof_that_is_told_again_after_a_withdrawal_undoes_it_not() -> None:
    profile = profile_of(vouched(), withdrew(NOW + HOUR), vouched(NOW + DAY, confirmed_at=NOW))
    assert not profile.agrees_to("marketing")
    assert profile.pending() == {}


def test_a_new_proof_after_a_withdrawal_counts() -> None:
    assert profile_of(vouched(), withdrew(NOW + HOUR), vouched(NOW + DAY, NOW + DAY)).agrees_to("marketing")


def test_what_one_address_has_proven_holds_for_no_other() -> None:
    moved = [asked(), confirmed(NOW + HOUR), happened(at=NOW + DAY, traits={"email": OTHER})]
    assert not profile_of(*moved).agrees_to("marketing")
    assert set(profile_of(*moved, asked(NOW + DAY, email=OTHER)).pending()) == {"marketing"}
    assert profile_of(*moved, asked(NOW + DAY, email=OTHER), confirmed(NOW + 2 * DAY, OTHER)).agrees_to("marketing")


def test_what_the_shop_vouches_for_holds_for_the_person() -> None:
    assert profile_of(vouched(), happened(at=NOW + DAY, traits={"email": OTHER})).agrees_to("marketing")


def test_tracking_needs_no_proof_and_no_other_purpose_is_kept() -> None:
    told = {"tracking": True, "newsletter": True, "C0004": True}
    facts = ProfileFacts(profile_of(happened(consent=told).with_proof_wanted()))
    assert facts.get("consent.tracking") is True
    assert facts.get("consent.newsletter") is False
    assert facts.get("consent.newsletter_asked_at") == NOW
    assert facts.profile.consent.keys() == {"tracking"}


def test_when_it_was_asked_for_is_known_only_while_it_waits() -> None:
    def asked_at(*events: Event) -> Any:
        return ProfileFacts(profile_of(*events)).get("consent.marketing_asked_at")

    assert asked_at(asked(), asked(NOW + HOUR)) == NOW + HOUR
    assert asked_at(asked(), confirmed(NOW + HOUR)) is asked_at(asked(), withdrew(NOW + HOUR)) is asked_at() is None


# What was withdrawn with Homing itself

OWN = pytest.mark.parametrize("source", ["unsubscribe", "preferences", "complained"])


def repeated(at: Moment, **more: Any) -> Event:
    """A message of a client that stamps the consent upon each, without proof and where none is wanted."""
    return happened("Product Viewed", at, **{"consent": {"marketing": True, "tracking": True}, **more})


def untracked(at: Moment) -> Event:
    """Tracking is switched off on the preference page."""
    return happened("Preferences Changed", at, consent={"tracking": False}, source="preferences")


@OWN
def test_a_client_that_repeats_a_consent_undoes_nothing_that_was_withdrawn_with_homing_itself(source: str) -> None:
    profile = profile_of(signed_up(), withdrew(NOW + HOUR, source), repeated(NOW + DAY, wording="2026-01"))
    assert not profile.agrees_to("marketing")
    counts = profile.consent_to("marketing")
    assert counts is not None
    assert (counts.at, counts.source) == (NOW + HOUR, source)
    assert (profile.pending()["marketing"].at, profile.pending()["marketing"].wording) == (NOW + DAY, "2026-01")


@OWN
@pytest.mark.parametrize("proof", [confirmed(NOW + 2 * DAY), vouched(NOW + 3 * DAY, NOW + 2 * DAY)])
def test_a_proof_undoes_it_and_then_the_client_s_word_counts_again(source: str, proof: Event) -> None:
    proven = [signed_up(), withdrew(NOW + HOUR, source), repeated(NOW + DAY), proof]
    assert profile_of(*proven).agrees_to("marketing")
    assert profile_of(*proven, repeated(NOW + 4 * DAY)).agrees_to("marketing")
    assert not profile_of(*proven, withdrew(NOW + 4 * DAY)).agrees_to("marketing")
    assert profile_of(*proven, withdrew(NOW + 4 * DAY), repeated(NOW + 5 * DAY)).agrees_to("marketing")


def test_a_withdrawal_by_the_client_itself_is_undone_by_its_next_consent() -> None:
    assert profile_of(signed_up(), withdrew(NOW + HOUR), repeated(NOW + DAY)).agrees_to("marketing")


def test_an_earlier_proof_that_is_told_again_undoes_no_withdrawal_of_tracking_either() -> None:
    told = [repeated(NOW), untracked(NOW + HOUR), repeated(NOW + DAY), repeated(NOW + DAY, confirmed_at=NOW)]
    assert not profile_of(*told).agrees_to("tracking")
    assert "tracking" not in profile_of(*told).pending()
    assert profile_of(*told, repeated(NOW + 3 * DAY, confirmed_at=NOW + 2 * DAY)).agrees_to("tracking")


def test_a_withdrawal_kept_before_there_were_firm_words_holds_as_well() -> None:
    stored = profile_of(signed_up(), withdrew(NOW + HOUR, "unsubscribe")).model_dump(exclude={"firm"})
    assert not Profile.model_validate(stored).after(repeated(NOW + DAY), NOW + DAY).agrees_to("marketing")


def test_a_repeated_consent_after_a_stop_asks_once(world: World) -> None:
    world.tell(signed_up(), withdrew(NOW + HOUR, "unsubscribe"))
    for at in (NOW + 2 * HOUR, NOW + DAY, NOW + 3 * DAY):
        world.tell(repeated(at), now=at)
        for run in [run for run in world.runs.kept.values() if (run.journey, run.ended) == ("confirmation", None)]:
            world.send(run, "ask", at)
            world.finisher().finish(run, {"status": "SUCCEEDED"}, at)
    assert [(send.journey, send.at) for send in world.sends.entries if send.outcome == "sent"] == [
        ("confirmation", NOW + 2 * HOUR)
    ]
    assert not world.contact().agrees


@OWN
def test_the_permit_hears_of_a_stop_though_a_later_consent_was_folded_before_it(world: World, source: str) -> None:
    world.tell(signed_up(), repeated(NOW + DAY))
    assert world.contact().agrees
    world.tell(withdrew(NOW + HOUR, source), now=NOW + DAY)
    assert not world.contact().agrees
    world.tell(confirmed(NOW + 2 * DAY), repeated(NOW + 3 * DAY), now=NOW + 3 * DAY)
    assert world.contact().agrees


grants = st.builds(lambda at, purpose: repeated(at, consent={purpose: True}), st.integers(1, 9), st.just("marketing"))
words = st.one_of(
    grants,
    st.builds(withdrew, st.integers(1, 9), st.sampled_from(["api", "bounced", "unsubscribe", "preferences"])),
    st.builds(lambda at, back: vouched(at + back, at), st.integers(1, 9), st.integers(0, 3)),
    st.builds(
        lambda at, back, proof: repeated(at + back, confirmed_at=at if proof else None),
        st.integers(1, 9),
        st.integers(0, 3),
        st.booleans(),
    ),
    st.builds(untracked, st.integers(1, 9)),
)


@given(st.lists(words, max_size=7), st.data())
def test_neither_order_nor_repetition_of_words_matters(told: list[Event], data: st.DataObject) -> None:
    again = data.draw(st.lists(st.sampled_from(told), max_size=3)) if told else []
    folded = profile_of(*data.draw(st.permutations([*told, *again])))
    assert folded == profile_of(*told)
    parted = data.draw(st.integers(0, len(told)))
    joined = profile_of(*told[parted:]).joined(profile_of(*told[:parted]))
    assert (joined.consent, joined.firm, joined.asked) == (folded.consent, folded.firm, folded.asked)


@given(st.lists(words, max_size=5), st.sampled_from(["unsubscribe", "preferences", "complained"]), st.data())
def test_no_sequence_of_unproven_consents_grants_what_was_withdrawn_for_good(
    told: list[Event], source: str, data: st.DataObject
) -> None:
    own, later = withdrew(20, source), st.integers(0, 30)
    repeats = data.draw(st.lists(st.builds(repeated, later), max_size=4))
    profile = profile_of(*data.draw(st.permutations([*told, own, untracked(20), *repeats])))
    assert not profile.agrees_to("marketing")
    assert not profile.agrees_to("tracking")


@settings(max_examples=50)
@given(st.lists(words, max_size=5), st.data())
def test_the_contact_agrees_as_the_profile_does_in_whatever_order_it_was_told(
    told: list[Event], data: st.DataObject
) -> None:
    world, first = World(), happened(at=0, traits={"email": ADDRESS})
    for event in [first, *data.draw(st.permutations(told))]:
        world.fold(ADA, [event])
    assert world.contact().agrees == world.record().facts.agrees_to("marketing")


# The journey that asks


def ask_all(world: World, *signed_ups: Event) -> list[str]:
    """Who is asked, where these are told as they happen."""
    for event in signed_ups:
        world.tell(event, now=event.at)
        for run in [run for run in world.runs.kept.values() if run.ended is None]:
            world.send(run, "ask", event.at)
            world.finisher().finish(run, {"status": "SUCCEEDED"}, event.at)
    return [mail.to for mail in world.mailer.sent]


def test_a_wish_is_asked_about_once_however_often_it_is_repeated() -> None:
    assert entry_of(asked()) == entry_of(asked(), asked(NOW + HOUR)) == entry_of(asked(), at=NOW + DAY) == "0"


def test_a_wish_after_a_withdrawal_is_another() -> None:
    gone = [asked(), confirmed(NOW + MINUTE), withdrew(NOW + HOUR)]
    assert entry_of(*gone) is None
    assert entry_of(*gone, asked(NOW + 2 * HOUR), at=NOW + 2 * HOUR) == str(NOW // DAY)


def test_a_sign_up_of_another_day_is_another_wish_where_the_client_tells_when_it_was() -> None:
    first, second = asked(agreed_at=NOW), asked(NOW + 2 * DAY, agreed_at=NOW + 2 * DAY)
    assert entry_of(first) == str(NOW // DAY)
    assert entry_of(first, second, at=NOW + 2 * DAY) == str(NOW // DAY + 2)


def test_a_sign_up_that_is_told_again_is_the_same_wish_beside_whatever_other_clients_repeat() -> None:
    told = [asked(agreed_at=NOW), asked(NOW + HOUR), asked(NOW + DAY, agreed_at=NOW), asked(NOW + DAY + HOUR)]
    entries = {entry_of(*told[:many], at=NOW + DAY + HOUR) for many in range(1, 5)}
    assert entries == {str(NOW // DAY)}


def test_a_sign_up_that_is_told_again_after_a_withdrawal_asks_for_nothing_and_grants_nothing() -> None:
    again = signed_up(NOW + DAY, agreed_at=NOW)
    assert profile_of(asked(), withdrew(NOW + HOUR), again.with_proof_wanted()).pending() == {}
    assert not profile_of(signed_up(), withdrew(NOW + HOUR), again).agrees_to("marketing")


def test_who_has_lost_the_mail_gets_another_by_signing_up_again_a_day_later(world: World) -> None:
    times = (NOW, NOW + HOUR, NOW + DAY, NOW + DAY + HOUR)
    ask_all(
        world, *(asked(at, agreed_at=at - at % DAY) for at in times)
    )  # a form each day, and a client that repeats it
    assert [send.at for send in world.sends.entries] == [NOW, NOW + DAY]


@pytest.mark.parametrize("agreed_at", [None, NOW - HOUR])
def test_who_corrects_the_address_is_asked_at_the_right_one_at_once(world: World, agreed_at: Moment | None) -> None:
    typo = asked(email=OTHER, agreed_at=agreed_at)
    right = [asked(NOW + minutes * MINUTE, agreed_at=agreed_at) for minutes in (5, 10, 3_000)]
    assert ask_all(world, typo, *right) == [OTHER, ADDRESS]


def test_two_clients_that_each_go_on_telling_another_address_bring_one_mail_to_each(world: World) -> None:
    told = [asked(NOW + day * DAY, email=(ADDRESS, OTHER)[day % 2]) for day in range(10)]
    assert ask_all(world, *told) == [ADDRESS, OTHER]


def test_a_corrected_address_takes_the_question_of_the_next_day_in_advance(world: World) -> None:
    told = [(NOW, OTHER), *((at, ADDRESS) for at in (NOW + HOUR, NOW + DAY, NOW + 2 * DAY))]
    ask_all(world, *(asked(at, email=email, agreed_at=at) for at, email in told))
    assert [send.at for send in world.sends.entries] == [NOW, NOW + HOUR, NOW + 2 * DAY]


def test_withdrawals_dated_back_are_of_the_day_on_which_they_came() -> None:
    entries = {entry_of(withdrew(NOW - years * 365 * DAY), asked()) for years in (1, 2, 3)}
    assert entries == {str(NOW // DAY - 10)}  # of that day all these were received


def test_wishes_of_an_import_are_not_asked_about() -> None:
    assert entry_of(asked(NOW - 3 * DAY)) is None


def test_who_has_confirmed_is_not_asked() -> None:
    assert entry_of(asked(), confirmed()) is entry_of(vouched()) is None


@pytest.mark.parametrize(
    ("later", "reason"),
    [
        (confirmed(NOW + HOUR), "confirmed"),
        (withdrew(NOW + HOUR), "consent_withdrawn"),
        (withdrew(NOW + HOUR, source="unsubscribe"), "unsubscribed"),
        (happened("Cart Viewed", NOW + HOUR), None),
    ],
)
def test_the_question_ends_with_the_answer(later: Event, reason: str | None) -> None:
    journey = default_shop().journeys["confirmation"]
    assert journey.exit_reason(profile_of(asked(), later), "0") == reason


def test_the_permit_lets_an_address_be_asked_once_in_a_day_whoever_asks() -> None:
    def withheld(at: Moment) -> str | None:
        claim = Claim(run_id="second", send_id="s2", at=at, kind="service", confirms=True)
        refusal = asked_once.withheld(claim)
        return refusal and refusal.reason

    first = Claim(run_id="first", send_id="s1", at=NOW, kind="service", confirms=True)
    asked_once = Contact(contact_id="c", runs={"first": "p1", "second": "p2"}).claimed(first)
    assert [withheld(at) for at in (NOW, NOW + DAY - 1, NOW + DAY)] == ["asked_lately", "asked_lately", None]


def test_an_address_that_ses_has_refused_was_not_asked_and_may_be_on_the_same_day(world: World) -> None:
    world.mailer.answers = [MailRefused("MessageRejected")]
    assert ask_all(world, asked(user="first")) == []
    assert world.contact().asked_at is None
    assert ask_all(world, asked(NOW + HOUR, user="second"), asked(NOW + 2 * HOUR, user="third")) == [ADDRESS]
    assert [send.outcome for send in world.sends.entries] == ["failed", "sent"]


def test_the_question_is_not_tracked_though_whoever_signed_the_address_up_agreed_to_it(world: World) -> None:
    world.tell(asked(consent={"marketing": True, "tracking": True}))
    world.send(world.run("confirmation"), "ask")
    assert [mail.tracked for mail in world.mailer.sent] == [False]


# The press


SUBSCRIBER = Subscriber(contact_id(ADDRESS), ADA)


def press(world: World, now: Moment, subscriber: Subscriber = SUBSCRIBER) -> bool:
    """The button, and what follows from it."""
    told = len(world.events.all)
    answer = confirm(subscriber, profiles=world.profiles, events=world.events, now=now)
    for event in world.events.all[told:]:
        world.tell(event, now=now)
    return answer


def test_the_press_of_the_button_starts_the_welcome(world: World) -> None:
    world.tell(asked(wording="2026-01"))
    assert world.running == {"confirmation"}
    assert press(world, NOW + MINUTE)
    assert world.running == {"welcome"}
    consent = world.record().facts.consent["marketing"]
    assert (consent.source, consent.wording, consent.confirmed_at) == ("double_opt_in", "2026-01", NOW + MINUTE)
    assert world.contact().consent


def test_the_press_grants_each_purpose_that_waits_and_no_other(world: World) -> None:
    world.tell(asked(consent={"newsletter": True}))
    assert press(world, NOW + MINUTE)
    facts = world.record().facts
    assert (facts.agrees_to("newsletter"), facts.agrees_to("marketing")) == (True, False)
    assert not world.contact().consent


def test_a_second_press_says_the_same_and_changes_nothing(world: World) -> None:
    world.tell(asked())
    press(world, NOW + MINUTE)
    before = world.record().facts
    assert press(world, NOW + HOUR)
    assert world.record().facts == before


def test_the_link_of_an_old_mail_undoes_no_withdrawal(world: World) -> None:
    world.tell(asked())
    press(world, NOW + MINUTE)
    world.tell(withdrew(NOW + HOUR), now=NOW + HOUR)
    assert not press(world, NOW + DAY)
    assert not world.contact().consent


def test_the_link_of_one_address_confirms_no_other(world: World) -> None:
    world.tell(asked(email="mallory@example.com"))
    world.tell(asked(NOW + MINUTE))
    assert not press(world, NOW + HOUR, Subscriber(contact_id("mallory@example.com"), ADA))
    assert not world.contact().consent
    assert not world.record().facts.agrees_to("marketing")


def test_who_confirms_one_address_and_then_names_another_proves_nothing_for_it(world: World) -> None:
    world.tell(asked(email="mallory@example.com"))
    assert press(world, NOW + MINUTE, Subscriber(contact_id("mallory@example.com"), ADA))
    world.tell(asked(NOW + HOUR), now=NOW + HOUR)
    assert world.contact("mallory@example.com").consent
    assert not world.contact().consent


def test_naming_an_address_takes_no_consent_from_it_though_another_was_confirmed_later(world: World) -> None:
    world.tell(signed_up(user="victim", confirmed_at=NOW).with_proof_wanted())
    world.tell(asked(NOW + MINUTE, email="mallory@example.com"), now=NOW + MINUTE)
    assert press(world, NOW + HOUR, Subscriber(contact_id("mallory@example.com"), ADA))
    world.tell(asked(NOW + DAY), now=NOW + DAY)
    assert world.contact().consent


def test_another_account_with_an_address_takes_no_consent_from_it(world: World) -> None:
    world.tell(asked())
    press(world, NOW + MINUTE)
    world.tell(asked(NOW + HOUR, user="mallory"), now=NOW + HOUR)
    assert world.contact().consent


# Nothing grants marketing without proof

steps = st.integers(0, 60).map(lambda step: NOW - 30 * DAY + step * 12 * HOUR)
addresses = st.sampled_from([ADDRESS, OTHER])
purposes = st.dictionaries(st.sampled_from(["marketing", "newsletter", "tracking"]), st.booleans(), min_size=1)
tellings = st.builds(
    lambda at, email, consent, name: happened(name, at, traits={"email": email}, consent=consent).with_proof_wanted(),
    steps,
    addresses,
    purposes,
    st.sampled_from([None, "Preferences Changed", "Order Completed"]),
)


@settings(max_examples=80)
@given(st.lists(tellings, min_size=1, max_size=8))
def test_whatever_is_told_without_proof_no_permit_is_given(events: Sequence[Event]) -> None:
    world = World()
    world.tell(*events)
    assert not any(contact.consent for contact in world.contacts.contacts.values())
    assert not any(world.record().facts.agrees_to(purpose) for purpose in NEED_PROOF)
    assert world.running <= {"confirmation"}


@settings(max_examples=80)
@given(st.lists(tellings, max_size=5), st.lists(st.builds(confirmed, steps, addresses), max_size=3), st.data())
def test_an_address_may_be_written_to_only_if_it_has_itself_confirmed(
    told: list[Event], presses: list[Event], data: st.DataObject
) -> None:
    profile = profile_of(*data.draw(st.permutations([*told, *presses])))
    email = profile.trait("email") or ""
    proofs = [event.at for event in presses if event.confirmed_by == contact_id(email)]
    withdrawals = [event.at for event in told if event.consent.get("marketing") is False]
    if profile.agrees_to("marketing"):
        assert proofs
        assert max(proofs) > max(withdrawals, default=-1)
    assert profile == Profile.model_validate_json(profile.model_dump_json(exclude_defaults=True))
