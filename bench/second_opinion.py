"""Who is in which segment, worked out a second time: `python bench/second_opinion.py EVENTS... RUN_DIR`.

At the end of each month of a run of `homing simulate`, the members of lapsed, loyal, one_time, first_time, recent and
big_spenders are computed anew from the raw messages, all at once, by columns, and compared with what the run's
segments.jsonl says of that moment. Nothing here is shared with Homing: no code, no fold, no profile. What is
shared is what the shop's segments.yaml and the documents of the Segment spec and of Homing say:

- A message counts if the API takes it: a JSON object with a `timestamp` that names its zone, a type of the spec, a
  `userId` or an `anonymousId`, an event's name where it is a track message, amounts that are numbers, products with
  ids, an address with an @, and consent that is true or false. A `messageId` told twice counts the first time.
- A shopper is a `userId`, else an `anonymousId`. A message with both makes the browser's history part of the account,
  unless it is another account's already. Who comes with the same address is the same shopper, except two accounts; of
  two browsers' histories the one with the lesser id goes on.
- An order counts once by its `order_id`, however many messages tell it: at the earliest moment, and with the greatest
  total. A cancellation lowers the count by one, and a refund lowers the revenue.
- The rhythm is the lower median of the gaps between the latest 24 UTC days with an order.
- The threshold of big_spenders is worked out of all customers at each moment at which the run says that it counted its
  figures (figures.jsonl), and must be the very one that the run took. A message of that very millisecond comes after:
  a simulation lets time pass up to a message's moment, with all that the clock does then, before it sends the message.

Exit status: 0 where both agree, 1 where anything differs, 2 where a file cannot be read.
"""

import json
import lzma
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any, NamedTuple

import polars as pl
import typer
from rich.console import Console
from rich.table import Table

from bench.raw_messages import Join, Message, People, lines_of, moment, read_messages

SEGMENTS = ("lapsed", "loyal", "one_time", "first_time", "recent", "big_spenders")
DAY = 86_400_000
TOP = "orders.revenue top 10"
TOP_SHARE = 10
REMEMBERED_DAYS = 24
CUSTOMER = pl.col("orders") >= 1
LISTED = 40
"""Differences told one by one; the rest is counted."""

MESSAGES = {
    "at": pl.Int64,
    "alias": pl.String,
    "message": pl.String,
    "told": pl.String,
    "order": pl.String,
    "amount": pl.Int64,
}


app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)


# The shop at a moment


@dataclass(frozen=True)
class Shop:
    """All that the messages tell, by columns, and whose histories joined when."""

    messages: pl.DataFrame
    joins: Sequence[Join]

    @classmethod
    def told_by(cls, messages: Sequence[Message]) -> "Shop":
        """The shop that the messages tell of; they come in the order of their time."""
        people = People()
        for message in messages:
            people.hear(message)
        columns = {name: [getattr(message, name) for message in messages] for name in MESSAGES}
        return cls(pl.DataFrame(columns, schema=MESSAGES), people.joins)

    def buyers(self, at: int) -> pl.DataFrame:
        """Who has ordered up to `at`: profile, orders, revenue, first_at, last_at, gap (the rhythm, or null).

        Who has cancelled every order is there as well, with no orders.
        """
        told = self._told(at)
        orders = told.filter(told="completed").group_by("profile", "fact").agg(pl.min("at"), pl.max("amount"))
        sums = orders.group_by("profile").agg(
            completed=pl.len(), total=pl.sum("amount"), first_at=pl.min("at"), last_at=pl.max("at")
        )
        refunds = told.filter(told="refunded").group_by("profile").agg(refunded=pl.sum("amount"))
        cancelled = told.filter(told="cancelled").group_by("profile").agg(cancelled=pl.n_unique("fact"))
        return (
            sums.join(refunds, on="profile", how="left")
            .join(cancelled, on="profile", how="left")
            .join(_rhythms(orders), on="profile", how="left")
            .with_columns(
                orders=pl.col("completed").cast(pl.Int64) - pl.col("cancelled").fill_null(0).cast(pl.Int64),
                revenue=pl.col("total") - pl.col("refunded").fill_null(0),
            )
        )

    def _told(self, at: int) -> pl.DataFrame:
        """What was told of orders up to `at`, with the profile whose it is by then, and the fact that is one."""
        owners: dict[str, str] = {}
        for _, gone, owner in reversed([join for join in self.joins if join.at <= at]):
            owners[gone] = owners.get(owner, owner)
        return self.messages.filter(pl.col("told").is_not_null(), pl.col("at") <= at).with_columns(
            profile=pl.col("alias").replace(owners),
            fact=pl.coalesce(pl.col("order"), pl.lit("\x1f") + pl.col("message")),
            amount=pl.col("amount").fill_null(0),
        )


