"""What happened, read off the table's changes and off SES, as the lines that people and tests read."""

import json
from collections import Counter
from collections.abc import Iterator
from typing import Any

from homing.adapters.generations import GENERATION_KEY, generation_of
from homing.adapters.ledger import RUN_PREFIX, SEND_PREFIX, run_of, send_of
from homing.adapters.profiles import PROFILE_KEY, profile_record, profile_state
from homing.domain.moments import Moment, format_moment
from homing.domain.record import ProfileRecord
from homing.domain.sends import Run, Send
from local.cloud import Cloud, Mail
from local.cloud.functions import Outcome

Line = dict[str, Any]
LOOKING = "SegmentsFunction"


class Recorder:
    """Watches a cloud from its deployment on."""

    def __init__(self, cloud: Cloud) -> None:
        self.mails: dict[str, Mail] = {}
        """Each mail that SES took, by its send id."""
        self.changes: list[Line] = []
        """The lines of segments.jsonl, in order."""
        self.figures: list[Line] = []
        """The lines of figures.jsonl: one for each generation, in order."""
        self.looks = Counter(due_rows=0, profiles=0, changed=0)
        """What the scheduled looks came to: `due_rows` and `profiles` read, profiles `changed`."""
        self._profiles: dict[str, dict[str, Any]] = {}
        self._runs: dict[str, Run] = {}
        self._sends: dict[str, Send] = {}
        self._segments: dict[str, dict[str, Moment]] = {}
        self._timers = cloud.timers
        cloud.observe_table(self._see)
        cloud.observe_mail(self._see_mail)
        cloud.observe_answers(self._see_answer)

    def profiles(self) -> Iterator[ProfileRecord]:
        """The profiles as they stand, without those that have become part of another, by id."""
        for _, image in sorted(self._profiles.items()):
            record = profile_record(image)
            if record.joined_to is None:
                yield record

    def members(self) -> dict[str, int]:
        """How many profiles are in each segment now."""
        return dict(sorted(Counter(name for segments in self._segments.values() for name in segments).items()))

    def emails(self) -> list[Line]:
        """The lines of emails.jsonl."""
        ordered = sorted(self._sends.values(), key=lambda send: (send.at, send.send_id))
        return [
            {
                "at": format_moment(send.at),
                "profile_id": send.profile_id,
                "email": self._address(send),
                "journey": send.journey,
                "step": send.step,
                "send_id": send.send_id,
                "outcome": send.outcome,
                "reason": send.reason,
                "delivery": send.delivery,
                "subject": send.subject,
                "template": send.template,
            }
            for send in ordered
        ]

    def runs(self) -> list[Line]:
        """The lines of runs.jsonl."""
        ordered = sorted(self._runs.values(), key=lambda run: (run.started_at, run.run_id))
        return [
            {
                "run_id": run.run_id,
                "journey": run.journey,
                "profile_id": run.profile_id,
                "started_at": format_moment(run.started_at),
                "ended_at": None if run.ended_at is None else format_moment(run.ended_at),
                "ended": run.ended or "running",
                "reason": run.reason,
            }
            for run in ordered
        ]

    def _address(self, send: Send) -> str | None:
        """Whom the mail went to; of one that did not go, whom it would have gone to."""
        mail = self.mails.get(send.send_id)
        if mail is not None:
            return mail.to[0]
        image = self._profiles.get(send.profile_id)
        while image is not None:
            record = profile_record(image)
            if record.joined_to is None:
                return record.facts.trait("email")
            image = self._profiles.get(record.joined_to)
        return None

    def _see(self, _table: str, record: dict[str, Any]) -> None:
        change = record["dynamodb"]
        sk = change["Keys"]["sk"]["S"]
        image = change.get("NewImage")
        if image is None:
            return
        if sk == PROFILE_KEY:
            self._see_profile(change["Keys"]["pk"]["S"].removeprefix("P#"), image)
        elif sk == GENERATION_KEY:
            self._see_generation(image)
        elif sk.startswith(RUN_PREFIX):
            run = run_of(image)
            self._runs[run.run_id] = run
        elif sk.startswith(SEND_PREFIX):
            send = send_of(image)
            self._sends[send.send_id] = send

    def _see_profile(self, profile_id: str, image: dict[str, Any]) -> None:
        self._profiles[profile_id] = image
        before = self._segments.get(profile_id, {})
        after = json.loads(profile_state(image)).get("segments", {})
        self._segments[profile_id] = after
        if before.keys() == after.keys():
            return
        at = format_moment(self._timers.now())
        for change, names in (
            ("entered", after.keys() - before.keys()),
            ("left", before.keys() - after.keys()),
        ):
            self.changes += [
                {"at": at, "profile_id": profile_id, "segment": name, "change": change} for name in sorted(names)
            ]

    def _see_generation(self, image: dict[str, Any]) -> None:
        generation = generation_of(image)
        self.figures.append(
            {
                "at": format_moment(self._timers.now()),
                "number": generation.number,
                "computed_at": format_moment(generation.figures.computed_at),
                "tops": generation.figures.tops,
            }
        )

    def _see_answer(self, function: str, outcome: Outcome) -> None:
        if function == LOOKING and not outcome.failed:
            self.looks.update({name: outcome.value[name] for name in ("due_rows", "profiles", "changed")})

    def _see_mail(self, mail: Mail) -> None:
        self.mails[mail.tags["send_id"]] = mail
