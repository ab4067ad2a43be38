"""The erasure of a person: everything that is held of them goes, and what comes late does not bring them back.

It may be cut off anywhere and begun again: what is to go is kept, in opaque ids, until all of it has gone. What stays
is a mark for each alias and each address (see `homing.domain.rights.erased_mark`), which lets no event and no address
in again, and so suppresses.
"""

from collections import Counter
from collections.abc import Collection, Iterable
from dataclasses import dataclass

from homing.domain.moments import MINUTE, Duration, Moment
from homing.domain.rights import Erasure, Held
from homing.ports import Contacts, Erasures, Executions, Requests

ERASED = "erased"
"""Why a contact that is being erased is suppressed, and its runs are stopped."""

LET_OTHERS_FINISH: Duration = 16 * MINUTE
"""Longer than any function runs: whoever read before the marks were there has written by then, or never will."""


@dataclass(frozen=True, slots=True)
class Eraser:
    """Erases people."""

    erasures: Erasures
    contacts: Contacts
    requests: Requests
    executions: Executions

    def find(self, profile_id: str) -> tuple[Erasure, Counter[str]]:
        """All that the person of that profile is known by, and how many items of each kind are held of them."""
        alone = Erasure(profile_id=profile_id, profiles=(profile_id,), contacts=())
        erasure, held = self._gather(alone)
        kinds = sum((each.kinds for each in held), Counter[str]())
        kinds["CONTACT"] = sum(self.contacts.load(contact) is not None for contact in erasure.contacts)
        return erasure, kinds

    def neighbours(self, erasure: Erasure) -> Collection[str]:
        """Other profiles that are known to share an address with the person: they are not erased with them."""
        known = [self.contacts.load(contact) for contact in erasure.contacts]
        sharing = {profile_id for contact in known if contact is not None for profile_id in contact.runs.values()}
        return sorted(sharing - set(erasure.profiles))

    def begin(self, erasure: Erasure, now: Moment) -> Erasure:
        """Take everything away for the first time: when this returns, nothing is sent to the person any more.

        The erasure as it is to be finished, once LET_OTHERS_FINISH has passed.
        """
        cleared = self._clear(erasure, now).model_copy(update={"cleared_at": now})
        self.erasures.keep(cleared)
        return cleared

    def finish(self, erasure: Erasure, now: Moment) -> None:
        """Take away what others have written meanwhile, who had begun before. Raises ValueError before its time."""
        if wait_before_finish(erasure, now) > 0:
            raise ValueError("others may still be writing")
        self.erasures.forget(self._clear(erasure, now))

    def _gather(self, erasure: Erasure) -> tuple[Erasure, list[Held]]:
        """The erasure with every history and address that its own lead to, and what is held under each alias."""
        aliases, contacts, held = list(erasure.profiles), set(erasure.contacts), []
        for alias in aliases:  # which grows meanwhile: each history may name others
            held.append(self.erasures.held(alias))
            contacts |= held[-1].contacts
            aliases += sorted(held[-1].aliases - set(aliases))
        return erasure.model_copy(update={"profiles": tuple(aliases), "contacts": tuple(sorted(contacts))}), held

    def _clear(self, erasure: Erasure, now: Moment) -> Erasure:
        """Take away what is found; the erasure with what has come to light now.

        What is written after it was looked for stays, with all that it tells of further addresses, until it is looked
        for again.
        """
        erasure, held = self._gather(erasure)
        self.erasures.keep(erasure)
        for contact in erasure.contacts:
            self.contacts.suppress(contact, ERASED)
        self.erasures.mark(erasure.ids, now)
        self._stop_runs(erasure, held)
        for contact in erasure.contacts:
            self.erasures.clear_contact(contact)
        for each in held:
            self.erasures.clear(each)
        for alias in erasure.profiles:
            self.requests.close("data", alias)
            self.requests.close("erasure", alias)
        self.erasures.clear_looks(erasure.profiles)
        return erasure

    def _stop_runs(self, erasure: Erasure, held: Iterable[Held]) -> None:
        """Stop the executions. One that is started all the same finds no profile at its next step, and ends."""
        runs = {run_id for each in held for run_id in each.runs}
        for contact_id in erasure.contacts:
            contact = self.contacts.load(contact_id)
            runs |= contact.runs.keys() if contact is not None else set()
        for run_id in sorted(runs):
            self.executions.stop(run_id.partition("-")[0], run_id, ERASED)


def wait_before_finish(erasure: Erasure, now: Moment) -> Duration:
    """How long to wait before an erasure that has been begun may be finished."""
    if erasure.cleared_at is None:
        raise ValueError("the erasure has not come to its first end")
    return max(0, erasure.cleared_at + LET_OTHERS_FINISH - now)
