"""Bugs of the permit, and of what goes to SES."""

import os
from collections.abc import Callable
from typing import Any

from local.torture.planting import planted, wrapped
from local.torture.plants.acts import (
    AGREES_AFTER_A_COMPLAINT,
    BUYS_AMID,
    LEAVES_CARTS,
    ORDERS_AND_LEAVES_MORE,
    PAUSES_AMID_A_CART,
    UNSUBSCRIBES_AMID,
)


def _permit_without(*conditions: str) -> None:
    """The permit's write without the conditions that name one of these."""
    from homing.adapters import contacts

    def weaker(permit: Callable[..., Any]) -> Callable[..., Any]:
        def written(claim: Any) -> Any:
            write = permit(claim)
            write.conditions = [
                each for each in write.conditions if not any(condition in each for condition in conditions)
            ]
            _drop_unused(write)
            return write

        return written

    wrapped(contacts, "_permit", weaker)


def _drop_unused(write: Any) -> None:
    """DynamoDB refuses names and values that no expression uses."""
    text = " ".join([write.expression, *write.conditions]).replace(",", " ").replace("(", " ").replace(")", " ")
    used = set(text.split())
    write.names = {name: value for name, value in write.names.items() if name in used}
    write.values = {name: value for name, value in write.values.items() if name in used}


def _look_without(**changes: Any) -> None:
    """The look at the contact before the permit, as though these of its fields were so."""
    from homing.domain.permit import Contact

    def blind(withheld: Callable[..., Any]) -> Callable[..., Any]:
        return lambda contact, claim: withheld(contact.model_copy(update=changes), claim)

    wrapped(Contact, "withheld", blind)


@planted("SendFunction", breaks=("permit first", "never twice"))
def claim_dropped() -> None:
    """Ask SES without having claimed the mail first."""
    from homing.adapters.contacts import TableContacts

    wrapped(TableContacts, "claim", lambda _claim: lambda *_: None)


@planted(
    "SendFunction",
    breaks=("withdrawal stops", "stop means stop", "suppression stops", "exit ends"),
    acts=UNSUBSCRIBES_AMID,
)
def check_before_write() -> None:
    """Check consent, suppression and licence by a read before the write, and not in the write."""
    _permit_without("consent", "stopped_at", "suppressed", "#run")


@planted("SendFunction", breaks=("never twice",), rates={"ses": 0.4, "late": 0.8}, acts=LEAVES_CARTS)
def lease_that_expires() -> None:
    """Take a claim of some seconds ago for one that nobody holds any more."""
    from homing.domain.ids import contact_id
    from homing.usecases.send import _Attempt

    def expiring(make: Callable[..., Any]) -> Callable[..., Any]:
        def made(attempt: Any) -> Any:
            contact = attempt._contact()
            claimed_at = contact.claims.get(attempt.intent.send_id)
            if claimed_at is not None and claimed_at < attempt.now - 10_000:
                claim = attempt._claim(contact).model_copy(update={"at": claimed_at})
                attempt.sender.contacts.release(contact_id(attempt._email or ""), claim)
            return make(attempt)

        return made

    wrapped(_Attempt, "make", expiring)


@planted("SendFunction", breaks=("never twice",), rates={"lose": 0.25, "late": 0.8}, acts=LEAVES_CARTS)
def resend_of_unknown() -> None:
    """Send a mail again of which nobody knows whether it went out."""
    from homing.adapters.mailer import SesMailer
    from homing.errors import MailUncertain, RetryLater

    def again(send: Callable[..., Any]) -> Callable[..., Any]:
        def sent(mailer: Any, mail: Any) -> Any:
            try:
                return send(mailer, mail)
            except MailUncertain:
                raise RetryLater("no_answer") from None

        return sent

    wrapped(SesMailer, "send", again)


@planted("SendFunction", breaks=("never twice",), rates={"lose": 0.25}, acts=LEAVES_CARTS)
def default_retries_at_ses() -> None:
    """Leave the SDK its default retries for SES, which has no token that would make a second call harmless."""
    from homing import bootstrap

    bootstrap.NO_RETRIES = bootstrap.RETRIES
    bootstrap.sender.cache_clear()


@planted("SendFunction", "EnrollFunction", breaks=("exit ends",), rates={"interleave": 0.5}, acts=BUYS_AMID)
def exit_ignored() -> None:
    """Let a run go on that a purchase, an emptied cart or a withdrawal has ended."""
    from homing.adapters.executions import StepFunctionsExecutions
    from homing.domain.permit import Contact

    _permit_without("#run")
    wrapped(StepFunctionsExecutions, "stop", lambda _stop: lambda *_: None)

    def licensed(withheld: Callable[..., Any]) -> Callable[..., Any]:
        def looked(contact: Any, claim: Any) -> Any:
            return withheld(contact.model_copy(update={"runs": {**contact.runs, claim.run_id: ""}}), claim)

        return looked

    wrapped(Contact, "withheld", licensed)
    _run_unchecked()


