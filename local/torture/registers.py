"""The counters: what a contact remembers of its latest mails, and what is left of SES's rate, held to the permits."""

from collections import defaultdict
from collections.abc import Callable, Sequence
from math import inf
from typing import NamedTuple

from homing.domain.moments import Moment
from local.torture.chronicle import Change, Chronicle, Image, number
from local.torture.shop import Rules


class _Place(NamedTuple):
    contact: str
    at: Moment


class Registers:
    """Watches the pace, and is told of each permit of a marketing mail."""

    def __init__(self, chronicle: Chronicle, rules: Rules, contacts_of: Callable[[str], Sequence[str]]) -> None:
        """`contacts_of` gives all contacts of the shopper who has this one."""
        self._contacts_of = contacts_of
        self._chronicle = chronicle
        self._depth = max((mails for mails, _ in rules.caps), default=1)
        self._window = max((window for _, window in rules.caps), default=0)
        self._taken: dict[str, _Place] = {}
        self._moments: dict[str, set[Moment]] = defaultdict(set)
        """Of every permit that a contact's mails ever had, those given back too."""
        chronicle.on_change.append(self._see)

    def take(self, contact: str, mail: str, image: Image) -> None:
        """The mail was permitted by the write that left the contact so."""
        at = number(image, f"claim:{mail}") or 0
        self._taken[mail] = _Place(contact, at)
        self._moments[contact].add(at)
        self._hold(contact, image)

    def give_back(self, mail: str) -> None:
        """The mail's permit was given back: it was not sent."""
        self._taken.pop(mail, None)

    def latest(self, contact: str, before: float = inf) -> Moment | None:
        """When the contact's latest marketing mail was permitted, of those before a moment."""
        permitted = (place.at for place in self._taken.values() if place.contact == contact)
        return max((at for at in permitted if at < before), default=None)

    def judge(self) -> None:
        """At the end each register still says what its permits were."""
        for contact in list(self._moments):
            image = self._chronicle.items.get((f"C#{contact}", "CONTACT"))
            if image is not None:
                self._hold(contact, image)

    def _hold(self, contact: str, image: Image) -> None:
        """The register holds the mails of the longest window, as far as it reaches, and no others.

        That window ends with the latest permit, be it one that was given back: what it moved out comes back no more.
        """
        register = [number(image, f"recent_{place}") or 0 for place in range(1, self._depth + 1)]
        permitted = sorted((place.at for place in self._taken.values() if place.contact == contact), reverse=True)
        within = [at for at in permitted[: self._depth] if at > max(self._moments[contact]) - self._window]
        known = set[Moment]().union(*(self._moments[one] for one in self._contacts_of(contact)))
        if invented := {at for at in register if at} - known:
            self._chronicle.violated("counters equal the ledger", f"{contact} counts mails of {sorted(invented)}")
        if (missing := set(within) - set(register)) and 0 in register:
            self._chronicle.violated("counters equal the ledger", f"{contact} has forgotten mails of {sorted(missing)}")

    def _see(self, change: Change) -> None:
        if change.sk == "PROFILE" and change.after is not None:
            before, after = (number(image, "version") or 0 for image in (change.before, change.after))
            if after != before + 1:
                self._chronicle.violated("a version for each write", f"{change.pk} went from {before} to {after}")
        if change.pk != "PACE":
            return
        room = number(change.after, "room")
        if room is not None and room < 0:
            self._chronicle.violated("the quota is kept", f"{-room} mails were permitted beyond SES's daily quota")
        before, after = (number(image, "next_at") or 0 for image in (change.before, change.after))
        if after < before:
            self._chronicle.violated("each its own place", f"the next place went back from {before} to {after}")
