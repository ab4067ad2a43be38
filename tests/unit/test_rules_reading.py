"""A rule that cannot be read is refused with the place where it goes wrong, in words that help to mend it."""

import pickle
from collections.abc import Mapping

import pytest

from homing.domain import orders, profile
from homing.domain.facts import ProfileFacts
from homing.domain.profile import Profile
from homing.domain.rules import FACTS, Definitions, Rule, RuleError, read_rule
from homing.domain.rules.definitions import read_calendar, read_scores
from homing.domain.rules.errors import Path
from homing.domain.rules.vocabulary import REMEMBERED_DAYS, REMEMBERED_EVENTS

ROOT: Path = ("segments", "lapsed")


DEFINITIONS = Definitions(
    read_calendar({"christmas": "12-25"}, ()),
    read_scores({"engagement": {"half_life": "30 days", "points": {"visits": 5}}}, ()),
)


def refused(data: object) -> RuleError:
    def no_segment(name: str, path: Path) -> Rule:
        raise RuleError(path, f"'{name}' is no segment")

    with pytest.raises(RuleError) as caught:
        read_rule(data, ROOT, no_segment, DEFINITIONS)
    return caught.value


def relative(**parts: object) -> dict[str, object]:
    return {"orders.last_at": {"within": {"times": 2, "of": "orders.median_gap"} | parts}}


