"""Wishes: what a page was shown and came back with changes what stands, and nothing besides."""

from hypothesis import given
from hypothesis import strategies as st

from homing.domain.events import PURPOSES
from homing.domain.preferences import CHANNELS, GAPS, Wishes, frequency_of

SETS = st.frozensets(st.sampled_from("abcd"))
WISHES = st.builds(
    Wishes,
    purposes=st.frozensets(st.sampled_from(PURPOSES)),
    frequency=st.sampled_from(sorted(GAPS)),
    channel=st.sampled_from(("", *CHANNELS)),
    birthday=st.tuples(st.integers(0, 12), st.integers(0, 31)),
    interests=SETS,
)


@given(WISHES, WISHES)
def test_a_page_that_comes_back_as_it_was_shown_changes_nothing(standing: Wishes, shown: Wishes) -> None:
    assert standing.after(shown, shown) == standing


@given(WISHES, WISHES)
def test_a_page_that_showed_what_stands_brings_what_is_wished(standing: Wishes, wished: Wishes) -> None:
    assert standing.after(standing, wished) == wished


@given(WISHES, WISHES, WISHES)
def test_pressing_the_button_again_changes_no_more(standing: Wishes, shown: Wishes, wished: Wishes) -> None:
    after = standing.after(shown, wished)
    assert after.after(shown, wished) == after


@given(WISHES, WISHES, WISHES)
def test_nothing_is_granted_that_was_not_ticked_on_the_page(standing: Wishes, shown: Wishes, wished: Wishes) -> None:
    granted = standing.after(shown, wished).purposes - standing.purposes
    assert granted <= wished.purposes - shown.purposes


@given(st.sampled_from(sorted(GAPS)))
def test_the_gap_of_a_contact_tells_the_frequency_that_it_came_from(frequency: str) -> None:
    assert frequency_of(GAPS[frequency]) == frequency  # type: ignore[index] # of its own keys


def test_a_birthday_is_a_day_that_some_year_has() -> None:
    days = {(2, 29): True, (2, 30): False, (4, 31): False, (12, 31): True, (0, 0): True, (0, 5): False, (5, 0): False}
    assert {day: Wishes(frozenset(), birthday=day).is_possible for day in days} == days
