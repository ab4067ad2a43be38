"""What one evaluation of many rules works out once."""

from typing import Any

from homing.domain.moments import Moment
from homing.domain.rules.verdict import Rule, Verdict
from homing.domain.rules.vocabulary import Facts


class Remembering:
    """The facts of a profile, each worked out once, and the segments that others refer to, each evaluated once.

    Of a segment the latest verdict is kept: it stands until the moment that it names itself.
    """

    __slots__ = ("_facts", "_known", "_verdicts")

    def __init__(self, facts: Facts) -> None:
        self._facts = facts
        self._known: dict[str, Any] = {}
        self._verdicts: dict[str, tuple[Moment, Verdict]] = {}

    def get(self, fact: str) -> Any:
        """The fact's value; None where it is not known."""
        try:
            return self._known[fact]
        except KeyError:
            value = self._known[fact] = self._facts.get(fact)
            return value

    def verdict(self, segment: str, rule: Rule, at: Moment) -> Verdict:
        """The verdict of the segment's rule."""
        if segment in self._verdicts:
            since, verdict = self._verdicts[segment]
            if since <= at and (verdict.changes_at is None or at < verdict.changes_at):
                return verdict
        verdict = rule.evaluate(self, at)
        self._verdicts[segment] = (at, verdict)
        return verdict
