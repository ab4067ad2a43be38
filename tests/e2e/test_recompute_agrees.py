"""Looking at what changes gives the memberships that looking at everything would: `bench/recompute_agrees.py`."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import boto3
import pytest
from typer.testing import CliRunner

from bench.recompute_agrees import Watcher, app, random_moments, repeated, shuffled
from homing.adapters.due import TableDue
from homing.adapters.profiles import TableProfiles
from homing.adapters.table import Table
from homing.domain.moments import DAY
from homing.domain.record import ProfileRecord
from local.cloud import Cloud
from local.simulation import Inputs, read_lines, simulate
from local.simulation.recorder import Recorder

if TYPE_CHECKING:
    from tests.e2e.conftest import Outcome

Fault = Callable[[Table, ProfileRecord], None]


def test_stored_memberships_are_those_of_a_full_recompute_at_fifty_random_moments(outcome: "Outcome") -> None:
    watcher = outcome.watcher
    assert watcher.looks == 50
    assert watcher.profiles > 500
    assert watcher.memberships > 500
    assert watcher.differences == []


def test_so_they_are_where_every_message_comes_twice_and_in_its_neighbours_place(
    few_lines: list[str], tmp_path: Path
) -> None:
    inputs = _inputs(few_lines)
    inputs.messages = repeated(shuffled(inputs.messages))
    watcher = Watcher(random_moments(inputs, times=50, seed=1))
    simulate(inputs, tmp_path, watch=watcher)
    assert watcher.looks == 50
    assert watcher.memberships > 100
    assert watcher.differences == []


def test_messages_in_their_neighbours_place_are_the_same_messages(few_lines: list[str]) -> None:
    messages = _inputs(few_lines).messages
    turned = shuffled(messages)
    assert [message.at for message in turned] == [message.at for message in messages]
    assert turned != messages
    assert sorted(message.text for message in turned) == sorted(message.text for message in messages)


def _a_membership_too_many(table: Table, record: ProfileRecord) -> None:
    TableProfiles(table).save(record.model_copy(update={"segments": {**record.segments, "loyal": 0}}))


def _a_membership_too_few(table: Table, record: ProfileRecord) -> None:
    TableProfiles(table).save(record.model_copy(update={"segments": {}}))


def _armed_too_late(table: Table, record: ProfileRecord) -> None:
    late = (record.due_at or 0) + 400 * DAY
    TableDue(table).arm([(late, record.profile_id)])
    TableProfiles(table).save(record.model_copy(update={"due_at": late}))


def _not_in_the_index(table: Table, record: ProfileRecord) -> None:
    TableDue(table).disarm([(record.due_at or 0, record.profile_id)])


FAULTS = (_a_membership_too_many, _a_membership_too_few, _armed_too_late, _not_in_the_index)


@pytest.fixture(scope="module")
def gone_wrong(few_lines: list[str], tmp_path_factory: pytest.TempPathFactory) -> tuple[list[str], set[str]]:
    """One simulation in which a record of its own goes wrong by each of the faults: their ids, and those found."""
    inputs = _inputs(few_lines[:50])
    end = inputs.messages[-1].at
    watcher = Watcher([end + 1])
    spoiled: list[str] = []

    def watch(cloud: Cloud, recorder: Recorder) -> None:
        def go_wrong() -> None:
            sound = [record for record in recorder.profiles() if record.segments and record.due_at is not None]
            table = Table(boto3.client("dynamodb"), cloud.physical_id("Table"))
            for fault, record in zip(FAULTS, sound, strict=False):
                spoiled.append(record.profile_id)
                fault(table, record)

        cloud.timers.call_at(end, go_wrong)
        watcher(cloud, recorder)

    simulate(inputs, tmp_path_factory.mktemp("gone-wrong"), until=end + 2, watch=watch)
    assert watcher.looks == 1
    return spoiled, {difference.profile_id for difference in watcher.differences}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_record_that_has_gone_wrong_is_found(gone_wrong: tuple[list[str], set[str]], fault: Fault) -> None:
    spoiled, found = gone_wrong
    assert spoiled[FAULTS.index(fault)] in found


def test_a_record_that_has_not_gone_wrong_is_not_found(gone_wrong: tuple[list[str], set[str]]) -> None:
    spoiled, found = gone_wrong
    assert found <= set(spoiled)


def test_the_command_tells_what_it_compared(few_lines: list[str], tmp_path: Path) -> None:
    events = tmp_path / "events.jsonl"
    events.write_text("\n".join(few_lines[:10]), encoding="utf-8")
    told = CliRunner().invoke(app, [str(events), "--times", "5", "--repeat", "--shuffle"])
    assert told.exit_code == 0, told.output
    assert "profiles compared at 5 moments" in told.stdout
    assert CliRunner().invoke(app, [str(tmp_path / "gone.jsonl")]).exit_code == 2


def _inputs(lines: list[str]) -> Inputs:
    inputs = Inputs()
    read_lines(inputs, lines, "sample shop")
    inputs.messages.sort()
    return inputs
