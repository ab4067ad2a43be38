"""Erasing somebody: everything goes, wherever it is cut off; what comes late brings nobody back."""

from collections.abc import Callable, Iterator
from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from homing.domain.events import Event
from homing.domain.ids import alias_id, contact_id
from homing.domain.moments import DAY, HOUR, format_moment
from homing.domain.permit import SkipReason
from homing.domain.sends import Run
from homing.domain.unsubscribe import Subscriber
from homing.errors import RunEnded
from homing.usecases.erase import LET_OTHERS_FINISH, wait_before_finish
from homing.usecases.requests import ask
from homing.usecases.unsubscribe import unsubscribe
from tests.fakes.crashes import Crashed, Fuse
from tests.fakes.erased import ALL, CONTACT, FORMER, PHONE, ZOE, erase, hear, lived, tells, traces
from tests.fakes.stories import NOW, bought, happened, put_in_cart, signed_up, withdrew
from tests.fakes.world import ADA, ADDRESS, World

# What goes


def test_nothing_is_left_but_marks_and_other_people() -> None:
    world = lived()
    assert traces(world, ALL)
    erase(world)
    assert traces(world, ALL) == []
    assert set(world.erasures.marks) == set(ALL)
    assert traces(world, [ZOE])


def test_an_erasure_is_found_by_any_of_the_names_and_finds_all_of_them() -> None:
    for name in (ADA, PHONE):
        erasure, kinds = lived().eraser().find(name)
        assert erasure.ids == {*ALL}
        assert kinds["PROFILE"] == 2
        assert kinds["CONTACT"] == 2


def test_an_address_of_which_no_event_and_no_run_tells_any_more_goes_too() -> None:
    """Events are kept for 400 days, runs for 800, contacts for ever."""
    world = lived()
    world.events.kept.clear()
    world.runs.kept.clear()
    assert contact_id(FORMER) in world.contacts.contacts
    erase(world)
    assert contact_id(FORMER) not in world.contacts.contacts
    assert traces(world, ALL) == []


def test_looking_for_what_will_go_changes_nothing() -> None:
    world = lived()
    before = traces(world, [*ALL, ZOE])
    world.eraser().find(ADA)
    assert traces(world, [*ALL, ZOE]) == before
    assert world.erasures.marks == {}


def test_the_runs_of_the_erased_are_stopped() -> None:
    world = lived()
    assert world.running
    erase(world)
    assert {journey for journey in world.running if world.executions.inputs} == {"welcome"}  # Zoe's
    assert all(reason == "erased" for reason in world.executions.stopped.values())


def test_an_erasure_that_is_cut_off_anywhere_and_made_again_leaves_nothing() -> None:
    for fuse in fuses():
        world = lived()
        with suppress(Crashed):
            erase(world, fuse=fuse)
        if not set(world.erasures.marks) or traces(world, ALL):
            erase(world)
        assert traces(world, ALL) == [], fuse.kills_at
        assert set(world.erasures.marks) == set(ALL), fuse.kills_at


def fuses() -> Iterator[Fuse]:
    """One for each call of an erasure, and one that never burns."""
    whole = Fuse()
    erase(lived(), fuse=whole)
    assert whole.burns > 40
    yield from (Fuse(kills_at) for kills_at in range(1, whole.burns + 1))
    yield Fuse()


def test_from_the_first_mark_on_no_mail_goes_to_the_erased() -> None:
    """Wherever the erasure is cut off, the contact is suppressed or gone."""
    for fuse in fuses():
        world = lived()
        with suppress(Crashed):
            erase(world, fuse=fuse)
        if world.erasures.marks:
            world.reconcile()
            contact = world.contacts.load(CONTACT)
            assert contact is None or contact.suppressed == "erased", fuse.kills_at


def test_an_erasure_is_not_finished_before_others_have_come_to_their_end() -> None:
    world = lived()
    begun = world.eraser().begin(world.eraser().find(ADA)[0], NOW)
    assert wait_before_finish(begun, NOW + 1) == LET_OTHERS_FINISH - 1
    with pytest.raises(ValueError, match="others"):
        world.eraser().finish(begun, NOW + LET_OTHERS_FINISH - 1)
    with pytest.raises(ValueError, match="first end"):
        wait_before_finish(world.eraser().find(ADA)[0], NOW)


