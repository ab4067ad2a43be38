"""The run's days, counted into the columns of a chart."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from local.report.run_folder import Change, Email

_MOST_COLUMNS = 200
_WEEK = 7


@dataclass(frozen=True)
class Columns:
    """Spans of equal length, one day or one week, from the first day of a run to its last."""

    first: date
    days_each: int
    count: int

    def of(self, moment: datetime) -> int:
        return (moment.date() - self.first).days // self.days_each

    def start(self, column: int) -> date:
        return self.first + timedelta(days=column * self.days_each)

    @property
    def labels(self) -> list[str]:
        starts = (self.start(column) for column in range(self.count))
        return [f"{'Week of ' if self.days_each > 1 else ''}{day_label(start)}" for start in starts]

    @property
    def months(self) -> Iterator[tuple[str, float]]:
        """The first of each month within, and its place from 0 to 1."""
        days = self.count * self.days_each
        for offset in range(days):
            day = self.first + timedelta(days=offset)
            if day.day == 1:
                yield f"{day:%b %Y}" if day.month == 1 else f"{day:%b}", offset / days


def daily(began: datetime, ended: datetime) -> Columns:
    return Columns(began.date(), 1, (ended.date() - began.date()).days + 1)


def readable(began: datetime, ended: datetime) -> Columns:
    """Days, or weeks where days would be too many to tell apart."""
    days = daily(began, ended)
    if days.count <= _MOST_COLUMNS:
        return days
    return Columns(days.first, _WEEK, -(-days.count // _WEEK))


def sent_per_column(emails: Iterable[Email], journeys: list[str], columns: Columns) -> dict[str, list[int]]:
    """For each journey, the mails sent in each column."""
    counts = {journey: [0] * columns.count for journey in journeys}
    for email in emails:
        if email.outcome == "sent":
            counts[email.journey][columns.of(email.at)] += 1
    return counts


def members_per_day(changes: Iterable[Change], columns: Columns) -> dict[str, list[int]]:
    """For each segment, its members at the end of each column."""
    difference: dict[str, list[int]] = {}
    for change in changes:
        row = difference.setdefault(change.segment, [0] * columns.count)
        row[columns.of(change.at)] += 1 if change.change == "entered" else -1
    return {segment: _running_sum(row) for segment, row in sorted(difference.items())}


def monthly(columns: Columns, counts: dict[str, list[int]]) -> list[tuple[str, list[int]]]:
    """For each month its name and each series' sum; a column belongs to the month in which it starts."""
    sums: dict[str, list[int]] = {}
    for column in range(columns.count):
        month = sums.setdefault(f"{columns.start(column):%B %Y}", [0] * len(counts))
        for place, values in enumerate(counts.values()):
            month[place] += values[column]
    return list(sums.items())


def month_ends(columns: Columns) -> list[tuple[str, int]]:
    """The column with the end of each month, and what the month is called; the last column by its day."""
    last = columns.count - 1
    ends = []
    for column in range(last):
        day = columns.start(column)
        if columns.start(column + 1).month != day.month:
            ends.append((f"{day:%b %Y}", column))
    return [*ends, (day_label(columns.start(last)), last)]


def day_label(day: date) -> str:
    return f"{day.day} {day:%b %Y}"


def _running_sum(row: list[int]) -> list[int]:
    total = 0
    return [total := total + step for step in row]
