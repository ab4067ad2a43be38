"""What the passing of time can bring about."""

from homing.domain.rules.conditions import LongerAgoThan, Timeless, Within
from homing.domain.rules.logic import All, AnyOf, InSegment, Not
from homing.domain.rules.scores import Scored
from homing.domain.rules.verdict import Rule
from homing.domain.rules.windows import FALLING, Amount, OnDays


def begins_with_time(rule: Rule, *, negated: bool = False) -> bool:
    """Whether time alone can make the rule hold (or, `negated`, its opposite) while no segment that it names changes.

    `within: 2 days` only ends with time, `longer_ago_than: 2 days` only begins, what goes by the calendar does both.
    """
    match rule:
        case All(parts) | AnyOf(parts):
            return any(begins_with_time(part, negated=negated) for part in parts)
        case Not(part):
            return begins_with_time(part, negated=not negated)
        case InSegment() | Timeless():
            return False
        case Within() | OnDays():
            return negated
        case LongerAgoThan():
            return not negated
        case Amount(comparison=comparison) | Scored(comparison=comparison):
            return FALLING[comparison] is negated
        case _:
            return True