@pytest.mark.parametrize(
    ("data", "path", "message"),
    [
        # The shape
        (None, (), "expected a condition"),
        ("orders.count", (), "expected a condition"),
        ({}, (), "expected one condition"),
        ({"orders.count": 1, "cart.size": 1}, (), "under all or any"),
        ({True: 1}, (), "True is no name"),
        ({"all": []}, ("all",), "expected a list"),
        ({"any": {"orders.count": 1}}, ("any",), "with a dash"),
        ({"all": [{"orders.count": 1}, "leads"]}, ("all", 1), "expected a condition"),
        ({"not": [{"orders.count": 1}]}, ("not",), "expected a condition"),
        ({"segment": "nobody"}, ("segment",), "'nobody' is no segment"),
        ({"segment": ["leads"]}, ("segment",), "expected a text"),
        # The fact and its test
        ({"order.count": 1}, ("order.count",), "did you mean 'orders.count'?"),
        ({"zzz": 1}, ("zzz",), "there are all, any, not, segment, consent.marketing"),
        ({"orders.count": {}}, ("orders.count",), "expected a test"),
        ({"orders.count": {"within": "1 day"}}, ("orders.count", "within"), "tests that fit: at_least"),
        (
            {"orders.last_at": {"at_least": 1}},
            ("orders.last_at", "at_least"),
            "does not fit orders.last_at, a moment",
        ),
        (
            {"orders.last_at": "1 day"},
            ("orders.last_at",),
            "needs a test; tests that fit: within, longer_ago_than",
        ),
        ({"orders.median_gap": "1 day"}, ("orders.median_gap",), "is a duration and needs a test"),
        ({"birthday": "7 days"}, ("birthday",), "is a yearly date and needs a test"),
        ({"birthday": {"within": "7 days"}}, ("birthday", "within"), "tests that fit: within_next, known"),
        ({"visits": 3}, ("visits",), "is a history and needs a test; tests that fit: at_least, at_most"),
        ({"supplies.end_at": {"within": "1 day"}}, ("supplies.end_at", "within"), "tests that fit: within_next, known"),
        ({"event": "Quiz"}, ("event",), "is a history of events and needs a test"),
        ({"calendar.christmas": True}, ("calendar.christmas",), "needs its test: {within_next: 7 days}"),
        ({"calendar.christmas": {"known": "yes"}}, ("calendar.christmas",), "needs its test"),
        ({"score.engagement": 100}, ("score.engagement",), "needs a test; tests that fit: at_least"),
        ({"score.engagement": {"top": "1 %"}}, ("score.engagement", "top"), "does not fit a score"),
        ({"cart.size": {"top": "10 %"}}, ("cart.size", "top"), "'top' does not fit cart.size"),
        ({"orders.count": {"topp": 1}}, ("orders.count", "topp"), "less_than, top, known"),
        # Names
        ({"score.engagment": {"at_least": 1}}, ("score.engagment",), "did you mean 'score.engagement'?"),
        (
            {"calendar.xmas": {"within_next": "1 day"}},
            ("calendar.xmas",),
            "'xmas' is not in the calendar; did you mean",
        ),
        ({"engagement": {"at_least": 1}}, ("engagement",), "did you mean 'score.engagement'?"),
        ({"season": "wintr"}, ("season",), "'wintr' is no season; did you mean 'winter'?"),
        ({"season": ["winter", "fall"]}, ("season",), "there are spring, summer, autumn, winter"),
        ({"season": []}, ("season",), "at least one text"),
        # Windows
        ({"visits": {}}, ("visits",), "expected a test"),
        ({"visits": {"at_least": 3}}, ("visits",), "'within' is missing"),
        ({"visits": {"on_days": 0, "within": "1 day"}}, ("visits", "on_days"), "whole number from 1 to 12"),
        ({"visits": {"on_days": 13, "within": "90 days"}}, ("visits", "on_days"), "whole number from 1 to 12"),
        ({"orders.placed": {"on_days": 25, "within": "90 days"}}, ("orders.placed", "on_days"), "from 1 to 24"),
        ({"mails.clicked": {"on_days": 1.5, "within": "90 days"}}, ("mails.clicked", "on_days"), "from 1 to 10"),
        ({"visits": {"at_least": 0, "within": "90 days"}}, ("visits", "at_least"), "nothing is ever less than 0"),
        ({"visits": {"less_than": 0, "within": "90 days"}}, ("visits", "less_than"), "nothing is ever less than 0"),
        ({"visits": {"at_most": -1, "within": "90 days"}}, ("visits", "at_most"), "nothing is ever less than 0"),
        ({"visits": {"at_least": 13, "within": "90 days"}}, ("visits", "at_least"), "the latest 12 are remembered"),
        ({"visits": {"at_most": 12, "within": "90 days"}}, ("visits", "at_most"), "the latest 12 are remembered"),
        ({"visits": {"equals": 3, "within": "90 days"}}, ("visits", "equals"), "does not fit a history"),
        ({"visits": {"at_least": 3, "within": "0 days"}}, ("visits", "within"), "longer than nothing"),
        ({"event": {"within": "9 days"}}, ("event",), "'name' is missing"),
        ({"event": {"name": "Quiz"}}, ("event",), "'within' is missing"),
        ({"event": {"name": "Quiz", "at_least": 13, "within": "9 days"}}, ("event", "at_least"), "the latest 12"),
        # What can never hold
        ({"orders.count": {"known": "no", "at_most": 3}}, ("orders.count",), "this can never hold"),
        ({"orders.count": {"at_least": 5, "at_most": 3}}, ("orders.count",), "this can never hold"),
        ({"orders.count": {"more_than": 5, "at_most": 5}}, ("orders.count",), "this can never hold"),
        ({"products.viewed": {"at_least": 5, "less_than": 5, "within": "9 days"}}, ("products.viewed",), "never hold"),
        ({"score.engagement": {"at_least": 5, "at_most": 4}}, ("score.engagement",), "this can never hold"),
        (
            {"orders.last_at": {"longer_ago_than": "30 days", "within": "30 days"}},
            ("orders.last_at",),
            "longer_ago_than has to be shorter than within",
        ),
        (
            {"orders.last_at": {"longer_ago_than": "1 day", "within_next": "1 day"}},
            ("orders.last_at",),
            "what is yet to come",
        ),
        # Values
        ({"orders.revenue": {"top": "0 %"}}, ("orders.revenue", "top"), "between 0 % and 100 %"),
        ({"orders.revenue": {"top": "100 %"}}, ("orders.revenue", "top"), "between 0 % and 100 %"),
        ({"orders.revenue": {"top": "many %"}}, ("orders.revenue", "top"), "between 0 % and 100 %"),
        ({"orders.revenue": {"top": 10}}, ("orders.revenue", "top"), "such as '10 %', not 10"),
        ({"score.engagement": {"at_least": 0}}, ("score.engagement", "at_least"), "comes near 0"),
        ({"score.engagement": {"at_most": 0}}, ("score.engagement", "at_most"), "comes near 0"),
        ({"calendar.christmas": {"within_next": "364 days"}}, ("calendar.christmas", "within_next"), "to 363 days"),
        ({"bought.categories": []}, ("bought.categories",), "at least one text"),
        ({"orders.count": 10**400}, ("orders.count",), "expected a number"),
        ({"orders.count": "many"}, ("orders.count",), "expected a number, not 'many'"),
        ({"orders.count": True}, ("orders.count",), "expected a number, not True"),
        ({"orders.count": {"at_least": float("inf")}}, ("orders.count", "at_least"), "expected a number"),
        ({"orders.count": {"at_least": float("nan")}}, ("orders.count", "at_least"), "expected a number"),
        ({"orders.count": {"known": 1}}, ("orders.count", "known"), "expected yes or no, not 1"),
        ({"consent.marketing": "maybe"}, ("consent.marketing",), "expected yes or no"),
        ({"country": False}, ("country",), "put it in quotes, for YAML reads a bare NO"),
        ({"country": ["DE", False]}, ("country", 1), "put it in quotes"),
        ({"country": ["DE", "Austria"]}, ("country",), "'Austria' is no ISO code of a country, such as DE"),
        ({"country": []}, ("country",), "at least one text"),
        ({"country": ""}, ("country",), "expected a text"),
        # Durations
        (
            {"orders.last_at": {"within": 30}},
            ("orders.last_at", "within"),
            "expected a duration such as '90 days'",
        ),
        (
            {"orders.last_at": {"within": "3 months"}},
            ("orders.last_at", "within"),
            "'3 months' is no duration",
        ),
        ({"orders.last_at": {"within": "0 days"}}, ("orders.last_at", "within"), "longer than nothing"),
        ({"birthday": {"within_next": "36 hours"}}, ("birthday", "within_next"), "expected whole days"),
        ({"birthday": {"within_next": "364 days"}}, ("birthday", "within_next"), "to 363 days"),
        ({"orders.last_at": {"within": {"times": 2}}}, ("orders.last_at", "within"), "'of' is missing"),
        (relative(at_lest="1 day"), ("orders.last_at", "within", "at_lest"), "did you mean 'at_least'?"),
        (relative(times=0), ("orders.last_at", "within", "times"), "above 0 and up to 100"),
        (relative(times=101), ("orders.last_at", "within", "times"), "above 0 and up to 100"),
        (relative(times="2"), ("orders.last_at", "within", "times"), "expected a number"),
        (relative(of="orders.count"), ("orders.last_at", "within", "of"), "there are orders.median_gap"),
        (relative(at_least=60), ("orders.last_at", "within", "at_least"), "expected a duration"),
        (relative(if_unknown="soon"), ("orders.last_at", "within", "if_unknown"), "'soon' is no duration"),
        (
            relative(at_least="2 days", at_most="1 day"),
            ("orders.last_at", "within", "at_most"),
            "shorter than",
        ),
    ],
)
def test_what_cannot_be_read_is_refused_at_its_place(data: object, path: Path, message: str) -> None:
    error = refused(data)
    assert error.path == ROOT + path
    assert message in error.message