def _rhythms(orders: pl.DataFrame) -> pl.DataFrame:
    """The lower median of the gaps between each profile's latest order days, in ms."""
    days = orders.select("profile", day=pl.col("at") // DAY).unique().sort("day")
    latest = days.group_by("profile", maintain_order=True).tail(REMEMBERED_DAYS)
    gaps = latest.with_columns(gap=pl.col("day").diff().over("profile")).drop_nulls()
    return gaps.group_by("profile").agg(gap=(pl.col("gap").quantile(0.5, "lower") * DAY).cast(pl.Int64))


def threshold(buyers: pl.DataFrame) -> int | None:
    """The revenue, in hundredths, of the customer at the rank that ends the top share; None without customers."""
    customers = buyers.filter(CUSTOMER)
    if customers.is_empty():
        return None
    rank = math.ceil(len(customers) * TOP_SHARE / 100)
    return int(customers["revenue"].sort(descending=True)[rank - 1])


def memberships(buyers: pl.DataFrame, at: int, least_revenue: int | None) -> pl.DataFrame:
    """Who is in which segment at `at`: profile, segment."""
    silent, known = at - pl.col("last_at"), at - pl.col("first_at")
    patience = pl.max_horizontal(2 * pl.col("gap"), pl.lit(60 * DAY))
    lapsed = silent >= pl.when(pl.col("gap").is_null()).then(90 * DAY).otherwise(patience)
    once, recent = pl.col("orders") == 1, silent < 30 * DAY
    spends = pl.lit(value=False) if least_revenue is None else pl.col("revenue") >= least_revenue
    rules = {
        "lapsed": CUSTOMER & lapsed,
        "loyal": (pl.col("orders") >= 5) & (known >= 180 * DAY) & ~lapsed,
        "one_time": once & ~recent,
        "first_time": once & recent,
        "recent": recent,
        "big_spenders": CUSTOMER & spends,
    }
    members = [buyers.filter(rule).select("profile", segment=pl.lit(name)) for name, rule in rules.items()]
    return pl.concat(members)


# The run


@dataclass(frozen=True)
class Switch:
    """The run's figures, taken at one moment; the threshold in hundredths."""

    at: int
    counted_until: int
    threshold: int | None


@dataclass(frozen=True)
class Run:
    """What a run wrote: its changes of segments in their order, its figures, how many messages it took, and when."""

    changes: pl.DataFrame
    switches: Sequence[Switch]
    accepted: int
    began_at: int
    ended_at: int

    @classmethod
    def read(cls, folder: Path) -> "Run":
        """The run of that folder. Raises OSError, ValueError, KeyError."""
        summary = json.loads((folder / "summary.json").read_text(encoding="utf-8"))
        changes = [json.loads(line) for line in lines_of(folder / "segments.jsonl")]
        columns = {
            "at": [moment(change["at"]) for change in changes],
            "profile": [change["profile_id"] for change in changes],
            "segment": [change["segment"] for change in changes],
            "entered": [change["change"] == "entered" for change in changes],
        }
        schema = {"at": pl.Int64, "profile": pl.String, "segment": pl.String, "entered": pl.Boolean}
        return cls(
            changes=pl.DataFrame(columns, schema=schema),
            switches=[_switch(json.loads(line)) for line in lines_of(folder / "figures.jsonl")],
            accepted=summary["events"]["accepted"],
            began_at=moment(summary["began_at"]),
            ended_at=moment(summary["ended_at"]),
        )

    def memberships(self, at: int) -> pl.DataFrame:
        """Who is in which segment once all up to `at` has happened: profile, segment."""
        return (
            self.changes.filter(pl.col("at") <= at, pl.col("segment").is_in(SEGMENTS))
            .group_by("profile", "segment", maintain_order=True)
            .last()
            .filter(pl.col("entered"))
            .select("profile", "segment")
        )


def _switch(line: Mapping[str, Any]) -> Switch:
    least = line["tops"].get(TOP)
    return Switch(
        moment(line["at"]), moment(line["computed_at"]) - 1, None if least is None else round(Decimal(str(least)) * 100)
    )


# The comparison


class Difference(NamedTuple):
    """Where the two do not agree."""

    at: str
    what: str
    here: str
    run: str


@dataclass
class Opinion:
    """The second opinion on a run."""

    shop: Shop
    run: Run
    differences: list[Difference] = field(default_factory=list)
    compared: int = 0

    def on_messages(self) -> None:
        """Compare how many messages were taken."""
        mine = len(self.shop.messages)
        if mine != self.run.accepted:
            self._differ("the whole run", "messages taken", mine, self.run.accepted)

    def on_figures(self) -> int:
        """Compare the threshold of each of the run's figures; how many there are."""
        thresholds = [threshold(self.shop.buyers(switch.counted_until)) for switch in self.run.switches]
        for switch, mine in zip(self.run.switches, thresholds, strict=True):
            if mine != switch.threshold:
                self._differ(iso(switch.at), TOP, mine, switch.threshold)
        return sum(mine is not None for mine in thresholds)

    def on_month(self, at: int) -> list[int]:
        """Compare the memberships at `at`; how many members each segment has, by the second opinion."""
        counted_until = max((switch.counted_until for switch in self.run.switches if switch.at <= at), default=None)
        least = None if counted_until is None else threshold(self.shop.buyers(counted_until))
        mine = set(memberships(self.shop.buyers(at), at, least).iter_rows())
        theirs = set(self.run.memberships(at).iter_rows())
        self.compared += len(mine | theirs)
        for profile, segment in sorted(mine ^ theirs):
            inside = (profile, segment) in mine
            self._differ(iso(at), f"{profile} in {segment}", inside, not inside)
        return [sum(segment == name for _, segment in mine) for name in SEGMENTS]

    def _differ(self, at: str, what: str, here: object, run: object) -> None:
        self.differences.append(Difference(at, what, str(here), str(run)))


def month_ends(first: int, last: int) -> list[int]:
    """The last millisecond of each month that ends between the two moments."""
    day = datetime.fromtimestamp(first / 1_000, UTC)
    year, month = day.year, day.month
    ends: list[int] = []
    while True:
        year, month = (year + 1, 1) if month == 12 else (year, month + 1)
        end = int(datetime(year, month, 1, tzinfo=UTC).timestamp()) * 1_000 - 1
        if end > last:
            return ends
        ends.append(end)


def iso(at: int) -> str:
    """The moment for people, to the minute."""
    return datetime.fromtimestamp(at / 1_000, UTC).strftime("%Y-%m-%d %H:%M")


# The command


@app.command()
def main(
    events: Annotated[
        list[Path], typer.Argument(metavar="EVENTS...", help="The messages that the run was given: .jsonl, .gz, .xz.")
    ],
    run_dir: Annotated[Path, typer.Argument(help="The folder that homing simulate wrote.")],
) -> None:
    """Work out the segments of a run a second time, from the raw messages, and compare.

    Exit status 0: both agree at every month's end. 1: they do not, and the differing profiles are listed.
    2: a file cannot be read.
    """
    console = Console()
    try:
        run = Run.read(run_dir)
        messages = [message for message in read_messages(events) if message.at <= run.ended_at]
    except (OSError, EOFError, ValueError, KeyError, lzma.LZMAError) as error:
        console.print(f"second opinion: cannot read: {error!r}", markup=False)
        raise typer.Exit(2) from error
    opinion = Opinion(Shop.told_by(messages), run)
    opinion.on_messages()
    thresholds = opinion.on_figures()
    ends = month_ends(run.began_at, run.ended_at)
    console.print(months_table({iso(at)[:10]: opinion.on_month(at) for at in ends}))
    console.print(verdict(opinion, len(ends), thresholds))
    raise typer.Exit(1 if opinion.differences else 0)


def months_table(months: Mapping[str, Sequence[int]]) -> Table:
    """The members at each month's end."""
    table = Table(title="Members by the second opinion", title_justify="left")
    table.add_column("month's end")
    for segment in SEGMENTS:
        table.add_column(segment, justify="right")
    for end, members in months.items():
        table.add_row(end, *(f"{count:,}" for count in members))
    return table


def verdict(opinion: Opinion, months: int, thresholds: int) -> Table | str:
    """What came of it; the differences, where there are any."""
    count = len(opinion.differences)
    if not count:
        return (
            f"[green]All agree[/]: {len(opinion.shop.messages):,} messages, {opinion.compared:,} memberships "
            f"at {months} months' ends, {thresholds} thresholds, 0 differences."
        )
    table = Table(title=f"{count:,} differences", title_justify="left", title_style="bold red")
    for column in ("at", "what", "second opinion", "run"):
        table.add_column(column)
    for difference in opinion.differences[:LISTED]:
        table.add_row(*difference)
    if count > LISTED:
        table.caption = f"and {count - LISTED:,} more"
    return table


if __name__ == "__main__":
    app()
