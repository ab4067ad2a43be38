"""The preference page's effects: withdrawals at once at the contact, everything as an event, and only what changed."""

import pytest

from homing.domain.ids import contact_id
from homing.domain.moments import DAY, HOUR, WEEK
from homing.domain.preferences import PAUSE, Wishes
from homing.domain.unsubscribe import Subscriber
from homing.usecases.preferences import Preferences, Standing
from tests.fakes.crashes import Crashed, Fuse
from tests.fakes.stories import NOW, happened, signed_up
from tests.fakes.world import ADA, ADDRESS, World

LINK = Subscriber(contact_id(ADDRESS), ADA)
LATER = NOW + HOUR


def preferences_of(world: World, fuse: Fuse | None = None) -> Preferences:
    fuse = fuse or Fuse()
    return Preferences(world.profiles, fuse.guard(world.contacts), fuse.guard(world.events))


def subscribed() -> World:
    world = World()
    told = {"birthday": "1990-05-17", "channel": "email", "interests": "Green tea\nPu-erh"}
    world.tell(signed_up(NOW - HOUR, traits=told))
    return world


def standing(world: World) -> Standing:
    stands = preferences_of(world).standing(LINK)
    assert stands is not None
    return stands


def save(world: World, fuse: Fuse | None = None, **wished: object) -> Standing:
    stands = standing(world)
    wishes = stands.wishes._replace(**wished)  # type: ignore[arg-type] # of its own fields
    return preferences_of(world, fuse).save(LINK, stands, wishes, wording="preferences-en-1", now=NOW)


def test_what_stands_is_what_is_known_of_the_shopper() -> None:
    assert standing(subscribed()).wishes == Wishes(
        purposes=frozenset({"marketing"}),
        channel="email",
        birthday=(5, 17),
        interests=frozenset({"Green tea", "Pu-erh"}),
    )


def test_what_is_alike_is_not_written() -> None:
    world = subscribed()
    before = world.contact()
    save(world)
    assert (world.contact(), world.events.kept) == (before, {})


def test_a_withdrawal_counts_at_once_and_ends_the_runs() -> None:
    world = subscribed()
    assert save(world, purposes=frozenset()).wishes.purposes == frozenset()
    assert not world.contact().consent
    world.tell(*world.events.all)
    assert world.run("welcome").reason == "consent_withdrawn"
    assert standing(world).wishes.purposes == frozenset()


@pytest.mark.parametrize("killed_at", range(1, 5))
def test_a_withdrawal_that_was_cut_off_reaches_the_profile_when_it_is_pressed_again(killed_at: int) -> None:
    world = subscribed()
    with pytest.raises(Crashed):
        save(world, Fuse(killed_at), purposes=frozenset())
    save(world, purposes=frozenset())
    world.tell(*world.events.all)
    assert not world.contact().consent
    assert not world.record().facts.agrees_to("marketing")


def test_a_consent_given_here_is_proven_with_the_words_and_the_address() -> None:
    world = subscribed()
    save(world, purposes=frozenset())
    world.tell(*world.events.all)
    world.events.kept.clear()
    save(world, purposes=frozenset({"marketing", "newsletter", "tracking"}))
    (event,) = world.events.all
    assert (event.confirmed_at, event.confirmed_by, event.wording) == (NOW, LINK.contact_id, "preferences-en-1")
    assert event.with_proof_wanted() == event


def test_a_consent_given_later_counts_at_once_and_in_the_profile() -> None:
    world = subscribed()
    preferences = preferences_of(world)
    preferences.stop_all(LINK, NOW)
    world.tell(*world.events.all)
    wishes = standing(world).wishes._replace(purposes=frozenset({"marketing"}))
    preferences.save(LINK, standing(world), wishes, wording="v", now=LATER)
    assert world.contact().consent
    world.tell(*world.events.all, now=LATER)
    assert world.record().facts.agrees_to("marketing")
    assert standing(world).wishes.purposes == {"marketing"}


def test_a_withdrawal_brings_no_proof_of_anything() -> None:
    world = subscribed()
    save(world, purposes=frozenset(), channel="sms")
    (event,) = world.events.all
    assert (event.consent, event.traits) == ({"marketing": False}, {"channel": "sms"})
    assert (event.confirmed_at, event.wording) == (None, None)


