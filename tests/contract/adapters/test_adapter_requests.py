"""What shoppers have asked for, in the table and in the fake: one suite for both."""

import pytest

from homing.adapters.requests import TableRequests
from homing.adapters.table import Table
from homing.domain.rights import Request
from homing.ports import Requests
from tests.fakes.ports import FakeRequests

NOON = 1_700_000_000_000


@pytest.fixture(params=["table", "fake"])
def requests(request: pytest.FixtureRequest, table: Table) -> Requests:
    return TableRequests(table) if request.param == "table" else FakeRequests()


def test_what_is_asked_for_is_open_the_oldest_first(requests: Requests) -> None:
    requests.note("data", "ada", NOON + 1)
    requests.note("erasure", "zoe", NOON)
    assert requests.open() == [Request("erasure", "zoe", NOON), Request("data", "ada", NOON + 1)]


def test_asking_again_does_not_move_the_first_moment(requests: Requests) -> None:
    requests.note("data", "ada", NOON)
    requests.note("data", "ada", NOON + 5)
    assert requests.open() == [Request("data", "ada", NOON)]


def test_the_two_rights_are_answered_one_by_one(requests: Requests) -> None:
    requests.note("data", "ada", NOON)
    requests.note("erasure", "ada", NOON)
    for _ in range(2):
        requests.close("data", "ada")
    assert requests.open() == [Request("erasure", "ada", NOON)]
