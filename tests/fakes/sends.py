"""Mails in the balance, as the ledger would hold them."""

from homing.domain.moments import Moment
from homing.domain.sends import INTERRUPTED, Send


def in_doubt(send_id: str = "s", *, at: Moment) -> Send:
    """A cart reminder of the profile `p` that a function was about to send at that moment, and nobody told of since."""
    return Send(
        send_id=send_id,
        run_id="cart-p-1",
        profile_id="p",
        journey="cart",
        step="reminder",
        template="cart-reminder",
        at=at,
        outcome="unknown",
        reason=INTERRUPTED,
    )
