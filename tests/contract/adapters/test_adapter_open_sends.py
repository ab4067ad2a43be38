"""The open mails: none is overlooked, and each is looked at in its turn. On the table and on the fake alike."""

import pytest

from homing.adapters.open_sends import TableOpenSends
from homing.adapters.table import Table
from homing.domain.ids import due_shard
from homing.domain.moments import DAY
from homing.domain.sends import SETTLES_WITHIN, OpenSend
from homing.ports import OpenSends
from tests.fakes.ports import FakeOpenSends
from tests.fakes.sends import in_doubt

NOON = 1_700_000_000_000
SEND = in_doubt(at=NOON)
SHARD = due_shard("p")
LOOK_AT = NOON + SETTLES_WITHIN
OPEN = OpenSend(send=SEND, contact_id="c", look_at=LOOK_AT)


@pytest.fixture(params=["table", "fake"])
def open_sends(request: pytest.FixtureRequest, table: Table) -> OpenSends:
    return TableOpenSends(table) if request.param == "table" else FakeOpenSends()


def test_an_open_mail_is_looked_at_once_it_should_have_been_settled_and_not_before(open_sends: OpenSends) -> None:
    open_sends.note(SEND, "c")
    assert open_sends.until(SHARD, LOOK_AT - 1, 10) == []
    assert open_sends.until(SHARD, LOOK_AT, 10) == [OPEN]
    assert open_sends.until(SHARD, LOOK_AT + DAY, 10) == [OPEN]


def test_a_mail_is_found_in_its_profiles_shard_alone(open_sends: OpenSends) -> None:
    other = next(name for name in "qrstuv" if due_shard(name) != SHARD)
    open_sends.note(SEND, "c")
    assert open_sends.until(due_shard(other), LOOK_AT, 10) == []


def test_each_attempt_at_a_mail_is_looked_at(open_sends: OpenSends) -> None:
    again = SEND.model_copy(update={"at": NOON + 1})
    for send in (again, SEND, SEND):
        open_sends.note(send, "c")
    assert [entry.send for entry in open_sends.until(SHARD, LOOK_AT + 1, 10)] == [SEND, again]


def test_the_first_to_be_looked_at_come_first_up_to_the_limit(open_sends: OpenSends) -> None:
    for number in (3, 1, 2):
        open_sends.note(SEND.model_copy(update={"send_id": f"s{number}", "at": NOON + number}), "c")
    assert [entry.send.send_id for entry in open_sends.until(SHARD, LOOK_AT + 9, 2)] == ["s1", "s2"]


def test_what_is_put_off_is_looked_at_then(open_sends: OpenSends) -> None:
    open_sends.note(SEND, "c")
    open_sends.put_off([OPEN], LOOK_AT + DAY)
    assert open_sends.until(SHARD, LOOK_AT + DAY - 1, 10) == []
    assert open_sends.until(SHARD, LOOK_AT + DAY, 10) == [OPEN.model_copy(update={"look_at": LOOK_AT + DAY})]


def test_closing_twice_is_as_once_and_leaves_the_others(open_sends: OpenSends) -> None:
    other = SEND.model_copy(update={"send_id": "t"})
    for send in (SEND, other):
        open_sends.note(send, "c")
    for _ in range(2):
        open_sends.close([OPEN])
    assert [entry.send for entry in open_sends.until(SHARD, LOOK_AT, 10)] == [other]
