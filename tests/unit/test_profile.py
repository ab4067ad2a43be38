"""The profile is a fold over events that gives the same for any order, any repetition and any moment of joining."""

import zlib
from collections.abc import Iterable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from homing.domain.consent import Consent
from homing.domain.events import Event
from homing.domain.ids import contact_id
from homing.domain.moments import DAY, HOUR
from homing.domain.orders import REMEMBERED_DAYS as REMEMBERED_ORDER_DAYS
from homing.domain.profile import REMEMBERED_DAYS, SEEN_DAYS, Doing, Profile
from tests.fakes.stories import NOW, bought, happened, product, profile_of, put_in_cart, signed_up, withdrew

START = NOW - 12 * DAY

moments = st.integers(0, 40).map(lambda step: START + step * 6 * HOUR)
products = st.builds(
    product,
    product_id=st.sampled_from("abcd"),
    quantity=st.integers(1, 3),
    price=st.sampled_from([None, 500, 1200]),
    category=st.sampled_from([None, "tea", "clay"]),
)
consents = st.dictionaries(st.sampled_from(["marketing", "newsletter", "sms"]), st.booleans())
addresses = st.sampled_from(["", *(f"{letter}@b" for letter in "acdef")])
names = st.sampled_from(["Ada", "Köln"])
traits = st.fixed_dictionaries({}, optional={"email": addresses, "first_name": names, "city": names})
happenings = st.fixed_dictionaries(
    {
        "name": st.sampled_from(
            [
                None,
                "Product Viewed",
                "Product Added",
                "Product Removed",
                "Cart Viewed",
                "Checkout Started",
                "Payment Info Entered",
                "Order Completed",
                "Order Refunded",
                "Order Cancelled",
                "Email Opened",
                "Email Link Clicked",
                "Quiz Finished",
                "Recipe Saved",
            ]
        ),
        "at": moments,
        "products": st.lists(products, max_size=2).map(tuple),
        "consent": consents,
        "asked": st.sets(st.sampled_from(["marketing", "newsletter"])).map(lambda asked: tuple(sorted(asked))),
        "wording": st.sampled_from([None, "1", "2"]),
        "agreed_at": st.none() | moments,
        "confirmed_at": st.none() | moments,
        "confirmed_by": st.sampled_from([None, contact_id("a@b"), contact_id("c@d")]),
        "traits": traits,
        "order_id": st.sampled_from([None, "o1", "o2"]),
        "total": st.sampled_from([None, 100, 2500]),
        "currency": st.sampled_from([None, "EUR", "GBP"]),
        "source": st.sampled_from(["api", "unsubscribe"]),
        "coupon": st.sampled_from([None, "HELLO10"]),
        "shipping": st.sampled_from([None, 0, 450]),
        "campaign": st.sampled_from([None, "welcome", "spring"]),
    }
)


def make_event(told: dict[str, Any]) -> Event:
    return happened(**told)


events_of_one_shopper = st.lists(happenings.map(make_event), max_size=6)
few = settings(max_examples=60)


def fold(profile: Profile, events: Iterable[Event]) -> Profile:
    for event in events:
        profile = profile.after(event, event.at + HOUR)
    return profile


@given(events_of_one_shopper, st.data())
def test_the_profile_is_the_same_for_any_order_and_any_repetition(events: list[Event], data: st.DataObject) -> None:
    once = fold(Profile(), events)
    again = data.draw(st.permutations(events)) + data.draw(st.lists(st.sampled_from(events))) if events else []
    assert fold(Profile(), data.draw(st.permutations(again))) == once


@few
@given(events_of_one_shopper, events_of_one_shopper, st.data())
def test_two_histories_that_join_give_what_one_history_would_have_given(
    ours: list[Event], theirs: list[Event], data: st.DataObject
) -> None:
    before, after = (data.draw(st.integers(0, len(events))) for events in (ours, theirs))
    joined = fold(Profile(), ours[:before]).joined(fold(Profile(), theirs[:after]))
    assert fold(joined, ours[before:] + theirs[after:]) == fold(Profile(), ours + theirs)


@few
@given(events_of_one_shopper, events_of_one_shopper, events_of_one_shopper)
def test_the_order_of_joining_makes_no_difference(first: list[Event], second: list[Event], third: list[Event]) -> None:
    one, two, three = (fold(Profile(), events) for events in (first, second, third))
    assert one.joined(two) == two.joined(one)
    assert one.joined(two).joined(three) == one.joined(two.joined(three))


