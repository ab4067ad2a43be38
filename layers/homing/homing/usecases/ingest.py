"""Messages in: each kept durably once, or refused by its index with a reason."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from homing.dialects.segment_spec import read_message
from homing.domain.moments import Moment
from homing.errors import InvalidMessage
from homing.ports import Events


@dataclass(slots=True)
class Ingested:
    """What became of the messages; `rejected` holds (index, reason)."""

    accepted: int = 0
    duplicate: int = 0
    rejected: list[tuple[int, str]] = field(default_factory=list)


def ingest(
    messages: Sequence[object],
    *,
    sent_at: Moment | None,
    now: Moment,
    events: Events,
    double_opt_in: bool,
    vouched: bool,
) -> Ingested:
    """Keep each message's event; when this returns, what is accepted is durable.

    With `double_opt_in`, a consent to mails without proof is kept as asked for; what nobody has `vouched` for proves
    nothing. It is decided here, once, so that whatever follows from the event only ever sees proven consent, and is the
    same after the setting has changed.
    """
    result = Ingested()
    for index, message in enumerate(messages):
        try:
            event = read_message(message, received_at=now, sent_at=sent_at)
        except InvalidMessage as error:
            result.rejected.append((index, str(error)))
            continue
        event = event if vouched else event.unvouched()
        if events.put(event.with_proof_wanted() if double_opt_in else event, now):
            result.accepted += 1
        else:
            result.duplicate += 1
    return result
