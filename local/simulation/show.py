"""What a simulation looks like in a terminal: progress while it runs, a table when it is done."""

from collections.abc import Iterator
from contextlib import contextmanager
from time import perf_counter
from typing import Any

from rich import box
from rich.console import Console, Group, RenderableType
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from homing.domain.moments import Moment, datetime_of
from local.simulation.run import OnProgress


@contextmanager
def progress(console: Console, messages: int) -> Iterator[OnProgress]:
    """A bar of the messages sent, and the virtual day; plain lines now and then where there is no terminal."""
    columns = (
        TextColumn("[bold]{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("messages"),
        TimeElapsedColumn(),
    )
    # A real clock: the process's own stands still in virtual time.
    with Progress(*columns, console=console, get_time=perf_counter, transient=True) as bar:
        task = bar.add_task("setting up", total=messages)
        told = _Told(console)

        def on_progress(sent: int, moment: Moment) -> None:
            day = datetime_of(moment).date().isoformat()
            bar.update(task, completed=sent, description=day)
            if not console.is_terminal:
                told.tell(f"{day}: {sent} of {messages} messages")

        yield on_progress


class _Told:
    """Lines at most every five seconds."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._last = perf_counter()

    def tell(self, line: str) -> None:
        if perf_counter() - self._last >= 5:
            self._console.print(line)
            self._last = perf_counter()


def table(summary: dict[str, Any]) -> RenderableType:
    """The summary for people."""
    events, operations = summary["events"], summary["operations"]
    head = Table.grid(padding=(0, 3))
    head.add_row(
        f"[bold]{events['read']:,}[/] messages read: {events['accepted']:,} accepted, "
        f"{events['duplicate']:,} duplicate, {events['rejected']:,} rejected"
    )
    head.add_row(
        f"[bold]{summary['profiles']:,}[/] profiles over [bold]{summary['virtual_days']:,.0f}[/] virtual days "
        f"in {summary['wall_seconds']:,.0f} s"
    )
    return Group(head, "", _journeys(summary), "", _segments(summary), "", _operations(operations))


def _journeys(summary: dict[str, Any]) -> Table:
    counts = {name: name for name in ("runs", "completed", "exited", "failed", "running")}
    counts |= {"emails_sent": "sent", "emails_skipped": "skipped"}
    journeys = _table("Journeys: runs, and emails", "journey", *counts.values())
    for name, told in summary["journeys"].items():
        journeys.add_row(name, *(f"{told.get(count, 0):,}" for count in counts))
    emails = summary["emails"]
    withheld = [
        (outcome, reason, n) for outcome in ("skipped", "failed", "unknown") for reason, n in emails[outcome].items()
    ]
    reasons = ", ".join(f"{reason.replace('_', ' ')} {n:,}" for _, reason, n in withheld) or "none"
    journeys.caption = f"{emails['sent']:,} emails sent; withheld: {reasons}"
    journeys.caption_justify = "left"
    return journeys


def _segments(summary: dict[str, Any]) -> Table:
    segments = _table("Segments at the end", "segment", "members")
    for name, members in summary["segments"].items():
        segments.add_row(name, f"{members:,}")
    return segments


def _operations(operations: dict[str, int]) -> Table:
    counted = _table("What AWS would count", "operation", "count")
    for name, count in operations.items():
        counted.add_row(name.replace("_", " "), f"{count:,}")
    return counted


def _table(title: str, name: str, *counts: str) -> Table:
    """A table of names with their counts, narrow enough for 80 columns."""
    table = Table(title=title, title_justify="left", title_style="bold", box=box.SIMPLE_HEAD, pad_edge=False)
    table.add_column(name, no_wrap=True)
    for count in counts:
        table.add_column(count, justify="right", no_wrap=True)
    return table
