"""What Gmail, Outlook and Apple Mail know of CSS and HTML: support.csv, from the data of https://www.caniemail.com.

A row says for each of the three the least that any of its programs knows in its newest version: `y` for yes, `a` for
partly, `n` for no, `?` where nobody has tried. Gmail is that of the web, iOS and Android, Outlook those and the ones of
Windows and macOS, Apple Mail that of macOS and iOS.
"""

import csv
from functools import cache
from pathlib import Path
from typing import NamedTuple

TABLE = Path(__file__).with_name("support.csv")
PROGRAMS = ("Gmail", "Outlook", "Apple Mail")


class Support(NamedTuple):
    """A row. `feature` is the last part of its address at caniemail.com, `tested` the day of the latest test."""

    feature: str
    title: str
    gmail: str
    outlook: str
    apple_mail: str
    tested: str

    @property
    def missing_in(self) -> list[str]:
        """The programs that do not know it at all."""
        levels = (self.gmail, self.outlook, self.apple_mail)
        return [program for program, level in zip(PROGRAMS, levels, strict=True) if level == "n"]


def support_of(feature: str) -> Support | None:
    """What is known of a feature, such as `css-float`; None where nothing is."""
    return _table().get(feature)


@cache
def _table() -> dict[str, Support]:
    with TABLE.open(encoding="utf-8", newline="") as file:
        _, *rows = csv.reader(file)
    return {row[0]: Support(*row) for row in rows}
