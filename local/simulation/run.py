"""One simulation: messages in at their times, time passing in between, and everything written down at the end."""

import base64
import json
import time
from collections import Counter
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from homing.domain.moments import DAY, Moment, format_moment
from local.cloud import Cloud
from local.simulation.confirmations import press_confirmations
from local.simulation.deployment import deployed
from local.simulation.exact_schedule import look_exactly_when_due
from local.simulation.inputs import Inputs, Message, Rejected
from local.simulation.recorder import Line, Recorder
from local.simulation.snapshot import write_snapshot
from local.timers import Timers, VirtualClock

AFTER_THE_LAST: int = 60 * DAY
COUNTED = (
    "lambda_invocations",
    "dynamodb_write_units",
    "dynamodb_read_units",
    "state_transitions",
    "ses_sends",
)

OnProgress = Callable[[int, Moment], None]
"""Called with the messages sent so far and the virtual moment."""

Watch = Callable[[Cloud, Recorder], None]
"""Called once all is deployed, before the first message. Whoever wants to look later sets a timer on the cloud."""


@dataclass(frozen=True, slots=True)
class Simulation:
    """What a simulation came to; the same as in summary.json."""

    summary: dict[str, Any]
    rejected: list[Rejected]


def simulate(
    inputs: Inputs,
    out_dir: Path,
    *,
    until: Moment | None = None,
    seed: int = 0,
    double_opt_in: bool = False,
    on_progress: OnProgress | None = None,
    watch: Watch | None = None,
) -> Simulation:
    """Send the messages through the API at their times, let time pass until `until`, and write the files to `out_dir`.

    What shoppers agreed to counts as confirmed, for nobody of a year gone by is there to press a button; with
    `double_opt_in` each of them is asked, and presses it. `until` is sixty days after the last message unless given;
    messages after it are not sent, and not counted.
    """
    started = time.perf_counter()
    out_dir.mkdir(parents=True, exist_ok=True)  # now, and not when all has been simulated in vain
    messages = inputs.messages if until is None else [message for message in inputs.messages if message.at <= until]
    begin = messages[0].at if messages else (until or 0)
    end = until if until is not None else (messages[-1].at if messages else begin) + AFTER_THE_LAST
    with VirtualClock(begin) as clock, _deployed(Timers(clock), seed, double_opt_in=double_opt_in) as cloud:
        recorder = Recorder(cloud)
        look_exactly_when_due(cloud)
        if double_opt_in:
            press_confirmations(cloud)
        if watch is not None:
            watch(cloud, recorder)
        sender = _Sender(cloud)
        for number, message in enumerate(messages):
            cloud.advance_to(message.at)
            sender.send(message)
            cloud.settle()
            if on_progress is not None and number % 50 == 0:
                on_progress(number, message.at)
        _let_time_pass(cloud, end, len(messages), on_progress)
        rejected = [*inputs.rejected, *sender.rejected]
        events = {
            "read": len(messages) + len(inputs.rejected),
            "accepted": sender.counts["accepted"],
            "duplicate": sender.counts["duplicate"],
            "rejected": len(rejected),
        }
        summary = _summary(cloud, recorder, events, begin, end)
        summary["wall_seconds"] = round(time.perf_counter() - started, 1)
        _write(out_dir, recorder, summary)
        write_snapshot(cloud, out_dir)
    return Simulation(summary, rejected)


def _deployed(timers: Timers, seed: int, *, double_opt_in: bool) -> AbstractContextManager[Cloud]:
    return deployed(timers, seed=seed, parameters={"DoubleOptIn": "yes" if double_opt_in else "no"})


class _Sender:
    """The shop's client: one message a request, as browsers send them."""

    def __init__(self, cloud: Cloud) -> None:
        self._cloud = cloud
        key = base64.b64encode(b"local:").decode()
        self._headers = {"authorization": f"Basic {key}", "content-type": "application/json"}
        self.counts: Counter[str] = Counter()
        self.rejected: list[Rejected] = []

    def send(self, message: Message) -> None:
        response = self._cloud.http("POST", "/v1/batch", headers=self._headers, body=f'{{"batch":[{message.text}]}}')
        told = json.loads(response.body)
        if response.status == 200 and not told.get("errors"):
            self.counts.update(accepted=told["accepted"], duplicate=told["duplicate"])
            return
        reason = told["errors"][0]["message"] if response.status == 200 else told.get("message", response.status)
        self.rejected.append(Rejected(message.place, str(reason)))


def _let_time_pass(cloud: Cloud, end: Moment, sent: int, on_progress: OnProgress | None) -> None:
    while (now := cloud.timers.now()) < end:
        cloud.advance_to(min(now + DAY, end))
        if on_progress is not None:
            on_progress(sent, cloud.timers.now())


def _summary(cloud: Cloud, recorder: Recorder, events: dict[str, int], begin: Moment, end: Moment) -> dict[str, Any]:
    emails: dict[str, Any] = {"sent": 0, "skipped": {}, "failed": {}, "unknown": {}}
    journeys: dict[str, Counter[str]] = {}
    for line in recorder.emails():
        if line["outcome"] == "sent":
            emails["sent"] += 1
        else:
            reasons = emails[line["outcome"]]
            reasons[line["reason"]] = reasons.get(line["reason"], 0) + 1
        journeys.setdefault(line["journey"], Counter())[f"emails_{line['outcome']}"] += 1
    for line in recorder.runs():
        journeys.setdefault(line["journey"], Counter()).update({"runs": 1, line["ended"]: 1})
    operations = cloud.operations
    return {
        "events": events,
        "profiles": sum(1 for _ in recorder.profiles()),
        "segments": recorder.members(),
        "journeys": {name: dict(sorted(counts.items())) for name, counts in sorted(journeys.items())},
        "emails": emails,
        "operations": {name: operations[name] for name in COUNTED},
        "write_units_by_function": dict(sorted(cloud.database.write_units.items())),
        "state_transitions_by_machine": _transitions(cloud),
        "scheduled_looks": dict(sorted(recorder.looks.items())),
        "dead_letters": len(cloud.dead_letters()),
        "began_at": format_moment(begin),
        "ended_at": format_moment(end),
        "virtual_days": round((end - begin) / DAY, 2),
    }


def _transitions(cloud: Cloud) -> dict[str, int]:
    counts: Counter[str] = Counter()
    for run in cloud.executions:
        counts[run.state_machine.logical_id] += run.execution.billed_transitions
    return dict(sorted(counts.items()))


def _write(out_dir: Path, recorder: Recorder, summary: dict[str, Any]) -> None:
    mails_dir = out_dir / "emails"
    mails_dir.mkdir(parents=True, exist_ok=True)
    for stale in mails_dir.glob("*.eml"):
        stale.unlink()
    for send_id, mail in recorder.mails.items():
        (mails_dir / f"{send_id}.eml").write_bytes(mail.eml())
    _write_lines(out_dir / "emails.jsonl", recorder.emails())
    _write_lines(out_dir / "segments.jsonl", recorder.changes)
    _write_lines(out_dir / "runs.jsonl", recorder.runs())
    _write_lines(out_dir / "figures.jsonl", recorder.figures)
    (out_dir / "summary.json").write_text(json.dumps(summary, indent=2) + "\n", encoding="utf-8")


def _write_lines(path: Path, lines: list[Line]) -> None:
    with path.open("w", encoding="utf-8", newline="\n") as file:
        for line in lines:
            file.write(json.dumps(line, ensure_ascii=False) + "\n")
