"""The segments of a shop: which a profile is in, since when, and when the first of them changes."""

from typing import Any

import pytest

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


def test_a_long_chain_of_segments_is_refused() -> None:
    chain: dict[str, object] = {f"s{link}": {"segment": f"s{link + 1}"} for link in range(8)} | {"s8": RECENT}
    assert "more than 8 segments" in refused({"segments": chain}).message
    del chain["s0"]
    assert segments(**chain).evaluate({}, NOW) == SegmentsVerdict((), None)
