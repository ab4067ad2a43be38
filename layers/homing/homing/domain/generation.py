"""A generation: the rules and figures by which all profiles are evaluated, until the next one takes its place."""

import hashlib
import json
from functools import cached_property
from typing import Any

from homing.domain.events import Frozen
from homing.domain.figures import Figures
from homing.domain.moments import Moment
from homing.domain.segments import Segments


class Generation(Frozen):
    """The data of segments.yaml with the figures of the population, numbered in the order in which they count.

    0 is the number of a shop's own files, as long as no generation has been made of them. A generation is never
    copied with changes: another one is made anew, so that what it has worked out is its own.
    """

    number: int
    rules: dict[str, Any]
    figures: Figures = Figures()
    switched_at: Moment = 0

    @cached_property
    def segments(self) -> Segments:
        """The rules as they are evaluated. Raises RuleError where they are none."""
        return Segments.parse(self.rules, self.figures)

    @cached_property
    def rules_fingerprint(self) -> str:
        """Twelve hexadecimal digits of the rules' data: the same for the same rules, in whatever order."""
        canonical = json.dumps(self.rules, sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(canonical.encode()).hexdigest()[:12]