def test_birthday_channel_and_interests_reach_the_profile_and_can_be_taken_back() -> None:
    world = subscribed()
    save(world, birthday=(2, 29), interests=frozenset({"Cups"}), channel="sms")
    world.tell(*world.events.all)
    stands = standing(world).wishes
    assert (stands.birthday, stands.interests, stands.channel) == ((2, 29), frozenset({"Cups"}), "sms")
    nothing = stands._replace(birthday=(0, 0), interests=frozenset(), channel="")
    preferences_of(world).save(LINK, standing(world), nothing, wording="v", now=LATER)
    world.tell(*world.events.all, now=LATER)
    assert standing(world).wishes == nothing


def test_a_birthday_that_stays_keeps_its_year() -> None:
    world = subscribed()
    save(world, channel="sms")
    world.tell(*world.events.all)
    assert world.record().facts.trait("birthday") == "1990-05-17"


def test_how_often_is_kept_at_the_contact_and_no_event() -> None:
    world = subscribed()
    preferences_of(world).pause(LINK, standing(world), NOW)
    save(world, frequency="weekly")
    assert (world.contact().gap, world.contact().paused_until) == (WEEK, NOW + PAUSE)
    assert world.events.kept == {}
    assert standing(world).wishes.frequency == "weekly"


def test_a_pause_lasts_thirty_days_or_until_it_is_ended() -> None:
    world = subscribed()
    save(world, frequency="monthly")
    paused = preferences_of(world).pause(LINK, standing(world), NOW)
    assert paused == standing(world)
    assert [paused.is_paused(NOW + days * DAY) for days in (0, 29, 30)] == [True, True, False]
    resumed = preferences_of(world).resume(LINK, paused, LATER)
    assert resumed == standing(world)
    assert not resumed.is_paused(NOW)
    assert resumed.wishes.frequency == "monthly"


def test_to_stop_all_withdraws_every_purpose_at_once() -> None:
    world = subscribed()
    save(world, purposes=frozenset({"marketing", "newsletter", "tracking"}))
    world.tell(*world.events.all)
    world.events.kept.clear()
    preferences_of(world).stop_all(LINK, LATER)
    assert not world.contact().consent
    world.tell(*world.events.all, now=LATER)
    assert standing(world).wishes.purposes == frozenset()
    assert world.run("welcome").reason == "unsubscribed"


@pytest.mark.parametrize("killed_at", range(1, 7))
def test_to_stop_all_stops_at_once_or_when_it_is_pressed_again(killed_at: int) -> None:
    world = subscribed()
    with pytest.raises(Crashed):
        preferences_of(world, Fuse(killed_at)).stop_all(LINK, NOW)
    assert world.contact().consent == (killed_at <= 5)  # before the contact was told
    preferences_of(world).stop_all(LINK, LATER)
    assert not world.contact().consent
    world.tell(*world.events.all, now=LATER)
    assert not world.record().facts.agrees_to("marketing")


def test_the_address_of_old_is_shown_nothing_and_can_still_stop_all() -> None:
    world = subscribed()
    world.tell(happened(at=NOW, traits={"email": "ada@elsewhere.example"}))
    preferences = preferences_of(world)
    assert preferences.standing(LINK) is None
    assert preferences.standing(Subscriber(contact_id("ada@elsewhere.example"), ADA)) is not None
    preferences.stop_all(LINK, LATER)
    world.tell(*world.events.all, now=LATER)
    assert not world.record().facts.agrees_to("marketing")


def test_the_history_of_a_visitor_who_has_become_known_leads_to_who_it_is() -> None:
    world = World()
    visitor = signed_up(NOW - HOUR, user_id=None, anonymous_id="visitor")
    world.tell(visitor)
    world.tell(happened(at=NOW, anonymous_id="visitor", traits={"channel": "sms"}))
    stands = preferences_of(world).standing(Subscriber(contact_id(ADDRESS), visitor.alias))
    assert stands is not None
    assert stands.wishes.channel == "sms"


def test_who_was_erased_is_not_brought_back() -> None:
    world = World()
    preferences = preferences_of(world)
    assert preferences.standing(LINK) is None
    preferences.stop_all(LINK, NOW)
    assert (world.contacts.contacts, world.events.kept) == ({}, {})
