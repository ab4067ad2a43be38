"""Who should be in which journey under which entry, and what ends a run: as the profile stands."""

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from homing.domain.events import Event
from homing.domain.facts import ProfileFacts, birthday
from homing.domain.generation import Generation
from homing.domain.journeys import wanted
from homing.domain.moments import DAY, HOUR, parse_moment
from homing.domain.permit import Claim, Contact, Withheld
from homing.domain.profile import Profile
from homing.domain.record import ProfileRecord
from homing.domain.rules import FACTS
from homing.domain.rules.birthdays import zone_named
from tests.fakes.stories import (
    NOW,
    bought,
    default_shop,
    happened,
    profile_of,
    put_in_cart,
    signed_up,
    withdrew,
)

SHOP = default_shop()
RHYTHM = Generation(
    number=0,
    rules={
        "segments": {
            "recent": {"orders.last_at": {"within": "30 days"}},
            "quiet": {"orders.last_at": {"longer_ago_than": "30 days"}},
            "lapsed": {"orders.last_at": {"longer_ago_than": "90 days"}},
        }
    },
)


def names(*events: Event, at: int = NOW) -> set[tuple[str, str]]:
    return {(want.journey.name, want.entry) for want in wanted(SHOP.journeys, profile_of(*events), at)}


def test_a_new_subscriber_is_welcomed_for_two_days() -> None:
    assert names(signed_up()) == names(signed_up(), at=NOW + 2 * DAY - 1) == {("welcome", "once")}
    assert names(signed_up(), at=NOW + 2 * DAY) == set()


def test_a_cart_is_reminded_of_after_an_hour_under_its_beginning() -> None:
    story = [bought(NOW - DAY), signed_up(NOW - DAY), put_in_cart(NOW)]
    assert names(*story, at=NOW + HOUR - 1) == set()
    assert names(*story, at=NOW + HOUR) == {("cart", str(NOW))}


def test_a_lapse_is_named_by_the_last_order_and_forgotten_after_two_years() -> None:
    story = [bought(NOW), signed_up(NOW)]
    assert names(*story, at=NOW + 90 * DAY) == {("winback", str(NOW))}
    assert names(*story, at=NOW + 730 * DAY) == set()


@pytest.mark.parametrize(
    ("today", "entry"),
    [
        ("2026-12-31T12:00:00Z", "2027"),
        ("2027-01-01T12:00:00Z", "2027"),
        ("2027-01-03T22:00:00Z", "2027"),
        ("2027-01-04T00:00:00Z", None),
    ],
)
def test_a_birthday_at_the_turn_of_the_year_has_one_entry(today: str, entry: str | None) -> None:
    at = parse_moment(today)
    story = [bought(at - DAY), signed_up(at - DAY, traits={"birthday": "1980-01-03"})]
    assert names(*story, at=at) == ({("birthday", entry)} if entry else set())


def test_the_year_of_a_birthday_is_that_of_the_shoppers_own_day() -> None:
    at = parse_moment("2027-01-01T03:00:00Z")
    story = [
        bought(at - DAY),
        signed_up(at - DAY, traits={"birthday": "1980-12-31", "timezone": "America/Los_Angeles"}),
    ]
    assert names(*story, at=at) == {("birthday", "2026")}


def test_who_was_born_on_29_february_is_congratulated_every_year() -> None:
    for year, starts_at in ((2027, "2027-03-01T09:00:00Z"), (2028, "2028-02-29T09:00:00Z")):
        profile = profile_of(signed_up(traits={"birthday": "2000-02-29"}))
        told = SHOP.journeys["birthday"].execution_input(profile, "p", str(year))
        assert told["starts_at"] == starts_at


def test_an_odd_time_zone_is_none() -> None:
    profile = profile_of(signed_up(traits={"birthday": "--06-15", "timezone": "../../etc/passwd"}))
    told = SHOP.journeys["birthday"].execution_input(profile, "p", "2026")
    assert told["starts_at"] == "2026-06-15T09:00:00Z"
    assert zone_named("Nowhere/Land") == zone_named(None)


traits = st.fixed_dictionaries(
    {}, optional={"birthday": st.dates().map(str), "timezone": st.sampled_from(["Asia/Tokyo", "Pacific/Kiritimati"])}
)
stories = st.lists(
    st.one_of(
        st.builds(lambda step, told: signed_up(NOW - step * DAY, traits=told), st.integers(0, 200), traits),
        st.builds(lambda step: bought(NOW - step * DAY), st.integers(0, 200)),
        st.builds(lambda step: put_in_cart(NOW - step * HOUR), st.integers(0, 200)),
        st.builds(lambda step: withdrew(NOW - step * DAY), st.integers(0, 200)),
    ),
    max_size=6,
)