def test_what_was_under_way_meanwhile_goes_with_the_second_pass() -> None:
    """A function that read before the marks were there writes all it knows, with another address among it."""
    world = lived()
    begun = world.eraser().begin(world.eraser().find(ADA)[0], NOW)
    marks, world.erasures.marks = world.erasures.marks, {}
    hear(world, signed_up(NOW, "third@example.com"))
    world.erasures.marks |= marks
    world.eraser().finish(begun, NOW + LET_OTHERS_FINISH)
    third = contact_id("third@example.com")
    assert traces(world, [*ALL, third]) == []
    assert third in world.erasures.marks


# What comes late


LATE: dict[str, Callable[[], Event]] = {
    "the same user": lambda: signed_up(NOW + DAY),
    "the same user with an order": lambda: bought(NOW + DAY),
    "the same browser": lambda: happened("Product Viewed", NOW + DAY, user=None, anonymous_id="phone"),
    "a new name with the address": lambda: signed_up(NOW + DAY, user="ada2"),
    "a new browser with the address": lambda: signed_up(NOW + DAY, user=None, anonymous_id="tablet"),
    "the address in capitals": lambda: signed_up(NOW + DAY, ADDRESS.upper(), user="ada2"),
    "the former address": lambda: signed_up(NOW + DAY, FORMER, user="ada2"),
    "another's order with the address": lambda: bought(NOW + DAY, user="zoe", traits={"email": ADDRESS}),
    "another on the same browser": lambda: put_in_cart(NOW + DAY, user="zoe", anonymous_id="phone"),
    "a withdrawal of another name": lambda: withdrew(NOW + DAY, user="ada2", traits={"email": ADDRESS}),
    "told by Homing itself": lambda: withdrew(NOW + DAY, user=None, about=ADA),
    "an old event": lambda: signed_up(NOW - 9 * DAY, FORMER),
}


@pytest.mark.parametrize("late", LATE.values(), ids=LATE.keys())
def test_no_late_event_brings_the_person_back(late: Callable[[], Event]) -> None:
    world = lived()
    erase(world)
    hear(world, late())
    world.look_again(NOW + 2 * DAY)
    assert traces(world, ALL) == []
    assert tells(world, ADDRESS, FORMER) == set()


def ses_tells(kind: str, **told: object) -> Callable[[World, Run], object]:
    """SES's late word about a mail of the run."""

    def tell(world: World, run: Run) -> object:
        tags = {"send_id": [run.send_id("greeting")], "run_id": [run.run_id], "profile_id": [run.profile_id]}
        tags |= {"journey": ["welcome"], "step": ["greeting"], "template": ["welcome-greeting"]}
        at = format_moment(NOW)
        mail = {"messageId": "m-1", "timestamp": at, "destination": [FORMER], "tags": tags}
        member = kind[0].lower() + kind[1:]
        return world.feedback().take({"eventType": kind, "mail": mail, member: {"timestamp": at, **told}}, NOW + DAY)

    return tell


def look_with_an_old_index(world: World, _run: Run) -> object:
    world.due.arm([(NOW, ADA), (NOW, PHONE)])
    return world.look_again(NOW + DAY)


def finish(status: str) -> Callable[[World, Run], object]:
    return lambda world, run: world.finisher().finish(run, {"status": status, "error": "late"}, NOW + DAY)


def send(world: World, run: Run) -> None:
    with pytest.raises(RunEnded):
        world.send(run, "favourites", NOW + DAY)


