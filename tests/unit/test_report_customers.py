"""What the report says of segments over months, of customers by recency and frequency, and of what they spend."""

from datetime import date
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from homing.domain.events import Event, Product
from homing.domain.moments import DAY, HOUR, Moment, parse_moment
from homing.domain.profile import Profile
from homing.domain.record import ProfileRecord
from local.report import days
from local.report.breaks import MOST_CLASSES, natural_breaks
from local.report.customers import Scale, customers
from local.report.rfm import Grid, rfm_grid
from local.report.spending import purchases_of, round_up, spending_of_segments, spread
from local.report.subjects import OTHERS, by_subject

NOW = parse_moment("2026-05-05T00:00:00Z")
AMOUNTS = st.lists(st.floats(0.01, 10_000), max_size=150)


def buyer(*orders: tuple[Moment, float], name: str = "ada", segments: tuple[str, ...] = ()) -> ProfileRecord:
    """A profile with these orders: when, and for how much."""
    facts = Profile()
    for number, (at, total) in enumerate(orders):
        order = Event(
            message_id=f"{name}-{number}",
            type="track",
            name="Order Completed",
            user_id=name,
            at=at,
            order_id=f"{name}-{number}",
            total=round(total * 100),
            currency="EUR",
            products=(Product(product_id="TP-01"),),
        )
        facts = facts.after(order, at)
    return ProfileRecord(profile_id=name, facts=facts, segments=dict.fromkeys(segments, NOW))


# Natural breaks


def test_amounts_part_where_two_groups_lie_apart() -> None:
    small, large = [10 + number / 10 for number in range(20)], [90 + number / 10 for number in range(20)]
    assert natural_breaks([*large, *small]) == [90]


def test_three_groups_part_twice() -> None:
    amounts = [center + number / 20 for center in (10, 40, 160) for number in range(20)]
    assert natural_breaks(amounts) == [40, 160]


def test_one_order_for_a_thousand_does_not_hide_how_the_others_part() -> None:
    amounts = [10 + number / 10 for number in range(20)] + [40 + number / 10 for number in range(20)]
    assert natural_breaks([*amounts, 1_000])[0] == 40


@pytest.mark.parametrize("amounts", [[], [5.0] * 50, [1.0, 9.0] * 9, [0.0] * 50])
def test_few_amounts_and_equal_ones_do_not_part(amounts: list[float]) -> None:
    assert natural_breaks(amounts) == []


@given(AMOUNTS)
def test_a_break_is_one_of_the_amounts_and_leaves_some_below(amounts: list[float]) -> None:
    breaks = natural_breaks(amounts)
    assert breaks == sorted(set(breaks))
    assert len(breaks) < MOST_CLASSES
    assert set(breaks) <= set(amounts)
    assert all(amount > min(amounts) for amount in breaks)


@given(AMOUNTS, st.integers(0, 99))
def test_breaks_do_not_depend_on_the_order_of_the_amounts(amounts: list[float], seed: int) -> None:
    shuffled = Random(seed).sample(amounts, len(amounts))
    assert natural_breaks(shuffled) == natural_breaks(amounts)


def test_ten_thousand_amounts_are_cut_by_their_quantiles() -> None:
    amounts = [10 + number / 1_000 for number in range(7_000)] + [200 + number / 1_000 for number in range(3_000)]
    (only,) = natural_breaks(amounts)
    assert 200 <= only < 200.2


# What is spent


def test_orders_of_the_last_365_days_count_and_older_ones_do_not() -> None:
    record = buyer((NOW - 366 * DAY, 70), (NOW - 364 * DAY, 20), (NOW - DAY, 30))
    assert purchases_of(record, NOW).orders == (20, 30)
    assert purchases_of(record, NOW).total == 50


def test_two_orders_of_one_day_count_as_two_of_the_same_amount() -> None:
    morning = NOW - 10 * DAY
    assert purchases_of(buyer((morning, 10), (morning + HOUR, 30)), NOW).orders == (20, 20)


