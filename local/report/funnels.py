"""A journey as a funnel: the runs that started, what each step sent and withheld, how the runs ended."""

from bisect import bisect_right
from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from statistics import median

from local.report.run_folder import Email, Run, RunFolder


@dataclass(frozen=True)
class Step:
    """`after` is the median time from the run's start to the intended send."""

    name: str
    after: timedelta
    sent: int
    withheld: list[tuple[str, int]]

    @property
    def intended(self) -> int:
        return self.sent + sum(count for _, count in self.withheld)


@dataclass(frozen=True)
class Funnel:
    journey: str
    runs: int
    steps: list[Step]
    ends: list[tuple[str, str | None, int]]

    @property
    def widest(self) -> int:
        return max([self.runs, 1, *(step.intended for step in self.steps)])


def make_funnels(run: RunFolder) -> list[Funnel]:
    """One for each journey, in the journeys' order."""
    return [_funnel(journey, run) for journey in run.journeys]


def why(email: Email) -> str:
    """Why a mail was not sent: the reason of the ledger, or the outcome where it has none."""
    return email.reason or email.outcome


def _funnel(journey: str, run: RunFolder) -> Funnel:
    runs = [line for line in run.runs if line.journey == journey]
    ends = Counter((line.ended, line.reason) for line in runs)
    return Funnel(
        journey=journey,
        runs=len(runs),
        steps=_steps([email for email in run.emails if email.journey == journey], runs),
        ends=sorted(((how, reason, count) for (how, reason), count in ends.items()), key=lambda e: -e[2]),
    )


def _steps(emails: Iterable[Email], runs: Iterable[Run]) -> list[Step]:
    starts = _starts(runs)
    by_step: dict[str, list[Email]] = defaultdict(list)
    for email in emails:
        by_step[email.step].append(email)
    steps = [
        Step(
            name=name,
            after=timedelta(seconds=median(_seconds_after_start(email, starts) for email in _reached(intended))),
            sent=sum(email.outcome == "sent" for email in intended),
            withheld=Counter(why(email) for email in intended if email.outcome != "sent").most_common(),
        )
        for name, intended in by_step.items()
    ]
    return sorted(steps, key=lambda step: (step.after, step.name))


def _reached(intended: list[Email]) -> list[Email]:
    """Those that were sent: the others were withheld when the run ended, before their time. All, if none was sent."""
    return [email for email in intended if email.outcome == "sent"] or intended


def _starts(runs: Iterable[Run]) -> dict[str, list[datetime]]:
    starts: dict[str, list[datetime]] = defaultdict(list)
    for run in runs:
        starts[run.profile_id].append(run.started_at)
    return {profile_id: sorted(moments) for profile_id, moments in starts.items()}


def _seconds_after_start(email: Email, starts: dict[str, list[datetime]]) -> float:
    """The send names no run: it belongs to the profile's run that started last before it."""
    moments = starts.get(email.profile_id, [])
    earlier = bisect_right(moments, email.at)
    return (email.at - moments[earlier - 1]).total_seconds() if earlier else 0.0
