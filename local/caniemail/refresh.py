"""Makes support.csv of newer data: `python -m local.caniemail.refresh data.json`.

The data is https://www.caniemail.com/api/data.json, which the npm package `caniemail` carries as well.
"""

import csv
import json
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from local.caniemail import TABLE, Support

_FAMILIES = ("gmail", "outlook", "apple-mail")
_GONE = frozenset({"windows-mail"})
"""Programs that nobody can get any more."""


def rows(data: Mapping[str, Any]) -> Iterator[Support]:
    """The rows of the table, by feature."""
    for feature in sorted(data["data"], key=lambda feature: str(feature["slug"])):
        if feature["category"] in {"css", "html"}:
            gmail, outlook, apple_mail = (_least(feature["stats"].get(family, {})) for family in _FAMILIES)
            tested = feature["last_test_date"][:10]
            yield Support(feature["slug"], feature["title"], gmail, outlook, apple_mail, tested)


def _least(programs: Mapping[str, Mapping[str, str]]) -> str:
    """The least level of any program's newest version."""
    newest = [list(versions.values())[-1][0] for name, versions in programs.items() if versions and name not in _GONE]
    known = [level for level in newest if level in "yan"]
    return max(known, key="yan".index, default="?")


def main(path: str) -> None:
    """Write the table anew."""
    data = json.loads(Path(path).read_text(encoding="utf-8"))
    with TABLE.open("w", encoding="utf-8", newline="") as file:
        table = csv.writer(file, lineterminator="\n")
        table.writerows([Support._fields, *rows(data)])


if __name__ == "__main__":
    main(sys.argv[1])