def test_quantiles_are_amounts_that_were_spent() -> None:
    told = spread([float(amount) for amount in range(1, 101)])
    assert told is not None
    assert told.quantiles == (10, 25, 50, 75, 90)


def test_of_fewer_than_five_orders_nothing_is_told() -> None:
    assert spread([1.0] * 4) is None


def test_each_segment_tells_of_its_members_only() -> None:
    often = buyer(*((NOW - day * DAY, 40.0) for day in range(1, 7)), name="often", segments=("loyal", "all"))
    once = buyer((NOW - DAY, 100), name="once", segments=("all",))
    told = {spending.name: spending for spending in spending_of_segments([often, once], ["loyal", "none"], NOW, "EUR")}
    assert (told["loyal"].members, told["loyal"].buyers) == (1, 1)
    assert (told["all"].members, told["all"].buyers) == (2, 2)
    assert (told["none"].members, told["none"].per_order) == (0, None)
    loyal = told["loyal"].per_order
    assert loyal is not None
    assert loyal.quantiles == (40,) * 5


def test_a_threshold_just_above_a_break_is_advised_with_who_comes_near_it() -> None:
    amounts = [20.0] * 15 + [36.0] * 5 + [58.0] * 10
    buyers = [buyer((NOW - DAY, amount), name=f"b{i}", segments=("all",)) for i, amount in enumerate(amounts)]
    (told,) = spending_of_segments(buyers, [], NOW, "EUR")
    assert told.advice == "Free shipping from 40 EUR: 17% of their orders are less than a third short of it."


def test_a_threshold_that_half_of_the_orders_reach_anyway_is_not_advised_where_there_is_a_higher_one() -> None:
    amounts = [10.0] * 12 + [40.0] * 20 + [125.0] * 4 + [160.0] * 12
    buyers = [buyer((NOW - DAY, amount), name=f"b{i}", segments=("all",)) for i, amount in enumerate(amounts)]
    (told,) = spending_of_segments(buyers, [], NOW, "EUR")
    assert told.per_order is not None
    assert list(told.per_order.breaks) == [40, 125]
    assert told.advice.startswith("Free shipping from 130 EUR: 8% of their orders")


def test_a_threshold_that_hardly_any_order_comes_near_to_is_not_advised() -> None:
    amounts = [10.0] * 40 + [400.0] * 20
    buyers = [buyer((NOW - DAY, amount), name=f"b{i}", segments=("all",)) for i, amount in enumerate(amounts)]
    (told,) = spending_of_segments(buyers, [], NOW, "EUR")
    assert told.advice == "No threshold that many orders come near to."


def test_of_few_orders_no_threshold_is_advised() -> None:
    buyers = [buyer((NOW - DAY, 10.0 * (i % 3 + 1)), name=f"b{i}", segments=("all",)) for i in range(6)]
    assert [told.advice for told in spending_of_segments(buyers, [], NOW, "EUR")] == ["Too few orders for a threshold."]


@pytest.mark.parametrize(("amount", "threshold"), [(41, 45), (45, 45), (99, 100), (121, 130), (501, 550)])
def test_a_threshold_is_a_round_number(amount: float, threshold: int) -> None:
    assert round_up(amount) == threshold


# Recency, frequency, money


def grid_of(*records: ProfileRecord) -> Grid:
    grid = rfm_grid(records, NOW)
    assert grid is not None
    return grid


def test_customers_are_parted_in_fifths_with_the_latest_first() -> None:
    grid = grid_of(*(buyer((NOW - day * DAY, 10), name=f"b{day}") for day in range(1, 11)))
    assert grid.recencies == ["1–2 days ago", "3–4 days ago", "5–6 days ago", "7–8 days ago", "9–10 days ago"]
    assert grid.frequencies == ["1 order"]
    assert [[cell.customers for cell in row] for row in grid.rows] == [[2]] * 5


