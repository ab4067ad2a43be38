"""The rule language: a rule is data, and knows for any profile and moment whether it holds and until when.

vocabulary   the facts that a rule may name, and their kinds
verdict      what every rule answers: membership, and the moment at which it changes
conditions   the tests on one fact
birthdays    the yearly test, in the shopper's own time zone
logic        all, any, not, and membership of another segment
reading      from a shop's YAML to a rule, or to an error that names its place
"""

from homing.domain.rules.reading import RuleError, read_rule
from homing.domain.rules.verdict import Rule, Verdict
from homing.domain.rules.vocabulary import FACTS, Facts, Kind

__all__ = ["FACTS", "Facts", "Kind", "Rule", "RuleError", "Verdict", "read_rule"]
