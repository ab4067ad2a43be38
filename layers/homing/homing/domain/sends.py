"""The records of runs and of intended mails: what the ledger keeps, and for how long."""

from collections.abc import Iterable
from typing import Literal, get_args

from homing.domain import ids
from homing.domain.events import Frozen
from homing.domain.moments import DAY, MINUTE, Duration, Moment
from homing.domain.permit import LEFT_OUT

Outcome = Literal["sent", "skipped", "failed", "unknown"]
Ended = Literal["completed", "exited", "failed"]
Delivery = Literal["delayed", "delivered", "bounced_softly", "bounced", "rejected", "complained"]
"""What became of a mail after SES took it, as a later one outranks an earlier: whatever comes when, the last counts."""

SOFT_BOUNCES = 3
"""So many mails in a row that bounced softly make a bounce for good."""

INTERRUPTED = "interrupted"
"""The reason of an `unknown`: an attempt claimed the send, and was cut off before it told what came of it."""

GAVE_UP = "gave_up"
"""The reason of a `failed`: the state machine has no retries left."""

SETTLES_WITHIN: Duration = 40 * MINUTE
"""How long after a claim nobody need worry: SES tells of a mail within seconds, a queue may take minutes. With a look
every quarter of an hour no mail's fate is in doubt for an hour without being shown."""

TOLD_WITHIN: Duration = DAY
"""How long after a mail went out SES has told what became of it: it tries for 14 hours to deliver one."""

SEND_TAGS = ("send_id", "run_id", "profile_id", "journey", "step", "template")
"""What SES is told with every mail, and tells back in every event about it: enough for the ledger's entry."""


class Send(Frozen):
    """One intended mail. `unknown` is the only outcome that may still change, but for SES's own word that it is sent.

    A mail that is known by SES's word alone, for its function died, has no subject. `delivery` is of mails that SES
    has told of, as of `delivery_at`; `bounced` is the contact whose mailbox would not take it.
    """

    send_id: str
    run_id: str
    profile_id: str
    journey: str
    step: str
    template: str
    at: Moment
    outcome: Outcome
    reason: str | None = None
    subject: str | None = None
    message_id: str | None = None
    delivery: Delivery | None = None
    delivery_at: Moment | None = None
    bounced: str | None = None

    def told(self, delivery: Delivery, at: Moment, bounced: str | None = None) -> "Send":
        """With what SES tells of it: the highest rank counts, and of several as high the earliest."""
        if self.delivery in outranking(delivery):
            return self
        if self.delivery == delivery and self.delivery_at is not None and self.delivery_at <= at:
            return self
        return self.model_copy(update={"delivery": delivery, "delivery_at": at, "bounced": bounced})

    @property
    def has_ended_its_run(self) -> bool:
        """Whether it was not sent for a reason for which nothing more of its run is."""
        return self.outcome == "skipped" and self.reason not in LEFT_OUT

    @property
    def is_silent(self) -> bool:
        """Whether SES has not told yet what became of a mail that went out, or may have gone out."""
        return self.outcome in ("sent", "unknown") and self.delivery in (None, "delayed")


def outranking(delivery: Delivery) -> tuple[Delivery, ...]:
    """What counts more than this."""
    ranks: tuple[Delivery, ...] = get_args(Delivery)
    return ranks[ranks.index(delivery) + 1 :]


def bounced_in_a_row(sends: Iterable[Send]) -> list[Send]:
    """Each soft bounce with which SOFT_BOUNCES mails, one after the other of those that went out, have bounced softly
    from the same mailbox.

    The more is told of the mails, in whatever order, the more these are: none is taken back.
    """
    gone_out = sorted((send for send in sends if send.outcome == "sent"), key=lambda send: (send.at, send.send_id))
    ends = [(send.delivery, send.bounced) for send in gone_out]
    return [
        send
        for number, send in enumerate(gone_out, 1)
        if ends[number - SOFT_BOUNCES : number] == [("bounced_softly", send.bounced)] * SOFT_BOUNCES
    ]


class OpenSend(Frozen):
    """A mail whose fate has still to become known, and when to look at it.

    `send` is what the ledger has to say where the mail was claimed and nothing became known of it.
    """

    send: Send
    contact_id: str
    look_at: Moment


class Run(Frozen):
    """One run of a journey, for one profile and entry. `ended` is None while it runs."""

    journey: str
    profile_id: str
    entry: str
    contact_id: str = ""
    started_at: Moment = 0
    ended_at: Moment | None = None
    ended: Ended | None = None
    reason: str | None = None

    @property
    def run_id(self) -> str:
        """The run's name, and its execution's."""
        return ids.run_id(self.journey, self.profile_id, self.entry)

    def send_id(self, step: str) -> str:
        """The id of the mail that this step intends."""
        return ids.send_id(self.run_id, step)

    def send_ids(self, steps: Iterable[str]) -> list[str]:
        """The ids of the mails that these steps intend."""
        return [self.send_id(step) for step in steps]

    def ledger_entry(self, step: str, template: str, *, outcome: Outcome, reason: str | None, at: Moment) -> Send:
        """What the ledger says of one of the run's steps."""
        return Send(
            send_id=self.send_id(step),
            run_id=self.run_id,
            profile_id=self.profile_id,
            journey=self.journey,
            step=step,
            template=template,
            at=at,
            outcome=outcome,
            reason=reason,
        )
