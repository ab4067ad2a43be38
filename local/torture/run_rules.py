"""The invariants of runs: one at a time, and each mail that a run comes to is settled by its deadline."""

from typing import Final, NamedTuple

from homing.domain.moments import DAY, Duration, Moment, format_moment
from local.torture.chronicle import Change, Chronicle, text
from local.torture.invocations import Invocations
from local.torture.mail_rules import MailRules
from local.torture.names import mail_of
from local.torture.parked import Parked

_DEADLINE: Final[Duration] = 5 * DAY
"""Three days of the shop's patience for a mail that is held, and two for quiet hours and all that goes wrong."""


class _Asked(NamedTuple):
    """A mail that a run came to, and when it first did."""

    run: str
    step: str
    at: Moment


class RunRules:
    """Watches runs, and judges what they came to."""

    def __init__(self, chronicle: Chronicle, invocations: Invocations, mails: MailRules) -> None:
        self._chronicle = chronicle
        self._invocations = invocations
        self._mails = mails
        self._settled_at: dict[str, Moment] = {}
        """When the ledger first told of each mail."""
        chronicle.on_change.append(self._see)

    def judge(self) -> None:
        """Every mail that a run has come to is in the ledger by its deadline, unless a person was called."""
        parked = Parked(self._chronicle)
        for mail, asked in self._asked().items():
            profile = asked.run.split("-")[1]
            if self._mails.erasures.is_erased(profile):
                continue
            if parked.tells_of(asked.run) or f"P#{profile}" in parked.partitions:
                continue
            due_by, settled_at = asked.at + _DEADLINE, self._settled_at.get(mail)
            if settled_at is None and due_by < self._chronicle.now:
                self._violated(f"{asked.run} came to {asked.step} at {format_moment(asked.at)}: the ledger is silent")
            if settled_at is not None and settled_at > due_by:
                self._violated(f"{asked.run} came to {asked.step} at {format_moment(asked.at)}: it was settled late")

    def _asked(self) -> dict[str, _Asked]:
        """The mails that the state machines have asked for."""
        asked: dict[str, _Asked] = {}
        for invocation in self._invocations.all:
            if invocation.function == "SendFunction" and invocation.payload is not None:
                run, step = invocation.payload["run"]["run_id"], invocation.payload["step"]
                asked.setdefault(mail_of(run, step), _Asked(run, step, invocation.at))
        return asked

    def _see(self, change: Change) -> None:
        kind, _, name = change.sk.partition("#")
        if kind == "SEND" and change.before is None:
            self._settled_at.setdefault(name, self._chronicle.now)
        if kind == "RUN" and change.before is None and text(change.after, "ended") is None:
            self._see_begin(change)

    def _see_begin(self, change: Change) -> None:
        """No other run of the journey goes on under this address and entry."""
        _, journey, entry = change.sk.split("#", 2)
        contact = text(change.after, "contact_id")
        under_way = {told["run_id"] for run, told in self._chronicle.journeys() if run.execution.ended_at is None}
        others = [
            pk
            for (pk, sk), image in self._chronicle.items.items()
            if (sk, pk) != (change.sk, change.pk)
            and sk == f"RUN#{journey}#{entry}"
            and text(image, "contact_id") == contact
            and f"{journey}-{pk.removeprefix('P#')}-{entry}" in under_way
        ]
        if others:
            self._chronicle.violated("one run", f"{change.pk} and {others} are in {journey} for {contact} and {entry}")

    def _violated(self, what: str) -> None:
        self._chronicle.violated("settled by its deadline", what)