def test_all_faults_of_a_rule_are_told_at_once() -> None:
    data = {
        "any": [
            {"orders.count": {"at_least": "two", "at_most": True}},
            {"not": {"country": [1, "DE", 2]}},
            {"orders.count": 1},
            {"visits": {"on_days": 99, "at_least": 0, "within": "1 day"}},
        ]
    }
    assert [fault.path[len(ROOT) :] for fault in refused(data).faults] == [
        ("any", 0, "orders.count", "at_least"),
        ("any", 0, "orders.count", "at_most"),
        ("any", 1, "not", "country", 0),
        ("any", 1, "not", "country", 2),
        ("any", 3, "visits", "on_days"),
        ("any", 3, "visits", "at_least"),
    ]


def test_an_error_reads_as_the_place_and_the_reason() -> None:
    error = refused({"all": [{"orders.count": 1}, {"orders.last_at": {"within": "soon"}}]})
    assert str(error).startswith("segments.lapsed.all[1].orders.last_at.within: 'soon' is no duration")
    assert str(pickle.loads(pickle.dumps(error))) == str(error)  # noqa: S301, our own bytes


def test_a_rule_that_contains_itself_is_refused() -> None:
    endless: dict[str, object] = {}
    endless["not"] = endless
    assert "nested too deeply" in refused(endless).message


def test_every_fact_that_a_rule_may_name_is_a_fact_of_the_profile() -> None:
    facts = ProfileFacts(Profile())
    assert set(facts.names) == set(FACTS)


def test_rules_reach_as_far_back_as_the_profile_remembers() -> None:
    doings: dict[str, profile.Doing] = {"visits": "visits", "products.viewed": "viewed", "products.added": "added"}
    doings |= {"mails.opened": "opened", "mails.clicked": "clicked"}
    kept = {fact: profile.REMEMBERED_DAYS[doing] for fact, doing in doings.items()}
    kept |= {"orders.placed": orders.REMEMBERED_DAYS, "orders.spent": orders.REMEMBERED_DAYS}
    assert kept == REMEMBERED_DAYS
    assert profile.REMEMBERED_EVENTS == REMEMBERED_EVENTS


KINDS: Mapping[str, tuple[type, ...]] = {
    "yes or no": (bool,),
    "moment": (int,),
    "number": (int, float),
    "duration": (int,),
    "yearly date": (tuple,),
    "text": (str,),
    "set of texts": (frozenset,),
    "list of moments": (tuple,),
    "history": (tuple,),
    "history of events": (tuple,),
}


@pytest.mark.parametrize("fact", FACTS)
def test_a_new_profile_knows_of_each_fact_nothing_or_a_value_of_its_kind(fact: str) -> None:
    value = ProfileFacts(Profile()).get(fact)
    assert value is None or isinstance(value, KINDS[FACTS[fact]])
