"""The metrics, held to what was done: to each invocation's own answer, and to what it wrote of the ledger.

Metrics are written to the log at the end of an invocation, or on the way. So a death may lose what was not written yet,
and a retry count again; of an invocation that came to its end and was heard, each metric is exact. What an alarm hangs
on is never lost: a mail of unknown fate is counted before anybody stops looking at it.
"""

import json
from collections import Counter
from collections.abc import Callable, Mapping
from typing import Any, Final

from homing.domain.moments import DAY, parse_moment
from local.torture.chronicle import Change, Chronicle, number, text
from local.torture.invocations import Count, Invocation, Invocations

_HELD_TO: Final = frozenset({"change", "journey", "kind", "outcome"})
"""The dimensions that a metric is held to; of the others neither an answer nor the table tells."""

_GAUGES: Final = frozenset({"OldestRequestDays"})
"""What is measured and not counted."""

_ANSWERS: Final = frozenset({"NotYet", "RunEnded"})
"""The errors by which the send function answers."""

_NEVER_LOST: Final = ("EmailsUnknown", "EmailsUnsettled")
"""What is counted before it is kept: an alarm hangs on it."""

_NEVER_REPEATED: Final = ("EventsAccepted", "Runs started", *_NEVER_LOST)
"""What only who does it counts. Of a mail that is done already the send function counts once more what it was."""


class MetricRules:
    """Watches what invocations write of the ledger, and judges what they counted."""

    def __init__(self, chronicle: Chronicle, invocations: Invocations) -> None:
        self._chronicle = chronicle
        self._invocations = invocations
        chronicle.on_change.append(self._see)

    def judge(self) -> None:
        """Holds each invocation to its answer, and to what it wrote."""
        for invocation in self._invocations.all:
            counted = _labelled(invocation.counted())
            came_to_its_end = invocation.answered or invocation.error in _ANSWERS
            if came_to_its_end:
                self._judge_answer(invocation, counted)
            if came_to_its_end and not invocation.is_disturbed:
                self._judge_kept(invocation, counted)
            for label in _NEVER_LOST:
                if counted[label] < invocation.noted[label]:
                    self._violated(f"{label} was counted {counted[label]} times, and kept {invocation.noted[label]}")
            if invocation.function == "SendFunction" and counted.total() > 1:
                self._violated(f"one invocation counted {dict(counted)}")

    def _judge_answer(self, invocation: Invocation, counted: Counter[str]) -> None:
        expected = Counter(_EXPECTED[invocation.function](invocation))
        told = Counter({label: n for label, n in counted.items() if not _is_left_to_the_table(invocation, label)})
        if told != expected:
            self._violated(f"{invocation.function} answered {dict(+expected)}, and counted {dict(+told)}")

    def _judge_kept(self, invocation: Invocation, counted: Counter[str]) -> None:
        kept = invocation.noted
        for label in sorted({*kept, *counted}):
            is_too_many = counted[label] > kept[label] and label.startswith(_NEVER_REPEATED)
            if counted[label] < kept[label] or is_too_many:
                self._violated(f"{invocation.function} kept {kept[label]} of {label}, and counted {counted[label]}")

    # What invocations write

    def _see(self, change: Change) -> None:
        invocation = self._invocations.current
        label = self._written(change) if invocation is not None and change.by == invocation.function else None
        if invocation is not None and label is not None:
            invocation.noted[label] += 1

    def _written(self, change: Change) -> str | None:
        """The metric that a change belongs to, as `_labelled` names it."""
        kind = change.sk.partition("#")[0]
        if change.pk.startswith("OPEN#"):
            return self._closed(change)
        if kind == "EVENT" and change.before is None and change.by == "IngestFunction":
            return "EventsAccepted"
        if kind == "RUN" and change.by == "EnrollFunction":
            return _run_written(change)
        outcome = text(change.after, "outcome")
        if kind == "SEND" and outcome != text(change.before, "outcome") and change.by in _TELLS_OUTCOMES:
            return f"Emails {text(change.after, 'journey')} {outcome}"
        return None

    def _closed(self, change: Change) -> str | None:
        """An open mail that nobody looks at again by this entry."""
        if change.after is not None or change.before is None or change.by != "ReconcileFunction":
            return None
        look_at, _, mail = change.sk.partition("#")
        line = self._chronicle.items.get((f"P#{text(change.before, 'profile_id')}", f"SEND#{mail}"))
        if text(line, "outcome") == "unknown":
            return "EmailsUnknown"
        is_silent = text(line, "outcome") == "sent" and text(line, "delivery") is None
        is_last_look = parse_moment(look_at) >= (number(change.before, "at") or 0) + DAY
        return "EmailsUnsettled" if is_silent and is_last_look else None

    def _violated(self, what: str) -> None:
        self._chronicle.violated("metrics equal the ledger", what)


