"""Erasures in the table: marks that tell nothing, what is held under an alias, and the taking away of it."""

import pytest

from homing.adapters.contacts import TableContacts
from homing.adapters.due import TableDue
from homing.adapters.erasure import TableErasures
from homing.adapters.ledger import TableRuns
from homing.adapters.open_sends import TableOpenSends
from homing.adapters.profiles import TableEvents, TableProfiles
from homing.adapters.table import Table
from homing.domain.events import Event
from homing.domain.ids import DUE_SHARDS, contact_id
from homing.domain.moments import DAY
from homing.domain.profile import Profile
from homing.domain.record import ProfileRecord
from homing.domain.rights import Erasure
from homing.domain.sends import Run, Send

NOON = 1_700_000_000_000
KEY = b"a key of at least 32 bytes, for tests"
ERASURE = Erasure(profile_id="ada", profiles=("ada", "phone"), contacts=("c1",))


@pytest.fixture
def erasures(table: Table) -> TableErasures:
    return TableErasures(table, lambda: KEY)


# Marks


def test_what_is_marked_is_erased_and_nothing_else(erasures: TableErasures) -> None:
    erasures.mark(["ada", "c1"], NOON)
    assert set(erasures.erased(["ada", "zoe", "c1"])) == {"ada", "c1"}
    assert set(erasures.erased([])) == set()


def test_a_mark_holds_neither_the_id_nor_anything_made_of_it_without_the_key(table: Table) -> None:
    TableErasures(table, lambda: KEY).mark(["ada"], NOON)
    items, _ = table.scan(["ERASED"])
    assert "ada" not in str(items)
    assert items[0].keys() == {"pk", "sk", "at"}
    assert set(TableErasures(table, lambda: b"another key").erased(["ada"])) == set()


def test_marking_again_keeps_the_first_moment(table: Table, erasures: TableErasures) -> None:
    erasures.mark(["ada"], NOON)
    erasures.mark(["ada", "phone"], NOON + DAY)
    items, _ = table.scan(["ERASED"])
    assert sorted(item["at"]["N"] for item in items) == [str(NOON), str(NOON + DAY)]


def test_who_is_let_in_again_is_marked_no_more(erasures: TableErasures) -> None:
    erasures.mark(["ada", "c1"], NOON)
    for _ in range(2):
        erasures.unmark(["ada", "zoe"])
    assert set(erasures.erased(["ada", "c1"])) == {"c1"}


# What is under way


def test_an_erasure_is_under_way_until_it_is_forgotten(erasures: TableErasures) -> None:
    erasures.keep(ERASURE)
    again = ERASURE.model_copy(update={"cleared_at": NOON})
    erasures.keep(again)
    assert erasures.under_way() == [again]
    for _ in range(2):
        erasures.forget(again)
    assert erasures.under_way() == []


# What is held, and goes


def test_what_is_held_names_histories_addresses_and_runs(table: Table, erasures: TableErasures) -> None:
    events = TableEvents(table)
    facts = Profile(user_id="u", anonymous=("phone",), traits={"email": (NOON, "New@shop.example")})
    TableProfiles(table).save(ProfileRecord(profile_id="ada", facts=facts))
    events.put(Event(message_id="m", type="identify", about="ada", at=NOON, traits={"email": "old@shop.example"}), NOON)
    run = Run(journey="welcome", profile_id="ada", entry="once", contact_id="of-a-run", started_at=NOON)
    TableRuns(table).begin(run)
    TableProfiles(table).note_address("ada", "of-long-ago")
    held = erasures.held("ada")
    assert held.aliases == {"phone"}
    assert held.contacts == {contact_id("new@shop.example"), contact_id("old@shop.example"), "of-a-run", "of-long-ago"}
    assert held.runs == {run.run_id}
    assert held.kinds == {"PROFILE": 1, "EVENT": 1, "RUN": 1, "ADDRESS": 1}


def test_a_closed_history_leads_to_the_one_that_it_is_part_of(table: Table, erasures: TableErasures) -> None:
    TableProfiles(table).save(ProfileRecord(profile_id="phone", joined_to="ada"))
    assert erasures.held("phone").aliases == {"ada"}


def test_what_was_held_goes_and_what_was_written_since_stays(table: Table, erasures: TableErasures) -> None:
    profiles = TableProfiles(table)
    profiles.note_address("ada", "c1")
    profiles.note_address("zoe", "c1")
    held = erasures.held("ada")
    profiles.note_address("ada", "c2")
    erasures.clear(held)
    assert erasures.held("ada").contacts == {"c2"}
    assert erasures.held("zoe").contacts == {"c1"}


def test_a_contact_goes_whole(table: Table, erasures: TableErasures) -> None:
    contacts = TableContacts(table)
    contacts.note_consent("c1", "ada", granted=True, at=NOON)
    for _ in range(2):
        erasures.clear_contact("c1")
    assert contacts.load("c1") is None


def test_looks_and_open_mails_go_by_their_profile(table: Table, erasures: TableErasures) -> None:
    due, mails = TableDue(table), TableOpenSends(table)
    names = ["ada", "phone", "zoe", *"abcdefgh"]
    due.arm([(NOON + number * DAY, name) for name in names for number in range(3)])
    for name in names:
        mails.note(_send(name), "c")
    erasures.clear_looks(["ada", "phone"])
    shards = range(DUE_SHARDS)
    assert {look[1] for shard in shards for look in due.until(shard, NOON + 9 * DAY, 100)} == {*names} - {
        "ada",
        "phone",
    }
    assert {mail.send.profile_id for shard in shards for mail in mails.until(shard, NOON + 9 * DAY, 100)} == {
        *names
    } - {"ada", "phone"}


def test_more_than_a_page_and_a_batch_of_items_goes(table: Table, erasures: TableErasures) -> None:
    for number in range(60):
        TableProfiles(table).note_address("ada", f"c{number}")
    erasures.clear(erasures.held("ada"))
    assert erasures.held("ada").items == ()


def _send(profile_id: str) -> Send:
    return Send(
        send_id=f"s-{profile_id}",
        run_id="r",
        profile_id=profile_id,
        journey="cart",
        step="reminder",
        template="cart-reminder",
        at=NOON,
        outcome="unknown",
    )
