"""Enrolment: which run starts for whom, how often, and what ends it; whatever is repeated or cut off."""

from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import replace
from unittest.mock import patch

import pytest

from homing.domain.events import Event
from homing.domain.ids import alias_id, contact_id
from homing.domain.moments import DAY, HOUR, parse_moment
from homing.domain.permit import Claim
from homing.domain.profile import Profile
from homing.domain.record import ProfileRecord
from homing.domain.rules import Facts, Verdict
from homing.domain.sends import Run
from homing.domain.shop import Shop
from homing.errors import RunEnded
from homing.usecases.enroll import Change
from tests.fakes.crashes import Crashed, Fuse
from tests.fakes.ports import FakeExecutions, FakeProfiles
from tests.fakes.stories import NOW, bought, happened, put_in_cart, signed_up, withdrew
from tests.fakes.world import ADA, ADDRESS, World

LEFT_CART = NOW - 2 * HOUR
BORN = {"birthday": "1980-06-18"}
ASKS = happened(traits={"email": ADDRESS}, asked=("marketing",))


def lapsed(**more: str) -> list[Event]:
    return [bought(NOW - 100 * DAY), signed_up(NOW - 100 * DAY, traits=more)]


ENTRANTS: dict[str, list[Event]] = {
    "welcome": [signed_up()],
    "cart": [bought(NOW - 5 * DAY), signed_up(NOW - 5 * DAY), put_in_cart(LEFT_CART)],
    "winback": lapsed(),
    "birthday": [bought(NOW - 5 * DAY), signed_up(NOW - 5 * DAY, traits=BORN)],
}
ENTRIES = {"welcome": "once", "cart": str(LEFT_CART), "winback": str(NOW - 100 * DAY), "birthday": "2026"}
every_journey = pytest.mark.parametrize("journey", ENTRANTS)


def entered(journey: str) -> World:
    world = World()
    world.tell(*ENTRANTS[journey])
    assert world.running == {journey}
    return world


@every_journey
def test_who_fits_enters_under_the_one_entry(journey: str) -> None:
    world = entered(journey)
    [name] = world.executions.inputs
    assert name == f"{journey}-{ADA}-{ENTRIES[journey]}"
    assert world.contact().runs == {name: ADA}
    assert world.run(journey).started_at == NOW


def test_the_birthday_run_starts_to_send_on_the_morning_of_the_shoppers_own_day() -> None:
    world = World()
    world.tell(bought(), signed_up(traits={**BORN, "timezone": "America/New_York"}))
    [told] = world.executions.inputs.values()
    assert told["starts_at"] == "2026-06-18T13:00:00Z"


class Broken:
    """A rule that stumbles."""

    def evaluate(self, _facts: Facts, _at: int) -> Verdict:
        raise ArithmeticError

    def settles_at(self, _facts: Facts) -> int:
        return 0


def test_a_rule_that_fails_parks_its_journey_and_stops_no_other() -> None:
    world = World()
    world.fold(ADA, ENTRANTS["cart"])
    journeys = {name: replace(j, enter=Broken()) if name == "welcome" else j for name, j in world.shop.journeys.items()}
    with patch.object(Shop, "with_segments", lambda shop, _: replace(shop, journeys=journeys)):
        assert world.reconcile() == [(Change.PARKED, "welcome"), (Change.STARTED, "cart")]
    assert world.running == {"cart"}


@every_journey
def test_nobody_enters_without_consent(journey: str) -> None:
    world = World()
    world.tell(*(event.model_copy(update={"consent": {}}) for event in ENTRANTS[journey]))
    assert world.executions.inputs == {}


@every_journey
def test_nobody_enters_without_an_address(journey: str) -> None:
    world = World()
    stripped = [
        event.model_copy(update={"traits": {name: v for name, v in event.traits.items() if name != "email"}})
        for event in ENTRANTS[journey]
    ]
    world.tell(*stripped)
    assert world.executions.inputs == {}


@every_journey
@pytest.mark.parametrize("reason", ["bounced", "complained"])
def test_nobody_enters_whose_address_is_suppressed(journey: str, reason: str) -> None:
    world = World()
    world.contacts.note_consent(contact_id(ADDRESS), ADA, granted=False, at=0)
    world.contacts.suppress(contact_id(ADDRESS), reason)
    world.tell(*ENTRANTS[journey])
    assert world.executions.inputs == {}


@every_journey
def test_nobody_enters_who_has_just_pressed_stop_though_the_profile_does_not_know_yet(journey: str) -> None:
    world = World()
    for event in ENTRANTS[journey]:
        world.fold(ADA, [event])
    world.contacts.note_consent(contact_id(ADDRESS), ADA, granted=False, at=NOW)
    assert world.reconcile() == []
    assert world.executions.inputs == {}


