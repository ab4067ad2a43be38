"""Bugs of the ledger, and of what SES tells."""

from collections.abc import Callable
from typing import Any

from local.torture.planting import everywhere, planted, wrapped
from local.torture.plants.acts import LEAVES_CARTS


@planted(
    "SendFunction",
    "EnrollFunction",
    "FinishFunction",
    "FeedbackFunction",
    breaks=("the ledger stays", "delivery only grows"),
    rates={"interleave": 0.5, "lose": 0.25, "again": 0.3, "late": 0},
    acts=LEAVES_CARTS,
)
def ledger_overwritten() -> None:
    """Write what is thought of a mail over what is known of it."""
    from homing.adapters.ledger import TableSends

    wrapped(TableSends, "record", lambda _record: _put_send)


def _put_send(sends: Any, send: Any) -> None:
    from homing.adapters import ledger

    item = ledger._item(send.profile_id, ledger.SEND_PREFIX + send.send_id, ledger.send_attributes(send), send.at)
    sends._table.put(item)


@planted("SendFunction", breaks=("counters equal the ledger",), rates={"lose": 0.25}, acts=LEAVES_CARTS)
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


@planted("FeedbackFunction", breaks=("what SES told is kept",), rates={"outage": 0.02}, acts=LEAVES_CARTS)
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


@planted(
    "FeedbackFunction", breaks=("delivery only grows",), rates={"late": 0.3}, mailbox="complaint", acts=LEAVES_CARTS
)
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


# ── Metrics ───────────────────────────────────────────────────────────────────────────────────────────────────────────


@planted("ReconcileFunction", breaks=("metrics equal the ledger",), rates={"lose": 0.25}, acts=LEAVES_CARTS)
def metric_forgotten() -> None:
    """Find the mails of which nobody knows whether they went out, and not count them."""
    from homing import observability

    count = observability.count

    def forgetful(name: str, amount: int = 1) -> None:
        if name != "EmailsUnknown":
            count(name, amount)

    everywhere("count", forgetful)


@planted("ReconcileFunction", breaks=("metrics equal the ledger",), rates={"ses": 0.4, "kill": 0.03}, acts=LEAVES_CARTS)
def counted_after_it_is_kept() -> None:
    """Write metrics only at the end of an invocation, after what they count is nobody's to look at any more."""
    from homing import observability

    observability.metrics.flush_metrics = lambda *_, **__: None  # type: ignore[method-assign] # the planted bug
