"""Each condition of a rule says in a person's words what it asks for, what is known, and when that turns."""

import pkgutil
from importlib import import_module
from typing import Any

import pytest

from homing.domain import rules
from homing.domain.figures import Figures, top_key
from homing.domain.moments import DAY, MINUTE, parse_moment
from homing.domain.rules import FACTS
from homing.domain.rules.explaining import _TELLING, Explained, explain
from homing.domain.rules.wording import WORDS
from homing.domain.segments import Segments

NOW = parse_moment("2026-03-19T12:00:00Z")
FACTS_OF_ONE: dict[str, Any] = {
    "orders.last_at": NOW - 75 * DAY,
    "orders.median_gap": 20 * DAY,
    "orders.count": 3,
    "orders.revenue": 99.5,
    "products.viewed": ((NOW - 31 * DAY, 3), (NOW - 3 * DAY, 2), (NOW - DAY, 4)),
    "orders.placed": ((NOW - 30 * DAY, 1),),
    "visits": ((NOW, 1),),
    "event": ((NOW - 2 * DAY, "Quiz"),),
    "supplies.end_at": (NOW + 3 * DAY,),
    "bought.categories": frozenset({"Teapots", "Cups"}),
    "birthday": (3, 22),
    "country": "DE",
    "consent.marketing": True,
}
BESIDE: dict[str, Any] = {
    "calendar": {"easter": ["2026-04-05"], "new_year": "01-01"},
    "scores": {"engagement": {"half_life": "30 days", "points": {"orders.placed": 50, "visits": 5}}},
}


def explained(condition: dict[str, Any], facts: dict[str, Any] = FACTS_OF_ONE) -> Explained:
    segments = {"lapsed": {"orders.last_at": {"longer_ago_than": "60 days"}}, "it": condition}
    figures = Figures(tops={top_key("orders.revenue", 10): 90.0})
    return explain(Segments.parse(BESIDE | {"segments": segments}, figures).by_name["it"].rule, facts, NOW)


RHYTHM = {"times": 2, "of": "orders.median_gap"}


@pytest.mark.parametrize(
    ("condition", "words", "value", "member"),
    [
        ({"consent.marketing": True}, "consent to marketing mails: yes", "yes", True),
        ({"orders.count": {"at_least": 5}}, "the number of orders is at least 5", "3", False),
        ({"orders.count": 3}, "the number of orders is 3", "3", True),
        (
            {"orders.median_gap": {"less_than": "2 weeks"}},
            "the median gap between orders is less than 14 days",
            "20 days",
            False,
        ),
        ({"country": ["DE", "AT", "CH"]}, "the country is DE, AT or CH", "DE", True),
        ({"city": {"known": "no"}}, "the city: not known", None, True),
        (
            {"bought.categories": ["Teapots", "Green tea"]},
            "among the categories bought: Teapots or Green tea",
            "Cups, Teapots",
            True,
        ),
        (
            {"orders.last_at": {"longer_ago_than": RHYTHM}},
            "the last order was longer ago than 40 days (2 times their median gap between orders of 20 days)",
            "2026-01-03, 75 days ago",
            True,
        ),
        (
            {"orders.last_at": {"within": RHYTHM | {"at_least": "60 days"}}},
            (
                "the last order was within 60 days"
                " (2 times their median gap between orders of 20 days, but at least 60 days)"
            ),
            "2026-01-03, 75 days ago",
            False,
        ),
        (
            {"supplies.end_at": {"within_next": "7 days"}},
            "the end of a supply comes within the next 7 days",
            "2026-03-22, in 3 days",
            True,
        ),
        (
            {"products.viewed": {"at_least": 5, "within": "30 days"}},
            "at least 5 products viewed within 30 days",
            "6, the latest 2026-03-18, 1 day ago",
            True,
        ),
        (
            {"products.viewed": {"on_days": 3, "within": "30 days"}},
            "products viewed on at least 3 days within 30 days",
            "on 2 days, the latest 2026-03-18, 1 day ago",
            False,
        ),
        (
            {"event": {"name": "Quiz", "within": "36 hours"}},
            "any 'Quiz' within 1 day 12 hours",
            "on 0 days",
            False,
        ),
        (
            {"birthday": {"within_next": "7 days"}},
            "the birthday comes within the next 7 days, or is today",
            "03-22",
            True,
        ),
        (
            {"calendar.easter": {"within_next": "21 days"}},
            "easter comes within the next 21 days, or is today",
            "2026-04-05",
            True,
        ),
        (
            {"calendar.new_year": {"within_next": "1 day"}},
            "new year comes within the next 1 day, or is today",
            "01-01",
            False,
        ),
        ({"season": ["winter", "autumn"]}, "it is autumn or winter where they live", "spring", False),
        (
            {"score.engagement": {"at_least": 30}},
            "the score 'engagement' is at least 30",
            "30 (orders placed 25, visits 5)",
            True,
        ),
        (
            {"orders.revenue": {"top": "10 %"}},
            "the revenue is among the top 10 % of all customers (from 90 on)",
            "99.5",
            True,
        ),
        (
            {"orders.revenue": {"top": "5 %"}},
            "the revenue is among the top 5 % of all customers (not counted yet)",
            "99.5",
            False,
        ),
        ({"segment": "lapsed"}, "is in the segment 'lapsed'", None, True),
        ({"not": {"segment": "lapsed"}}, "not this", None, False),
        ({"all": [{"orders.count": 3}]}, "all of these", None, True),
        ({"any": [{"orders.count": 3}]}, "at least one of these", None, True),
    ],
)
def test_a_condition_is_told_in_words_with_what_is_known(
    condition: dict[str, Any],
    words: str,
    value: str | None,
    member: bool,  # noqa: FBT001 - a column of the table above
) -> None:
    told = explained(condition)
    assert (told.words, told.value, told.member) == (words, value, member)


