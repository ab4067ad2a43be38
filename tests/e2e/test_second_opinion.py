"""Who is in which segment, by another engine and from the raw messages alone: `bench/second_opinion.py`."""

import json
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from typer.testing import CliRunner

from bench.raw_messages import People, read_message, read_messages
from bench.second_opinion import SEGMENTS, Opinion, Run, Shop, app, memberships, month_ends, threshold

if TYPE_CHECKING:
    from tests.e2e.conftest import Line, Outcome


@dataclass
class Papers:
    """What the script is given: a copy, so that it may be tampered with."""

    events: Path
    folder: Path

    def opinion(self) -> Opinion:
        return Opinion(Shop.told_by(read_messages([self.events])), Run.read(self.folder))

    def ask(self) -> tuple[int, str]:
        """The exit status, and what is said."""
        told = CliRunner().invoke(app, [str(self.events), str(self.folder)])
        return told.exit_code, told.output

    def change(self, name: str, change: Callable[["list[Line]"], "list[Line]"]) -> None:
        path = self.folder / name
        lines = change([json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()])
        path.write_text("".join(f"{json.dumps(line)}\n" for line in lines), encoding="utf-8")


@pytest.fixture
def papers(outcome: "Outcome", lines: list[str], tmp_path: Path) -> Papers:
    (tmp_path / "run").mkdir()
    for name in ("segments.jsonl", "figures.jsonl", "summary.json"):
        shutil.copy(outcome.folder / name, tmp_path / "run")
    events = tmp_path / "events.jsonl"
    events.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    return Papers(events, tmp_path / "run")


def test_both_agree_on_every_segment_at_every_months_end(papers: Papers) -> None:
    opinion = papers.opinion()
    ends = month_ends(opinion.run.began_at, opinion.run.ended_at)
    months = [opinion.on_month(end) for end in ends]
    opinion.on_messages()
    assert opinion.on_figures()
    assert len(months) >= 7
    most = dict(zip(SEGMENTS, map(max, zip(*months, strict=True)), strict=True))
    assert all(most.values()), f"a segment without members proves nothing: {most}"
    assert opinion.differences == []
    status, said = papers.ask()
    assert status == 0
    assert "All agree" in said


def test_a_membership_that_the_run_does_not_tell_is_found(papers: Papers) -> None:
    def never_lapsed(changes: "list[Line]") -> "list[Line]":
        first = next(line["profile_id"] for line in changes if line["segment"] == "lapsed")
        return [line for line in changes if (line["profile_id"], line["segment"]) != (first, "lapsed")]

    papers.change("segments.jsonl", never_lapsed)
    status, said = papers.ask()
    assert status == 1
    assert "in lapsed" in said


def test_a_threshold_that_is_a_cent_off_is_found(papers: Papers) -> None:
    def a_cent_more(figures: "list[Line]") -> "list[Line]":
        tops = {name: least + 0.01 for name, least in figures[-1]["tops"].items()}
        return [*figures[:-1], {**figures[-1], "tops": tops}]

    papers.change("figures.jsonl", a_cent_more)
    status, said = papers.ask()
    assert status == 1
    assert "orders.revenue top 10" in said


def test_an_order_that_the_run_has_not_seen_is_found(papers: Papers) -> None:
    with papers.events.open("a", encoding="utf-8") as file:
        file.write(f"{message('new', at='2026-02-10', user='nobody-yet', order='N-1', total=9_000)}\n")
    status, said = papers.ask()
    assert status == 1
    assert "messages taken" in said


def test_what_cannot_be_read_is_status_2(tmp_path: Path) -> None:
    assert Papers(tmp_path / "gone.jsonl", tmp_path).ask()[0] == 2


# Its own rules, on messages made up for them


def message(name: str, *, at: str, user: str = "ada", order: str = "A-1", total: float = 10, **more: object) -> str:
    """A line that tells of an order."""
    told = {"type": "track", "event": "Order Completed", "messageId": name, "userId": user, **more}
    properties = {"order_id": order, "total": total, "products": []}
    return json.dumps({**told, "timestamp": f"{at}T09:00:00Z", "properties": properties})


