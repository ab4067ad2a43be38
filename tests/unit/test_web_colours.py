"""Whatever colour a shop has, what is written in it and upon it can be read."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from homing.web.colours import READABLE, accent_on, contrast, mixed

COLOURS = st.integers(0, 0xFFFFFF).map(lambda number: f"#{number:06x}")
PAPERS = st.sampled_from(["#f6f5f1", "#ffffff", "#121617", "#1c2224"])


@given(COLOURS, PAPERS)
def test_any_colour_becomes_an_accent_that_can_be_read(colour: str, paper: str) -> None:
    accent = accent_on(paper, colour)
    assert contrast(accent.colour, paper) >= READABLE
    assert contrast(accent.colour, accent.on_colour) >= READABLE


@given(COLOURS, PAPERS)
def test_an_accent_that_can_be_read_stays_as_it_is(colour: str, paper: str) -> None:
    accent = accent_on(paper, colour)
    assert accent_on(paper, accent.colour) == accent
    if contrast(colour, paper) >= READABLE:
        assert accent.colour == colour


@pytest.mark.parametrize(("one", "other", "ratio"), [("#000000", "#ffffff", 21), ("#777777", "#ffffff", 4.48)])
def test_the_contrast_is_that_of_wcag(one: str, other: str, ratio: float) -> None:
    assert contrast(one, other) == pytest.approx(ratio, abs=0.01)
    assert contrast(other, one) == contrast(one, other)


def test_half_of_black_in_white_is_grey() -> None:
    assert mixed("#ffffff", "#000000", 0.5) == "#808080"
