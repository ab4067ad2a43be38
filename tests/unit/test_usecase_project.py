"""Folding: whatever is repeated, reordered, interleaved or cut off, the same profiles and consents come out."""

from collections.abc import Collection
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from homing.domain.events import Event
from homing.domain.generation import Generation
from homing.domain.ids import alias_id, contact_id
from homing.domain.moments import DAY, HOUR, SECOND
from homing.domain.permit import Contact
from homing.domain.profile import Profile
from homing.domain.record import AT_HAND, ProfileRecord
from homing.errors import Conflict
from homing.ports import Look
from homing.usecases.histories import with_histories
from tests.fakes.crashes import Crashed, Fuse
from tests.fakes.ports import FakeDue, FakeProfiles
from tests.fakes.stories import NOW, bought, happened, product, profile_of, put_in_cart, signed_up, withdrew
from tests.fakes.world import ADA, ADDRESS, World

PHONE, LAPTOP = alias_id("anonymous", "phone"), alias_id("anonymous", "laptop")
names = st.sampled_from(
    [
        {"user": "ada"},
        {"user": "ada", "anonymous_id": "phone"},
        {"user": "ada", "anonymous_id": "laptop"},
        {"user": None, "anonymous_id": "phone"},
        {"user": None, "anonymous_id": "laptop"},
    ]
)
happenings = st.fixed_dictionaries(
    {
        "name": st.sampled_from([None, "Product Viewed", "Product Added", "Cart Viewed", "Order Completed"]),
        "at": st.integers(0, 30).map(lambda step: NOW - 9 * DAY + step * 6 * HOUR),
        "products": st.sampled_from([(), (product("a", 2),), (product("b"),)]),
        "consent": st.sampled_from([{}, {}, {"marketing": True}, {"marketing": False}]),
        "traits": st.sampled_from([{}, {}, {"email": ADDRESS}, {"email": ADDRESS, "first_name": "Ada"}]),
        "order_id": st.sampled_from(["o1", "o2"]),
        "total": st.sampled_from([100, 200]),
    }
)


def make_event(name: dict[str, Any], told: dict[str, Any]) -> Event:
    return happened(**name, **told)


events_of_one_shopper = st.lists(st.builds(make_event, names, happenings), min_size=1, max_size=7)


def outcome(world: World) -> tuple[dict[str, tuple[str, Profile]], dict[str, Contact]]:
    """Which profile each alias belongs to, and with which facts; and what the contacts know."""
    records = {alias: world.record(alias) for alias in (ADA, PHONE, LAPTOP)}
    return {alias: (record.profile_id, record.facts) for alias, record in records.items()}, world.contacts.contacts


@settings(max_examples=150)
@given(events_of_one_shopper, st.data())
def test_any_order_repetition_and_crash_gives_the_same_profiles_and_consent(
    events: list[Event], data: st.DataObject
) -> None:
    plain = World()
    for event in events:
        plain.fold(event.alias, [event])

    world = World()
    waiting = [[event] for event in data.draw(st.permutations(events)) + data.draw(st.lists(st.sampled_from(events)))]
    while waiting:
        batch = waiting.pop(0)
        while waiting and waiting[0][0].alias == batch[0].alias and data.draw(st.booleans(), label="one batch"):
            batch += waiting.pop(0)
        killed_at = data.draw(st.none() | st.integers(1, 25), label="killed at")
        try:
            world.fold(batch[0].alias, batch, fuse=Fuse(killed_at))
        except (Crashed, Conflict):
            waiting.insert(data.draw(st.integers(0, len(waiting)), label="comes again"), batch)
            # What a crash has left half done is mended by the batch itself, at the latest when it comes again.
    assert outcome(world) == outcome(plain)


in_this_and_in_the_other_order = pytest.mark.parametrize("turn", [1, -1])


@in_this_and_in_the_other_order
def test_an_anonymous_history_joins_when_the_person_is_known(turn: int) -> None:
    world = World()
    linked = happened(anonymous_id="phone", traits={"email": ADDRESS})
    alone = put_in_cart(NOW - DAY, user=None, anonymous_id="phone")
    for event in (linked, alone)[::turn]:
        world.fold(event.alias, [event])
    assert world.record(PHONE).profile_id == ADA
    assert world.record().facts.cart.lines() == {"mug": 1}


