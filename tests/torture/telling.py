"""A chronicle that is told by hand, to show that judges see what is wrong."""

import json
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, cast

from homing.domain.moments import Moment, parse_moment
from local.cloud import Outcome
from local.torture.chronicle import Chronicle
from local.torture.invocations import Invocations
from local.torture.mail_rules import MailRules
from local.torture.metric_rules import MetricRules
from local.torture.names import contact_of, mail_of, profile_of
from local.torture.run_rules import RunRules
from local.torture.shop import rules
from local.torture.stories import Shopper

if TYPE_CHECKING:
    from local.cloud import Cloud

ADA = Shopper("zqada1w", "en", "Europe/London")
CONTACT = contact_of(ADA.address())
PROFILE = profile_of(ADA.user_id)
BEGINS = parse_moment("2026-03-02T10:00:00Z")


class Telling:
    """A cloud in which nothing happens but what a test tells, its chronicle, and who watches it.

    ADA has proven a consent.
    """

    def __init__(self) -> None:
        self.now: Moment = BEGINS
        self.letters: list[Any] = []
        self.executions: list[Any] = []
        self._numbers = count(1)
        self._messages = count(1)
        self._functions = SimpleNamespace(
            running=None, payload=None, by_arn={"send": SimpleNamespace(log=deque[str]())}
        )
        cloud = cast("Cloud", self._cloud())
        self.chronicle = Chronicle(cloud)
        self.invocations = Invocations(cloud)
        self.mails = MailRules(self.chronicle, rules(), [ADA])
        self.mails.proven.add(CONTACT)
        self.metrics = MetricRules(self.chronicle, self.invocations)
        self.runs = RunRules(self.chronicle, self.invocations, self.mails)

    def _cloud(self) -> SimpleNamespace:
        return SimpleNamespace(
            database=SimpleNamespace(streams={}),
            executions=self.executions,
            timers=SimpleNamespace(now=lambda: self.now),
            functions=self._functions,
            queues=SimpleNamespace(by_arn={}, dead_letter_arns=[]),
            template=SimpleNamespace(resources={}),
            observe_table=lambda _watch: None,
            observe_mail=lambda _watch: None,
            observe_answers=lambda _watch: None,
            dead_letters=lambda: self.letters,
        )

    @property
    def log(self) -> deque[str]:
        """What the send function has written."""
        log: deque[str] = self._functions.by_arn["send"].log
        return log

    @contextmanager
    def invokes(self, function: str, payload: Any, answer: Any = None) -> Iterator[None]:
        """The function runs, does what is told meanwhile, and answers so; nobody hears of it where it answers None."""
        self._functions.running, self._functions.payload = SimpleNamespace(logical_id=function), payload
        self.invocations.begins(function)
        assert self.invocations.current is not None
        yield
        self.invocations.ends()
        self._functions.running = self._functions.payload = None
        if answer is not None:
            self.invocations.all[-1].outcome = Outcome(answer)

    def counts(self, name: str, amount: int = 1, **dimensions: str) -> None:
        """The function that runs writes a metric."""
        directive = {"Namespace": "Homing", "Dimensions": [list(dimensions)], "Metrics": [{"Name": name}]}
        self.log.extend([json.dumps({"_aws": {"CloudWatchMetrics": [directive]}, name: [amount], **dimensions})])

    def writes(self, pk: str, sk: str, **attributes: dict[str, Any]) -> None:
        """An item is written, in the place of what it was."""
        self._changes(pk, sk, {"pk": {"S": pk}, "sk": {"S": sk}, **attributes})

    def removes(self, pk: str, sk: str) -> None:
        """An item goes."""
        self._changes(pk, sk, None)

    def hears(self, **told: Any) -> None:
        """A message of the shopper's is kept now; it tells of now where it does not say when."""
        number = next(self._messages)
        body = {"S": json.dumps({"message_id": f"message-{number}", "at": self.now, **told})}
        self.writes(f"P#{PROFILE}", f"EVENT#{number}", body=body, received_at={"N": str(self.now)})

    def permits(self, step: str = "greeting", journey: str = "welcome", **attributes: dict[str, Any]) -> str:
        """A marketing mail is permitted now, by a write that is right but for these attributes; the mail's id."""
        run = f"{journey}-{PROFILE}-once"
        mail = mail_of(run, step)
        image: dict[str, dict[str, Any]] = {
            "consent": {"BOOL": True},
            f"run:{run}": {"S": PROFILE},
            "recent_1": {"N": str(self.now)},
            f"claim:{mail}": {"N": str(self.now)},
        }
        before = self.chronicle.items.get((f"C#{CONTACT}", "CONTACT"), {})
        claims = {name: value for name, value in before.items() if name.startswith("claim:")}
        self.writes(f"C#{CONTACT}", "CONTACT", **claims, **(image | attributes))
        return mail

    def _changes(self, pk: str, sk: str, image: dict[str, Any] | None) -> None:
        told: dict[str, Any] = {"Keys": {"pk": {"S": pk}, "sk": {"S": sk}}, "SequenceNumber": str(next(self._numbers))}
        self.chronicle._see("table", {"dynamodb": told if image is None else told | {"NewImage": image}})

    @property
    def violated(self) -> set[str]:
        """The rules that were found to be violated."""
        return {violation.rule for violation in self.chronicle.violations}
