"""What a scheduled look costs as the shop grows: `python bench/million.py`.

Fills the local cloud's table with a tenth of the profiles, has as many profiles fall due as asked, and runs the
deployed function on its schedule; then with all of the profiles, and as many due again. What is read and written is
counted at the AWS calls, and must be the same both times. Beside it, in the same process: how long it takes to decode
and evaluate as many profiles anew, and how that decoding compares with the fastest JSON parser there is.

Exit status: 0, or 1 where a count grows with the number of profiles, or more than two rows are read for each change.
"""

import gc
import json
import resource
import time
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any

import boto3
import orjson
import typer
from boto3.dynamodb.types import TypeDeserializer, TypeSerializer
from pydantic_core import from_json
from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from bench.crowd import NOW, Crowd, Filler
from homing.adapters.generations import TableGenerations
from homing.adapters.profiles import PROFILE_KEY, profile_record, profile_state
from homing.adapters.table import Table as Items
from homing.domain.generation import Generation
from homing.domain.record import ProfileRecord
from local.cloud import Cloud
from local.shop_files import read_yaml
from local.simulation.deployment import ROOT, SCHEDULE, deployed
from local.timers import Timers, VirtualClock

FUNCTION = "SegmentsFunction"
CHUNK = 10_000
DECODED = 20_000
"""Lines that are decoded in each way; fewer where there are fewer profiles."""
ROUNDS = 5
MOST_ROWS_PER_CHANGE = 2.0

Told = Callable[[str, int, int], None]
"""Called with what is being done, how much of it is done, and how much there is."""

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)


@dataclass(frozen=True)
class Work:
    """What one scheduled look at all that is due came to; seconds are the processor's."""

    profiles: int
    changes: int
    """Memberships begun and ended."""
    rows_read: int
    profile_rows_read: int
    puts: int
    deletes: int
    calls: int
    write_units: int
    seconds: float

    @property
    def counts(self) -> dict[str, int]:
        """All that must not grow with the number of profiles."""
        return {name: value for name, value in vars(self).items() if name not in ("profiles", "seconds")}

    @property
    def rows_per_change(self) -> float:
        """Rows read for each membership that changed."""
        return self.rows_read / self.changes


class Meter:
    """Counts the function's calls at the seam, and leaves the cloud its own counting."""

    def __init__(self, cloud: Cloud) -> None:
        self.calls: Counter[str] = Counter()
        self.rows: Counter[str] = Counter()
        """Rows read, by the first part of their sort key's name: PROFILE, or a due moment."""
        self.puts = 0
        self.deletes = 0
        self.changes = 0
        self._database = cloud.database
        cloud.seam.observe("dynamodb", self)
        cloud.observe_table(self._see)

    def before(self, operation: str, parameters: dict[str, Any]) -> Any:
        """As the cloud's own observer."""
        return self._database.before(operation, parameters)

    def after(self, operation: str, parameters: dict[str, Any], result: Mapping[str, Any], noted: Any) -> None:
        """As the cloud's own observer, and counted."""
        self._database.after(operation, parameters, result, noted)
        self.calls[operation] += 1
        match operation:
            case "Query" | "Scan":
                self.rows.update(item["pk"]["S"].partition("#")[0] for item in result["Items"])
            case "GetItem":
                self.rows[parameters["Key"]["sk"]["S"]] += 1
            case "BatchGetItem":
                asked = [key for request in parameters["RequestItems"].values() for key in request["Keys"]]
                self.rows.update(key["sk"]["S"] for key in asked)
            case "PutItem":
                self.puts += 1
            case "BatchWriteItem":
                requests = [request for batch in parameters["RequestItems"].values() for request in batch]
                self.puts += sum("PutRequest" in request for request in requests)
                self.deletes += sum("DeleteRequest" in request for request in requests)

    def _see(self, _table: str, record: dict[str, Any]) -> None:
        if record["dynamodb"]["Keys"]["sk"]["S"] == PROFILE_KEY:
            before, after = (
                json.loads(profile_state(record["dynamodb"][image])).get("segments", {}).keys()
                for image in ("OldImage", "NewImage")
            )
            self.changes += len(before ^ after)