_TELLS_OUTCOMES: Final = frozenset({"SendFunction", "ReconcileFunction"})


def _labelled(counted: Mapping[Count, int]) -> Counter[str]:
    """The sums by metric and by those dimensions that it is held to, as in `Emails cart sent`."""
    sums: Counter[str] = Counter()
    for count, amount in counted.items():
        if count.name not in _GAUGES:
            sums[" ".join([count.name, *(value for name, value in count.dimensions if name in _HELD_TO)])] += amount
    return sums


def _is_left_to_the_table(invocation: Invocation, label: str) -> bool:
    """Whether its answer says nothing of this metric."""
    of_sweep = invocation.function == "ReconcileFunction" and label.startswith("Emails ")
    return of_sweep or invocation.function == "EnrollFunction"


def _run_written(change: Change) -> str | None:
    _, journey, _ = change.sk.split("#", 2)
    if text(change.after, "ended") is not None:
        return f"Runs ended {journey}" if text(change.before, "ended") is None else None
    return f"Runs started {journey}" if change.before is None else None


# ── What an invocation counts, by its own answer ──────────────────────────────────────────────────────────────────────


def _of_send(invocation: Invocation) -> dict[str, int]:
    journey = invocation.payload["run"]["journey"]
    if invocation.error == "NotYet":
        return {f"EmailsHeld {journey}": 1}
    outcome = "skipped" if invocation.outcome is None or invocation.error else invocation.outcome.value["outcome"]
    return {f"Emails {journey} {outcome}": 1}


def _of_ingest(invocation: Invocation) -> dict[str, int]:
    answer = _value(invocation)
    if answer["statusCode"] != 200:
        return {"EventsRejected": 1}
    told = json.loads(answer["body"])
    return {
        "EventsAccepted": told["accepted"],
        "EventsDuplicate": told["duplicate"],
        "EventsRejected": len(told.get("errors", ())),
    }


def _of_project(invocation: Invocation) -> dict[str, int]:
    """All records of a batch but those of partitions that failed."""
    records = invocation.payload["Records"]
    failed = {each["itemIdentifier"] for each in _value(invocation)["batchItemFailures"]}
    partitions = {_partition(each) for each in records if each["dynamodb"]["SequenceNumber"] in failed}
    return {"EventsFolded": sum(_partition(each) not in partitions for each in records)}


def _of_no_answer(_invocation: Invocation) -> dict[str, int]:
    return {}


def _of_feedback(invocation: Invocation) -> Counter[str]:
    failed = {each["itemIdentifier"] for each in _value(invocation)["batchItemFailures"]}
    taken = [each for each in invocation.payload["Records"] if each["messageId"] not in failed]
    return Counter(f"Feedback {json.loads(each['body'])['eventType']}" for each in taken)


def _of_reconcile(invocation: Invocation) -> dict[str, int]:
    told = _value(invocation)
    if "shard" in invocation.payload:
        return {"EmailsUnknown": told["unknown"], "EmailsUnsettled": told["unsettled"]}
    return {"Brake": int(told["brake"] is not None), "AddressesMirrored": told["mirrored"]}


def _of_segments(invocation: Invocation) -> dict[str, int]:
    told = _value(invocation)
    return {
        "DueRowsRead": told["due_rows"],
        "ProfilesRead": told["profiles"],
        "ProfilesChangedByTime": told["changed"],
    }


def _of_finish(invocation: Invocation) -> dict[str, int]:
    return {f"RunsEnded {json.loads(invocation.payload['detail']['input'])['run']['journey']}": 1}


def _of_pages(invocation: Invocation) -> dict[str, int]:
    return {"PagesRefused": int(_value(invocation)["statusCode"] >= 400)}


_EXPECTED: Final[Mapping[str, Callable[[Invocation], Mapping[str, int]]]] = {
    "SendFunction": _of_send,
    "IngestFunction": _of_ingest,
    "ProjectFunction": _of_project,
    "EnrollFunction": _of_no_answer,
    "FeedbackFunction": _of_feedback,
    "ReconcileFunction": _of_reconcile,
    "SegmentsFunction": _of_segments,
    "FinishFunction": _of_finish,
    "PagesFunction": _of_pages,
    "RecomputeFunction": _of_no_answer,
}


def _value(invocation: Invocation) -> Any:
    """What it answered."""
    return None if invocation.outcome is None else invocation.outcome.value


def _partition(record: Mapping[str, Any]) -> str:
    return str(record["dynamodb"]["Keys"]["pk"]["S"])