@settings(max_examples=80)
@given(stories)
def test_whoever_is_wanted_has_agreed_has_an_address_and_no_reason_to_end(events: list[Event]) -> None:
    profile = profile_of(*events)
    for journey, entry in wanted(SHOP.journeys, profile, NOW):
        assert profile.consent["marketing"].granted
        assert profile.trait("email")
        assert journey.exit_reason(profile, entry) is None
        told = journey.execution_input(profile, "p" * 16, entry)
        assert told == journey.execution_input(profile, "p" * 16, entry)
        assert isinstance(told["run"], dict)
        assert re.fullmatch(r"[A-Za-z0-9_-]{1,80}", told["run"]["run_id"])


@settings(max_examples=80)
@given(stories)
def test_nobody_goes_on_who_has_withdrawn(events: list[Event]) -> None:
    profile = profile_of(*events, withdrew(NOW, source="unsubscribe"))
    for journey in SHOP.journeys.values():
        assert journey.exit_reason(profile, "2026") == "unsubscribed"


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("1980-02-29", (2, 29)),
        ("--02-29", (2, 29)),
        ("1980-02-29T00:00:00Z", (2, 29)),
        ("1981-02-29", None),
        ("29.02.1980", None),
        ("soon", None),
        ("", None),
    ],
)
def test_a_birthday_is_a_month_and_a_day_or_unknown(text: str, day: tuple[int, int] | None) -> None:
    assert birthday(profile_of(happened(traits={"birthday": text}))) == day


def test_every_fact_that_a_rule_may_name_is_answered() -> None:
    facts = ProfileFacts(Profile())
    assert set(FACTS) <= set(facts.names)
    assert {name: facts.get(name) for name in facts.names if facts.get(name)} == {}
    with pytest.raises(KeyError):
        facts.get("shoe_size")


def test_facts_are_what_the_events_told() -> None:
    refund = happened("Order Refunded", order_id="o1", total=200)
    story = [signed_up(NOW, traits={"language": "de"}), bought(NOW + 1, order_id="o1"), refund]
    facts = ProfileFacts(profile_of(*story, bought(NOW + 2, order_id="o2"), happened("Order Cancelled", order_id="o2")))
    assert (facts.get("orders.count"), facts.get("orders.revenue")) == (1, 22.0)
    assert (facts.get("signed_up_at"), facts.get("orders.last_at"), facts.get("language")) == (NOW, NOW + 2, "de")
    assert (facts.get("consent.marketing"), facts.get("consent.marketing_at")) == (True, NOW)


def test_a_record_counts_a_membership_from_when_it_began_and_looks_again_when_it_ends() -> None:
    record = ProfileRecord(profile_id="p").with_facts(profile_of(bought(NOW)), RHYTHM, NOW)
    assert record.segments == {"recent": NOW}
    assert record.due_at == NOW + 30 * DAY
    later = record.with_facts(record.facts, RHYTHM, NOW + 40 * DAY)
    assert later.segments == {"quiet": NOW + 40 * DAY}
    assert later.due_at == NOW + 90 * DAY


def test_a_moment_that_is_armed_already_stays_armed_though_the_change_comes_later() -> None:
    record = ProfileRecord(profile_id="p").with_facts(profile_of(bought(NOW)), RHYTHM, NOW)
    again = record.with_facts(record.facts.after(bought(NOW + DAY), NOW + DAY), RHYTHM, NOW + DAY)
    assert again.due_at == NOW + 30 * DAY


@pytest.mark.parametrize(
    ("changes", "withheld"),
    [
        ({}, None),
        ({"claims": {"s": 1}}, "already_claimed"),
        ({"claims": {"s": 1}, "consent": False, "suppressed": "bounced", "runs": {}}, "already_claimed"),
        ({"claims": {"other": 1}}, None),
        ({"suppressed": "bounced"}, "suppressed"),
        ({"consent": False}, "no_consent"),
        ({"runs": {}}, "run_ended"),
        ({"runs": {"another": "p"}}, "run_ended"),
    ],
)
def test_a_permit_needs_consent_an_open_address_a_licence_and_a_free_claim(
    changes: dict[str, object], withheld: str | None
) -> None:
    contact = Contact(contact_id="c", consent=True, runs={"r": "p"}).model_copy(update=changes)
    refused = contact.withheld(Claim(run_id="r", send_id="s", at=NOW))
    assert (refused and refused.reason) == withheld


def test_an_unknown_contact_gets_nothing() -> None:
    assert Contact(contact_id="c").withheld(Claim(run_id="r", send_id="s", at=NOW)) == Withheld("no_consent")
