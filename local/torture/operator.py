"""The shop's operator, who erases people by `homing erase`: on a machine of their own, at which faults of functions do
not strike; but the command may be cut off at any call, and is then run again.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from typing import Final

from homing.domain.moments import MINUTE
from homing.domain.rights import Erasure
from homing.usecases.erase import LET_OTHERS_FINISH, Eraser
from local.cloud import Cloud, Killed
from local.rights.stack import Stack, open_eraser
from local.torture.chronicle import Chronicle, state_of
from local.torture.erasure_rules import ErasureRules
from local.torture.names import profile_of
from local.torture.stories import Shopper

_RUN_AGAIN_AFTER: Final = 10 * MINUTE
_MACHINE: Final = "StateMachine"


class Operator:
    """Erases shoppers, and tells the judges when it is done."""

    def __init__(self, cloud: Cloud, chronicle: Chronicle, rules: ErasureRules) -> None:
        self._cloud = cloud
        self._chronicle = chronicle
        self._rules = rules
        self._eraser: Eraser | None = None

    def erase(self, shopper: Shopper, cut_off: int | None = None) -> None:
        """The command, to the end of its first pass; `cut_off` is the boundary of a call at which it is stopped."""
        profile_id = self._profile_of(shopper)
        try:
            with self._at_work(cut_off) as eraser:
                begun = next((each for each in eraser.erasures.under_way() if profile_id in each.ids), None)
                if begun is None and self._is_known(profile_id):
                    begun, _ = eraser.find(profile_id)
                if begun is None:
                    return
                if begun.cleared_at is None:
                    begun = eraser.begin(begun, self._now)
        except Killed:
            self._cloud.timers.call_at(self._now + _RUN_AGAIN_AFTER, partial(self.erase, shopper))
            return
        self._rules.erased(shopper, begun.ids)
        again = partial(self._finish, shopper, begun)
        self._cloud.timers.call_at(self._now + LET_OTHERS_FINISH, again)

    def _finish(self, shopper: Shopper, begun: Erasure) -> None:
        with self._at_work() as eraser:
            eraser.finish(begun, self._now)
        self._rules.finished(shopper)

    @property
    def _now(self) -> int:
        return self._cloud.timers.now()

    def _profile_of(self, shopper: Shopper) -> str:
        """The profile that the shopper's user id leads to."""
        own = profile_of(shopper.user_id)
        image = self._chronicle.items.get((f"P#{own}", "PROFILE"))
        joined_to = None if image is None else state_of(image).get("joined_to")
        return own if joined_to is None else str(joined_to)

    def _is_known(self, profile_id: str) -> bool:
        return (f"P#{profile_id}", "PROFILE") in self._chronicle.items

    @contextmanager
    def _at_work(self, cut_off: int | None = None) -> Iterator[Eraser]:
        """The operator's calls are none of the function within which this may happen."""
        functions = self._cloud.functions
        running, functions.running = functions.running, None
        boundaries = 0

        def count(_service: str, _operation: str, _phase: str) -> None:
            nonlocal boundaries
            boundaries += 1
            if boundaries == cut_off:
                raise Killed

        self._eraser = self._eraser or open_eraser(_stack_of(self._cloud))
        done = self._cloud.on_call(count)
        try:
            yield self._eraser
        finally:
            done()
            functions.running = running


def _stack_of(cloud: Cloud) -> Stack:
    machines = {
        name.removesuffix(_MACHINE).lower(): cloud.physical_id(name)
        for name in cloud.template.resources
        if name.endswith(_MACHINE)
    }
    return Stack(cloud.physical_id("Table"), cloud.physical_id("SigningSecret"), machines)
