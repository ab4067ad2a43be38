"""One seed: its story acted out among its faults, watched, and judged in the end."""

import hashlib
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from random import Random
from typing import Any, Final
from unittest.mock import patch

from homing.domain.moments import DAY, Moment
from local.cloud import Cloud
from local.torture.chronicle import Change, Chronicle, Violation
from local.torture.client import Client
from local.torture.faults import Faults, Rates
from local.torture.invocations import Invocations
from local.torture.ledger_rules import LedgerRules
from local.torture.looks import look_at_the_account
from local.torture.mail_rules import MailRules
from local.torture.metric_rules import MetricRules
from local.torture.names import profile_of
from local.torture.run_rules import RunRules
from local.torture.shop import rules
from local.torture.stories import LENGTH, Act, Story, draw

SETTLING: Final = 45 * DAY
"""Longer than any journey still takes once the faults are over."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a trial came to: nothing violated, or what; `digest` is the same where the very same happened."""

    seed: int
    violations: Sequence[Violation] = ()
    digest: str = ""
    mails: int = 0
    unknown: int = 0
    faults: dict[str, int] = field(default_factory=dict)
    seconds: float = 0


@dataclass(frozen=True, slots=True)
class Case:
    """What is tried: a seed, or what is left of it where it has been cut down."""

    seed: int
    story: Story
    rates: Rates


class Trial:
    """A story on a cloud that stands at its opening, and is nobody else's from now on."""

    def __init__(self, cloud: Cloud, case: Case) -> None:
        self.cloud = cloud
        self.seed = case.seed
        self.story = case.story
        self._trace = hashlib.sha256()
        self.chronicle = Chronicle(cloud)
        self.invocations = Invocations(cloud)
        self.faults = Faults(cloud, case.rates, case.seed, self._note, self.invocations)
        self.mails = MailRules(self.chronicle, rules(), case.story.shoppers)
        self.ledger = LedgerRules(self.chronicle, self.mails, rules())
        self.runs = RunRules(self.chronicle, self.invocations, self.mails)
        self.metrics = MetricRules(self.chronicle, self.invocations)
        self.client = Client(cloud, case.story, self.faults, self.chronicle, self.mails)
        self._ambushes: list[Act] = []
        self._calls: Counter[str] = Counter()
        """Boundaries of calls by the request within which they were seen."""
        self.chronicle.on_change.append(self._trace_change)

    def run(self) -> Verdict:
        """Acts the story out, lets all settle, and judges."""
        started = time.process_time()
        with patch("time.sleep", lambda _: None):  # botocore waits between its tries
            self._advance_to(self.story.begins)
            look_at_the_account(self.cloud)
            self.cloud.on_call(self._boundary)
            self.faults.begin()
            for act in self.story.acts:
                self._advance_to(self.story.begins + act.at)
                self._do(act)
            self._advance_to(self.story.begins + LENGTH)
            self.faults.end()
            self._advance_to(self.story.begins + LENGTH + SETTLING)
        if not self.chronicle.violations:
            self.ledger.judge(self.story.begins + LENGTH)
            self.runs.judge()
            self.metrics.judge()
            self.client.judge()
        for answer in self.client.answers:
            self._note(answer)
        return Verdict(
            self.seed,
            self.chronicle.violations,
            self._trace.hexdigest(),
            len(self.chronicle.mails),
            self.ledger.unknown,
            dict(self.faults.happened),
            time.process_time() - started,
        )

    def _do(self, act: Act) -> None:
        if act.ambush is None:
            self.client.do(act)
        else:
            self._ambushes.append(act)

    def _boundary(self, _service: str, _operation: str, _phase: str) -> None:
        """An ambush comes amid the sending of the shopper's mail."""
        running, payload = self.cloud.functions.running, self.cloud.functions.payload
        if not self._ambushes or running is None or running.logical_id != "SendFunction":
            return
        attempt = f"{payload['run']['run_id']} {payload['step']} {self.cloud.functions.invocations}"
        self._calls[attempt] += 1
        for act in list(self._ambushes):
            whose = profile_of(self.story.shoppers[act.shopper].user_id)
            if payload["run"]["profile_id"] == whose and act.ambush == self._calls[attempt]:
                self._ambushes.remove(act)
                self.client.do(act)

    def _advance_to(self, moment: Moment) -> None:
        """Lets time pass as the cloud itself does, with deliveries in the seed's order."""
        timers = self.cloud.timers
        self._settle()
        while not self.chronicle.violations and (due := timers.next_moment()) is not None and due <= moment:
            timers.run_next()
            self._settle()
        if not self.chronicle.violations:
            timers.advance_to(moment)

    def _settle(self) -> None:
        while any(pump() for pump in self.faults.shuffled(self.cloud.pumps)):
            pass

    def _note(self, what: str) -> None:
        self._trace.update(f"{self.cloud.timers.now()} {what}\n".encode())

    def _trace_change(self, change: Change) -> None:
        self._note(f"{change.by} {change.pk} {change.sk} {_canonical(change.after)}")


def _canonical(image: dict[str, Any] | None) -> str:
    return "" if image is None else repr(sorted(image.items()))


def case_of(seed: int) -> Case:
    """The whole case of a seed."""
    return Case(seed, draw(seed), Rates.draw(Random(f"rates {seed}")))


def try_case(cloud: Cloud, case: Case) -> Verdict:
    """The trial of a case, to which the cloud belongs from now on."""
    return Trial(cloud, case).run()