@in_this_and_in_the_other_order
def test_a_newsletter_sign_up_without_an_account_belongs_to_the_account_with_that_address(turn: int) -> None:
    world = World()
    newsletter = signed_up(user=None, anonymous_id="phone", email="Ada@Example.com ")
    account = happened(at=NOW - DAY, traits={"email": ADDRESS})
    for event in (newsletter, account)[::turn]:
        world.fold(event.alias, [event])
    assert world.record(PHONE).profile_id == ADA
    assert world.record().facts.consent["marketing"].granted
    assert world.contact().consent


def test_a_history_within_a_history_is_taken_over_once() -> None:
    alone = profile_of(put_in_cart(user=None, anonymous_id="phone"))
    phone = ProfileRecord(profile_id=PHONE, facts=alone, joined_to=LAPTOP)
    laptop = ProfileRecord(profile_id=LAPTOP, facts=alone.with_anonymous(PHONE), joined_to=ADA)
    facts = with_histories(Profile(), [phone, laptop])
    assert facts.anonymous == tuple(sorted([PHONE, LAPTOP]))
    assert facts.cart.size == 1
    assert with_histories(facts, [phone, laptop]) == facts


def test_two_accounts_with_one_address_stay_two() -> None:
    world = World()
    for user in ("ada", "bob"):
        world.fold(alias_id("user", user), [signed_up(user=user)])
    assert [world.record(alias_id("user", user)).facts.user_id for user in ("ada", "bob")] == ["ada", "bob"]


def test_a_device_that_two_share_stays_with_who_was_known_first() -> None:
    world = World()
    world.fold(PHONE, [put_in_cart(user=None, anonymous_id="phone")])
    world.fold(ADA, [happened(anonymous_id="phone")])
    world.fold(alias_id("user", "bob"), [happened(user="bob", anonymous_id="phone")])
    assert world.record(PHONE).profile_id == ADA
    assert world.record(alias_id("user", "bob")).facts.cart.size == 0


def test_the_contact_is_told_of_a_consent_that_came_with_an_anonymous_history() -> None:
    world = World()
    world.fold(ADA, [happened(traits={"email": ADDRESS})])
    world.fold(PHONE, [happened("Form Sent", user=None, anonymous_id="phone", consent={"marketing": True})])
    assert not world.contact().consent
    world.fold(ADA, [happened("Product Viewed", anonymous_id="phone")])
    assert world.contact().consent


def test_a_new_address_takes_the_consent_along() -> None:
    world = World()
    world.tell(signed_up(), happened(at=NOW + 1, traits={"email": "new@example.com"}))
    assert world.contact("new@example.com").consent
    world.tell(withdrew(NOW + 2))
    assert not world.contact("new@example.com").consent


def test_a_late_address_finds_the_consent_that_came_before_it() -> None:
    world = World()
    world.tell(happened("Form Sent", consent={"marketing": True}), happened(at=NOW, traits={"email": ADDRESS}))
    assert world.contact().consent


def test_an_event_that_tells_nothing_new_writes_nothing() -> None:
    world = World()
    event = signed_up()
    world.fold(ADA, [event])
    writes = world.profiles.saves
    world.fold(ADA, [event, event])
    assert world.profiles.saves == writes


def test_a_profile_that_somebody_else_writes_in_between_is_read_again() -> None:
    world = World()
    world.profiles = Contended(times=3)
    world.fold(ADA, [bought()])
    assert world.record().facts.orders.count == 4


def test_a_profile_that_others_keep_writing_is_left_to_the_next_attempt() -> None:
    world = World()
    world.profiles = Contended(times=100)
    with pytest.raises(Conflict):
        world.fold(ADA, [bought()])


