"""Planted bugs: what peers did wrong, done to the product on purpose, to prove that the judges would see it.

Each plant changes the modules of some functions' instances, as a deployment with the bug in it would have them. It is
written against the product as it is: where the product changes, so must the plant, and a test says so.
"""

import os
from collections.abc import Callable
from typing import Any, Final

from homing.domain.moments import DAY
from local.torture.planting import PLANTS, Plant, everywhere, planted, wrapped
from local.torture.stories import Act

__all__ = ["MOST_SEEDS", "PLANTS", "Plant"]

MOST_SEEDS: Final = 11
"""A planted bug is found within so many seeds from its own on, or the proof is none."""


def _is_known(day: float = 0) -> Act:
    return Act(int(day * DAY), 0, "is_known", {"ago": 0})


def _adds(day: float) -> Act:
    return Act(int(day * DAY), 0, "adds", {"product": 0})


_LEAVES_CARTS: Final = (_is_known(), _adds(2), _adds(8), _adds(14), _adds(20))
_AGREES_AFTER_A_COMPLAINT: Final = (_is_known(), _is_known(3), _adds(4), _is_known(12), _adds(13))
_UNSUBSCRIBES: Final = (_is_known(), Act(5 * DAY, 0, "unsubscribes"))
_UNSUBSCRIBES_AMID: Final = (_is_known(), _adds(2), Act(2 * DAY, 0, "unsubscribes", ambush=5))
_RETURNS_OFTEN: Final = (_is_known(), *(Act(day * DAY, 0, "returns") for day in range(1, 28, 3) for _ in range(4)))
_BUYS_AMID: Final = (
    *_LEAVES_CARTS,
    *(Act(day * DAY, 0, "orders", {"order": f"amid{day}", "total": 20}, ambush=4) for day in (1, 8, 14, 20)),
)
_MEDDLES: Final = (_is_known(), Act(5 * DAY, 0, "meddles"))
_SCANS: Final = (_is_known(), Act(5 * DAY, 0, "scans"))


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


# ── The permit ────────────────────────────────────────────────────────────────────────────────────────────────────────


@planted("SendFunction")
def claim_dropped() -> None:
    """Ask SES without having claimed the mail first."""
    from homing.adapters.contacts import TableContacts

    wrapped(TableContacts, "claim", lambda _claim: lambda *_: None)


@planted("SendFunction", acts=_UNSUBSCRIBES_AMID)
def check_before_write() -> None:
    """Check consent, suppression and licence by a read before the write, and not in the write."""
    _permit_without("consent", "suppressed", "#run")


@planted("SendFunction", rates={"ses": 0.4, "late": 0.8}, acts=_LEAVES_CARTS)
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


@planted("SendFunction", rates={"lose": 0.25, "late": 0.8}, acts=_LEAVES_CARTS)
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


@planted("SendFunction", rates={"lose": 0.25}, acts=_LEAVES_CARTS)
def default_retries_at_ses() -> None:
    """Leave the SDK its default retries for SES, which has no token that would make a second call harmless."""
    from homing import bootstrap

    bootstrap.NO_RETRIES = bootstrap.RETRIES
    bootstrap.sender.cache_clear()


@planted("SendFunction", "EnrollFunction", rates={"interleave": 0.5}, acts=_BUYS_AMID)
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


@planted("SendFunction", "EnrollFunction", mailbox="complaint", acts=_AGREES_AFTER_A_COMPLAINT)
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


@planted("SendFunction", acts=_UNSUBSCRIBES_AMID)
def consent_cached() -> None:
    """Remember of whom it was read once that they have agreed."""
    from homing.adapters.contacts import TableContacts

    known: set[str] = set()

    def remembered(load: Callable[..., Any]) -> Callable[..., Any]:
        def loaded(contacts: Any, contact_id: str) -> Any:
            contact = load(contacts, contact_id)
            if contact is None:
                return None
            if contact.consent:
                known.add(contact_id)
            return contact.model_copy(update={"consent": contact_id in known})

        return loaded

    wrapped(TableContacts, "load", remembered)
    _permit_without("consent")


@planted("SendFunction")
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


@planted("SendFunction")
def cap_counted_elsewhere() -> None:
    """Count the cap by another item than the one that the permit writes."""
    _permit_without("recent_")
    _look_without(recent=())


@planted("SendFunction")
def quiet_hours_in_utc() -> None:
    """Keep quiet hours by the server's clock."""
    from datetime import UTC

    from homing.domain import timing

    wrapped(timing, "zone_of", lambda _zone_of: lambda *_: UTC)


