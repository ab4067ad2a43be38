"""The rule language: a rule is data, and knows for any profile and moment whether it holds and until when.

vocabulary    the facts that a rule may name, and their kinds
verdict       what every rule answers: membership, and the moment at which it changes
conditions    the tests on one fact as it stands, and on how long ago it was
windows       so much, or on so many days, within the latest 30 days
coming        moments yet to come
birthdays     the yearly test, in the shopper's own time zone
calendars     the shop's own days, and the seasons
scores        points that fade
population    who is among the best of all
logic         all, any, not, and membership of another segment
remembering   what one evaluation of many rules works out once
definitions   the days and scores that a shop defines
values        single values of a file; errors  all that is wrong with it
reading       from a shop's YAML to a rule
explaining    why a rule holds or does not, in words
"""

from homing.domain.rules.definitions import Definitions
from homing.domain.rules.errors import Fault, RuleError
from homing.domain.rules.reading import read_rule
from homing.domain.rules.verdict import Rule, Verdict
from homing.domain.rules.vocabulary import FACTS, Facts, Kind

__all__ = ["FACTS", "Definitions", "Facts", "Fault", "Kind", "Rule", "RuleError", "Verdict", "read_rule"]
