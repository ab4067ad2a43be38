"""A shopper's requests: noted once, for the person as they are known by now, and seen while they wait."""

from homing.domain.moments import DAY, HOUR
from homing.domain.record import ProfileRecord
from homing.domain.rights import Request
from homing.usecases.requests import ask, days_waited
from tests.fakes.ports import FakeProfiles, FakeRequests

NOON = 1_700_000_000_000


def test_a_request_is_noted_for_the_profile_that_a_history_has_become_part_of() -> None:
    profiles, requests = FakeProfiles(), FakeRequests()
    profiles.save(ProfileRecord(profile_id="browser", joined_to="ada"))
    profiles.save(ProfileRecord(profile_id="ada"))
    assert ask("data", "browser", requests=requests, profiles=profiles, now=NOON)
    assert requests.open() == [Request("data", "ada", NOON)]


def test_nothing_is_noted_of_somebody_of_whom_nothing_is_held() -> None:
    requests = FakeRequests()
    assert not ask("erasure", "gone", requests=requests, profiles=FakeProfiles(), now=NOON)
    assert requests.open() == []


def test_the_oldest_request_tells_how_long_shoppers_wait() -> None:
    requests = FakeRequests()
    assert days_waited(requests, NOON) == 0
    requests.note("data", "ada", NOON - 3 * DAY - HOUR)
    requests.note("erasure", "ada", NOON - DAY)
    assert days_waited(requests, NOON) == 3