def look(cloud: Cloud, profiles: int) -> Work:
    """Fire the segments' schedules now, let the function run until it is done, and tell its work."""
    meter = Meter(cloud)
    units = cloud.database.write_units[FUNCTION]
    for logical_id in cloud.schedules.by_logical_id:
        if logical_id.startswith(SCHEDULE):
            cloud.fire_schedule(logical_id)
    began = time.process_time()
    while cloud.invocations.pump():
        pass
    return Work(
        profiles=profiles,
        changes=meter.changes,
        rows_read=meter.rows.total(),
        profile_rows_read=meter.rows[PROFILE_KEY],
        puts=meter.puts,
        deletes=meter.deletes,
        calls=meter.calls.total(),
        write_units=cloud.database.write_units[FUNCTION] - units,
        seconds=time.process_time() - began,
    )


# Everything anew


@dataclass(frozen=True)
class Rescan:
    """Processor seconds of looking at every profile anew, without what reading them would take."""

    profiles: int
    decoding: float
    evaluating: float

    @property
    def seconds(self) -> float:
        """Both together."""
        return self.decoding + self.evaluating


def rescan(crowd: Crowd, profiles: int, told: Told) -> Rescan:
    """Decode as many lines of an export, and evaluate what they hold."""
    decoding, evaluating = 0.0, 0.0
    for done, line in enumerate(crowd.lines(profiles), start=1):
        began = time.process_time()
        record = decoded(line)
        between = time.process_time()
        record.with_facts(record.facts, crowd.generation, NOW)
        decoding += between - began
        evaluating += time.process_time() - between
        if done % CHUNK == 0:
            told("looking at every profile anew", done, profiles)
    return Rescan(profiles, decoding, evaluating)


def decoded(line: bytes) -> ProfileRecord:
    """The record of a line, as the recompute reads it."""
    return profile_record(from_json(line)["Item"])


# Decoding


@dataclass(frozen=True)
class Decoding:
    """Microseconds a profile, of ways to read the same profiles."""

    packed_by_homing: float
    packed_by_orjson: float
    """The line, and the JSON that is packed in it."""
    packed_line_by_orjson: float
    """The line alone, in which the facts are one text that nobody unpacks."""
    attributes_by_orjson: float
    attributes_by_deserializer: float


def decoding_of(lines: Sequence[bytes]) -> Decoding:
    """Time the ways: of lines as they are, and of lines in which each fact is an attribute of its own."""
    attributes = [_as_attributes(decoded(line)) for line in lines]
    deserialize = TypeDeserializer().deserialize
    return Decoding(
        packed_by_homing=_each(decoded, lines),
        packed_by_orjson=_each(lambda line: orjson.loads(profile_state(orjson.loads(line)["Item"])), lines),
        packed_line_by_orjson=_each(orjson.loads, lines),
        attributes_by_orjson=_each(orjson.loads, attributes),
        attributes_by_deserializer=_each(
            lambda line: {name: deserialize(value) for name, value in orjson.loads(line)["Item"].items()}, attributes
        ),
    )


def _as_attributes(record: ProfileRecord) -> bytes:
    """The line that an export would have were each fact an attribute of its own."""
    state = json.loads(record.model_dump_json(exclude_defaults=True))
    serialize = TypeSerializer().serialize
    return orjson.dumps({"Item": {name: serialize(value) for name, value in state.items()}})


def _each(read: Callable[[bytes], object], lines: Sequence[bytes]) -> float:
    """The best of some rounds: what others do on the machine only ever adds."""
    return min(_seconds(read, lines) for _ in range(ROUNDS)) / len(lines) * 1e6


def _seconds(read: Callable[[bytes], object], lines: Iterable[bytes]) -> float:
    began = time.process_time()
    for line in lines:
        read(line)
    return time.process_time() - began


# The measurement


@dataclass(frozen=True)
class Measured:
    """All that is measured."""

    few: Work
    many: Work
    anew: Rescan
    decoding: Decoding

    @property
    def grown(self) -> list[str]:
        """The counts that are not the same with many profiles."""
        return [name for name, count in self.few.counts.items() if self.many.counts[name] != count]


