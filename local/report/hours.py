"""The hours of the day by each shopper's own clock: when mails went, and when the shop's shoppers are about."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from homing.domain.figures import Figures
from homing.domain.hours import NO_HOURS, best_hour
from homing.domain.record import ProfileRecord
from homing.domain.sending import ALL_HOURS, Sending
from homing.domain.shop import Shop
from homing.domain.timing import zone_of
from local.report import charts
from local.report.run_folder import Email


@dataclass(frozen=True)
class DayOfHours:
    """24 columns: mails that went `at_once`, or as soon as it was day, and those that waited for `their_hour`.

    `about` is the shop's rhythm: of 100 days on which shoppers were about, those on which it was in that hour; all 0
    where none has been counted yet. `best` is the hour that it makes the shop's best, None where there is none.
    """

    at_once: list[int]
    their_hour: list[int]
    about: list[float]
    awake: frozenset[int]
    best: int | None

    @property
    def top(self) -> int:
        """Where the axis of mails ends."""
        return charts.scale_top(max(map(sum, zip(self.at_once, self.their_hour, strict=True))))

    @property
    def bars(self) -> list[str]:
        """Paths: those that waited for their hour, and upon them those that went at once."""
        return charts.stacked_bars([self.their_hour, self.at_once], self.top)

    @property
    def rhythm(self) -> tuple[str, str] | None:
        """Line and surface of the rhythm on a scale of its own; None where it is not known."""
        weights = [round(share * 100) for share in self.about]
        highest = max(weights)
        return (charts.step_line(weights, highest), charts.step_area(weights, highest)) if highest else None

    @property
    def quiet(self) -> Iterator[tuple[float, float]]:
        """The quiet hours as bands: where each begins and how wide it is, from 0 to 1."""
        for is_awake, band in groupby(range(24), self.awake.__contains__):
            hours = list(band)
            if not is_awake:
                yield hours[0] / 24, len(hours) / 24

    @property
    def data(self) -> dict[str, Any]:
        """What the page's script tells of the chart, hour by hour."""
        series: list[dict[str, Any]] = [
            {"name": "in their hour", "values": self.their_hour},
            {"name": "at once", "values": self.at_once},
        ]
        if self.rhythm:
            series.append({"name": "shoppers about", "values": [f"{share:.1f} %" for share in self.about]})
        return {"labels": [hour_label(hour) for hour in range(24)], "series": series}


def day_of_hours(
    emails: Iterable[Email], records: Sequence[ProfileRecord], shop: Shop, figures: Figures
) -> DayOfHours | None:
    """The mails that were sent, by the clock of whom they went to; None where none was."""
    sending = shop.settings.sending
    zones = {
        name: zone_of(record.facts, sending.timezone)
        for record in records
        for name in (record.profile_id, *record.facts.anonymous)
    }
    at_once, their_hour = [0] * 24, [0] * 24
    for email in emails:
        if email.outcome == "sent" and email.profile_id in zones:
            hour = email.at.astimezone(zones[email.profile_id]).hour
            (at_once if _goes_at_once(email, shop) else their_hour)[hour] += 1
    if not any(at_once) and not any(their_hour):
        return None
    everyone = sum(figures.hours) or 1
    awake = sending.quiet_hours.awake if sending.quiet_hours else ALL_HOURS
    return DayOfHours(
        at_once=at_once,
        their_hour=their_hour,
        about=[100 * weight / everyone for weight in figures.hours],
        awake=awake,
        best=_best(figures, sending, awake),
    )


def hour_label(hour: int) -> str:
    """`20:00 to 21:00`."""
    return f"{hour}:00 to {(hour + 1) % 24}:00"


def _goes_at_once(email: Email, shop: Shop) -> bool:
    """Whether the mail waits for no best hour: one of a journey of kind service, or of a prompt step."""
    journey = shop.journeys.get(email.journey)
    if journey is None:
        return False
    step = journey.steps.get(email.step)
    return journey.kind == "service" or (step is not None and step.prompt)


def _best(figures: Figures, sending: Sending, awake: frozenset[int]) -> int | None:
    return best_hour(NO_HOURS, figures.hours, awake) if sending.best_hour else None