def shop_of(*lines: str) -> Shop:
    return Shop.told_by(sorted(map(read_message, lines)))


def moment_of(day: str) -> int:
    return read_message(message("x", at=day)).at


def test_an_order_counts_once_with_its_earliest_moment_and_greatest_total() -> None:
    shop = shop_of(message("client", at="2026-01-10", total=12), message("server", at="2026-01-11", total=15.5))
    [row] = shop.buyers(moment_of("2026-02-01")).to_dicts()
    assert (row["orders"], row["revenue"], row["last_at"]) == (1, 1550, moment_of("2026-01-10"))


def test_a_cancelled_order_lowers_the_count_and_a_refund_the_revenue() -> None:
    shop = shop_of(
        message("1", at="2026-01-10", order="A-1"),
        message("2", at="2026-01-11", order="A-2", total=20),
        message("3", at="2026-01-12", order="A-1", event="Order Cancelled"),
        message("4", at="2026-01-13", order="A-2", total=5, event="Order Refunded"),
    )
    [row] = shop.buyers(moment_of("2026-02-01")).to_dicts()
    assert (row["orders"], row["revenue"]) == (1, 2500)


@pytest.mark.parametrize(("days", "gap"), [([1, 2, 4], 1), ([1, 2, 4, 11], 2), ([1, 9, 10, 11], 1), ([1], None)])
def test_the_rhythm_is_the_lower_median_of_the_gaps(days: list[int], gap: int | None) -> None:
    shop = shop_of(*(message(str(day), at=f"2026-01-{day:02d}", order=f"A-{day}") for day in days))
    [row] = shop.buyers(moment_of("2026-02-01")).to_dicts()
    assert row["gap"] == (None if gap is None else gap * 86_400_000)


def test_the_rhythm_is_that_of_the_latest_twenty_four_days() -> None:
    """Twelve gaps of a day, and then twelve of two: the first of them is forgotten."""
    days = [date(2026, 1, 1) + timedelta(number) for number in [*range(13), *range(14, 38, 2)]]
    shop = shop_of(*(message(f"{day}", at=f"{day}", order=f"A-{day}") for day in days))
    [row] = shop.buyers(moment_of("2026-02-08")).to_dicts()
    assert (row["orders"], row["gap"]) == (25, 2 * 86_400_000)


def test_the_threshold_is_the_value_at_the_rank_that_ends_the_top_tenth() -> None:
    lines = [message(f"{n}", at="2026-01-10", user=f"u{n}", order=f"A-{n}", total=n) for n in range(1, 12)]
    buyers = shop_of(*lines).buyers(moment_of("2026-02-01"))
    assert threshold(buyers) == 1000, "of eleven, the top tenth ends at the second"
    spenders = memberships(buyers, moment_of("2026-02-01"), 1000).filter(segment="big_spenders")
    assert len(spenders) == 2


def joins(*lines: str) -> int:
    people = People()
    for line in sorted(map(read_message, lines)):
        people.hear(line)
    return len(people.joins)


def test_a_browsers_history_joins_the_first_account_that_it_is_told_with() -> None:
    ada = message("1", at="2026-01-10", anonymousId="browser")
    assert joins(ada) == 1
    assert joins(ada, message("2", at="2026-01-11", user="bob", anonymousId="browser")) == 1


def test_accounts_with_one_address_stay_two_and_a_browser_with_it_joins() -> None:
    traits = {"email": "Ada@post.example"}
    ada, bob = (message(user, at="2026-01-10", user=user, traits=traits) for user in ("ada", "bob"))
    assert joins(ada, bob) == 0
    assert (
        joins(ada, message("3", at="2026-01-11", user="", anonymousId="b", traits={"email": "ada@POST.example"})) == 1
    )
