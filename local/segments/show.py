"""The answers, on a terminal: readable without colour, and as wide as it is."""

from collections.abc import Iterable, Iterator
from time import perf_counter
from typing import TypeVar

from rich import box
from rich.console import Console, Group, RenderableType
from rich.table import Table
from rich.text import Text
from rich.tree import Tree

from homing.domain.figures import Figures
from homing.domain.generation import Generation
from homing.domain.hours import NO_HOURS, best_hour
from homing.domain.moments import Duration, Moment, datetime_of
from homing.domain.rules.explaining import Explained
from homing.domain.rules.wording import counted, length, moment_seen_from
from homing.domain.sending import ALL_HOURS
from local.segments.difference import Change, Difference
from local.segments.reasons import Reason
from local.segments.sizes import Sizes

QUIET_SECONDS = 2
T = TypeVar("T")


def watched(records: Iterable[T], console: Console, doing: str, what: str = "profiles") -> Iterator[T]:
    """The same, with a count on the console once it takes longer than two seconds."""
    started = perf_counter()
    with console.status("") as status:
        status.stop()
        for number, record in enumerate(records, start=1):
            yield record
            if number % 500 == 0 and perf_counter() - started > QUIET_SECONDS:
                status.update(f"{doing}: {number:,} {what}")
                status.start()


def generation_line(generation: Generation) -> str:
    """Which rules count, and since when."""
    if generation.number == 0:
        return "no generation is active yet: the rules of the shop's own files count"
    since = f", active since {minute(generation.switched_at)}" if generation.switched_at else ""
    return f"generation {generation.number}{since}"


def figures_line(figures: Figures) -> str:
    """What was counted of the whole shop."""
    if not figures.computed_at:
        return "no figures counted yet"
    told = [f"{key} % from {counted(least)} on" for key, least in sorted(figures.tops.items())]
    launches = len(figures.launches)
    told.append(f"{launches:,} launch{'' if launches == 1 else 'es'} known")
    hour = best_hour(NO_HOURS, figures.hours, ALL_HOURS)
    if hour is not None:
        told.append(f"most shoppers are about at {hour}:00")
    return f"figures of {minute(figures.computed_at)}: {'; '.join(told)}"


def sizes_table(sizes: Sizes, generation: Generation, within: Duration) -> RenderableType:
    """Every segment with its members, and who enters and leaves soon; a line with the totals."""
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    table.add_column("segment", no_wrap=True)
    for column in ("members", "enter", "leave"):
        table.add_column(column, justify="right", no_wrap=True)
    table.add_column("who", ratio=1)
    for name, size in sizes.segments.items():
        description = generation.segments.by_name[name].description
        table.add_row(
            Text(name, style="bold"), f"{size.members:,}", _soon(size.entering), _soon(size.leaving), description
        )
    lines: list[RenderableType] = [table]
    span = length(within)
    lines.append(
        f"{sizes.profiles:,} profiles, {sizes.in_any:,} of them in at least one of {len(sizes.segments)} segments; "
        f"{sizes.changing:,} will enter or leave one within {span}, if nothing happens but time"
    )
    if sizes.parked:
        lines.append(_parked(sizes.parked))
    return Group(*lines)


def reasons_view(reasons: list[Reason], at: Moment) -> RenderableType:
    """Each segment with its conditions: those with the profile in them first."""
    members = [reason for reason in reasons if reason.member]
    others = [reason for reason in reasons if not reason.member]
    coming = [reason for reason in reasons if reason.changes_at is not None]
    head = f"in {len(members)} of {len(reasons)} segments"
    if coming:
        first = min(coming, key=lambda reason: reason.changes_at or 0)
        turn = "leaves" if first.member else "enters"
        head += f"; next, {turn} {first.segment.name} on {_when(first.changes_at or 0, at)}"
    trees = [_tree(reason, at) for reason in (*members, *others)]
    return Group(Text(head, style="bold"), *(line for tree in trees for line in ("", tree)))


