"""A chronicle that is told by hand, to show that judges see what is wrong."""

from itertools import count
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, cast

from homing.domain.moments import Moment, parse_moment
from local.torture.chronicle import Chronicle
from local.torture.mail_rules import MailRules
from local.torture.names import contact_of, mail_of, profile_of
from local.torture.shop import rules
from local.torture.stories import Shopper

if TYPE_CHECKING:
    from local.cloud import Cloud

ADA = Shopper("zqada1w", "en", "Europe/London")
CONTACT = contact_of(ADA.address())
PROFILE = profile_of(ADA.user_id)
BEGINS = parse_moment("2026-03-02T10:00:00Z")


class Telling:
    """A cloud in which nothing happens but what a test tells, its chronicle, and who watches it."""

    def __init__(self) -> None:
        self.now: Moment = BEGINS
        self.letters: list[Any] = []
        self.log: list[str] = []
        self._numbers = count(1)
        self.chronicle = Chronicle(cast("Cloud", self._cloud()))
        self.mails = MailRules(self.chronicle, rules(), [ADA])

    def _cloud(self) -> SimpleNamespace:
        return SimpleNamespace(
            database=SimpleNamespace(streams={}),
            executions=[],
            timers=SimpleNamespace(now=lambda: self.now),
            functions=SimpleNamespace(running=None, by_arn={"send": SimpleNamespace(log=self.log)}),
            queues=SimpleNamespace(by_arn={}, dead_letter_arns=[]),
            template=SimpleNamespace(resources={}),
            observe_table=lambda _watch: None,
            observe_mail=lambda _watch: None,
            dead_letters=lambda: self.letters,
        )

    def writes(self, pk: str, sk: str, **attributes: dict[str, Any]) -> None:
        """An item is written, in the place of what it was."""
        self._changes(pk, sk, {"pk": {"S": pk}, "sk": {"S": sk}, **attributes})

    def removes(self, pk: str, sk: str) -> None:
        """An item goes."""
        self._changes(pk, sk, None)

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
