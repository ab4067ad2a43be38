"""The population's figures: exact, and the same however the table is cut into parts."""

from fractions import Fraction
from math import ceil

import pytest
from hypothesis import given
from hypothesis import strategies as st

from homing.domain.catalogue import CatalogueProduct
from homing.domain.hours import A_DAY, NO_HOURS
from homing.domain.moments import DAY, HOUR, Moment, datetime_of
from homing.domain.orders import Orders, Tally
from homing.domain.population import OPENING, REMEMBERED_LAUNCHES, Counted, Counter, figures
from homing.domain.profile import Profile
from homing.domain.record import ProfileRecord

OPENED: Moment = 1_700_000_000_000
REVENUE = "orders.revenue"
tenths = st.integers(1, 1_000).map(lambda number: number / 10)
amounts = st.lists(st.integers(0, 50).map(float), max_size=60)


def customer(revenue: int, joined_to: str | None = None) -> ProfileRecord:
    tally = Tally(count=1, revenue=revenue * 100, days=((OPENED, 1, revenue * 100),))
    facts = Profile(orders=Orders(settled=tally))
    return ProfileRecord(profile_id="somebody", facts=facts, joined_to=joined_to)


def visitor(at: Moment, timezone: str | None = None, joined_to: str | None = None) -> ProfileRecord:
    facts = Profile(traits={"timezone": (at, timezone)} if timezone else {}, days={"visits": ((at,),)})
    return ProfileRecord(profile_id="somebody", facts=facts, joined_to=joined_to)


def product(number: int, at: Moment) -> CatalogueProduct:
    return CatalogueProduct(product_id=f"product-{number:04}", first_seen_at=at, updated_at=at)


def counted(*records: ProfileRecord, products: list[CatalogueProduct] | None = None) -> Counted:
    counter = Counter(facts={REVENUE}, timezone="UTC")
    for record in records:
        counter.add(record)
    for each in products or []:
        counter.add_product(each)
    return counter.counted()


# The top of a fact


@given(amounts, tenths)
def test_the_least_value_of_the_top_is_the_one_at_its_rank(values: list[float], percent: float) -> None:
    tops = figures([Counted(values={REVENUE: tuple(values)})], [(REVENUE, percent)], computed_at=1).tops
    if not values:
        assert tops == {}
        return
    rank = ceil(Fraction(str(percent)) * len(values) / 100)
    assert tops == {f"{REVENUE} top {percent:g}": sorted(values, reverse=True)[rank - 1]}


@given(amounts, tenths, st.data())
def test_figures_are_the_same_however_the_table_is_cut(
    values: list[float], percent: float, data: st.DataObject
) -> None:
    cuts = sorted(data.draw(st.lists(st.integers(0, len(values)), max_size=5)))
    parts = [values[start:end] for start, end in zip([0, *cuts], [*cuts, len(values)], strict=True)]
    whole = figures([Counted(values={REVENUE: tuple(values)})], [(REVENUE, percent)], computed_at=1)
    cut = [Counted(values={REVENUE: tuple(part)}) for part in data.draw(st.permutations(parts))]
    assert figures(cut, [(REVENUE, percent)], computed_at=1) == whole


def test_a_rank_is_worked_out_without_the_errors_of_floating_point() -> None:
    """16.1 % of 1,000 customers are 161, whatever 16.1 * 1_000 / 100 may be."""
    values = tuple(float(number) for number in range(1_000))
    assert 16.1 * 1_000 / 100 > 161
    assert figures([Counted(values={REVENUE: values})], [(REVENUE, 16.1)], 1).tops == {f"{REVENUE} top 16.1": 839.0}


def test_customers_are_those_with_an_order_who_are_no_part_of_another_profile() -> None:
    nobody = ProfileRecord(profile_id="nobody")
    part = customer(99, joined_to="another")
    assert counted(customer(5), customer(7), nobody, part).values == {REVENUE: (5.0, 7.0)}


def test_who_has_cancelled_every_order_is_no_customer() -> None:
    cancelled = customer(5)
    facts = cancelled.facts.model_copy(update={"orders": cancelled.facts.orders.model_copy(update={"cancelled": 1})})
    assert counted(cancelled.model_copy(update={"facts": facts})).values == {REVENUE: ()}


# Launches


@pytest.mark.parametrize(("days", "launches"), [(0, 0), (29, 0), (30, 1), (400, 1)])
def test_what_is_first_seen_within_the_first_days_of_the_shop_is_old_stock(days: int, launches: int) -> None:
    later = product(2, OPENED + days * DAY)
    found = figures([counted(products=[product(1, OPENED), later])], [], 1).launches
    assert list(found.items()) == [(later.product_id, later.first_seen_at)][:launches]


def test_the_shops_first_product_counts_whatever_part_of_the_table_it_is_in() -> None:
    parts = [counted(products=[product(1, OPENED + OPENING - 1)]), counted(products=[product(2, OPENED)])]
    assert figures(parts, [], 1).launches == {}


def test_the_newest_products_are_remembered() -> None:
    many = [product(number, OPENED + OPENING + number) for number in range(REMEMBERED_LAUNCHES + 50)]
    first = product(9_999, OPENED)
    whole = figures([counted(products=[first, *many])], [], 1).launches
    assert set(whole) == {each.product_id for each in many[-REMEMBERED_LAUNCHES:]}
    assert figures([counted(products=[each]) for each in [*many, first]], [], 1).launches == whole


def test_no_products_and_no_customers_give_no_figures() -> None:
    nothing = figures([], [(REVENUE, 10)], computed_at=7)
    assert (nothing.computed_at, nothing.tops, nothing.launches, nothing.hours) == (7, {}, {}, NO_HOURS)


# The shop's rhythm


def test_the_shops_hours_are_those_of_all_shoppers_together_each_by_their_own_clock() -> None:
    """Visitors who have never bought tell of them too; a profile that is part of another is counted with that."""
    visitors = [visitor(OPENED), visitor(OPENED, "Asia/Kolkata"), visitor(OPENED, joined_to="another")]
    assert datetime_of(OPENED).hour == 22
    hours = figures([counted(*visitors)], [], 1).hours
    assert {hour: weight for hour, weight in enumerate(hours) if weight} == {22: A_DAY, 3: A_DAY}


def test_who_has_no_clock_is_told_the_hour_by_the_shops() -> None:
    counter = Counter(facts=(), timezone="Asia/Seoul")
    counter.add(visitor(OPENED))
    assert counter.counted().hours[7] == A_DAY


@given(st.lists(st.integers(0, 400).map(lambda hour: OPENED + hour * HOUR), max_size=12), st.integers(0, 12))
def test_the_shops_hours_are_the_same_however_the_table_is_cut(visits: list[Moment], cut: int) -> None:
    visitors = [visitor(at) for at in visits]
    parts = [counted(*visitors[cut:]), counted(*visitors[:cut])]
    assert figures(parts, [], 1) == figures([counted(*visitors)], [], 1)