@every_journey
def test_reconciling_again_starts_nothing_again(journey: str) -> None:
    world = entered(journey)
    before = dict(world.executions.inputs)
    for later in (NOW, NOW + HOUR, NOW + DAY):
        world.reconcile(later)
    assert world.executions.inputs == before


@every_journey
def test_a_run_that_has_ended_is_not_started_again_for_the_same_entry(journey: str) -> None:
    world = entered(journey)
    world.finisher().finish(world.run(journey), {"status": "SUCCEEDED"}, NOW + HOUR)
    assert world.contact().runs == {}
    assert world.reconcile(NOW + 2 * HOUR) == []
    assert len(world.executions.inputs) == 1


@every_journey
def test_an_order_ends_the_run(journey: str) -> None:
    ordered_at = NOW + (4 * DAY if journey == "birthday" else HOUR)
    world = entered(journey)
    world.tell(bought(ordered_at), now=ordered_at)
    run = world.run(journey)
    assert (run.ended, run.reason, run.ended_at) == ("exited", "ordered", ordered_at)
    assert world.executions.stopped == {run.run_id: "ordered"}
    assert run.run_id not in world.contact().runs


def test_an_order_before_the_wishes_does_not_end_the_birthday_run() -> None:
    world = entered("birthday")
    world.tell(bought(NOW + DAY), now=NOW + DAY)
    assert world.run("birthday").ended is None


def test_an_emptied_cart_ends_its_reminders() -> None:
    world = entered("cart")
    world.tell(happened("Product Removed", NOW + HOUR, products=ENTRANTS["cart"][2].products), now=NOW + HOUR)
    assert world.run("cart").reason == "cart_emptied"


@every_journey
@pytest.mark.parametrize(
    ("source", "reason"),
    [
        ("api", "consent_withdrawn"),
        ("unsubscribe", "unsubscribed"),
        ("bounced", "bounced"),
        ("complained", "complained"),
    ],
)
def test_withdrawal_ends_every_run_and_says_why(journey: str, source: str, reason: str) -> None:
    world = entered(journey)
    world.tell(withdrew(NOW + HOUR, source=source), now=NOW + HOUR)
    assert (world.run(journey).ended, world.run(journey).reason) == ("exited", reason)
    assert world.contact().runs == {}
    first_step = next(iter(world.shop.journeys[journey].steps))
    assert [(send.step, send.outcome, send.reason) for send in world.sends.entries] == [(first_step, "skipped", reason)]


@pytest.mark.parametrize("first", ["greeting", "favourites"])
def test_an_exit_that_a_step_has_found_is_booked_once(first: str) -> None:
    world = entered("welcome")
    run = world.run("welcome")
    if first == "favourites":
        world.send(run, "greeting")
    before = world.record()
    world.fold(ADA, [withdrew(NOW + HOUR)], NOW + HOUR)
    with pytest.raises(RunEnded):
        world.send(run, first, NOW + HOUR)
    world.enroller().reconcile(world.record(), before, NOW + HOUR)
    assert [send.step for send in world.sends.entries if send.outcome == "skipped"] == [first]
    assert world.contact().runs == {}


def test_an_exit_after_a_step_that_was_left_out_is_booked_for_the_step_after_it() -> None:
    world = entered("cart")
    run = world.run("cart")
    world.sends.record(run.ledger_entry("reminder", "cart-reminder", outcome="skipped", reason="paused", at=NOW))
    world.tell(withdrew(NOW + HOUR), now=NOW + HOUR)
    assert [(send.step, send.reason) for send in world.sends.entries] == [
        ("reminder", "paused"),
        ("second", "consent_withdrawn"),
    ]


def test_one_withdrawal_ends_all_runs_of_the_shopper() -> None:
    world = World()
    world.tell(signed_up(traits=BORN), put_in_cart(LEFT_CART))
    assert world.running == {"welcome", "cart", "birthday"}
    world.tell(withdrew(NOW + 1))
    assert world.running == set()


def test_each_new_cart_is_reminded_of_and_each_only_once() -> None:
    world = entered("cart")
    ordered = NOW + HOUR
    world.tell(bought(ordered), put_in_cart(ordered + HOUR), now=ordered + HOUR)
    world.look_again(ordered + 3 * HOUR)
    assert world.running == {"cart"}
    assert len(world.executions.inputs) == 2


