"""The ledger: a run begins and ends once, and of a send only what is unknown may still change."""

from typing import get_args

import pytest

from homing.adapters.ledger import KEEP, TableRuns, TableSends
from homing.adapters.table import Table
from homing.domain.moments import SECOND
from homing.domain.sends import Outcome, Run, Send

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


def test_runs_and_sends_stand_in_their_profiles_partition_and_expire(table: Table) -> None:
    TableRuns(table).begin(RUN)
    TableSends(table).record(SEND)
    items = table.first("P#p", "~", 10)
    assert [item["sk"]["S"] for item in items] == [f"RUN#cart#{RUN.entry}", "SEND#s"]
    assert {item["expires_at"]["N"] for item in items} == {str((NOON + KEEP) // SECOND)}
