"""Whether looking at what changes gives what looking at everything gives: `python bench/recompute_agrees.py EVENTS...`.

Runs `homing simulate` on the messages and stops at random virtual moments. At each, every profile's stored memberships,
which came about event by event and moment by moment, are compared with those that its facts give when they are
evaluated from scratch with the rules and figures that count; and the moment for which the profile is armed must be in
the due index, and no later than the next change (the index alone knows it where the profile's own is over). A moment
amid a recompute, while profiles are still brought up to date, is put off until the recompute is done.

Exit status: 0 where all agree, 1 where anything differs, 2 where a file cannot be read.
"""

import time
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from typing import Annotated, Any, NamedTuple

import boto3
import typer
from rich.console import Console
from rich.table import Table

from homing.adapters.due import read_due_key
from homing.adapters.generations import TableGenerations
from homing.adapters.table import Table as Items
from homing.domain.generation import Generation
from homing.domain.moments import MINUTE, Moment, format_moment
from homing.domain.record import ProfileRecord
from local.asl.execution import Status
from local.cloud import Cloud
from local.shop_files import read_yaml
from local.simulation import Inputs, InputUnreadable, read_inputs, simulate
from local.simulation.deployment import ROOT
from local.simulation.inputs import Message
from local.simulation.recorder import Recorder
from local.simulation.run import AFTER_THE_LAST
from local.simulation.show import progress

DUE_PREFIX = "DUE#"
RECOMPUTE = "RecomputeStateMachine"
PUT_OFF = MINUTE
LISTED = 40

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)


class Difference(NamedTuple):
    """Where the two do not agree."""

    at: Moment
    profile_id: str
    what: str
    stored: str
    recomputed: str


@dataclass
class Watcher:
    """Looks at all profiles of a simulation at some moments."""

    moments: Sequence[Moment]
    looks: int = 0
    profiles: int = 0
    memberships: int = 0
    seconds: float = 0.0
    differences: list[Difference] = field(default_factory=list)
    _armed: defaultdict[str, set[Moment]] = field(default_factory=lambda: defaultdict(set))
    """The moments in the due index, by profile."""

    def __call__(self, cloud: Cloud, recorder: Recorder) -> None:
        """Watch the simulation that begins."""
        cloud.observe_table(self._see)
        for moment in self.moments:
            cloud.timers.call_at(moment, lambda: self._look(cloud, recorder))

    def _see(self, _table: str, record: dict[str, Any]) -> None:
        keys = record["dynamodb"]["Keys"]
        if keys["pk"]["S"].startswith(DUE_PREFIX):
            moment, profile_id = read_due_key(keys["sk"]["S"])
            armed = self._armed[profile_id]
            (armed.discard if record["eventName"] == "REMOVE" else armed.add)(moment)

    def _look(self, cloud: Cloud, recorder: Recorder) -> None:
        now = cloud.timers.now()
        if _is_recomputing(cloud):
            cloud.timers.call_at(now + PUT_OFF, lambda: self._look(cloud, recorder))
            return
        began = time.perf_counter()
        generation = _active(cloud)
        self.looks += 1
        for record in recorder.profiles():
            self._compare(record, generation, now)
        self.seconds += time.perf_counter() - began

    def _compare(self, record: ProfileRecord, generation: Generation, now: Moment) -> None:
        """Compare the record with one of the same facts that nobody has evaluated before."""
        afresh = ProfileRecord(profile_id=record.profile_id).with_facts(record.facts, generation, now)
        self.profiles += 1
        self.memberships += len(record.segments.keys() | afresh.segments.keys())
        for name in sorted(record.segments.keys() ^ afresh.segments.keys()):
            stored = name in record.segments
            self._differ(now, record, f"in {name}", stored, not stored)
        if afresh.due_at is None:
            return
        armed = self._armed[record.profile_id]
        due_at = min(armed, default=None) if record.is_due(now) else record.due_at
        if due_at is None or due_at > afresh.due_at:
            self._differ(now, record, "armed for", _told(due_at), _told(afresh.due_at))
        elif due_at not in armed:
            self._differ(now, record, "in the due index", _told(due_at), "nothing")

    def _differ(self, now: Moment, record: ProfileRecord, what: str, stored: object, recomputed: object) -> None:
        self.differences.append(Difference(now, record.profile_id, what, str(stored), str(recomputed)))


