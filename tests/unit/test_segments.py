"""The segments of a shop: which a profile is in, since when, and when the first of them changes."""

from datetime import date
from typing import Any

import pytest

from homing.domain.facts import Assortment
from homing.domain.figures import Figures
from homing.domain.moments import DAY, HOUR, parse_moment
from homing.domain.rules import RuleError
from homing.domain.segments import Segments, SegmentsVerdict, changes

NOW = parse_moment("2026-06-15T12:00:00Z")


def segments(**by_name: object) -> Segments:
    return Segments.parse({"segments": by_name})


def refused(data: object) -> RuleError:
    with pytest.raises(RuleError) as caught:
        Segments.parse(data)
    return caught.value


RECENT: dict[str, Any] = {"orders.last_at": {"within": "30 days"}}
SCORE: dict[str, Any] = {"half_life": "30 days", "points": {"visits": 5}}
FILLED: dict[str, Any] = {"cart.changed_at": {"longer_ago_than": "1 hour"}}


def test_the_segments_of_a_profile_come_sorted_with_the_first_moment_at_which_any_changes() -> None:
    both = segments(recent=RECENT, filled=FILLED)
    facts = {"orders.last_at": NOW, "cart.changed_at": NOW}
    assert both.evaluate(facts, NOW) == SegmentsVerdict(("recent",), NOW + HOUR)
    assert both.evaluate(facts, NOW + HOUR) == SegmentsVerdict(("filled", "recent"), NOW + 30 * DAY)
    assert both.evaluate(facts, NOW + 30 * DAY) == SegmentsVerdict(("filled",), None)


def test_a_segment_may_refer_to_another_wherever_it_stands_in_the_file() -> None:
    data = {
        "active": {"not": {"segment": "away"}},
        "away": {"not": {"segment": "recent"}},
        "recent": RECENT,
    }
    verdict = segments(**data).evaluate({"orders.last_at": NOW}, NOW)
    assert verdict == SegmentsVerdict(("active", "recent"), NOW + 30 * DAY)
    assert segments(**data).evaluate({}, NOW) == SegmentsVerdict(("away",), None)


def test_a_segment_keeps_its_description_and_its_place_in_the_file() -> None:
    described = segments(zebra={"description": "The last shall be first"} | RECENT, ant=FILLED)
    assert list(described.by_name) == ["zebra", "ant"]
    assert described.by_name["zebra"].description == "The last shall be first"
    assert described.by_name["ant"].description == ""


def test_no_segments_is_a_choice() -> None:
    assert segments().evaluate({}, NOW) == SegmentsVerdict((), None)


def test_what_the_file_says_beside_its_segments_counts_in_them() -> None:
    data = {
        "segments": {
            "engaged": {"score.engagement": {"at_least": 5}},
            "before_easter": {"calendar.easter": {"within_next": "7 days"}},
            "best": {"any": [{"orders.revenue": {"top": "10 %"}}, {"orders.count": {"top": "2.5 %"}}]},
            "best_too": {"orders.revenue": {"top": "10.0%"}},
        },
        "scores": {"engagement": SCORE},
        "calendar": {"easter": [date(2027, 3, 28), "2026-06-20"]},
        "life_spans": {"Green tea": "45 days", "GT-05": "60 days"},
    }
    figures = Figures(tops={"orders.revenue top 10": 100.0}, launches={"GT-05": 7})
    read = Segments.parse(data, figures)
    assert read.wanted_tops == (("orders.revenue", 10.0), ("orders.count", 2.5))
    assert read.assortment == Assortment({"green tea": 45 * DAY, "gt-05": 60 * DAY}, {"GT-05": 7})
    facts = {"visits": ((NOW, 1),), "orders.revenue": 100, "orders.count": 1}
    assert read.evaluate(facts, NOW).memberships == ("before_easter", "best", "best_too", "engaged")
    assert Segments.parse(data).evaluate(facts, NOW).memberships == ("before_easter", "engaged")


# A rule that breaks


class Broken(dict[str, Any]):
    """Facts of which one cannot be told."""

    def get(self, fact: str, /) -> Any:  # type: ignore[override]
        if fact == "orders.revenue":
            raise ZeroDivisionError(fact)
        return super().get(fact)


