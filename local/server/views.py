"""What the local page asks for, as JSON can hold it. Moments are ISO 8601 in UTC."""

import email.policy
from email.parser import BytesHeaderParser
from typing import Any

from homing.domain.moments import Moment, format_moment
from homing.domain.record import ProfileRecord
from local.cloud import Cloud
from local.simulation.recorder import Line, Recorder


def emails(_cloud: Cloud, recorder: Recorder) -> list[Line]:
    """The lines of emails.jsonl so far."""
    return recorder.emails()


def email_body(cloud: Cloud, recorder: Recorder, send_id: str, here: str) -> dict[str, Any] | None:
    """`{headers: {name: value}, html, text}` of a mail that SES took, else None.

    Links to the API lead to `here`, this server's own address, so that they can be followed; the headers stay as sent.
    """
    mail = recorder.mails.get(send_id)
    if mail is None:
        return None
    deployed = cloud.outputs["ApiUrl"]
    headers = BytesHeaderParser(policy=email.policy.default).parsebytes(mail.eml())
    return {
        "headers": {name: str(value) for name, value in headers.items()},
        "html": (mail.html or "").replace(deployed, here),
        "text": (mail.text or "").replace(deployed, here),
    }


def profiles(_cloud: Cloud, recorder: Recorder) -> list[Line]:
    """`{profile_id, email, name, language, segments: [{name, since}], orders, last_order_at, cart_size}` of each."""
    return [_profile(record) for record in recorder.profiles()]


def runs(cloud: Cloud, recorder: Recorder) -> list[Line]:
    """The lines of runs.jsonl so far; of those that run, also the state (`step`) and when it ends (`next_at`)."""
    running = {run.execution.name: run for run in cloud.executions if run.execution.ended_at is None}
    lines = []
    for line in recorder.runs():
        waiting = running.get(line["run_id"])
        entered = waiting.execution.entered if waiting else []
        next_at = cloud.workflows.resumes_at(waiting) if waiting else None
        lines.append(line | {"step": entered[-1][1] if entered else None, "next_at": _moment(next_at)})
    return lines


def clock(cloud: Cloud, _recorder: Recorder) -> Moment:
    """The moment that it is for the shop."""
    return cloud.timers.now()


def _profile(record: ProfileRecord) -> Line:
    facts = record.facts
    names = [name for name in (facts.trait("first_name"), facts.trait("last_name")) if name]
    return {
        "profile_id": record.profile_id,
        "email": facts.trait("email"),
        "name": " ".join(names) or None,
        "language": facts.trait("language"),
        "segments": [{"name": name, "since": format_moment(since)} for name, since in sorted(record.segments.items())],
        "orders": facts.orders.count - facts.orders.cancelled,
        "last_order_at": _moment(facts.orders.last_at),
        "cart_size": facts.cart.size,
    }


def _moment(moment: Moment | None) -> str | None:
    return None if moment is None else format_moment(moment)
