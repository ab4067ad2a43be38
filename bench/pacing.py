"""Whether mails keep to SES's rate and use it up: `python bench/pacing.py`.

At each rate, shoppers sign up all in one moment, or evenly within some seconds, and each is greeted at once, as far as
the rate allows. Template, state machine and send function are the deployed ones, in the local cloud and in virtual
time; what is measured is when SES took each mail. Told are the mails of the busiest second, whenever one begins to
count; the share of the rate that was used from the second after the one in which the queue began to the last but one;
and the mails that never came.

Exit status: 0 where no second holds more than the rate, at least 95 % of it are used and every mail came; 1 where not.
"""

import base64
import json
from collections import Counter
from collections.abc import Sequence
from typing import Annotated, Any, Final, NamedTuple

import typer
from rich.console import Console
from rich.table import Table

from homing.domain.moments import HOUR, MINUTE, SECOND, Moment, format_moment, parse_moment
from local.cloud import Cloud
from local.simulation.deployment import deployed
from local.simulation.exact_schedule import look_exactly_when_due
from local.timers import Timers, VirtualClock

OPENING: Final = parse_moment("2026-03-02T10:00:00.350Z")
ENOUGH: Final = 0.95
AT_ONCE: Final = 100
"""Messages in one request."""

_KEY = base64.b64encode(b"local:").decode()
_HEADERS = {"authorization": f"Basic {_KEY}", "content-type": "application/json"}

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)


class Pacing(NamedTuple):
    """When SES took the mails, ascending, of so many that were intended, at so many a second."""

    rate: int
    intended: int
    moments: Sequence[Moment]

    @property
    def busiest(self) -> int:
        """Mails in the busiest second, whenever it begins."""
        most = first = 0
        for last, at in enumerate(self.moments):
            while self.moments[first] <= at - SECOND:
                first += 1
            most = max(most, last - first + 1)
        return most

    @property
    def used(self) -> float:
        """The share of the rate that was used in the seconds of the clock while there was a queue.

        The first two are not among them: a queue begins with half of a second's places, and half of the next one's.
        """
        seconds = Counter(at // SECOND for at in self.moments)
        queue = range(min(seconds) + 2, max(seconds)) if seconds else range(0)
        return sum(seconds[second] for second in queue) / (self.rate * len(queue)) if queue else 0.0

    @property
    def lost(self) -> int:
        """Mails that never came."""
        return self.intended - len(self.moments)

    @property
    def holds(self) -> bool:
        """Whether the rate was kept and used, and nothing was lost."""
        return self.busiest <= self.rate and self.used >= ENOUGH and not self.lost


def paced(rate: int, mails: int, within: int = 0) -> Pacing:
    """The mails of a crowd that signs up within so many milliseconds."""
    with (
        VirtualClock(OPENING) as clock,
        deployed(Timers(clock), parameters={"SesRate": str(rate), "DoubleOptIn": "no"}) as cloud,
    ):
        cloud.ses.account.rate = float(rate)
        look_exactly_when_due(cloud)
        for first in range(0, mails, AT_ONCE):
            cloud.advance_to(OPENING + first * within // mails)
            _sign_up(cloud, range(first, min(first + AT_ONCE, mails)))
        cloud.advance_to(OPENING + within + mails * SECOND // rate + HOUR)
        greetings = (mail for mail in cloud.outbox if mail.tags["step"] == "greeting")
        return Pacing(rate, mails, sorted(mail.at for mail in greetings))


def _sign_up(cloud: Cloud, numbers: Sequence[int]) -> None:
    batch = [_identify(number, cloud.timers.now()) for number in numbers]
    response = cloud.http("POST", "/v1/batch", headers=_HEADERS, body=json.dumps({"batch": batch}))
    if response.status != 200:
        raise RuntimeError(response.body)


def _identify(number: int, at: Moment) -> dict[str, Any]:
    return {
        "type": "identify",
        "messageId": f"message-{number}",
        "userId": f"user-{number}",
        "timestamp": format_moment(at - MINUTE),
        "traits": {"email": f"shopper.{number}@post.example", "firstName": "Ada"},
        "context": {"consent": {"categoryPreferences": {"marketing": True}}},
    }


@app.command()
def main(
    *,
    rates: Annotated[list[int], typer.Option("--rate", help="Mails a second.", min=1)] = [14, 500],  # noqa: B006 - typer reads it
    seconds: Annotated[int, typer.Option(help="How long the rate allows for the crowd.", min=4)] = 8,
    within: Annotated[int, typer.Option(help="Seconds in which all sign up; 0: all at once.", min=0)] = 0,
) -> None:
    """Send to a crowd at each rate, and measure how the rate is kept and used."""
    found = []
    for rate in rates:
        with Console(stderr=True).status(f"{rate * seconds:,} mails at {rate} a second"):
            found.append(paced(rate, rate * seconds, within * SECOND))
    Console(highlight=False).print(table(found))
    raise typer.Exit(0 if all(each.holds for each in found) else 1)


def table(found: Sequence[Pacing]) -> Table:
    """What was measured at each rate."""
    told = Table(title="Mails a second", title_justify="left")
    for column in ("rate", "mails", "busiest second", "used", "lost"):
        told.add_column(column, justify="right", no_wrap=True)
    for each in found:
        counts = (each.rate, len(each.moments), each.busiest)
        told.add_row(*(f"{count:,}" for count in counts), f"{each.used:.1%}", f"{each.lost:,}")
    return told


if __name__ == "__main__":
    app()
