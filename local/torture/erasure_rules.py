"""The invariants of erasure: no mail once it was committed, no trace once it is done, and nobody comes back."""

import json
from collections.abc import Iterator
from dataclasses import dataclass

from local.torture.chronicle import Change, Chronicle, Image, state_of
from local.torture.names import contact_of, profile_of
from local.torture.parked import Parked
from local.torture.stories import Shopper


@dataclass(slots=True)
class _Erased:
    """Somebody who has been erased: all ids that they were known by, and what only they are called."""

    ids: frozenset[str]
    words: tuple[str, ...]
    is_finished: bool = False


class ErasureRules:
    """Watches a chronicle for those who have been erased."""

    def __init__(self, chronicle: Chronicle) -> None:
        self._chronicle = chronicle
        self._erased: dict[str, _Erased] = {}
        chronicle.on_change.append(self._see)

    def erased(self, shopper: Shopper, ids: frozenset[str]) -> None:
        """The erasure of this shopper, known by these ids, is committed: nothing may go to them from now on."""
        contacts = {contact_of(shopper.address(number)) for number in (0, 1)}
        words = (shopper.user_id, f"{shopper.marker}.")
        self._erased[shopper.marker] = _Erased(ids | contacts | {profile_of(shopper.user_id)}, words)

    def finished(self, shopper: Shopper) -> None:
        """The second pass is done: nothing may be written of them from now on, but for what is dropped again."""
        self._erased[shopper.marker].is_finished = True

    def is_erased(self, an_id: str) -> bool:
        """Whether a profile or a contact is one of theirs."""
        return any(an_id in person.ids for person in self._erased.values())

    def is_gone(self, shopper: Shopper) -> bool:
        """Whether the shopper has been erased."""
        return shopper.marker in self._erased

    def judge(self) -> None:
        """Nothing is left of them but marks: in the table, in queues, in what executions were told.

        A late event that could not be taken out again lies where it is until the person comes whom an alarm has called.
        """
        parked = Parked(self._chronicle).partitions
        for name, person in self._erased.items():
            if not person.is_finished:
                self._violated("erasures end", f"the second pass over {name} never came")
            for place, told in self._held(parked):
                if any(word in told for word in (*person.words, *person.ids)):
                    self._violated("nothing of the erased is left", f"{place} still tells of {name}")

    def _see(self, change: Change) -> None:
        kind, _, an_id = change.pk.partition("#")
        if change.after is None or kind not in ("P", "C") or not self.is_erased(an_id):
            return
        is_finished = any(person.is_finished for person in self._erased.values() if an_id in person.ids)
        if is_finished and not change.sk.startswith("EVENT#"):  # a late event is taken out when it is folded
            self._violated("nobody is revived", f"{change.by} wrote {change.pk} {change.sk} after the erasure")

    def _held(self, parked: frozenset[str]) -> Iterator[tuple[str, str]]:
        """Every place that could tell of somebody, with what it tells."""
        for (pk, sk), image in self._chronicle.items.items():
            if pk in parked and sk.startswith("EVENT#"):
                continue
            yield f"item {pk} {sk}", f"{pk} {sk} {_as_text(sk, image)}"
        queues = self._chronicle.cloud.queues
        for arn, queue in queues.by_arn.items():
            if arn not in queues.dead_letter_arns:  # which a person looks through, and forgets within 14 days
                yield from ((f"queue {queue.name}", body) for body in queue.bodies())

    def _violated(self, rule: str, what: str) -> None:
        self._chronicle.violated(rule, what)


def _as_text(sk: str, image: Image) -> str:
    return json.dumps(state_of(image) if sk == "PROFILE" else image, default=str)
