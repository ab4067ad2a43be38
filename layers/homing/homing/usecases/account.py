"""The account at SES: its limits for the pace, its reputation for the brake, its suppression list for the contacts."""

from dataclasses import dataclass

from homing.domain.moments import DAY, HOUR, Duration, Moment
from homing.domain.reputation import reason_to_brake
from homing.ports import Account, Contacts, Pace

MIRRORED_EVERY: Duration = DAY
OVERLAP: Duration = HOUR
"""SES lists an address a little after the moment that it tells of it."""


@dataclass(frozen=True, slots=True)
class Looked:
    """What a look at the account came to: why marketing stands still, and how many addresses SES has listed since."""

    brake: str | None
    mirrored: int


@dataclass(frozen=True, slots=True)
class AccountKeeper:
    """Keeps to what SES says of the account. All of it may be done again."""

    account: Account
    pace: Pace
    contacts: Contacts

    def look(self, now: Moment) -> Looked:
        """Measure the rate and the quota, brake where the reputation is in danger, and take over the list once a day.

        Only a person releases the brake; what was counted before that does not brake again.
        """
        quota = self.account.quota()
        self.pace.measure(quota.rate, quota.room, now)
        pacing = self.pace.load()
        brake = pacing.brake
        if brake is None:
            brake = reason_to_brake(self.account.statistics(), pacing.released_at)
            if brake is not None:
                self.pace.brake(brake, now)
        return Looked(brake, self._mirror(now))

    def _mirror(self, now: Moment) -> int:
        """Suppress whom SES sends to no more; of those who are no contacts SES itself will tell when it comes to it."""
        until = self.account.mirrored_until()
        if now - until < MIRRORED_EVERY:
            return 0
        mirrored = 0
        for contact, reason in self.account.suppressed(max(0, until - OVERLAP)):
            self.contacts.suppress(contact, reason)
            mirrored += 1
        self.account.note_mirrored(now)
        return mirrored