@planted("SendFunction")
def wrong_profiles_context() -> None:
    """Keep the data of a mail in a place that the next mail finds it in."""
    from homing.usecases.compose import Composer

    kept: dict[str, Any] = {}

    def shared(context: Callable[..., Any]) -> Callable[..., Any]:
        def made(composer: Any, intent: Any, *more: Any) -> Any:
            return kept.setdefault(intent.journey.name, context(composer, intent, *more))

        return made

    wrapped(Composer, "_context", shared)


# ── The ledger, and what SES tells ────────────────────────────────────────────────────────────────────────────────────


@planted(
    "SendFunction",
    "EnrollFunction",
    "FinishFunction",
    "FeedbackFunction",
    rates={"again": 0.3, "late": 0.3},
    acts=_LEAVES_CARTS,
)
def ledger_overwritten() -> None:
    """Write what is thought of a mail over what is known of it."""
    from homing.adapters.ledger import TableSends

    wrapped(TableSends, "record", lambda _record: _put_send)


def _put_send(sends: Any, send: Any) -> None:
    from homing.adapters import ledger

    item = ledger._item(send.profile_id, ledger.SEND_PREFIX + send.send_id, ledger.send_attributes(send), send.at)
    sends._table.put(item)


@planted("SendFunction", rates={"lose": 0.25}, acts=_LEAVES_CARTS)
def uncertain_is_sent() -> None:
    """Count a mail as sent though SES has not answered."""
    from homing.adapters.mailer import SesMailer
    from homing.errors import MailUncertain

    def sure(send: Callable[..., Any]) -> Callable[..., Any]:
        def sent(mailer: Any, mail: Any) -> Any:
            try:
                return send(mailer, mail)
            except MailUncertain:
                return "unheard"

        return sent

    wrapped(SesMailer, "send", sure)


@planted("FeedbackFunction", rates={"outage": 0.02}, acts=_LEAVES_CARTS)
def feedback_dropped() -> None:
    """Take a notice of SES for done whose handling has failed."""
    from homing.usecases.feedback import Feedback

    def careless(take: Callable[..., Any]) -> Callable[..., Any]:
        def taken(feedback: Any, told: Any, now: int) -> Any:
            try:
                return take(feedback, told, now)
            except Exception:  # noqa: BLE001 - the planted bug
                return "other"

        return taken

    wrapped(Feedback, "take", careless)


@planted("FeedbackFunction", rates={"late": 0.3}, mailbox="complaint", acts=_LEAVES_CARTS)
def late_delivery_clears_bounce() -> None:
    """Let the latest notice count, though notices come in any order."""
    from homing.adapters.ledger import TableSends

    def latest(_deliver: Callable[..., Any]) -> Callable[..., Any]:
        def delivered(sends: Any, profile_id: str, send_id: str, delivery: str, at: int, _bounced: str | None) -> None:
            told = {":told": {"S": delivery}, ":at": {"N": str(at)}}
            changes = "SET delivery = :told, delivery_at = :at"
            sends._table.update(f"P#{profile_id}", f"SEND#{send_id}", changes, values=told)

        return delivered

    wrapped(TableSends, "deliver", latest)


# ── Events and profiles ───────────────────────────────────────────────────────────────────────────────────────────────


@planted("IngestFunction", rates={"outage": 0.05}, acts=_LEAVES_CARTS)
def ack_before_durable() -> None:
    """Answer that an event is taken, whether or not it could be kept."""
    from homing.adapters.profiles import TableEvents

    def careless(put: Callable[..., Any]) -> Callable[..., Any]:
        def kept(*event: Any, **more: Any) -> bool:
            try:
                return bool(put(*event, **more))
            except Exception:  # noqa: BLE001 - the planted bug
                return True

        return kept

    wrapped(TableEvents, "put", careless)


@planted("IngestFunction")
def dedupe_by_time() -> None:
    """Take a message for a repeat only where it comes again within the same seconds."""
    from homing.adapters.profiles import TableEvents

    def again(put: Callable[..., Any]) -> Callable[..., Any]:
        def kept(events: Any, event: Any, received_at: int, **more: Any) -> bool:
            # The name of the item changes with the time; the message says what it said.
            item_of = type(event).message_fact
            fresh = property(lambda each: f"{item_of.fget(each)}{received_at // 5_000}")
            type(event).message_fact = fresh
            try:
                return bool(put(events, event, received_at, **more))
            finally:
                type(event).message_fact = item_of

        return kept

    wrapped(TableEvents, "put", again)


