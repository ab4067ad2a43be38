"""The account at SES: the pace keeps to it, the brake protects it, and its suppression list is ours."""

from dataclasses import dataclass, field

import pytest

from homing.domain.moments import DAY, HOUR, MINUTE
from homing.domain.permit import Contact
from homing.domain.reputation import Statistics
from homing.ports import NoSlot, Quota, Slot
from homing.usecases.account import OVERLAP, AccountKeeper, Looked
from tests.fakes.crashes import Crashed, Fuse
from tests.fakes.ports import FakeAccount, FakeContacts, FakePace

NOON = 1_700_000_000_000


@dataclass
class Office:
    """Who looks at the account, and over what."""

    account: FakeAccount = field(default_factory=FakeAccount)
    pace: FakePace = field(default_factory=FakePace)
    contacts: FakeContacts = field(default_factory=FakeContacts)

    def __post_init__(self) -> None:
        for name in ("c1", "c2"):
            self.contacts.contacts[name] = Contact(contact_id=name)

    def look(self, now: int = NOON, fuse: Fuse | None = None) -> Looked:
        fuse = fuse or Fuse()
        keeper = AccountKeeper(fuse.guard(self.account), fuse.guard(self.pace), fuse.guard(self.contacts))
        return keeper.look(now)

    @property
    def suppressed(self) -> dict[str, str | None]:
        return {name: contact.suppressed for name, contact in self.contacts.contacts.items()}


def test_the_pace_keeps_to_what_ses_allows() -> None:
    office = Office(FakeAccount(allowed=Quota(10.0, 1)))
    assert office.look() == Looked(None, 0)
    assert office.pace.reserve(NOON, marketing=True) == Slot(NOON)
    assert office.pace.reserve(NOON, marketing=True) == NoSlot("quota", NOON + 15 * MINUTE)


def test_the_brake_goes_on_by_itself_and_off_only_by_a_person() -> None:
    office = Office(FakeAccount(counted=[Statistics(NOON - HOUR, 100, 50, 0)]))
    reason = "50 of the latest 100 mails bounced"
    assert office.look().brake == reason
    office.account.counted = []
    assert office.look(NOON + DAY).brake == reason
    assert office.pace.state.brake == reason
    office.pace.release(NOON + DAY)
    assert office.look(NOON + DAY).brake is None


def test_what_was_counted_before_the_release_does_not_brake_again() -> None:
    office = Office(FakeAccount(counted=[Statistics(NOON - HOUR, 100, 50, 0)]))
    office.look()
    office.pace.release(NOON)
    assert office.look(NOON + MINUTE).brake is None
    office.account.counted.append(Statistics(NOON, 100, 50, 0))
    assert office.look(NOON + HOUR).brake is not None


def test_the_suppression_list_is_taken_over_once_a_day_and_from_where_it_was_left() -> None:
    office = Office(FakeAccount(listed=[("c1", "bounced"), ("c2", "complained"), ("nobody", "bounced")]))
    assert [office.look(NOON + hours * HOUR).mirrored for hours in (0, 1, 23, 24, 25)] == [3, 0, 0, 3, 0]
    assert office.account.asked == [0, NOON - OVERLAP]
    assert office.suppressed == {"c1": "bounced", "c2": "complained"}


@pytest.mark.parametrize("killed_at", range(1, 19))
def test_a_look_that_was_cut_off_is_made_up_for_by_the_next(killed_at: int) -> None:
    counted = [Statistics(NOON - HOUR, 100, 50, 0)]
    office = Office(FakeAccount(counted=counted, listed=[("c1", "bounced"), ("c2", "complained")]))
    with pytest.raises(Crashed):
        office.look(fuse=Fuse(killed_at))
    office.look(NOON + 15 * MINUTE)
    assert office.suppressed == {"c1": "bounced", "c2": "complained"}
    assert office.pace.state.brake is not None
