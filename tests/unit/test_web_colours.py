"""Whatever colour a shop has, what is written in it and upon it can be read."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from homing.web.colours import READABLE, accent_on, contrast, mixed
from homing.web.look import DARK, LIGHT

COLOURS = st.integers(0, 0xFFFFFF).map(lambda number: f"#{number:06x}")
PAPERS = st.sampled_from([LIGHT, DARK, ("#ffffff",), ("#000000",)])


@given(COLOURS, PAPERS)
def test_any_colour_becomes_an_accent_that_can_be_read(colour: str, papers: tuple[str, ...]) -> None:
    accent = accent_on(papers, colour)
    assert all(contrast(accent.colour, paper) >= READABLE for paper in papers)
    assert contrast(accent.colour, accent.on_colour) >= READABLE


@given(COLOURS, PAPERS)
def test_a_colour_that_can_be_read_stays_as_it_is(colour: str, papers: tuple[str, ...]) -> None:
    accent = accent_on(papers, colour)
    assert accent_on(papers, accent.colour) == accent
    if all(contrast(colour, paper) >= READABLE for paper in papers):
        assert accent.colour == colour


@pytest.mark.parametrize(("one", "other", "ratio"), [("#000000", "#ffffff", 21), ("#777777", "#ffffff", 4.48)])
def test_the_contrast_is_that_of_wcag(one: str, other: str, ratio: float) -> None:
    assert contrast(one, other) == pytest.approx(ratio, abs=0.01)
    assert contrast(other, one) == contrast(one, other)


def test_half_of_black_in_white_is_grey() -> None:
    assert mixed("#ffffff", "#000000", 0.5) == "#808080"
