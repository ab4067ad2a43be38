"""What docs/attacks.md claims is what there is."""

from pathlib import Path

from tests.attacks.count import count, table

DOCUMENT = Path(__file__).parents[2] / "docs" / "attacks.md"
AT_LEAST = 300


def test_the_table_of_attacks_is_that_of_the_cases_there_are() -> None:
    counted = count()
    assert table(counted) in DOCUMENT.read_text("utf-8")
    assert sum(counted.values()) >= AT_LEAST
