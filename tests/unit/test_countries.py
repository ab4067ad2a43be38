"""Countries are known by their codes, however a client writes them."""

import pytest

from homing.dialects.countries import country_code


@pytest.mark.parametrize(
    ("told", "code"),
    [
        ("DE", "DE"),
        ("de", "DE"),
        ("Germany", "DE"),
        ("Deutschland", "DE"),
        ("UNITED KINGDOM", "GB"),
        ("uk", "GB"),
        ("USA", "US"),
        ("EIRE", "IE"),
        ("Österreich", "AT"),
        ("New Zealand", "NZ"),
        ("South Korea", "KR"),
        ("RSA", "ZA"),
    ],
)
def test_a_country_is_known_by_its_code(told: str, code: str) -> None:
    assert country_code(told) == code


@pytest.mark.parametrize("told", ["Unspecified", "European Community", "12", "D€"])
def test_what_is_no_country_stays_as_it_was_told(told: str) -> None:
    assert country_code(told) == told