class Contended(FakeProfiles):
    """Somebody else folds an order in before each of the next saves."""

    def __init__(self, times: int) -> None:
        super().__init__()
        self.times = times

    def save(self, record: ProfileRecord) -> None:
        if self.times:
            self.times -= 1
            other = self.load(record.profile_id)
            super().save(other.model_copy(update={"facts": other.facts.after(bought(), NOW)}))
        super().save(record)


def test_the_look_is_arranged_before_the_profile_says_so() -> None:
    world = World()
    kills = [n for n in range(1, 40) if is_killed(world_after := World(), n) and not is_armed(world_after)]
    assert kills == []
    world.fold(ADA, [bought()])
    assert is_armed(world)


def is_killed(world: World, at: int) -> bool:
    try:
        world.fold(ADA, [bought()], fuse=Fuse(at))
    except Crashed:
        return True
    return False


def is_armed(world: World) -> bool:
    due_at = world.record().due_at
    return due_at is None or (due_at, ADA) in world.due.armed


def test_products_are_learned_and_remembered() -> None:
    world = World()
    world.fold(ADA, [happened("Product Viewed", products=(product("mug", name="Mug"), product("pot", name="Pot")))])
    assert {p.name for p in world.catalogue.products.values()} == {"Mug", "Pot"}
    assert {product_id for _, product_id in world.catalogue.shelf().newest} == {"mug", "pot"}


def test_what_a_browser_tells_of_products_is_shown_to_nobody_else() -> None:
    world = World()
    evil = product("mug", name="You have won", url="https://evil.example")
    world.tell(happened("Product Viewed", NOW - HOUR, products=(product("mug", name="Mug"),)))
    before = dict(world.catalogue.products), world.catalogue.shelf()
    told = [happened("Product Viewed", products=(evil,)), bought(NOW, products=(evil, product("new", name="New")))]
    world.tell(*(event.unvouched() for event in told))
    assert (world.catalogue.products, world.catalogue.shelf()) == before
    assert world.record().facts.orders.last_at == NOW


def test_a_contact_is_known_by_its_id_alone() -> None:
    world = World()
    world.fold(ADA, [signed_up()])
    assert world.contacts.contacts.keys() == {contact_id(ADDRESS)}
    assert "ada" not in str(world.contacts.contacts)


class LookedAtWhileSaving(FakeProfiles):
    """The schedule comes between the due item's write and the profile's."""

    world: World

    def save(self, record: ProfileRecord) -> None:
        if record.version == 0:
            self.world.refresh(NOW + SECOND)
        super().save(record)


def test_a_look_between_the_due_item_and_the_profile_takes_no_change_away() -> None:
    profiles = LookedAtWhileSaving()
    world = profiles.world = World(profiles=profiles)
    world.fold(ADA, [put_in_cart(NOW - HOUR + SECOND)])
    world.look_again(NOW + SECOND + AT_HAND)
    assert world.record().segments["cart_abandoners"] == NOW + SECOND


class FoldedWhileLooking(FakeDue):
    """An event is folded in after a look has read the profile, and before it takes away what it has read."""

    world: World
    event: Event | None = None

    def disarm(self, looks: Collection[Look]) -> None:
        if looks and self.event is not None:
            event, self.event = self.event, None
            self.world.fold(ADA, [event], NOW + HOUR - SECOND)
        super().disarm(looks)


def test_a_look_that_knows_nothing_of_an_event_takes_no_change_away() -> None:
    due = FoldedWhileLooking()
    rules = {
        "left": {"cart.changed_at": {"longer_ago_than": "1 hour"}},
        "new": {"signed_up_at": {"within": "1 hour"}},
    }
    world = due.world = World(due=due, own=Generation(number=0, rules={"segments": rules}))
    world.fold(ADA, [put_in_cart(NOW)], NOW)
    world.fold(ADA, [put_in_cart(NOW + HOUR // 2)], NOW + HOUR // 2)
    due.event = signed_up(NOW)  # told late: it ceases to be new at the very moment that is being looked at
    world.refresh(NOW + HOUR)
    assert "new" in world.record().segments
    world.refresh(NOW + HOUR + AT_HAND)
    assert world.record().segments == {}
