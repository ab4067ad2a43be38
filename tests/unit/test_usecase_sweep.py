"""The sweep: of every mail that was about to go out, what came of it is known within an hour, or that nobody knows."""

from dataclasses import dataclass, field
from itertools import chain

import pytest

from homing.domain.ids import due_shard
from homing.domain.moments import DAY, HOUR, MINUTE
from homing.domain.permit import Contact
from homing.domain.sends import SETTLES_WITHIN, Delivery, Outcome, Send
from homing.usecases.sweep import Sweeper
from tests.fakes.crashes import Crashed, Fuse
from tests.fakes.ports import FakeContacts, FakeOpenSends, FakeSends
from tests.fakes.sends import in_doubt

NOON = 1_700_000_000_000
SHARD = due_shard("p")


@dataclass
class Office:
    """Who sweeps, and what there is. `counted` are the mails that whoever sweeps was told of."""

    open_sends: FakeOpenSends = field(default_factory=FakeOpenSends)
    sends: FakeSends = field(default_factory=FakeSends)
    contacts: FakeContacts = field(default_factory=FakeContacts)
    unknown: list[str] = field(default_factory=list)
    unsettled: list[str] = field(default_factory=list)

    def claim(self, number: int = 0, at: int = NOON, *, claimed: bool = True) -> Send:
        """An attempt at a mail, as the send function leaves it where it is killed."""
        send = in_doubt(f"s{number}", at=at)
        self.open_sends.note(send, "c")
        contact = self.contacts.contacts.setdefault("c", Contact(contact_id="c"))
        if claimed:
            self.contacts.contacts["c"] = contact.model_copy(update={"claims": {**contact.claims, send.send_id: at}})
        return send

    def tell(self, send: Send, outcome: Outcome, delivery: Delivery | None = None) -> None:
        self.sends.record(send.model_copy(update={"outcome": outcome, "reason": None, "delivery": delivery}))

    def sweep(self, now: int, fuse: Fuse | None = None, pages: int = 100) -> None:
        """Whoever sweeps has time for so many pages."""
        fuse, left = fuse or Fuse(), chain([10 * MINUTE] * pages, [MINUTE])
        sweeper = Sweeper(fuse.guard(self.open_sends), fuse.guard(self.sends), fuse.guard(self.contacts))
        for page in sweeper.sweep(SHARD, now, lambda: next(left)):
            self.unknown += [send.send_id for send in page.unknown]
            self.unsettled += [send.send_id for send in page.unsettled]


def test_a_mail_that_was_claimed_and_of_which_nobody_told_is_unknown_within_an_hour() -> None:
    office = Office()
    send = office.claim()
    office.sweep(NOON + SETTLES_WITHIN - 1)
    assert office.sends.kept == {}
    office.sweep(NOON + SETTLES_WITHIN + 15 * MINUTE)
    assert SETTLES_WITHIN + 15 * MINUTE < HOUR
    assert office.sends.kept == {"s0": send}
    assert office.unknown == ["s0"]
    assert office.open_sends.kept == {}


def test_a_mail_that_was_never_claimed_is_no_matter() -> None:
    office = Office()
    office.claim(claimed=False)
    office.sweep(NOON + HOUR)
    assert (office.sends.kept, office.unknown, office.open_sends.kept) == ({}, [], {})


def test_an_address_that_has_been_erased_meanwhile_is_no_matter() -> None:
    office = Office()
    office.claim()
    office.contacts.contacts.clear()
    office.sweep(NOON + HOUR)
    assert (office.sends.kept, office.unknown, office.open_sends.kept) == ({}, [], {})


def test_an_attempt_that_has_only_begun_is_left_to_its_own_look() -> None:
    office = Office()
    office.claim(claimed=False)
    again = office.claim(at=NOON + 39 * MINUTE)
    office.sweep(NOON + SETTLES_WITHIN)
    assert (office.sends.kept, office.unknown) == ({}, [])
    office.sweep(NOON + 39 * MINUTE + SETTLES_WITHIN)
    assert office.sends.kept == {"s0": again}