def difference_table(difference: Difference) -> RenderableType:
    """The segments that change, with the number of those that stay as they are; and the journeys' runs."""
    changed = {name: change for name, change in difference.segments.items() if is_changed(change)}
    same = len(difference.segments) - len(changed)
    lines: list[RenderableType] = []
    if changed:
        table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
        table.add_column("segment", no_wrap=True)
        for column in ("before", "after", "enter", "leave"):
            table.add_column(column, justify="right", no_wrap=True)
        table.add_column("")
        for name, change in changed.items():
            table.add_row(Text(name, style="bold"), *_row(change))
        lines += [table, *_examples(changed), f"{same} other segment{_s(same)} would stay as they are"]
    else:
        lines.append(f"no membership would change in any of the {same} segments")
    starts = ", ".join(f"{journey} {runs:,}" for journey, runs in sorted(difference.starts.items()))
    total = sum(difference.starts.values())
    lines.append(
        f"{total:,} run{_s(total)} of journeys would start: {starts}" if total else "no journey's run would start"
    )
    return Group(*lines)


def is_changed(change: Change) -> bool:
    """Whether a segment is new, is left out, or has other members."""
    return bool(change.entering or change.leaving) or change.before is None or change.after is None


def minute(moment: Moment) -> str:
    """`2026-05-05 09:30 UTC`."""
    return f"{datetime_of(moment):%Y-%m-%d %H:%M} UTC"


def _when(moment: Moment, at: Moment) -> str:
    """`2026-05-05 09:30 UTC, in 2 days`."""
    return f"{minute(moment)}, {moment_seen_from(moment, at).partition(', ')[2]}"


def _tree(reason: Reason, at: Moment) -> Tree:
    title = Text.assemble(_mark(member=reason.member), " ", (reason.segment.name, "bold"))
    title.append("  member" if reason.member else "  not a member", style="green" if reason.member else "dim")
    if reason.since is not None:
        title.append(f" since {minute(reason.since)}")
    if reason.changes_at is not None:
        title.append(f"{' until' if reason.member else ', will be from'} {_when(reason.changes_at, at)}")
    if reason.segment.description:
        title.append(f"\n{reason.segment.description}", style="italic")
    tree = Tree(title, guide_style="dim")
    if reason.fault is not None:
        tree.add(Text(f"parked: the rule could not be evaluated ({reason.fault}); the membership stays as it was"))
    if reason.conditions is not None:
        _grow(tree, reason.conditions, at)
    return tree


def _grow(tree: Tree, told: Explained, at: Moment) -> None:
    words = Text.assemble(_mark(member=told.member), " ", told.words)
    if not told.parts:
        words.append(" — ")
        words.append(told.value if told.value is not None else "not known", style="cyan")
        if told.changes_at is not None:
            words.append(f"; {'until' if told.member else 'from'} {_when(told.changes_at, at)}", style="dim")
    branch = tree.add(words)
    for part in told.parts:
        _grow(branch, part, at)


def _mark(*, member: bool) -> tuple[str, str]:
    return ("✓", "green") if member else ("✗", "red")


def _row(change: Change) -> tuple[str, str, str, str, str]:
    note = "new" if change.before is None else "left out" if change.after is None else ""
    before, after = ("–" if number is None else f"{number:,}" for number in (change.before, change.after))
    return before, after, _soon(change.entering), _soon(change.leaving), note


def _examples(changed: dict[str, Change]) -> Iterator[str]:
    for name, change in changed.items():
        if change.entering_examples:
            yield f"{name}: {', '.join(change.entering_examples)} would enter"
        if change.leaving_examples:
            yield f"{name}: {', '.join(change.leaving_examples)} would leave"


def _parked(names: Iterable[str]) -> str:
    return f"parked, since their rules could not be evaluated for everybody: {', '.join(sorted(names))}"


def _soon(number: int) -> str:
    return f"{number:,}" if number else ""


def _s(number: int) -> str:
    return "" if number == 1 else "s"