@few
@given(events_of_one_shopper)
def test_a_profile_survives_the_way_to_json_and_back(events: list[Event]) -> None:
    profile = fold(Profile(), events)
    assert Profile.model_validate_json(profile.model_dump_json(exclude_defaults=True)) == profile


def test_of_a_consent_and_a_withdrawal_at_the_same_moment_the_withdrawal_counts() -> None:
    agreed, stopped = signed_up(), withdrew()
    for profile in (profile_of(agreed, stopped), profile_of(stopped, agreed)):
        assert profile.consent["marketing"] == Consent(
            granted=False, at=NOW, source="api", first_at=NOW, told_on=NOW // DAY
        )


def test_a_consent_that_is_repeated_counts_from_when_it_was_first_given() -> None:
    for events in ((signed_up(NOW), signed_up(NOW + DAY)), (signed_up(NOW + DAY), signed_up(NOW))):
        consent = profile_of(*events).consent["marketing"]
        assert (consent.at, consent.first_at) == (NOW + DAY, NOW)


def test_who_agrees_again_after_a_withdrawal_has_agreed() -> None:
    assert profile_of(signed_up(NOW + 1), withdrew(NOW)).consent["marketing"].granted


def test_the_later_trait_counts_in_whatever_order_both_arrive() -> None:
    old, new = signed_up(NOW, "old@example.com"), signed_up(NOW + 1, "new@example.com")
    assert profile_of(new, old).trait("email") == profile_of(old, new).trait("email") == "new@example.com"


def test_a_trait_that_was_taken_back_is_not_known() -> None:
    facts = profile_of(happened(at=NOW - 1, traits={"channel": "sms"}), happened(at=NOW, traits={"channel": ""}))
    assert facts.trait("channel") is None


def test_what_homing_itself_tells_of_preferences_is_no_event_of_the_shop() -> None:
    assert profile_of(withdrew()).events == ()


def test_a_trait_that_mails_and_segments_do_not_need_is_not_kept() -> None:
    profile = profile_of(signed_up(traits={"shoe_size": "44", "first_name": "Ada"}))
    assert profile.traits.keys() == {"email", "first_name"}


def test_an_order_that_client_and_server_both_tell_counts_once_with_the_greater_amount() -> None:
    orders = profile_of(bought(order_id="o1", total=1000), bought(order_id="o1", total=1250)).orders
    assert (orders.count, orders.revenue) == (1, 1250)


def test_an_order_told_in_two_histories_of_one_shopper_counts_once() -> None:
    device = profile_of(bought(order_id="o1", total=1000, user=None, anonymous_id="device"))
    account = profile_of(bought(order_id="o1", total=1250), bought(order_id="o2", total=500))
    orders = account.joined(device).orders
    assert (orders.count, orders.revenue) == (2, 1750)


def test_the_consent_that_comes_with_the_second_telling_of_an_order_is_not_lost() -> None:
    told_again = bought(order_id="o1", consent={"marketing": False})
    assert not profile_of(bought(order_id="o1"), told_again).consent["marketing"].granted


def test_orders_without_a_number_are_orders_of_their_own() -> None:
    assert profile_of(bought(), bought()).orders.count == 2


def test_a_refund_lowers_the_revenue_once_for_each_time_money_is_given_back() -> None:
    refund = happened("Order Refunded", order_id="o1", total=300)
    another = happened("Order Refunded", order_id="o1", total=200)
    orders = profile_of(bought(order_id="o1"), refund, refund, another).orders
    assert (orders.revenue, orders.refunded) == (1200, 500)


def test_a_cancellation_told_twice_counts_once() -> None:
    cancelled = [happened("Order Cancelled", order_id="o1") for _ in range(2)]
    assert profile_of(bought(order_id="o1"), *cancelled).orders.cancelled == 1


def test_only_visits_to_the_shop_are_visits() -> None:
    assert profile_of(bought(), signed_up()).last("visits") is None
    assert profile_of(happened("Email Opened"), happened("Quiz Finished")).last("visits") is None
    assert profile_of(happened("Product Viewed", products=(product(),))).last("visits") == NOW


def test_what_is_done_is_counted_by_the_day() -> None:
    looks = [happened("Product Viewed", NOW + hours * HOUR, products=(product(),)) for hours in (1, 0, 26)]
    profile = profile_of(*looks, happened("Email Opened"), happened("Email Link Clicked"), put_in_cart())
    assert profile.days == {
        "visits": ((NOW + HOUR,), (NOW + 26 * HOUR,)),
        "viewed": ((NOW + HOUR, 2), (NOW + 26 * HOUR, 1)),
        "added": ((NOW, 1),),
        "opened": ((NOW, 1),),
        "clicked": ((NOW, 1),),
    }