def test_a_rule_that_raises_parks_its_segment_and_those_that_refer_to_it_and_no_others() -> None:
    data = {
        "rich": {"orders.revenue": {"at_least": 100}},
        "lately_rich": {"all": [RECENT, {"segment": "rich"}]},
        "recent": RECENT,
        "poor": {"not": {"segment": "rich"}},
    }
    verdict = segments(**data).evaluate(Broken({"orders.last_at": NOW}), NOW, before={"poor": 1, "gone": 1})
    assert verdict == SegmentsVerdict(("poor", "recent"), NOW + 30 * DAY, ("lately_rich", "poor", "rich"))
    again = segments(**data).evaluate(Broken({"orders.last_at": NOW}), NOW, before=("rich",))
    assert again.memberships == ("recent", "rich")


def test_a_segment_is_evaluated_once_whoever_refers_to_it() -> None:
    asked = []

    class Counting(dict[str, Any]):
        def get(self, fact: str, /) -> Any:  # type: ignore[override]
            asked.append(fact)
            return super().get(fact)

    many = {f"s{number}": {"not": {"segment": "recent"}} for number in range(5)}
    segments(**many, recent=RECENT).evaluate(Counting({"orders.last_at": NOW}), NOW)
    assert asked == ["orders.last_at"]


# What a new verdict changes


def test_who_stays_keeps_the_moment_of_entry_and_who_enters_gets_the_present_one() -> None:
    change = changes({"leads": 1, "recent": 5}, SegmentsVerdict(("loyal", "recent"), None), NOW)
    assert change.memberships == {"loyal": NOW, "recent": 5}
    assert change.entered == ("loyal",)
    assert change.left == ("leads",)


def test_a_segment_that_the_shop_has_removed_is_left() -> None:
    assert changes({"gone": 1}, SegmentsVerdict((), None), NOW).left == ("gone",)


def test_the_same_verdict_again_changes_nothing() -> None:
    before = changes({}, SegmentsVerdict(("leads",), None), NOW).memberships
    again = changes(before, SegmentsVerdict(("leads",), None), NOW + DAY)
    assert again == (before, (), ())


# What is refused


