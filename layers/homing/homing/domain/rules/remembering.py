"""What one evaluation of many rules works out once."""

from homing.domain.moments import Moment
from homing.domain.rules.verdict import Rule, Verdict
from homing.domain.rules.vocabulary import Facts


class Remembering:
    """The facts of a profile, with the verdicts on segments that others refer to, so that each is evaluated once.

    Of a segment the latest verdict is kept: it stands until the moment that it names itself.
    """

    __slots__ = ("_verdicts", "get")

    def __init__(self, facts: Facts) -> None:
        self.get = facts.get
        self._verdicts: dict[str, tuple[Moment, Verdict]] = {}

    def verdict(self, segment: str, rule: Rule, at: Moment) -> Verdict:
        """The verdict of the segment's rule."""
        kept = self._verdicts.get(segment)
        if kept is not None:
            since, verdict = kept
            if since <= at and (verdict.changes_at is None or at < verdict.changes_at):
                return verdict
        verdict = rule.evaluate(self, at)
        self._verdicts[segment] = (at, verdict)
        return verdict