def test_customers_who_are_alike_share_a_fifth() -> None:
    once = [buyer((NOW - DAY, 10), name=f"b{number}") for number in range(9)]
    grid = grid_of(*once, buyer((NOW - DAY, 10), (NOW - 2 * DAY, 90), name="twice"))
    assert grid.recencies == ["1 day ago"]
    assert grid.frequencies == ["1 order", "2 orders"]
    assert [(cell.customers, cell.each) for cell in grid.rows[0]] == [(9, 10), (1, 100)]


def test_the_darkest_cell_is_where_one_customer_has_brought_most() -> None:
    few = [buyer((NOW - DAY, 10), name=f"b{number}") for number in range(3)]
    more = buyer((NOW - DAY, 30), (NOW - 2 * DAY, 10), name="more")
    most = buyer(*((NOW - day * DAY, 40) for day in range(1, 5)), name="most")
    grid = grid_of(*few, more, most)
    assert [round(cell.shade, 9) for cell in grid.rows[0]] == [0, 0.5, 1]


def test_who_never_bought_is_no_customer() -> None:
    assert rfm_grid([ProfileRecord(profile_id="ada")], NOW) is None
    assert customers([ProfileRecord(profile_id="ada")], ["leads"], NOW).grid is None


@given(st.lists(st.tuples(st.integers(0, 50), st.integers(1, 4)), min_size=1, max_size=25))
def test_every_customer_is_in_one_cell(people: list[tuple[int, int]]) -> None:
    records = [
        buyer(*((NOW - (last + number) * DAY, 10.0) for number in range(orders)), name=f"b{index}")
        for index, (last, orders) in enumerate(people)
    ]
    grid = grid_of(*records)
    assert sum(cell.customers for row in grid.rows for cell in row) == grid.customers == len(people)
    assert len(grid.rows) == len(grid.recencies) <= 5
    assert all(len(row) == len(grid.frequencies) <= 5 for row in grid.rows)


@given(st.floats(0.01, 1e6), st.floats(0.01, 1e6))
def test_a_scale_places_greater_amounts_further_right(one: float, other: float) -> None:
    scale = Scale(5, 500)
    low, high = sorted((one, other))
    assert 0 <= scale.place(low) <= scale.place(high) <= 1
    assert scale.place(50) == pytest.approx(0.5)


# Segments by subject and by month


def test_a_segment_belongs_to_the_most_special_subject_that_its_rule_names() -> None:
    rules = {
        "segments": {
            "leads": {"all": [{"consent.marketing": True}, {"orders.count": 0}]},
            "abandoners": {"description": "orders.count", "all": [{"cart.size": 1}, {"not": {"segment": "leads"}}]},
            "loyal": {"any": [{"segment": "leads"}]},
            "hamburg": {"city": "Hamburg"},
            "consented": {"consent.marketing": True},
            "odd": {"all": [{"not": {"shoe_size": 42}}]},
        }
    }
    assert by_subject(rules) == {
        "Buying": ["leads", "loyal"],
        "Carts": ["abandoners"],
        "Signing up": ["consented"],
        "Place and calendar": ["hamburg"],
        OTHERS: ["odd"],
    }


def test_a_fact_is_known_by_whole_words() -> None:
    assert by_subject({"segments": {"odd": {"cartography": True}}}) == {OTHERS: ["odd"]}


def test_months_are_told_by_their_last_day_and_the_last_by_the_day_of_the_end() -> None:
    columns = days.Columns(date(2026, 1, 30), 1, 34)
    assert days.month_ends(columns) == [("Jan 2026", 1), ("Feb 2026", 29), ("4 Mar 2026", 33)]


def test_a_run_that_ends_with_a_month_tells_that_month_once() -> None:
    columns = days.Columns(date(2026, 1, 30), 1, 2)
    assert days.month_ends(columns) == [("31 Jan 2026", 1)]