@pytest.mark.parametrize(
    ("outcome", "delivery"),
    [
        ("sent", "delivered"),
        ("sent", "bounced"),
        ("sent", "bounced_softly"),
        ("sent", "complained"),
        ("sent", "rejected"),
        ("failed", None),
        ("skipped", None),
    ],
)
def test_a_mail_of_which_the_end_is_known_needs_no_other_look(outcome: Outcome, delivery: Delivery | None) -> None:
    office = Office()
    office.tell(office.claim(), outcome, delivery)
    kept = dict(office.sends.kept)
    office.sweep(NOON + HOUR)
    assert (office.sends.kept, office.open_sends.kept) == (kept, {})
    assert (office.unknown, office.unsettled) == ([], [])


def test_a_mail_that_is_unknown_in_the_ledger_is_counted_if_ses_has_not_told_by_then() -> None:
    office = Office()
    for number in range(2):
        office.tell(office.claim(number), "unknown")
    office.sends.settle(office.sends.kept["s1"].model_copy(update={"outcome": "sent"}))
    office.sends.deliver("p", "s1", "delivered", NOON)
    kept = dict(office.sends.kept)
    for hours in range(30):
        office.sweep(NOON + hours * HOUR)
    assert office.unknown == ["s0"]
    assert (office.sends.kept, office.open_sends.kept) == (kept, {})


@pytest.mark.parametrize("delivery", [None, "delayed"])
def test_a_mail_of_whose_delivery_ses_does_not_tell_in_a_day_is_counted_once(delivery: Delivery | None) -> None:
    office = Office()
    office.tell(office.claim(), "sent", delivery)
    for hours in range(24):
        office.sweep(NOON + hours * HOUR)
    assert office.unsettled == []
    for hours in range(24, 100):
        office.sweep(NOON + hours * HOUR)
    assert office.unsettled == ["s0"]
    assert office.open_sends.kept == {}


def test_a_mail_of_which_ses_tells_late_but_tells_is_not_counted() -> None:
    office = Office()
    office.tell(office.claim(), "sent")
    office.sweep(NOON + HOUR)
    office.sends.deliver("p", "s0", "delivered", NOON + 14 * HOUR)
    office.sweep(NOON + DAY)
    assert (office.unsettled, office.open_sends.kept) == ([], {})


def test_all_that_is_open_is_looked_at_however_much_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("homing.usecases.sweep.PAGE", 3)
    office = Office()
    for number in range(10):
        send = office.claim(number)
        if number % 2:
            office.tell(send, "sent")
    office.sweep(NOON + HOUR)
    assert sorted(office.unknown) == ["s0", "s2", "s4", "s6", "s8"]
    office.sweep(NOON + DAY)
    assert sorted(office.unsettled) == ["s1", "s3", "s5", "s7", "s9"]
    assert office.open_sends.kept == {}


def test_a_sweep_that_runs_out_of_time_keeps_what_it_has_counted_and_the_next_one_goes_on(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("homing.usecases.sweep.PAGE", 3)
    office = Office()
    for number in range(10):
        office.claim(number)
    office.sweep(NOON + HOUR, pages=2)
    assert len(office.unknown) == len(office.sends.kept) == 6
    office.sweep(NOON + HOUR)
    assert sorted(office.unknown) == sorted(office.sends.kept) == [f"s{number}" for number in range(10)]


@pytest.mark.parametrize("killed_at", range(1, 15))
def test_a_sweep_that_was_cut_off_hides_no_mail(killed_at: int) -> None:
    office = Office()
    office.claim(0)
    office.tell(office.claim(1), "sent")
    office.tell(office.claim(2), "sent", "delivered")
    with pytest.raises(Crashed):
        office.sweep(NOON + HOUR, Fuse(killed_at))
    office.sweep(NOON + HOUR)
    office.sweep(NOON + DAY)
    assert office.sends.kept["s0"] == in_doubt("s0", at=NOON)
    assert (set(office.unknown), office.unsettled) == ({"s0"}, ["s1"])
    assert office.open_sends.kept == {}
