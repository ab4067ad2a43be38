"""How the segments of a shopper's rhythm, which a shop starts with, follow upon each other."""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from homing.domain.moments import DAY, HOUR, MINUTE, Moment, format_moment, parse_moment
from homing.domain.rules import FACTS
from homing.domain.segments import Segments

NOW = parse_moment("2026-06-15T12:00:00Z")
SHOP = Path(__file__).parents[2] / "shop" / "segments.yaml"
RHYTHM = {"leads", "first_time", "recent", "one_time", "lapsed", "loyal", "cart_abandoners", "birthday_soon"}
"""The segments looked at here; each of them all has a test of its own in test_segments_from_events.py."""


@pytest.fixture(scope="module")
def segments() -> Segments:
    return Segments.parse(yaml.safe_load(SHOP.read_text(encoding="utf-8")))


def shopper(**facts: Any) -> dict[str, Any]:
    """A subscriber who has done nothing, and what sets them apart; `orders_count` names `orders.count`."""
    return {"consent.marketing": True, "orders.count": 0, "cart.size": 0} | {
        fact.replace("_", ".", 1): value for fact, value in facts.items()
    }


def bought(*days_ago: float, gap: int | None = None) -> dict[str, Any]:
    """Who ordered so many days ago, and usually after so many days again."""
    return shopper(
        orders_count=len(days_ago),
        orders_first_at=NOW - round(max(days_ago) * DAY),
        orders_last_at=NOW - round(min(days_ago) * DAY),
        orders_median_gap=None if gap is None else gap * DAY,
    )


def left_a_cart(ago: int, size: int = 2) -> dict[str, Any]:
    return shopper(cart_size=size, cart_changed_at=NOW - ago)


def born_on(month: int, day: int) -> dict[str, Any]:
    return shopper() | {"birthday": (month, day), "timezone": "Europe/Berlin"}


@pytest.mark.parametrize(
    ("facts", "memberships"),
    [
        pytest.param(shopper(), {"leads"}, id="subscribed and never bought"),
        pytest.param(shopper(consent_marketing=False), set(), id="neither subscribed nor bought"),
        pytest.param(bought(3), {"first_time", "recent"}, id="first order three days ago"),
        pytest.param(bought(45), {"one_time"}, id="one order last month"),
        pytest.param(bought(90), {"one_time", "lapsed"}, id="one order three months ago"),
        pytest.param(bought(3, 60, gap=57), {"recent"}, id="came back"),
        pytest.param(bought(50, 60, gap=10), set(), id="frequent and quiet, within the floor of sixty days"),
        pytest.param(bought(60, 70, gap=10), {"lapsed"}, id="frequent and silent for sixty days"),
        pytest.param(bought(300, 480, gap=180), set(), id="comes twice a year and is not due"),
        pytest.param(bought(360, 540, gap=180), {"lapsed"}, id="comes twice a year and missed two turns"),
        pytest.param(bought(5, 40, 80, 120, 200, gap=40), {"recent", "loyal"}, id="five orders over half a year"),
        pytest.param(bought(40, 70, 110, 150, 200, gap=40), {"loyal"}, id="loyal between two orders"),
        pytest.param(bought(100, 140, 180, 220, 260, gap=40), {"lapsed"}, id="was loyal"),
        pytest.param(bought(5, 10, 15, 20, 25, gap=5), {"recent"}, id="five orders in one month"),
        pytest.param(left_a_cart(HOUR), {"leads", "cart_abandoners"}, id="left a cart an hour ago"),
        pytest.param(left_a_cart(59 * MINUTE), {"leads"}, id="may still be shopping"),
        pytest.param(left_a_cart(30 * DAY), {"leads"}, id="left a cart a month ago"),
        pytest.param(left_a_cart(HOUR, size=0), {"leads"}, id="emptied the cart"),
        pytest.param(born_on(6, 22), {"leads", "birthday_soon"}, id="birthday in seven days"),
        pytest.param(born_on(6, 15), {"leads", "birthday_soon"}, id="birthday today"),
        pytest.param(born_on(6, 23), {"leads"}, id="birthday in eight days"),
        pytest.param(born_on(6, 14), {"leads"}, id="birthday yesterday"),
    ],
)
def test_a_shopper_is_in_the_segments_that_fit(
    segments: Segments, facts: dict[str, Any], memberships: set[str]
) -> None:
    assert set(segments.evaluate(facts, NOW).memberships) & RHYTHM == memberships


def test_a_first_time_customer_turns_into_a_one_time_customer_and_is_missed_in_the_end(
    segments: Segments,
) -> None:
    facts = shopper(orders_count=1, orders_first_at=NOW, orders_last_at=NOW)
    assert story(segments, facts) == [
        ("2026-06-15T12:00:00Z", ("first_time", "recent")),
        ("2026-07-15T12:00:00Z", ("one_time",)),
        ("2026-09-13T12:00:00Z", ("lapsed", "one_time")),
    ]


def test_a_regular_customer_becomes_loyal_by_time_alone_and_ceases_to_be_when_missed(
    segments: Segments,
) -> None:
    facts = bought(0, 40, 80, 120, 160, gap=40)
    assert story(segments, facts) == [
        ("2026-06-15T12:00:00Z", ("recent",)),
        ("2026-07-05T12:00:00Z", ("loyal", "recent")),
        ("2026-07-15T12:00:00Z", ("loyal",)),
        ("2026-09-03T12:00:00Z", ("lapsed",)),
    ]


def story(segments: Segments, facts: dict[str, Any]) -> list[tuple[str, tuple[str, ...]]]:
    """From now on, each moment at which memberships change, with what they then are."""
    told: list[tuple[str, tuple[str, ...]]] = []
    at: Moment | None = NOW
    while at is not None:
        verdict = segments.evaluate(facts, at)
        memberships = tuple(name for name in verdict.memberships if name in RHYTHM)
        if not told or memberships != told[-1][1]:
            told.append((format_moment(at), memberships))
        at = verdict.changes_at
    return told


def test_every_segment_says_what_it_is_for(segments: Segments) -> None:
    assert [segment.name for segment in segments.by_name.values() if not segment.description] == []


def test_the_examples_on_the_page_about_segments_are_segments() -> None:
    page = (SHOP.parents[1] / "docs" / "segments.md").read_text(encoding="utf-8")
    examples = re.findall(r"^```yaml\n(.*?)^```$", page, re.DOTALL | re.MULTILINE)
    names = [name for example in examples for name in Segments.parse(yaml.safe_load(example)).by_name]
    assert {"one_time", "cart_abandoners", "lapsed", "birthday_soon", "loyal"} <= set(names)


def test_the_page_about_segments_names_every_fact() -> None:
    page = (SHOP.parents[1] / "docs" / "segments.md").read_text(encoding="utf-8")
    assert [fact for fact in FACTS if f"`{fact}`" not in page] == []