WRITERS: dict[str, Callable[[World, Run], object]] = {
    "ses has sent": ses_tells("Send"),
    "ses has delivered": ses_tells("Delivery", recipients=[FORMER]),
    "an open": ses_tells("Open"),
    "a click": ses_tells("Click"),
    "a bounce": ses_tells("Bounce", bounceType="Permanent", bouncedRecipients=[{"emailAddress": FORMER}]),
    "a soft bounce": ses_tells("Bounce", bounceType="Transient", bouncedRecipients=[{"emailAddress": FORMER}]),
    "a complaint": ses_tells("Complaint", complainedRecipients=[{"emailAddress": FORMER}]),
    "a step that comes due": send,
    "an execution that was stopped": finish("ABORTED"),
    "an execution that ended": finish("SUCCEEDED"),
    "an execution that failed": finish("FAILED"),
    "the scheduled look": look_with_an_old_index,
    "an unsubscription": lambda world, run: unsubscribe(
        Subscriber(contact_id(FORMER), run.profile_id),
        profiles=world.profiles,
        contacts=world.contacts,
        events=world.events,
        now=NOW + DAY,
    ),
    "a request": lambda world, run: ask(
        "data", run.profile_id, requests=world.requests, profiles=world.profiles, now=NOW + DAY
    ),
    "a suppression": lambda world, _run: world.contacts.suppress(CONTACT, "complained"),
}


@pytest.mark.parametrize("write", WRITERS.values(), ids=WRITERS.keys())
def test_no_late_writer_writes_of_the_person(write: Callable[[World, Run], object]) -> None:
    world = lived()
    run = world.run("welcome")
    erase(world)
    write(world, run)
    late = [event for (alias, _), (event, _) in world.events.kept.items() if alias in ALL]
    for event in late:
        world.tell(event)
    assert traces(world, ALL) == []
    assert world.mailer.asked == 1


def test_an_old_image_in_the_stream_starts_no_run() -> None:
    world = lived()
    old = world.record()
    erase(world)
    started = set(world.executions.inputs)
    assert world.enroller().reconcile(old, None, NOW + DAY) == []
    assert set(world.executions.inputs) == started
    assert traces(world, ALL) == []


def test_another_who_shares_a_browser_goes_on_as_before() -> None:
    world = lived()
    erase(world)
    hear(world, put_in_cart(NOW + DAY, user="zoe", anonymous_id="phone"))
    assert world.record(ZOE).facts.cart.size == 1
    assert world.record(ZOE).facts.trait("email") == "zoe@example.com"


def test_an_address_that_two_accounts_share_gets_no_mail_for_the_other_either() -> None:
    world = lived()
    hear(world, signed_up(NOW, ADDRESS, user="ada2"))
    erase(world)
    hear(world, happened(at=NOW + DAY, user="ada2", consent={"marketing": True}))
    world.look_again(NOW + 2 * DAY)
    assert world.contacts.load(CONTACT) is None


def test_who_shares_an_address_is_named_before_anything_goes() -> None:
    world = lived()
    hear(world, signed_up(NOW, ADDRESS, user="ada2"), put_in_cart(NOW - HOUR, user="ada2"))
    world.contacts.add_run(CONTACT, "cart-another-1", alias_id("user", "ada2"))
    eraser = world.eraser()
    assert eraser.neighbours(eraser.find(ADA)[0]) == [alias_id("user", "ada2")]


happenings = st.sampled_from(sorted(LATE))


@settings(max_examples=40, deadline=None)
@given(before=st.lists(happenings, max_size=3), after=st.lists(happenings, max_size=4))
def test_no_order_of_events_before_and_after_an_erasure_leaves_a_trace(before: list[str], after: list[str]) -> None:
    """Of other people's accounts those keep the address that had it before."""
    world = lived()
    hear(world, *(LATE[name]() for name in before))
    erasure = erase(world)
    others = tells(world, ADDRESS, FORMER)
    hear(world, *(LATE[name]() for name in after))
    world.look_again(NOW + 3 * DAY)
    assert traces(world, erasure.ids) == []
    assert tells(world, ADDRESS, FORMER) == others


# What it costs


def test_marks_are_asked_for_only_where_something_is_new() -> None:
    world = World()
    hear(world, signed_up(NOW - DAY))
    asked = world.erasures.asked
    hear(world, put_in_cart(NOW - 2 * HOUR), bought(NOW), signed_up(NOW + 1), withdrew(NOW + 2))
    assert world.erasures.asked == asked


def test_the_reasons_for_withholding_know_of_no_erasure() -> None:
    """An erased contact is suppressed like any other: nothing in the ledger tells that somebody was erased."""
    assert "erased" not in SkipReason.__args__  # type: ignore[attr-defined] # a Literal's words