def test_a_second_run_of_a_journey_waits_until_the_first_has_ended() -> None:
    world = World()
    first = Run(journey="cart", profile_id="another", entry="1", contact_id=contact_id(ADDRESS))
    world.profiles.save(ProfileRecord(profile_id="another", facts=Profile(user_id="another")))
    world.contacts.note_consent(first.contact_id, first.profile_id, granted=False, at=0)
    world.contacts.add_run(first.contact_id, first.run_id, first.profile_id)
    world.runs.begin(first)
    world.tell(*ENTRANTS["cart"])
    assert world.executions.inputs == {}
    world.contacts.remove_run(first.contact_id, first.run_id, [])
    world.reconcile()
    assert world.running == {"cart"}


def test_a_licence_whose_run_never_began_keeps_nobody_out() -> None:
    world = World()
    cut_off = Run(journey="cart", profile_id=ADA, entry="1")
    world.fold(ADA, ENTRANTS["cart"])
    world.contacts.add_run(contact_id(ADDRESS), cut_off.run_id, ADA)
    world.reconcile()
    assert list(world.contact().runs) == [f"cart-{ADA}-{LEFT_CART}"]


def test_an_entry_of_another_kind_than_the_journeys_lets_an_order_end_the_run() -> None:
    world = entered("welcome")
    winback = world.shop.journeys["winback"]
    assert winback.exit_reason(world.record().facts, "once") is None
    world.tell(bought(NOW + HOUR), now=NOW + HOUR)
    assert winback.exit_reason(world.record().facts, "once") == "ordered"


def test_each_lapse_is_won_back_once() -> None:
    world = entered("winback")
    world.tell(bought(NOW + HOUR), now=NOW + HOUR)
    later = NOW + 300 * DAY
    world.look_again(later)
    world.look_again(later + DAY)
    assert len(world.executions.inputs) == 2


def test_every_year_has_one_birthday() -> None:
    world = entered("birthday")
    world.finisher().finish(world.run("birthday"), {"status": "SUCCEEDED"}, NOW + 30 * DAY)
    for year, times in ((2026, 1), (2027, 2)):
        for day in range(11, 19):
            world.look_again(parse_moment(f"{year}-06-{day}T15:00:00Z"))
        assert len([name for name in world.executions.inputs if name.startswith("birthday-")]) == times


def test_an_old_lead_of_an_import_is_not_welcomed() -> None:
    world = World()
    world.tell(signed_up(NOW - 30 * DAY))
    assert world.executions.inputs == {}


def test_who_was_welcomed_before_being_known_is_not_welcomed_again() -> None:
    world = World()
    phone = alias_id("anonymous", "phone")
    world.tell(signed_up(user=None, anonymous_id="phone"))
    world.finisher().finish(world.run("welcome", phone), {"status": "SUCCEEDED"}, NOW)
    world.tell(happened(at=NOW + 1, anonymous_id="phone"))
    assert world.record(phone).profile_id == ADA
    world.reconcile()
    assert len(world.executions.inputs) == 1


def test_the_order_of_a_known_shopper_ends_the_run_of_their_anonymous_history() -> None:
    world = World()
    phone = alias_id("anonymous", "phone")
    world.tell(signed_up(user=None, anonymous_id="phone"), happened(at=NOW + 1, anonymous_id="phone"))
    world.tell(bought(NOW + 2))
    assert world.run("welcome", phone).reason == "ordered"


def test_a_history_that_has_joined_starts_nothing_of_its_own() -> None:
    world = entered("welcome")
    record = world.record().model_copy(update={"joined_to": "another"})
    assert world.enroller().reconcile(record, None, NOW) == []


@every_journey
def test_a_purchase_that_is_folded_between_reading_and_starting_is_seen(journey: str) -> None:
    world = World()
    for event in ENTRANTS[journey]:
        world.fold(ADA, [event])
    read = world.record()
    bought_at = NOW + (4 * DAY if journey == "birthday" else HOUR)
    world.fold(ADA, [bought(bought_at)])
    world.enroller().reconcile(read, None, NOW)
    assert world.executions.inputs == {}
    assert world.contact().runs == {}


@every_journey
def test_a_purchase_that_is_folded_at_any_moment_of_the_start_leaves_no_run_behind(journey: str) -> None:
    for moment in range(1, 20):
        world = World()
        for event in ENTRANTS[journey]:
            world.fold(ADA, [event])
        before = world.record()
        bought_at = NOW + (4 * DAY if journey == "birthday" else HOUR)
        world.profiles = profiles = BuysWhenRead(world, bought(bought_at), moment)
        world.reconcile()
        profiles.buy()
        # The stream tells of the new profile after it was written, whatever the start was doing meanwhile.
        world.enroller().reconcile(world.record(), before, bought_at)
        assert world.running == set()
        assert world.contact().runs == {}