@planted("ProjectFunction", "EnrollFunction", rates={"outage": 0.03}, acts=_LEAVES_CARTS)
def stream_failure_swallowed() -> None:
    """Log what a batch of the stream failed at, and go on to the next."""
    from homing.adapters import stream

    def deaf(each: Callable[..., Any]) -> Callable[..., Any]:
        return lambda *given: {"batchItemFailures": each(*given)["batchItemFailures"][:0]}

    everywhere("each_partition", deaf(stream.each_partition))


@planted("ProjectFunction")
def fold_not_idempotent() -> None:
    """Fold an event into the profile as often as it is delivered."""
    from homing.domain.profile import Profile

    wrapped(Profile, "has_seen", lambda _seen: lambda *_: False)


@planted("ProjectFunction", rates={"interleave": 0.5}, acts=_RETURNS_OFTEN)
def lost_update() -> None:
    """Keep profiles in memory between invocations, and write them over what others have written meanwhile."""
    from homing.adapters.profiles import TableProfiles
    from homing.adapters.table import Table

    kept: dict[str, Any] = {}

    def remembered(load: Callable[..., Any]) -> Callable[..., Any]:
        return lambda profiles, profile_id: kept.get(profile_id) or load(profiles, profile_id)

    def blindly(save: Callable[..., Any]) -> Callable[..., Any]:
        def saved(profiles: Any, record: Any) -> None:
            put = Table.put
            Table.put = lambda table, item, *_, **__: put(table, item)  # type: ignore[method-assign] # the planted bug
            try:
                save(profiles, record)
            finally:
                Table.put = put  # type: ignore[method-assign]
            kept[record.profile_id] = record.model_copy(update={"version": record.version + 1})

        return saved

    wrapped(TableProfiles, "load", remembered)
    wrapped(TableProfiles, "save", blindly)


@planted("EnrollFunction")
def run_name_with_time() -> None:
    """Name an execution by the time at which it is started, and ask only whether one of its journey goes on."""
    import time

    from homing.adapters.executions import StepFunctionsExecutions
    from homing.domain.sends import Run
    from homing.usecases.enroll import Enroller

    def stamped(start: Callable[..., Any]) -> Callable[..., Any]:
        def started(executions: Any, journey: str, name: str, told: Any) -> None:
            start(executions, journey, f"{name}-{int(time.time())}"[:80], told)

        return started

    def goes_on(_enroller: Any, journey: Any, entry: str, record: Any, contact: Any) -> bool:
        return Run(journey=journey.name, profile_id=record.profile_id, entry=entry).run_id in contact.runs

    wrapped(StepFunctionsExecutions, "start", stamped)
    wrapped(Enroller, "_is_running_or_was", lambda _asked: goes_on)


# ── Consent and the pages ─────────────────────────────────────────────────────────────────────────────────────────────


@planted("IngestFunction")
def asking_is_agreeing() -> None:
    """Take who asked for mails for somebody who has proven to read that address."""
    from homing.domain.events import Event

    wrapped(Event, "with_proof_wanted", lambda _wanted: lambda event: event)


@planted("PagesFunction", acts=_UNSUBSCRIBES)
def unsubscribe_only_by_event() -> None:
    """Answer an unsubscribe once its event is kept, and stop the mails when it is folded."""
    from homing.adapters.contacts import TableContacts

    wrapped(TableContacts, "note_consent", lambda _note: lambda *_, **__: None)


@planted("PagesFunction", acts=_SCANS)
def get_unsubscribes() -> None:
    """Unsubscribe whoever's link is opened, by a link scanner too."""
    from homing.web.visit import Visit

    Visit.acts = property(lambda _visit: True)  # type: ignore[assignment]


@planted("PagesFunction", acts=_MEDDLES)
def token_of_another_accepted() -> None:
    """Check that a token was made for the profile, and not for whom else it names."""
    from homing.domain.unsubscribe import Subscriber

    def trusting(_read: Callable[..., Any]) -> Callable[..., Any]:
        def read(token: str, _key: bytes, _purpose: str = "unsubscribe") -> Subscriber | None:
            parts = token.split(".")
            return Subscriber(parts[0], parts[1]) if len(parts) == 3 else None

        return read

    from homing.domain import unsubscribe

    everywhere("read_token", trusting(unsubscribe.read_token))
