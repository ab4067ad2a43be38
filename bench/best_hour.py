"""How well the best hour is foreseen, on a shop's own messages: `python bench/best_hour.py EVENTS...`.

Folds the messages into profiles, day by day. Before each day on which a shopper comes again (visits, clicks in a mail,
or orders), four foretell the hour from what was known until then; who is at most an hour off the first moment of that
day, by the shopper's clock, is right:

- the best hour, as Homing takes it: the shopper's own days, and the shop's rhythm for what they do not tell;
- the shop's rhythm alone: one hour for everybody;
- the shopper's own days alone;
- any hour that is not quiet, by chance.

The rhythm is counted anew each week, as the recompute counts it. How much of a habit there is to foretell is told
beside: how often two days of one shopper lie at most an hour from each other, and how often two days of any.
An anonymous history is a shopper of its own here, and is not joined to an account.

Exit status: 0, or 2 where a file cannot be read.
"""

import json
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import combinations
from typing import Annotated, Final

import typer
from rich.console import Console
from rich.progress import track
from rich.table import Table

from homing.dialects.segment_spec import read_message
from homing.domain.events import Event
from homing.domain.hours import A_DAY, NO_HOURS, Hours, best_hour, hours_of, hours_of_both
from homing.domain.moments import DAY, WEEK, Moment, datetime_of
from homing.domain.profile import Profile
from homing.domain.sending import QuietHours
from homing.domain.timing import zone_of
from homing.errors import InvalidMessage
from local.simulation import Inputs, InputUnreadable, read_inputs

AWAKE: Final = QuietHours(21, 8).awake
TIMEZONE: Final = "Europe/London"
KNOWN: Final = ("1", "2 to 3", "4 to 7", "8 or more")
CONTENDERS: Final = ("best hour", "shop's rhythm", "own days", "by chance")

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)


def is_near(hour: int, other: int) -> bool:
    """Whether they are at most an hour from each other around the clock."""
    return (hour - other) % 24 in (23, 0, 1)


