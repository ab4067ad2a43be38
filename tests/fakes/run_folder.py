"""The folder of a run that nobody has simulated: months of mails and changes, made up in a moment."""

import json
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from pathlib import Path
from random import Random
from typing import Any

from local.report.run_folder import Email

START = datetime(2026, 1, 5, tzinfo=UTC)
JOURNEYS: dict[str, list[tuple[str, float]]] = {
    "welcome": [("greeting", 0), ("favourites", 3), ("last-call", 7)],
    "cart": [("reminder", 0.05), ("second", 1), ("offer", 3)],
    "winback": [("missing-you", 0), ("offer", 7), ("last-offer", 21)],
    "birthday": [("wishes", 0), ("reminder", 5)],
}
SEGMENTS = (
    "leads",
    "first_time",
    "recent",
    "one_time",
    "lapsed",
    "loyal",
    "cart_abandoners",
    "birthday_soon",
)
REASONS = ("no_consent", "suppressed", "run_ended", "too_many")

Lines = list[dict[str, Any]]


def _iso(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def a_mail(subject: str, name: str) -> bytes:
    message = EmailMessage()
    message["From"] = "Tea & Clay <hello@shop.example>"
    message["To"] = f"{name.lower()}@post.example"
    message["Subject"] = subject
    message["List-Unsubscribe"] = "<https://api.shop.example/u/abc>"
    message.set_content(f"Hello {name},\n\nyour tea is waiting.\n\nTea & Clay")
    message.add_alternative(
        "<!doctype html><html><head><title>Mail</title></head>"
        "<body style='margin:0;background:#f2efe8;font:16px Georgia,serif;color:#2b2b26'>"
        "<div style='max-width:520px;margin:24px auto;background:#fff;padding:32px;border-radius:8px'>"
        f"<p>Hello {name},</p><h1>{subject}</h1><p>It is still here, as you left it:</p>"
        "<p><img src='https://images.shop.example/tp-01.jpg' alt='Kyusu Teapot' width=200></p>"
        "<p><a href='https://www.shop.example/cart' style='background:#1f6f64;color:#fff;"
        "padding:12px 20px;border-radius:6px;text-decoration:none'>Back to your cart</a></p>"
        "</div></body></html>",
        subtype="html",
    )
    return message.as_bytes()


def write_fake_run(folder: Path, *, days: int = 178, profiles: int = 260, subject: str | None = None) -> Path:
    """A run's folder as simulate would write it, of an invented shop."""
    random = Random(1)
    emails: Lines = []
    runs: Lines = []
    changes: Lines = []
    (folder / "emails").mkdir(parents=True)
    for number in range(profiles):
        for lines, told in zip((emails, runs, changes), _live(number, days, random), strict=True):
            lines.extend(told)
    for index, mail in enumerate(emails):
        if subject and index == 0:
            mail |= {"subject": subject, "outcome": "sent", "reason": None}
        if mail["outcome"] == "sent":
            body = a_mail(mail["subject"], random.choice(["Ada", "Jörg", "Nele", "Hugh"]))
            (folder / "emails" / f"{mail['send_id']}.eml").write_bytes(body)
    _write_lines(folder / "emails.jsonl", sorted(emails, key=lambda line: line["at"]))
    _write_lines(folder / "segments.jsonl", sorted(changes, key=lambda line: line["at"]))
    _write_lines(folder / "runs.jsonl", sorted(runs, key=lambda line: line["started_at"]))
    sent = sum(mail["outcome"] == "sent" for mail in emails)
    operations = {
        "lambda_invocations": profiles * 60,
        "dynamodb_write_units": profiles * 45,
        "dynamodb_read_units": profiles * 30,
        "state_transitions": sent * 3,
        "ses_sends": sent,
    }
    summary = {
        "events": {"read": profiles * 13, "accepted": profiles * 13 - 9, "duplicate": 6, "rejected": 3},
        "profiles": profiles,
        "segments": {},
        "journeys": {},
        "emails": {},
        "operations": operations,
        "virtual_days": days,
        "wall_seconds": 24.2,
    }
    (folder / "summary.json").write_text(json.dumps(summary), encoding="utf-8")
    return folder


def _live(number: int, days: int, random: Random) -> tuple[Lines, Lines, Lines]:
    """What Homing does for one shopper: mails, runs, and changes of segment."""
    signed_up = min(random.randrange(days - 10), random.randrange(days - 10))
    emails: Lines = []
    runs: Lines = []
    for journey, steps in JOURNEYS.items():
        if journey == "welcome" or random.random() < 0.55:
            wait = 0 if journey == "welcome" else random.randrange(1, days - signed_up)
            started = START + timedelta(days=signed_up + wait, minutes=random.randrange(8 * 60, 22 * 60))
            lived = steps[: random.choice([1, 2, len(steps), len(steps)])]
            emails += [_intended(number, journey, step, started, random) for step in lived]
            runs.append(_run(number, journey, started, lived, random))
    return emails, runs, _changes(number, signed_up, random)


def _intended(number: int, journey: str, step: tuple[str, float], started: datetime, random: Random) -> dict[str, Any]:
    name, after = step
    withheld = random.random() < 0.12
    return {
        "at": _iso(started + timedelta(days=after)),
        "profile_id": f"prf-{number:05d}",
        "email": f"shopper.{number}@post.example",
        "journey": journey,
        "step": name,
        "send_id": f"snd-{journey}-{number}-{name}",
        "outcome": "skipped" if withheld else "sent",
        "reason": random.choice(REASONS) if withheld else None,
        "delivery": None if withheld else "delivered",
        "subject": f"Ada, your {journey} {name.replace('-', ' ')} from Tea & Clay",
        "template": f"{journey}-{name}",
    }


def _run(
    number: int, journey: str, started: datetime, lived: list[tuple[str, float]], random: Random
) -> dict[str, Any]:
    exited = len(lived) < len(JOURNEYS[journey])
    return {
        "run_id": f"{journey}-{number}",
        "journey": journey,
        "profile_id": f"prf-{number:05d}",
        "started_at": _iso(started),
        "ended_at": _iso(started + timedelta(days=lived[-1][1])),
        "ended": "exited" if exited else "completed",
        "reason": random.choice(["purchase", "purchase", "consent_withdrawn"]) if exited else None,
    }


def _changes(number: int, signed_up: int, random: Random) -> Lines:
    changes: Lines = []
    for segment in SEGMENTS:
        if random.random() < 0.6:
            day = signed_up + random.randrange(10)
            stay = random.randrange(1, 60)
            told = [("entered", day), ("left", day + stay)][: random.choice([1, 2])]
            changes += [
                {
                    "at": _iso(START + timedelta(days=at, hours=9)),
                    "profile_id": f"prf-{number:05d}",
                    "segment": segment,
                    "change": change,
                }
                for change, at in told
            ]
    return changes


def _write_lines(path: Path, lines: list[dict[str, Any]]) -> None:
    path.write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")


def an_email(number: int, *, journey: str = "cart", step: str = "reminder", **fields: Any) -> Email:
    line: dict[str, Any] = {
        "at": START + timedelta(hours=number),
        "profile_id": "prf-1",
        "email": "ada@post.example",
        "journey": journey,
        "step": step,
        "send_id": f"snd-{journey}-{step}-{number}",
        "outcome": "sent",
        "reason": None,
        "delivery": "delivered",
        "subject": "Your cart",
        "template": "cart-reminder",
    }
    return Email(**{**line, **fields})
