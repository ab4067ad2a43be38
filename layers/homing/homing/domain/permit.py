"""The permit: under which conditions a mail may go to a contact. It is checked in the one write that claims the send.

The contact item holds, besides consent and suppression, one attribute for each active run. An exit takes the run's
attribute away, so a send needs no list of exits: what is not there cannot be continued.
"""

from typing import Literal

from pydantic import Field

from homing.domain.events import Frozen
from homing.domain.moments import Duration, Moment

Withheld = Literal["no_consent", "suppressed", "run_ended", "already_claimed"]
"""Why a permit is refused."""

SkipReason = Literal[
    "no_consent",
    "suppressed",
    "no_address",
    "nothing_to_show",
    "ordered",
    "cart_emptied",
    "consent_withdrawn",
    "bounced",
    "complained",
    "unsubscribed",
    "run_ended",
]
"""The closed list of reasons for an intended mail that is not sent."""


class Contact(Frozen):
    """The ground of permits for one address.

    `gap` and `paused_until` are the shopper's own wishes: at most one marketing mail in any window so long, and none
    before. `runs` maps each active run to the profile it is for; `claims` maps a send to the moment it was claimed.
    """

    contact_id: str
    consent: bool = False
    consent_at: Moment = 0
    suppressed: str | None = None
    gap: Duration | None = None
    paused_until: Moment | None = None
    runs: dict[str, str] = Field(default_factory=dict)
    claims: dict[str, Moment] = Field(default_factory=dict)

    def withheld(self, run_id: str, send_id: str) -> Withheld | None:
        """Why this contact may not get this mail; None where it may. The adapter's write states the same condition."""
        if send_id in self.claims:
            return "already_claimed"
        if self.suppressed:
            return "suppressed"
        if not self.consent:
            return "no_consent"
        if run_id not in self.runs:
            return "run_ended"
        return None
