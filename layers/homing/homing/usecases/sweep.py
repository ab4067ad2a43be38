"""The sweep: what became of the mails that were about to go out. None is silently lost."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

from homing.domain.moments import MINUTE, Duration, Moment
from homing.domain.sends import SETTLES_WITHIN, TOLD_WITHIN, OpenSend, Send
from homing.ports import Contacts, OpenSends, Sends

PAGE = 500
"""Looked at together, by some 26 calls: a sweep of ten minutes looks at half a million mails and more."""

LAST_PAGE: Duration = MINUTE


@dataclass(frozen=True, slots=True)
class Swept:
    """What a sweep has found in one page of the open mails.

    `unknown` were claimed, and SES has not told that they went out: nobody knows. `unsettled` went out, and SES has not
    told in a day what became of them.
    """

    unknown: Sequence[Send] = ()
    interrupted: Sequence[Send] = ()
    """Those of the unknown that are not in the ledger yet: their functions were cut off."""
    unsettled: Sequence[Send] = ()
    waiting: Sequence[OpenSend] = ()
    """Went out, and are looked at once more when SES should have told."""
    looked_at: Sequence[OpenSend] = field(default=(), repr=False)


@dataclass(frozen=True, slots=True)
class Sweeper:
    """Looks at open mails. All of it may be done again."""

    open_sends: OpenSends
    sends: Sends
    contacts: Contacts

    def sweep(self, shard: int, now: Moment, time_left: Callable[[], Duration]) -> Iterator[Swept]:
        """What is found, page by page; it is kept once the next page is asked for.

        Whoever counts it does so first: cut off in between, a mail is counted twice rather than never. In its last
        minute it begins no page, and leaves the rest to the next sweep.
        """
        while time_left() > LAST_PAGE:
            page = self.open_sends.until(shard, now, PAGE)
            if not page:
                return
            swept = self._look_at(page, now)
            yield swept
            self._keep(swept)

    def _look_at(self, page: Sequence[OpenSend], now: Moment) -> Swept:
        ledger = self.sends.load_many([(entry.send.profile_id, entry.send.send_id) for entry in page])
        unknown, interrupted, unsettled, waiting = list[Send](), list[Send](), list[Send](), list[OpenSend]()
        for entry in page:
            line = ledger.get(entry.send.send_id)
            if line is None:
                if self._is_in_doubt(entry, now):
                    interrupted.append(entry.send)
            elif line.outcome == "unknown":
                unknown.append(line)
            elif line.outcome == "sent" and line.is_silent:
                if entry.look_at < entry.send.at + TOLD_WITHIN:
                    waiting.append(entry)
                else:
                    unsettled.append(line)
        return Swept([*unknown, *interrupted], interrupted, unsettled, waiting, page)

    def _is_in_doubt(self, entry: OpenSend, now: Moment) -> bool:
        """Whether the mail was claimed, and long enough ago: a later attempt is open under a moment of its own.

        Without a claim it was not given to SES: each attempt is noted before it claims, and whoever forgets a claim
        keeps in the ledger what is known of it.
        """
        contact = self.contacts.load(entry.contact_id)
        claimed_at = None if contact is None else contact.claims.get(entry.send.send_id)
        return claimed_at is not None and claimed_at <= now - SETTLES_WITHIN

    def _keep(self, swept: Swept) -> None:
        for send in swept.interrupted:
            self.sends.record(send)
        for entry in swept.waiting:
            self.open_sends.put_off([entry], entry.send.at + TOLD_WITHIN)
        put_off = {id(entry) for entry in swept.waiting}
        self.open_sends.close([entry for entry in swept.looked_at if id(entry) not in put_off])
