"""The page about segments names every word that may stand in the file."""

import re
from pathlib import Path

import pytest

from homing.domain.rules.calendars import SEASONS
from homing.domain.rules.reading import _TESTS, BOUNDS, LOGIC
from homing.domain.rules.vocabulary import REMEMBERED_DAYS, REMEMBERED_EVENTS
from homing.domain.segments import SECTIONS

PAGE = (Path(__file__).parents[2] / "docs" / "segments.md").read_text(encoding="utf-8")
TESTS = {word for tests in _TESTS.values() for word in tests}
BESIDE = {"known", "top", "on_days", "name", "season", "event", "description", "half_life", "points", "times", "of"}


@pytest.mark.parametrize("word", sorted({*SECTIONS, *LOGIC, *BOUNDS, *SEASONS, *TESTS, *BESIDE}))
def test_the_page_names_the_word(word: str) -> None:
    assert re.search(rf"(`{word}`|\b{word}:)", PAGE)


def test_the_page_says_how_far_the_memory_reaches() -> None:
    row = next(line for line in PAGE.splitlines() if line.startswith("| `orders.placed`"))
    for fact, days in REMEMBERED_DAYS.items():
        told = re.search(rf"`{fact}`[^(]*\((?:the latest )?(\d+) days", row)
        assert told
        assert int(told[1]) == days
    assert f"the latest {REMEMBERED_EVENTS})" in PAGE