def _run_unchecked() -> None:
    from homing.domain.journeys import Journey

    def never(_exit_reason: Callable[..., Any]) -> Callable[..., Any]:
        return lambda *_: None

    if "Send" in os.environ["AWS_LAMBDA_FUNCTION_NAME"]:
        wrapped(Journey, "exit_reason", never)


@planted(
    "SendFunction", "EnrollFunction", breaks=("suppression stops",), mailbox="complaint", acts=AGREES_AFTER_A_COMPLAINT
)
def suppression_ignored() -> None:
    """Write to addresses that bounced or complained."""
    from homing.adapters.contacts import TableContacts

    def blind(load: Callable[..., Any]) -> Callable[..., Any]:
        def loaded(contacts: Any, contact_id: str) -> Any:
            contact = load(contacts, contact_id)
            return None if contact is None else contact.model_copy(update={"suppressed": None})

        return loaded

    wrapped(TableContacts, "load", blind)
    _permit_without("suppressed")


@planted("SendFunction", breaks=("withdrawal stops", "stop means stop"), acts=UNSUBSCRIBES_AMID)
def consent_cached() -> None:
    """Remember of whom it was read once that they have agreed."""
    from homing.adapters.contacts import TableContacts

    known: set[str] = set()

    def remembered(load: Callable[..., Any]) -> Callable[..., Any]:
        def loaded(contacts: Any, contact_id: str) -> Any:
            contact = load(contacts, contact_id)
            if contact is None:
                return None
            if contact.agrees:
                known.add(contact_id)
            return contact.model_copy(update={"consent": contact_id in known, "stopped_at": None})

        return loaded

    wrapped(TableContacts, "load", remembered)
    _permit_without("consent", "stopped_at")


@planted("SendFunction", breaks=("counters equal the ledger", "cap"))
def register_not_shifted() -> None:
    """Remember of the latest mails only the very latest."""
    from homing.adapters import contacts

    def short(take: Callable[..., Any]) -> Callable[..., Any]:
        def taken(write: Any, claim: Any) -> None:
            take(write, claim)
            write.sets = [each for each in write.sets if not each.startswith("recent_") or each == "recent_1 = :at"]
            write.values.pop(":zero", None)

        return taken

    wrapped(contacts, "_take_a_place", short)


@planted("SendFunction", breaks=("cap",), acts=ORDERS_AND_LEAVES_MORE)
def cap_counted_elsewhere() -> None:
    """Count the cap by another item than the one that the permit writes."""
    _permit_without("recent_")
    _look_without(recent=())


@planted("SendFunction", breaks=("quiet hours",))
def quiet_hours_in_utc() -> None:
    """Keep quiet hours by the server's clock."""
    from datetime import UTC

    from homing.domain import timing

    wrapped(timing, "zone_of", lambda _zone_of: lambda *_: UTC)


@planted("SendFunction", breaks=("whose data",))
def wrong_profiles_context() -> None:
    """Keep the data of a mail in a place that the next mail finds it in."""
    from homing.usecases.compose import Composer

    kept: dict[str, Any] = {}

    def shared(context: Callable[..., Any]) -> Callable[..., Any]:
        def made(composer: Any, intent: Any, *more: Any) -> Any:
            return kept.setdefault(intent.journey.name, context(composer, intent, *more))

        return made

    wrapped(Composer, "_context", shared)


@planted("SendFunction", breaks=("settled by its deadline",), acts=PAUSES_AMID_A_CART)
def patience_without_end() -> None:
    """Hold a mail for as long as whatever holds it lasts."""
    from homing.usecases.send import _Attempt

    def patient(_hold: Callable[..., Any]) -> Callable[..., Any]:
        def held(attempt: Any, reason: str, until: int) -> Any:
            raise attempt._not_yet(reason, until)

        return held

    wrapped(_Attempt, "_hold", patient)


@planted("SendFunction", breaks=("settled by its deadline", "nothing lost silently"), acts=LEAVES_CARTS)
def skipped_in_silence() -> None:
    """Leave out mails without a word of why."""
    from homing.adapters.ledger import TableSends

    def silent(record: Callable[..., Any]) -> Callable[..., Any]:
        return lambda sends, send: None if send.outcome == "skipped" else record(sends, send)

    wrapped(TableSends, "record", silent)