@pytest.mark.parametrize(
    ("data", "path", "message"),
    [
        (None, (), "expected 'segments:'"),
        ([], (), "expected 'segments:'"),
        ({"segment": {}}, (), "expected 'segments:'"),
        ({"segments": {}, "journeys": {}}, (), "nothing else beside it"),
        ({"segments": {}, "score": {}}, (), "not 'score'; did you mean 'scores'?"),
        ({"segments": {}, "scores": {"Big": {}}}, ("scores", "Big"), "a score's name is made of"),
        ({"segments": {}, "scores": None}, ("scores",), "expected scores by name"),
        ({"segments": {}, "scores": {"a": {"points": {"visits": 1}}}}, ("scores", "a"), "'half_life' is missing"),
        ({"segments": {}, "scores": {"a": SCORE | {"half": 1}}}, ("scores", "a", "half"), "did you mean 'half_life'?"),
        (
            {"segments": {}, "scores": {"a": SCORE | {"half_life": "0 days"}}},
            ("scores", "a", "half_life"),
            "longer than nothing",
        ),
        (
            {"segments": {}, "scores": {"a": SCORE | {"half_life": "3651 days"}}},
            ("scores", "a", "half_life"),
            "at most 3650 days",
        ),
        ({"segments": {}, "scores": {"a": SCORE | {"points": {}}}}, ("scores", "a", "points"), "at least one fact"),
        (
            {"segments": {}, "scores": {"a": SCORE | {"points": {"visit": 1}}}},
            ("scores", "a", "points", "visit"),
            "did you mean 'visits'?",
        ),
        (
            {"segments": {}, "scores": {"a": SCORE | {"points": {"orders.count": 1}}}},
            ("scores", "a", "points", "orders.count"),
            "is no history and no moment",
        ),
        (
            {"segments": {}, "scores": {"a": SCORE | {"points": {"visits": 0}}}},
            ("scores", "a", "points", "visits"),
            "above 0",
        ),
        ({"segments": {}, "calendar": {"x": "13-01"}}, ("calendar", "x"), "is no day that exists"),
        ({"segments": {}, "calendar": {"x": "02-30"}}, ("calendar", "x"), "is no day that exists"),
        ({"segments": {}, "calendar": {"x": ["2027-02-29"]}}, ("calendar", "x", 0), "is no day that exists"),
        ({"segments": {}, "calendar": {"x": ["12-25"]}}, ("calendar", "x", 0), "such as 2026-02-17"),
        ({"segments": {}, "calendar": {"x": "20260217"}}, ("calendar", "x"), "such as 2026-02-17"),
        ({"segments": {}, "calendar": {"x": []}}, ("calendar", "x"), "from 1 to 100 dates"),
        ({"segments": {}, "calendar": {"x": ["2026-02-17"] * 2}}, ("calendar", "x"), "stands here twice"),
        ({"segments": {}, "calendar": {"X": "12-25"}}, ("calendar", "X"), "a day's name is made of"),
        ({"segments": {}, "life_spans": {"Tea": 45}}, ("life_spans", "Tea"), "expected a duration"),
        ({"segments": {}, "life_spans": {5: "1 day"}}, ("life_spans",), "5 is no name"),
        ({"segments": {}, "life_spans": {"Tea": "1 day", "tea": "2 days"}}, ("life_spans",), "nothing but capitals"),
        ({"segments": None}, ("segments",), "expected the segments by name"),
        ({"segments": {True: RECENT}}, ("segments",), "True is no name"),
        ({"segments": {"Big Spenders": RECENT}}, ("segments", "Big Spenders"), "made of a-z"),
        ({"segments": {"a": None}}, ("segments", "a"), "expected a description and a condition"),
        ({"segments": {"a": {"description": "Nothing"}}}, ("segments", "a"), "expected one condition"),
        (
            {"segments": {"a": {"description": 5} | RECENT}},
            ("segments", "a", "description"),
            "expected a text",
        ),
        ({"segments": {"a": RECENT | FILLED}}, ("segments", "a"), "expected one condition"),
        (
            {"segments": {"a": {"all": [RECENT, {"segment": "recnt"}]}, "recent": RECENT}},
            ("segments", "a", "all", 1, "segment"),
            "'recnt' is no segment; did you mean 'recent'?",
        ),
        ({"segments": {"a": {"segment": "a"}}}, ("segments", "a", "segment"), "in a circle: a → a"),
        (
            {"segments": {"a": {"segment": "b"}, "b": {"not": {"segment": "c"}}, "c": {"segment": "b"}}},
            ("segments", "c", "segment"),
            "in a circle: b → c → b",
        ),
    ],
)
def test_what_cannot_be_read_is_refused_at_its_place(data: object, path: tuple[str | int, ...], message: str) -> None:
    error = refused(data)
    assert error.path == path
    assert message in error.message


def test_all_faults_of_the_file_are_told_at_once_and_each_once() -> None:
    error = refused(
        {
            "scores": {"engagement": SCORE | {"half_life": "soon"}},
            "calendar": {"easter": "2026-02-30"},
            "life_spans": {"Tea": "long"},
            "sgments": {},
            "segments": {
                "a": {"all": [{"segment": "b"}, {"order.count": 1}]},
                "b": {"orders.count": "many"},
                "c": {"segment": "b"},
                "d": {"all": [{"score.engagement": {"at_least": 5}}, {"calendar.easter": {"within_next": "5 days"}}]},
                "E": RECENT,
            },
        }
    )
    assert [fault.path for fault in error.faults] == [
        (),
        ("calendar", "easter"),
        ("scores", "engagement", "half_life"),
        ("life_spans", "Tea"),
        ("segments", "b", "orders.count"),
        ("segments", "a", "all", 1, "order.count"),
        ("segments", "E"),
    ]
    assert str(error).count("\n") == len(error.faults) - 1


def test_a_long_chain_of_segments_is_refused() -> None:
    chain: dict[str, object] = {f"s{link}": {"segment": f"s{link + 1}"} for link in range(8)} | {"s8": RECENT}
    assert "more than 8 segments" in refused({"segments": chain}).message
    del chain["s0"]
    assert segments(**chain).evaluate({}, NOW) == SegmentsVerdict((), None)