class BuysWhenRead(FakeProfiles):
    """The shopper buys just before the n-th look at the profile."""

    def __init__(self, world: World, order: Event, looks: int) -> None:
        super().__init__(records=world.profiles.records)
        self.world, self.order, self.looks = world, order, looks

    def load(self, profile_id: str) -> ProfileRecord:
        self.looks -= 1
        if self.looks == 0:
            self.buy()
        return super().load(profile_id)

    def buy(self) -> None:
        self.world.fold(ADA, [self.order])


def crashes() -> Iterator[int]:
    return iter(range(1, 40))


@every_journey
def test_a_start_that_is_cut_off_anywhere_and_repeated_starts_one_run(journey: str) -> None:
    kills = 0
    for killed_at in crashes():
        world = World()
        for event in ENTRANTS[journey]:
            world.fold(ADA, [event])
        try:
            world.reconcile(fuse=Fuse(killed_at))
        except Crashed:
            kills += 1
        world.reconcile(NOW + 60_000)
        run = world.run(journey)
        assert list(world.executions.inputs) == list(world.contact().runs) == [run.run_id]
        assert (run.contact_id, run.ended) == (contact_id(ADDRESS), None)
    assert 8 < kills < 40


@every_journey
def test_after_an_end_that_was_cut_off_anywhere_and_repeated_no_permit_is_given(journey: str) -> None:
    for killed_at in crashes():
        world = entered(journey)
        run = world.run(journey)
        world.fold(ADA, [withdrew(NOW + 1)])
        try:
            world.reconcile(fuse=Fuse(killed_at))
        except Crashed:
            world.reconcile(NOW + 60_000)
        step = next(iter(world.shop.journeys[journey].steps))
        claim = Claim(run_id=run.run_id, send_id=run.send_id(step), at=NOW)
        assert world.contacts.claim(contact_id(ADDRESS), claim) is not None


def test_an_execution_that_ended_before_its_beginning_was_kept_leaves_no_licence_behind() -> None:
    world = cut_off_before_the_beginning_was_kept(signed_up())
    [name] = world.contact().runs
    run = Run(journey="welcome", profile_id=ADA, entry="once")
    assert run.run_id == name
    world.finisher().finish(run, {"status": "SUCCEEDED"}, NOW + HOUR)
    world.reconcile(NOW + 2 * HOUR)
    assert world.contact().runs == {}
    assert list(world.executions.inputs) == [name]


def test_nor_does_one_whose_shopper_moved_before_its_beginning_was_kept() -> None:
    world = World()
    world.fold(ADA, [signed_up()])

    def moves_and_ends(journey: str, name: str, execution_input: Mapping[str, object]) -> None:
        FakeExecutions.start(world.executions, journey, name, execution_input)
        world.fold(ADA, [happened(traits={"email": "ada@new.example"})])
        run = Run(journey="welcome", profile_id=ADA, entry="once")
        world.finisher().finish(run, {"status": "SUCCEEDED"}, NOW)

    with patch.object(world.executions, "start", moves_and_ends):
        assert world.reconcile() == [(Change.STARTED, "welcome")]
    assert world.contact().runs == {}


def test_nor_does_one_that_has_asked_for_a_confirmation() -> None:
    world, run = cut_off_when_a_confirmation_was_asked_for()
    world.finisher().finish(run, {"status": "SUCCEEDED"}, NOW)
    world.reconcile(NOW + 60_000)
    assert world.contact().runs == {}


def test_a_start_that_was_cut_off_is_gone_on_with_though_its_mail_has_asked_already() -> None:
    world, run = cut_off_when_a_confirmation_was_asked_for()
    world.reconcile(NOW + 60_000)
    assert world.run("confirmation").contact_id == contact_id(ADDRESS)
    assert list(world.executions.inputs) == [run.run_id]


def cut_off_when_a_confirmation_was_asked_for() -> tuple[World, Run]:
    world = cut_off_before_the_beginning_was_kept(ASKS)
    [name] = world.contact().runs
    run = Run(journey="confirmation", profile_id=ADA, entry="0")
    claim = Claim(run_id=name, send_id=run.send_id("ask"), at=NOW, kind="service", confirms=True)
    assert world.contacts.claim(contact_id(ADDRESS), claim) is None
    return world, run


def cut_off_before_the_beginning_was_kept(event: Event) -> World:
    for killed_at in crashes():
        world = World()
        world.fold(ADA, [event])
        with suppress(Crashed):
            world.reconcile(fuse=Fuse(killed_at))
        if world.executions.inputs and not world.runs.kept:
            return world
    raise AssertionError("there is no such moment")
