"""The report's hours of the day: whose clock counts, which mails waited for their hour, and when shoppers are about."""

from dataclasses import replace

import pytest

from homing.domain.events import Event
from homing.domain.figures import Figures
from homing.domain.moments import moment_of
from homing.domain.profile import Profile
from homing.domain.record import ProfileRecord
from homing.domain.sending import QuietHours
from homing.domain.shop import Shop
from local.report.hours import DayOfHours, day_of_hours
from local.report.run_folder import Email
from local.shop_files import read_shop
from local.simulation.deployment import ROOT
from tests.fakes.run_folder import START, an_email

KYOTO = Event(message_id="m", type="identify", user_id="u", at=moment_of(START), traits={"timezone": "Asia/Tokyo"})
RECORDS = [ProfileRecord(profile_id="kyoto", facts=Profile().after(KYOTO, KYOTO.at).with_anonymous("browser"))]
RECORDS += [ProfileRecord(profile_id="unknown")]
AT_NINE = Figures(hours=tuple(30 if hour == 9 else 10 * (hour == 20) for hour in range(24)))
NOON = 12
"""The mails of these tests go at noon UTC, in winter, where London has the same clock."""


@pytest.fixture(scope="module")
def shop() -> Shop:
    return read_shop(ROOT / "shop")


def sent_to(profile_id: str, journey: str = "winback", step: str = "offer", outcome: str = "sent") -> Email:
    return an_email(NOON, profile_id=profile_id, journey=journey, step=step, outcome=outcome)


def hours(shop: Shop, *emails: Email, figures: Figures = AT_NINE) -> DayOfHours:
    day = day_of_hours(emails, RECORDS, shop, figures)
    assert day is not None
    return day


def sending_with(shop: Shop, **changes: object) -> Shop:
    sending = shop.settings.sending.model_copy(update=changes)
    return replace(shop, settings=shop.settings.model_copy(update={"sending": sending}))


def only(hour: int) -> list[int]:
    return [int(each == hour) for each in range(24)]


@pytest.mark.parametrize(("profile_id", "hour"), [("kyoto", 21), ("browser", 21), ("unknown", 12)])
def test_a_mail_stands_in_the_hour_on_the_clock_of_whom_it_went_to(shop: Shop, profile_id: str, hour: int) -> None:
    assert hours(shop, sent_to(profile_id)).their_hour == only(hour)


@pytest.mark.parametrize(("journey", "step"), [("welcome", "greeting"), ("cart", "reminder"), ("confirmation", "ask")])
def test_what_answers_a_shopper_at_once_is_told_apart(shop: Shop, journey: str, step: str) -> None:
    day = hours(shop, sent_to("unknown", journey, step))
    assert (day.at_once, day.their_hour) == (only(NOON), [0] * 24)


def test_a_mail_that_was_withheld_has_no_hour(shop: Shop) -> None:
    assert day_of_hours([sent_to("unknown", outcome="skipped")], RECORDS, shop, AT_NINE) is None


def test_the_rhythm_is_told_in_percent_with_the_best_hour_of_those_that_are_not_quiet(shop: Shop) -> None:
    day = hours(shop, sent_to("unknown"))
    assert (day.about[9], day.about[20], sum(day.about)) == (75.0, 25.0, 100.0)
    assert day.best == 9
    assert day.rhythm is not None


def test_before_the_first_count_there_is_no_rhythm_and_no_best_hour(shop: Shop) -> None:
    day = hours(shop, sent_to("unknown"), figures=Figures())
    assert (day.rhythm, day.best) == (None, None)
    assert [series["name"] for series in day.data["series"]] == ["in their hour", "at once"]


@pytest.mark.parametrize(
    ("quiet", "bands"),
    [
        (QuietHours(21, 8), [(0, 8), (21, 3)]),
        (QuietHours(1, 5), [(1, 4)]),
        (None, []),
    ],
)
def test_quiet_hours_are_bands_that_end_with_the_day(
    shop: Shop, quiet: QuietHours | None, bands: list[tuple[int, int]]
) -> None:
    day = hours(sending_with(shop, quiet_hours=quiet), sent_to("unknown"))
    assert list(day.quiet) == [(first / 24, width / 24) for first, width in bands]


def test_a_shop_that_waits_for_no_best_hour_has_none(shop: Shop) -> None:
    assert hours(sending_with(shop, best_hour=False), sent_to("unknown")).best is None
