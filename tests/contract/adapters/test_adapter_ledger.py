"""The ledger: a run begins and ends once, and of a send only what is unknown may still change."""

from collections.abc import Callable
from typing import get_args

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from homing.adapters.ledger import KEEP, TableRuns, TableSends
from homing.adapters.table import Table, number, text
from homing.domain.moments import SECOND
from homing.domain.sends import Delivery, Outcome, Run, Send
from homing.ports import Sends
from tests.fakes.ports import FakeSends

NOON = 1_700_000_000_000
RUN = Run(journey="cart", profile_id="p", entry="1699999000000", contact_id="c", started_at=NOON)
SEND = Send(
    send_id="s",
    run_id=RUN.run_id,
    profile_id="p",
    journey="cart",
    step="reminder",
    template="cart-reminder",
    at=NOON,
    outcome="sent",
    subject="Ada, your 🫖 is waiting",
    message_id="0107018f-000000",
)
FINAL: list[Outcome] = [outcome for outcome in get_args(Outcome) if outcome != "unknown"]


@pytest.fixture
def runs(table: Table) -> TableRuns:
    return TableRuns(table)


@pytest.fixture
def sends(table: Table) -> TableSends:
    return TableSends(table)


@pytest.fixture(params=["table", "fake"])
def both(request: pytest.FixtureRequest, table: Table) -> Sends:
    return TableSends(table) if request.param == "table" else FakeSends()


# Versions


def test_what_a_later_version_has_added_hinders_no_earlier_one(
    runs: TableRuns, sends: TableSends, table: Table
) -> None:
    runs.begin(RUN)
    sends.record(SEND)
    for sk in (f"RUN#{RUN.journey}#{RUN.entry}", f"SEND#{SEND.send_id}"):
        added = {":word": text("of a later version"), ":number": number(7)}
        table.update("P#p", sk, "SET later = :word, later_at = :number", values=added)
    assert runs.load(RUN) == RUN
    assert sends.load("p", SEND.send_id) == SEND


# Runs


def test_a_run_reads_back_as_it_began(runs: TableRuns) -> None:
    assert runs.load(RUN) is None
    runs.begin(RUN)
    assert runs.load(RUN) == RUN


def test_a_run_is_found_by_profile_journey_and_entry_alone(runs: TableRuns) -> None:
    runs.begin(RUN)
    assert runs.load(Run(journey="cart", profile_id="p", entry=RUN.entry)) == RUN
    others = [{"journey": "welcome"}, {"profile_id": "q"}, {"entry": "2"}]
    assert [runs.load(RUN.model_copy(update=other)) for other in others] == [None, None, None]


def test_a_run_begins_once(runs: TableRuns) -> None:
    runs.begin(RUN)
    runs.begin(RUN.model_copy(update={"started_at": NOON + 1}))
    assert runs.load(RUN) == RUN


def test_a_run_ends_once(runs: TableRuns) -> None:
    ended = RUN.model_copy(update={"ended": "exited", "reason": "ordered", "ended_at": NOON + 5})
    runs.begin(RUN)
    runs.end(ended)
    runs.end(RUN.model_copy(update={"ended": "completed", "ended_at": NOON + 9}))
    assert runs.load(RUN) == ended


def test_beginning_again_does_not_undo_the_end(runs: TableRuns) -> None:
    ended = RUN.model_copy(update={"ended": "completed", "ended_at": NOON + 5})
    runs.begin(RUN)
    runs.end(ended)
    runs.begin(RUN)
    assert runs.load(RUN) == ended


def test_a_run_may_end_before_its_beginning_is_kept(runs: TableRuns) -> None:
    runs.end(RUN.model_copy(update={"ended": "failed", "reason": "timed_out", "ended_at": NOON + 5}))
    runs.begin(RUN)
    kept = runs.load(RUN)
    assert kept is not None
    assert (kept.run_id, kept.ended, kept.reason, kept.ended_at) == (RUN.run_id, "failed", "timed_out", NOON + 5)


# Sends


