"""What `homing simulate` wrote, read back."""

from collections import Counter
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from pathlib import Path
from typing import Literal, TypeVar

from pydantic import BaseModel, ConfigDict


class _Line(BaseModel):
    model_config = ConfigDict(frozen=True)


class Email(_Line):
    """One intended send; `delivery` is what SES has told of one that was sent, None where it has told nothing."""

    at: datetime
    profile_id: str
    email: str | None
    journey: str
    step: str
    send_id: str
    outcome: str
    reason: str | None
    delivery: str | None = None
    subject: str | None
    template: str | None


class Change(_Line):
    """A profile entered a segment or left it."""

    at: datetime
    profile_id: str
    segment: str
    change: Literal["entered", "left"]


class Run(_Line):
    run_id: str
    journey: str
    profile_id: str
    started_at: datetime
    ended_at: datetime | None
    ended: str
    reason: str | None


class Events(_Line):
    read: int
    accepted: int
    duplicate: int
    rejected: int


class Summary(_Line):
    events: Events
    profiles: int
    operations: dict[str, int]
    virtual_days: float
    wall_seconds: float


L = TypeVar("L", bound=_Line)


@dataclass(frozen=True)
class RunFolder:
    """All of a run but the mails' bodies, which are read one by one."""

    path: Path
    summary: Summary
    emails: list[Email]
    changes: list[Change]
    runs: list[Run]

    @cached_property
    def began(self) -> datetime | None:
        """The first moment of which anything is told; None if nothing happened at all."""
        return min(self._moments, default=None)

    @cached_property
    def ended(self) -> datetime | None:
        return max(self._moments, default=None)

    @cached_property
    def journeys(self) -> list[str]:
        """The one with the most runs first."""
        runs = Counter(run.journey for run in self.runs)
        return sorted({*runs, *(email.journey for email in self.emails)}, key=lambda name: (-runs[name], name))

    @property
    def _moments(self) -> list[datetime]:
        told = [*(email.at for email in self.emails), *(change.at for change in self.changes)]
        for run in self.runs:
            told.append(run.started_at)
            if run.ended_at:
                told.append(run.ended_at)
        return told

    def mail_path(self, email: Email) -> Path:
        return self.path / "emails" / f"{email.send_id}.eml"


def read_run(folder: Path) -> RunFolder:
    """The run in that folder; OSError or ValueError where a file is missing or not what simulate writes."""
    return RunFolder(
        path=folder,
        summary=Summary.model_validate_json((folder / "summary.json").read_bytes()),
        emails=_lines(folder / "emails.jsonl", Email),
        changes=_lines(folder / "segments.jsonl", Change),
        runs=_lines(folder / "runs.jsonl", Run),
    )


def _lines(path: Path, model: type[L]) -> list[L]:
    with path.open("rb") as file:
        return [model.model_validate_json(line) for line in file]