@pytest.mark.parametrize(("name", "doing"), [("Cart Viewed", "visits"), ("Product Viewed", "viewed")])
def test_of_each_doing_the_latest_days_are_remembered(name: str, doing: Doing) -> None:
    profile = profile_of(*(happened(name, NOW + day * DAY) for day in range(20)))
    assert [at for at, *_ in profile.days[doing]] == [NOW + day * DAY for day in range(20 - REMEMBERED_DAYS[doing], 20)]


def test_the_names_of_the_shops_own_events_are_remembered_and_no_others() -> None:
    quiz, long = happened("Quiz Finished", NOW + 1), happened("x" * 100)
    others = [
        bought(),
        put_in_cart(),
        happened("Email Opened"),
        happened("Home", type="page"),
        happened("Email Bounced"),
    ]
    assert profile_of(quiz, long, *others).events == ((NOW, "x" * 60), (NOW + 1, "Quiz Finished"))


def test_a_campaign_is_joined_by_a_click_in_its_mail_and_remembered_with_the_latest() -> None:
    clicks = [happened("Email Link Clicked", NOW + n, campaign=name) for n, name in ((0, "a"), (1, "b"), (2, "a"))]
    opened = happened("Email Opened", campaign="c")
    assert profile_of(*clicks, opened).campaigns == ((NOW + 1, "b"), (NOW + 2, "a"))


def test_what_cannot_be_told_again_any_more_is_forgotten_but_stays_counted() -> None:
    profile = Profile()
    for day in range(2 * SEEN_DAYS):
        at = NOW + day * DAY
        profile = profile.after(bought(at, order_id=str(day)), at)
    assert len(profile.seen) == len(profile.orders.open) == SEEN_DAYS
    assert profile.orders.count == 2 * SEEN_DAYS


@pytest.mark.parametrize("known", ["user", "anonymous"])
def test_a_profile_of_a_busy_year_stays_small(known: str) -> None:
    profile = Profile()
    for day in range(365):
        at = NOW + day * DAY
        name = {"user": "ada"} if known == "user" else {"user": None, "anonymous_id": "device"}
        look = happened("Product Viewed", at, products=(product(f"p{day}", category=f"c{day}"),), **name)
        quiz = happened("Quiz Finished", at, **name)
        click = happened("Email Link Clicked", at, campaign=f"campaign {day}", **name)
        order = bought(at + 1, order_id=str(day), **name)
        for event in (look, put_in_cart(at, f"p{day}", **name), quiz, click, order):
            profile = profile.after(event, at)
    assert packed_size(profile) < 1_500


def test_a_profile_of_a_usual_customer_takes_one_write_unit() -> None:
    profile = Profile()
    for month in range(12):
        for day in (0, 9, 20):
            at = NOW + (30 * month + day) * DAY
            look = happened("Product Viewed", at, products=(product(f"TC-{day}", category=f"Shelf {day}"),))
            click = happened("Email Link Clicked", at, campaign="winback")
            for event in (signed_up(at), look, put_in_cart(at + 1, f"TC-{day}"), click):
                profile = profile.after(event, at)
        ordered_at = NOW + (30 * month + 20) * DAY + 2
        profile = profile.after(bought(ordered_at, order_id=str(month)), ordered_at)
    assert packed_size(profile) < 900


def packed_size(profile: Profile) -> int:
    return len(zlib.compress(profile.model_dump_json(exclude_defaults=True).encode()))


orders_of_three_months = st.lists(
    st.builds(
        bought,
        st.integers(0, 90).map(lambda day: START + day * DAY),
        order_id=st.none() | st.uuids().map(str),
        total=st.integers(0, 5000),
        coupon=st.sampled_from([None, "HELLO10"]),
    ),
    max_size=40,
)


@few
@given(orders_of_three_months, st.data())
def test_orders_that_settle_in_another_order_come_to_the_same(orders: list[Event], data: st.DataObject) -> None:
    profile = fold(Profile(), orders)
    assert fold(Profile(), data.draw(st.permutations(orders))) == profile
    tally = profile.orders.tally
    assert (tally.count, tally.revenue) == (len(orders), sum(order.total or 0 for order in orders))
    assert tally.with_code == sum(order.coupon is not None for order in orders)
    assert [at // DAY for at, _, _ in tally.days] == sorted({order.at // DAY for order in orders})[
        -REMEMBERED_ORDER_DAYS:
    ]