def measure(profiles: int, due: int, histories: int, told: Told) -> Measured:
    """Look at every profile anew; then look with a tenth of the profiles, and with all, as many being due.

    What is due comes last: a heap with a million items in it slows down all that is measured beside it.
    """
    told("making histories", 0, 1)
    crowd = Crowd.of(read_yaml(ROOT / "shop" / "segments.yaml"), histories)
    decoding = decoding_of(list(crowd.lines(min(DECODED, profiles))))
    anew = rescan(crowd, profiles, told)
    with VirtualClock(NOW) as clock, deployed(Timers(clock)) as cloud:
        _switch(cloud, crowd.generation)
        filler = Filler(cloud, crowd)
        grow_and_look(cloud, filler, 1, 1, told)  # the function's first run reads its settings and the generation
        few, many = (grow_and_look(cloud, filler, size, due, told) for size in (profiles // 10, profiles))
    return Measured(few, many, anew, decoding)


def grow_and_look(cloud: Cloud, filler: Filler, size: int, due: int, told: Told) -> Work:
    """Fill the table until it holds so many profiles, some of them due now, and look."""
    while (missing := size - due - filler.waiting) > 0:
        filler.add(min(CHUNK, missing))
        told("filling the table", filler.profiles, size)
    filler.make_due(due)
    gc.collect()
    gc.freeze()  # what fills the table is no garbage, and is not looked through again and again
    return look(cloud, size)


def _switch(cloud: Cloud, generation: Generation) -> None:
    with cloud.seam.unseen():
        TableGenerations(Items(boto3.client("dynamodb"), cloud.physical_id("Table"))).switch(generation)


# The command


@app.command()
def main(
    profiles: Annotated[int, typer.Option(help="How many profiles in the end.", min=100)] = 1_000_000,
    due: Annotated[int, typer.Option(help="How many profiles' memberships change now.", min=1)] = 1_000,
    histories: Annotated[int, typer.Option(help="How many different histories the profiles have.", min=10)] = 2_000,
) -> None:
    """Measure a scheduled look with a tenth of the profiles and with all, and looking at all of them anew."""
    # A real clock: the process's own stands still in virtual time.
    with Progress(console=Console(stderr=True), get_time=time.perf_counter, transient=True) as bar:
        task = bar.add_task("setting up", total=1)
        measured = measure(
            profiles,
            due,
            histories,
            lambda what, done, of: bar.update(task, description=what, completed=done, total=of),
        )
    console = Console()
    console.print(work_table(measured))
    console.print(anew_table(measured))
    console.print(decoding_table(measured.decoding))
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024**2
    console.print(f"At most {memory:.1f} GiB of memory.")
    raise typer.Exit(0 if not measured.grown and measured.many.rows_per_change <= MOST_ROWS_PER_CHANGE else 1)


def work_table(measured: Measured) -> Table:
    """The scheduled looks, and how each count has grown."""
    few, many = measured.few, measured.many
    table = Table(title="One scheduled look, with as many memberships changing", title_justify="left")
    for column in ("", f"{few.profiles:,} profiles", f"{many.profiles:,} profiles", "ratio"):
        table.add_column(column, justify="right" if column else "left")
    for name, count in few.counts.items():
        other = many.counts[name]
        table.add_row(name.replace("_", " "), f"{count:,}", f"{other:,}", f"{other / count:.2f}" if count else "-")
    table.add_row("rows read for each change", f"{few.rows_per_change:.2f}", f"{many.rows_per_change:.2f}", "")
    table.add_row("processor seconds", f"{few.seconds:.2f}", f"{many.seconds:.2f}", f"{many.seconds / few.seconds:.2f}")
    return table


def anew_table(measured: Measured) -> Table:
    """Looking at every profile anew, beside a scheduled look."""
    anew, many = measured.anew, measured.many
    table = Table(title=f"All {anew.profiles:,} profiles anew", title_justify="left")
    table.add_column("")
    table.add_column("processor seconds", justify="right")
    table.add_column("as a multiple of the scheduled look", justify="right")
    for name, seconds in (("decoding", anew.decoding), ("evaluating", anew.evaluating), ("together", anew.seconds)):
        table.add_row(name, f"{seconds:,.1f}", f"{seconds / many.seconds:,.0f}")
    return table


def decoding_table(told: Decoding) -> Table:
    """The ways of decoding, beside orjson's."""
    table = Table(title="Decoding a profile", title_justify="left")
    table.add_column("")
    table.add_column("µs", justify="right")
    table.add_column("÷ orjson", justify="right")
    rows = (
        ("as it is kept, by orjson", told.packed_by_orjson, told.packed_by_orjson),
        ("as it is kept, into facts", told.packed_by_homing, told.packed_by_orjson),
        ("as attributes, by orjson", told.attributes_by_orjson, told.attributes_by_orjson),
        ("as attributes, by TypeDeserializer", told.attributes_by_deserializer, told.attributes_by_orjson),
    )
    for name, each, parser in rows:
        table.add_row(name, f"{each:.1f}", f"{each / parser:.1f}")
    table.caption = f"as it is kept, without unpacking the facts: {told.packed_line_by_orjson:.1f} µs by orjson"
    table.caption_justify = "left"
    return table


if __name__ == "__main__":
    app()
