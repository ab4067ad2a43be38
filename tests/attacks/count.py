"""Counts the attacks by what they attack, as the table of docs/attacks.md: `python -m tests.attacks.count`."""

import subprocess
import sys
from collections import Counter
from pathlib import Path

ATTACKS = Path(__file__).parent
CLASSES = {
    "Forged, broken and mutated events of the API": ("test_ingest.py",),
    "Forged, broken and mutated notices of SES": ("test_feedback.py",),
    "Template injection, and ways out of the sandbox": (
        "test_rendering.py::test_a_product",
        "test_rendering.py::test_a_first_name",
        "test_rendering.py::test_a_currency",
        "test_rendering.py::test_a_mail_that_is_none",
        "test_rendering.py::test_an_odd_language",
        "test_rendering.py::test_not_even_a_template",
    ),
    "Links in mails that are none, or break out of their quotes": (
        "test_rendering.py::test_a_web_address",
        "test_rendering.py::test_what_is_no_web_address",
    ),
    "Header injection": ("test_headers.py",),
    "Markup and formulas in the names of reports and exports": ("test_report.py",),
    "Tampered tokens, and tokens of another purpose": (
        "test_unsubscribe.py::test_a_token",
        "test_unsubscribe.py::test_a_post_with_ones_own_token",
        "test_preferences.py::test_a_token",
        "test_preferences.py::test_no_button_touches",
    ),
    "Visits and link scanners that must change nothing": (
        "test_unsubscribe.py::test_only_a_post",
        "test_unsubscribe.py::test_a_link_that_is_pressed_again",
        "test_preferences.py::test_only_a_post",
        "test_preferences.py::test_a_button_that_is_pressed_again",
    ),
    "Open redirects: what comes with a visit leads nowhere": (
        "test_unsubscribe.py::test_what_comes_with_a_visit",
        "test_preferences.py::test_what_comes_with_a_form",
        "test_preferences.py::test_an_address_asks_for_nothing",
    ),
    "Bent forms, and markup on the shopper's pages": ("test_preferences.py",),
    "Floods of sign-ups": ("test_sign_up_floods.py",),
    "Ways back of somebody who has been erased": ("test_coming_back.py",),
    "Shop files that bite": ("test_shop_files.py",),
}
"""The cases of a class, by the beginnings of their names; what several would take, the longest beginning gets."""


def count() -> dict[str, int]:
    """The cases by class. Raises LookupError for one that belongs to none."""
    command = [sys.executable, "-m", "pytest", "--collect-only", "-q", str(ATTACKS)]
    listed = subprocess.run(command, capture_output=True, text=True, check=True, cwd=ATTACKS.parents[1])
    names = [line.partition("tests/attacks/")[2] for line in listed.stdout.splitlines() if "::" in line]
    counted = Counter(_class_of(name) for name in names)
    return {attacked: counted[attacked] for attacked in CLASSES}


def _class_of(name: str) -> str:
    fitting = [
        (len(beginning), attacked)
        for attacked, beginnings in CLASSES.items()
        for beginning in beginnings
        if name.startswith(beginning)
    ]
    if not fitting:
        raise LookupError(f"{name} belongs to no class of attacks")
    return max(fitting)[1]


def table(counted: dict[str, int]) -> str:
    """The table in Markdown."""
    rows = [("what is attacked", "cases"), ("---", "---:"), *counted.items(), ("all", sum(counted.values()))]
    return "\n".join(f"| {attacked} | {cases} |" for attacked, cases in rows)


if __name__ == "__main__":
    print(table(count()))