@pytest.mark.parametrize("outcome", get_args(Outcome))
def test_an_entry_reads_back_as_it_was_recorded(sends: TableSends, outcome: Outcome) -> None:
    send = SEND.model_copy(update={"outcome": outcome, "reason": "because", "message_id": None})
    assert sends.load("p", "s") is None
    sends.record(send)
    assert sends.load("p", "s") == send
    assert sends.load("p", "another") is None
    assert sends.load("another", "s") is None


@pytest.mark.parametrize("outcome", FINAL)
@pytest.mark.parametrize("later", get_args(Outcome))
def test_a_final_entry_is_final(sends: TableSends, outcome: Outcome, later: Outcome) -> None:
    final = SEND.model_copy(update={"outcome": outcome})
    sends.record(final)
    sends.record(SEND.model_copy(update={"outcome": later, "at": NOON + 9, "reason": "later"}))
    assert sends.load("p", "s") == final


@pytest.mark.parametrize("later", FINAL)
def test_what_is_unknown_may_become_known(sends: TableSends, later: Outcome) -> None:
    sends.record(SEND.model_copy(update={"outcome": "unknown", "reason": "no_answer", "message_id": None}))
    known = SEND.model_copy(update={"outcome": later})
    sends.record(known)
    assert sends.load("p", "s") == known


@pytest.mark.parametrize("outcome", get_args(Outcome))
def test_the_word_of_ses_outweighs_every_other_and_the_first_stays(both: Sends, outcome: Outcome) -> None:
    recorded = SEND.model_copy(update={"outcome": outcome})
    both.record(recorded)
    for message_id in ("m1", "m2"):
        both.settle(SEND.model_copy(update={"message_id": message_id}))
    expected = recorded if outcome == "sent" else SEND.model_copy(update={"message_id": "m1"})
    assert both.load("p", "s") == expected
    both.record(SEND.model_copy(update={"outcome": "failed", "at": NOON + 9}))
    assert both.load("p", "s") == expected


def test_of_a_mail_that_is_not_in_the_ledger_nothing_is_kept(both: Sends) -> None:
    both.deliver("p", "s", "delivered", NOON)
    assert both.load("p", "s") is None


@settings(deadline=None)
@given(told=st.lists(st.tuples(st.sampled_from(get_args(Delivery)), st.integers(NOON, NOON + 2)), max_size=6))
def test_what_became_of_a_mail_is_what_outranks_the_rest_first_told_in_whatever_order(
    new_table: Callable[[], Table], told: list[tuple[Delivery, int]]
) -> None:
    expected = max(told, key=lambda each: (get_args(Delivery).index(each[0]), -each[1]), default=(None, None))
    for sends in (TableSends(new_table()), FakeSends()):
        sends.record(SEND)
        for delivery, at in told:
            sends.deliver("p", "s", delivery, at)
        kept = sends.load("p", "s")
        assert kept == SEND.model_copy(update={"delivery": expected[0], "delivery_at": expected[1]})


def test_the_entries_of_a_profile_are_its_own_and_all_of_them(both: Sends) -> None:
    entries = [SEND.model_copy(update={"send_id": f"s{number}", "subject": "long " * 9_000}) for number in range(30)]
    for send in (*entries, SEND.model_copy(update={"profile_id": "q"})):
        both.record(send)
    assert sorted(both.of_profile("p"), key=lambda send: send.send_id) == sorted(entries, key=lambda send: send.send_id)


def test_many_entries_are_read_at_once_each_by_its_own_key(both: Sends) -> None:
    entries = {f"s{number}": SEND.model_copy(update={"send_id": f"s{number}"}) for number in range(120)}
    for send in entries.values():
        both.record(send)
    keys = [("p", name) for name in (*entries, "s0", "another")] + [("q", "s1")]
    assert both.load_many(keys) == entries
    assert both.load_many([]) == {}


def test_runs_and_sends_stand_in_their_profiles_partition_and_expire(table: Table) -> None:
    TableRuns(table).begin(RUN)
    TableSends(table).record(SEND)
    items = table.first("P#p", "~", 10)
    assert [item["sk"]["S"] for item in items] == [f"RUN#cart#{RUN.entry}", "SEND#s"]
    assert {item["expires_at"]["N"] for item in items} == {str((NOON + KEEP) // SECOND)}