@dataclass
class Foretelling:
    """Profiles as they grow, and how often each contender was right, by the number of days known."""

    profiles: dict[str, Profile] = field(default_factory=dict)
    came: dict[str, dict[int, int]] = field(default_factory=lambda: defaultdict(dict))
    """Of each shopper the days since 1970 on which they came, with the hour of the first moment."""
    rhythm: Hours = NO_HOURS
    asked: Counter[str] = field(default_factory=Counter)
    right: Counter[tuple[str, str]] = field(default_factory=Counter)
    chance: Counter[str] = field(default_factory=Counter)
    won: int = 0
    lost: int = 0
    _counted_at: Moment = 0

    def hear(self, event: Event) -> None:
        """Foretell the hour where a day begins; then learn of it."""
        if event.at >= self._counted_at + WEEK:
            self._counted_at = event.at
            self.rhythm = self._of_everybody()
        name = event.user_id or event.anonymous_id or ""
        before, day = self.profiles.get(name, Profile()), event.at // DAY
        after = before.after(event, event.at)
        if _came_at(after, event) and day not in self.came[name]:
            hour = datetime_of(event.at).astimezone(zone_of(after, TIMEZONE)).hour
            if self.came[name]:
                self._foretell(before, hour)
            self.came[name][day] = hour
        self.profiles[name] = after

    def _foretell(self, known: Profile, hour: int) -> None:
        own = hours_of(known, zone_of(known, TIMEZONE))
        group = _group(sum(own) // A_DAY)
        told = {
            "best hour": best_hour(own, self.rhythm, AWAKE),
            "shop's rhythm": best_hour(NO_HOURS, self.rhythm, AWAKE),
            "own days": best_hour(own, NO_HOURS, AWAKE),
        }
        right = {contender for contender, best in told.items() if best is not None and is_near(best, hour)}
        self.asked[group] += 1
        self.right.update((group, contender) for contender in right)
        self.chance[group] += sum(is_near(awake, hour) for awake in AWAKE)
        self.won += "best hour" in right and "shop's rhythm" not in right
        self.lost += "shop's rhythm" in right and "best hour" not in right

    def share(self, contender: str, *groups: str) -> float:
        """Of all days in these groups, those on which the contender was right."""
        asked = sum(self.asked[group] for group in groups) or 1
        if contender == "by chance":
            return sum(self.chance[group] for group in groups) / len(AWAKE) / asked
        return sum(self.right[group, contender] for group in groups) / asked

    def habit(self) -> tuple[float, float]:
        """How often two days lie at most an hour apart: of one shopper, the mean of all with two days; of any two."""
        of_one = [
            sum(is_near(*pair) for pair in pairs) / len(pairs)
            for days in self.came.values()
            if (pairs := list(combinations(days.values(), 2)))
        ]
        hours = Counter(hour for days in self.came.values() for hour in days.values())
        near = sum(many * hours[other % 24] for hour, many in hours.items() for other in (hour - 1, hour, hour + 1))
        return sum(of_one) / (len(of_one) or 1), near / (hours.total() ** 2 or 1)

    def apart(self) -> float:
        """Of all shoppers, those whose best hour lies more than an hour from the shop's in the end."""
        shops = best_hour(NO_HOURS, self._of_everybody(), AWAKE)
        own = [
            best_hour(hours_of(each, zone_of(each, TIMEZONE)), self.rhythm, AWAKE) for each in self.profiles.values()
        ]
        return sum(hour is not None and shops is not None and not is_near(hour, shops) for hour in own) / (
            len(own) or 1
        )

    def _of_everybody(self) -> Hours:
        total = NO_HOURS
        for profile in self.profiles.values():
            total = hours_of_both(total, hours_of(profile, zone_of(profile, TIMEZONE)))
        return total


def _came_at(after: Profile, event: Event) -> bool:
    """Whether the event is one of those by which a shopper comes."""
    return event.at in {after.last("visits"), after.last("clicked"), after.orders.last_at}


def _group(days: int) -> str:
    return KNOWN[sum(days >= least for least in (2, 4, 8))]


def events_of(inputs: Inputs) -> Iterator[Event]:
    """What the messages tell, without those that the API would refuse."""
    for message in inputs.messages:
        try:
            yield read_message(json.loads(message.text), received_at=message.at, sent_at=None)
        except InvalidMessage:
            continue


@app.command()
def main(
    events: Annotated[
        list[str], typer.Argument(metavar="EVENTS...", help="Files of messages: .jsonl, .jsonl.gz, .jsonl.xz.")
    ],
) -> None:
    """Measure how often the best hour foretells the hour at which a shopper comes again."""
    errors = Console(stderr=True)
    try:
        inputs = read_inputs(events)
    except InputUnreadable as error:
        errors.print(str(error), markup=False)
        raise typer.Exit(2) from error
    found = Foretelling()
    for event in track(events_of(inputs), "folding", total=len(inputs.messages), console=errors, transient=True):
        found.hear(event)
    console = Console(highlight=False)
    console.print(table(found))
    of_one, of_any = found.habit()
    for line in (
        f"Two days lie at most an hour apart: of one shopper {of_one:.1%}, of any shoppers {of_any:.1%}.",
        f"The best hour alone was right {found.won:,} times, the shop's rhythm alone {found.lost:,}.",
        f"{found.apart():.1%} of {len(found.profiles):,} shoppers end more than an hour from the shop's rhythm.",
    ):
        console.print(line, soft_wrap=True)


def table(found: Foretelling) -> Table:
    """How often each contender was right."""
    told = Table(title="At most an hour off", title_justify="left")
    for column in ("days known", "foretold", *CONTENDERS):
        told.add_column(column, justify="right", no_wrap=True)
    for name, groups in {**{group: (group,) for group in KNOWN}, "all": KNOWN}.items():
        asked = sum(found.asked[group] for group in groups)
        told.add_row(name, f"{asked:,}", *(f"{found.share(contender, *groups):.1%}" for contender in CONTENDERS))
    return told


if __name__ == "__main__":
    app()
