"""The segments over time, in groups by what they are about."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from local.report import charts, days
from local.report.run_folder import RunFolder
from local.report.subjects import by_subject


@dataclass(frozen=True)
class SegmentChart:
    """Members of one segment at the end of each column."""

    name: str
    description: str
    columns: days.Columns
    members: list[int]

    @property
    def most(self) -> int:
        return max(self.members)

    @property
    def line(self) -> str:
        return charts.step_line(self.members, max(self.most, 1))

    @property
    def area(self) -> str:
        return charts.step_area(self.members, max(self.most, 1))

    @property
    def data(self) -> dict[str, Any]:
        """What the page's script tells of the chart, column by column."""
        return {"labels": self.columns.labels, "series": [{"name": "", "values": self.members}]}


@dataclass(frozen=True)
class SegmentGroup:
    """Segments about one subject; the subject is empty where the rules are not known."""

    subject: str
    segments: list[SegmentChart]

    @property
    def charts(self) -> list[SegmentChart]:
        """Those that anybody has ever been in."""
        return [segment for segment in self.segments if segment.most]

    @property
    def empty(self) -> list[SegmentChart]:
        """Those that nobody has ever been in."""
        return [segment for segment in self.segments if not segment.most]


@dataclass(frozen=True)
class SegmentTimeline:
    """All segments, and the columns at which months end, with what each is called; the last is the end of the run."""

    groups: list[SegmentGroup]
    month_ends: list[tuple[str, int]]


def segment_timeline(run: RunFolder, rules: Mapping[str, Any]) -> SegmentTimeline | None:
    """All segments of the rules (the data of segments.yaml) and of the run; None where nothing happened."""
    if run.began is None or run.ended is None:
        return None
    columns = days.daily(run.began, run.ended)
    members = days.members_per_day(run.changes, columns)
    groups = by_subject(rules)
    grouped = {name for names in groups.values() for name in names}
    if others := [name for name in members if name not in grouped]:
        groups.setdefault("", []).extend(others)
    described = rules.get("segments", {})

    def chart(name: str) -> SegmentChart:
        description = described.get(name, {}).get("description", "")
        return SegmentChart(name, description, columns, members.get(name, [0] * columns.count))

    return SegmentTimeline(
        groups=[SegmentGroup(subject, list(map(chart, names))) for subject, names in groups.items()],
        month_ends=days.month_ends(columns),
    )