def test_of_who_is_not_known_nothing_is_told() -> None:
    rhythm = explained({"orders.last_at": {"within": RHYTHM}}, {})
    assert rhythm.words == (
        "the last order was within a time that is not known"
        " (2 times their median gap between orders, which is not known)"
    )
    assert rhythm.value is None
    assert "within 90 days (" in explained({"orders.last_at": {"within": RHYTHM | {"if_unknown": "90 days"}}}, {}).words
    assert explained({"season": "winter"}, {}).value is None
    assert explained({"score.engagement": {"at_least": 1}}, {}).value == "0"


def test_each_part_tells_its_own_verdict_and_turn() -> None:
    told = explained({"all": [{"segment": "lapsed"}, {"not": {"supplies.end_at": {"within_next": "7 days"}}}]})
    lapsed, not_soon = told.parts
    assert (told.member, told.changes_at) == (False, NOW + 3 * DAY)
    assert (lapsed.member, lapsed.changes_at) == (True, None)
    assert lapsed.parts[0].words == "the last order was longer ago than 60 days"
    assert (not_soon.member, not_soon.parts[0].member) == (False, True)
    assert not_soon.changes_at == not_soon.parts[0].changes_at == NOW + 3 * DAY


def test_time_is_told_in_its_greatest_unit() -> None:
    facts = {"visits.last_at": NOW - 90 * MINUTE, "signed_up_at": NOW}
    assert explained({"visits.last_at": {"within": "1 day"}}, facts).value == "2026-03-19, 1 hour ago"
    assert (
        explained({"signed_up_at": {"within": "90 minutes"}}, facts).words == "the sign-up was within 1 hour 30 minutes"
    )
    assert explained({"signed_up_at": {"within": "1 day"}}, facts).value == "2026-03-19, less than a second ago"


def test_every_kind_of_condition_can_be_explained() -> None:
    modules = [import_module(f"{rules.__name__}.{module.name}") for module in pkgutil.iter_modules(rules.__path__)]
    classes = {
        thing
        for module in modules
        for thing in vars(module).values()
        if isinstance(thing, type) and hasattr(thing, "evaluate") and hasattr(thing, "__dataclass_fields__")
    }
    assert classes == set(_TELLING)


def test_every_fact_has_its_words() -> None:
    assert set(WORDS) == set(FACTS)
