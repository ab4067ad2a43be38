"""A rule that cannot be read is refused with the place where it goes wrong, in words that help to mend it."""

import pickle
from collections.abc import Mapping

import pytest

from homing.domain.facts import ProfileFacts
from homing.domain.profile import Profile
from homing.domain.rules import FACTS, Rule, RuleError, read_rule
from homing.domain.rules.errors import Path

ROOT: Path = ("segments", "lapsed")


def refused(data: object) -> RuleError:
    def no_segment(name: str, path: Path) -> Rule:
        raise RuleError(path, f"'{name}' is no segment")

    with pytest.raises(RuleError) as caught:
        read_rule(data, ROOT, no_segment)
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
        # Values
        ({"orders.count": "many"}, ("orders.count",), "expected a number, not 'many'"),
        ({"orders.count": True}, ("orders.count",), "expected a number, not True"),
        ({"orders.count": {"at_least": float("inf")}}, ("orders.count", "at_least"), "expected a number"),
        ({"orders.count": {"at_least": float("nan")}}, ("orders.count", "at_least"), "expected a number"),
        ({"orders.count": {"known": 1}}, ("orders.count", "known"), "expected yes or no, not 1"),
        ({"consent.marketing": "maybe"}, ("consent.marketing",), "expected yes or no"),
        ({"country": False}, ("country",), "put it in quotes, for YAML reads a bare NO"),
        ({"country": ["DE", False]}, ("country", 1), "put it in quotes"),
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