def random_moments(inputs: Inputs, times: int, seed: int) -> list[Moment]:
    """So many moments of the messages' time and of the sixty days after it."""
    begin, end = inputs.messages[0].at, inputs.messages[-1].at + AFTER_THE_LAST
    random = Random(seed)
    return sorted(random.randrange(begin, end) for _ in range(times))


def shuffled(messages: Sequence[Message]) -> list[Message]:
    """Each message sent when its neighbour was: told late, or of what has not happened yet by the shop's clock."""
    sent = [message.at for message in messages]
    turned = [
        messages[number ^ 1] if number ^ 1 < len(messages) else message for number, message in enumerate(messages)
    ]
    return [message._replace(at=at) for at, message in zip(sent, turned, strict=True)]


def repeated(messages: Sequence[Message]) -> list[Message]:
    """Each message sent twice."""
    return [message for message in messages for _ in range(2)]


def _is_recomputing(cloud: Cloud) -> bool:
    return any(
        run.execution.status is Status.RUNNING for run in cloud.executions if run.state_machine.logical_id == RECOMPUTE
    )


def _active(cloud: Cloud) -> Generation:
    """The generation that counts; the shop's own rules before the first."""
    with cloud.seam.unseen():
        generations = TableGenerations(Items(boto3.client("dynamodb"), cloud.physical_id("Table")))
        active = generations.active()
    return active or Generation(number=0, rules=read_yaml(ROOT / "shop" / "segments.yaml"))


def _told(moment: Moment | None) -> str:
    return "never" if moment is None else format_moment(moment)


@app.command()
def main(
    events: Annotated[
        list[str], typer.Argument(metavar="EVENTS...", help="Files of messages: .jsonl, .jsonl.gz, .jsonl.xz.")
    ],
    *,
    times: Annotated[int, typer.Option(help="At how many random moments to compare.", min=1)] = 50,
    seed: Annotated[int, typer.Option(help="Chooses the moments.")] = 0,
    shuffle: Annotated[bool, typer.Option("--shuffle", help="Send each message when its neighbour was sent.")] = False,
    repeat: Annotated[bool, typer.Option("--repeat", help="Send each message twice.")] = False,
) -> None:
    """Simulate, and compare the stored memberships with a full recompute at random virtual moments.

    Exit status 0: all agree. 1: they do not, and the differing profiles are listed. 2: a file cannot be read.
    """
    console, errors = Console(), Console(stderr=True)
    try:
        inputs = read_inputs(events)
    except InputUnreadable as error:
        errors.print(str(error), markup=False)
        raise typer.Exit(2) from error
    watcher = Watcher(random_moments(inputs, times, seed))
    if shuffle:
        inputs.messages = shuffled(inputs.messages)
    if repeat:
        inputs.messages = repeated(inputs.messages)
    with TemporaryDirectory() as folder, progress(errors, len(inputs.messages)) as on_progress:
        simulate(inputs, Path(folder), on_progress=on_progress, watch=watcher)
    console.print(verdict(watcher))
    raise typer.Exit(1 if watcher.differences else 0)


def verdict(watcher: Watcher) -> Table | str:
    """What came of it; the differences, where there are any."""
    compared = (
        f"{watcher.profiles:,} profiles compared at {watcher.looks} moments, {watcher.memberships:,} memberships, "
        f"{len(watcher.differences):,} differences"
    )
    if not watcher.differences:
        return f"[green]All agree[/]: {compared}."
    table = Table(title=compared, title_justify="left", title_style="bold red")
    for column in ("at", "profile", "what", "stored", "recomputed"):
        table.add_column(column)
    for at, *rest in watcher.differences[:LISTED]:
        table.add_row(format_moment(at), *rest)
    return table


if __name__ == "__main__":
    app()
