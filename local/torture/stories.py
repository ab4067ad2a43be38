"""Stories: what a few shoppers do over some weeks, drawn from a seed, as plain data that can be shown and cut."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from random import Random
from typing import Any, Final

from homing.domain.moments import DAY, HOUR, MINUTE, Duration, Moment, format_moment, parse_moment

OPENING: Final = parse_moment("2026-03-02T10:00:00Z")
"""When the shop is deployed. Stories begin up to nine months later, among them weeks in which clocks are changed."""

LENGTH: Final = 30 * DAY

_ZONES: Final = ("Europe/London", "Europe/Berlin", "America/New_York", "Australia/Sydney", "Asia/Kolkata", None)
_WISHES: Final = ("weekly", "weekly", "weekly", "monthly", "pause", "pause", "nothing", "all", "everything")
_PERSONAS: Final = ("newcomer", "newcomer", "eager", "eager", "leaver", "leaver", "lapsed", "birthday")


@dataclass(frozen=True, slots=True)
class Shopper:
    """Somebody who shops. `marker` stands in the name, in both addresses and in the names of own products.

    `mailbox` is a label of SES's simulator (`bounce`, `complaint`), or None for an ordinary address.
    """

    marker: str
    language: str
    timezone: str | None
    mailbox: str | None = None
    birthday: str | None = None

    @property
    def user_id(self) -> str:
        return f"user-{self.marker}"

    def address(self, number: int = 0) -> str:
        """The shopper's address, or one that came after it."""
        label = f"{self.marker}.{number}"
        if self.mailbox is None or number:
            return f"{label}@post.example"
        return f"{self.mailbox}+{label}@simulator.amazonses.com"


@dataclass(frozen=True, slots=True)
class Act:
    """One thing that a shopper does, `at` so long after the story's beginning.

    With `ambush` it is done instead amid the shopper's next mail, at so many boundaries of its AWS calls.
    """

    at: Duration
    shopper: int
    verb: str
    told: dict[str, Any] = field(default_factory=dict)
    ambush: int | None = None

    def __str__(self) -> str:
        when = f"day {self.at // DAY:2} {self.at % DAY // HOUR:02}:{self.at % HOUR // MINUTE:02}"
        told = " ".join(f"{name}={value}" for name, value in self.told.items())
        middle = f", amid the next mail, at boundary {self.ambush}" if self.ambush is not None else ""
        return f"{when}  shopper {self.shopper} {self.verb} {told}".rstrip() + middle


@dataclass(frozen=True, slots=True)
class Story:
    """Shoppers, and what they do, in the order of `at`."""

    begins: Moment
    shoppers: Sequence[Shopper]
    acts: Sequence[Act]

    def without(self, places: set[int]) -> "Story":
        """The story without the acts at these places."""
        return replace(self, acts=[act for place, act in enumerate(self.acts) if place not in places])

    def lines(self) -> list[str]:
        """The story for people."""
        cast = [
            f"shopper {number}: {shopper.address()}, {shopper.language}, {shopper.timezone or 'no time zone'}"
            for number, shopper in enumerate(self.shoppers)
        ]
        return [f"begins {format_moment(self.begins)}", *cast, *map(str, self.acts)]


def draw(seed: int) -> Story:
    """The story of a seed."""
    random = Random(f"story {seed}")
    begins = OPENING + 10 * DAY + random.randrange(260) * DAY + random.randrange(24 * 60) * MINUTE
    shoppers: list[Shopper] = []
    acts: list[Act] = []
    for number in range(random.choice((2, 3, 3, 4))):
        persona = random.choice(_PERSONAS)
        shopper = _shopper(random, f"zq{seed % 10_000}n{number}w", begins, persona)
        shoppers.append(shopper)
        acts += _Life(random, number).lived(persona)
        acts += _Rights(Random(f"rights {seed} {number}"), number).used()
        acts += _moving(Random(f"moves {seed} {number}"), number)
    acts = sorted((act for act in acts if act.at < LENGTH), key=lambda act: act.at)
    return Story(begins, shoppers, acts)


def _shopper(random: Random, marker: str, begins: Moment, persona: str) -> Shopper:
    mailbox = random.choices((None, "bounce", "complaint"), (7, 1, 2))[0]
    birthday = None
    if persona in ("birthday", "eager") or random.random() < 0.1:
        soon = begins + random.randrange(*((7, 11) if persona == "eager" else (6, 25))) * DAY
        birthday = f"1990-{format_moment(soon)[5:10]}"
    return Shopper(marker, random.choice(("en", "de")), random.choice(_ZONES), mailbox, birthday)


class _Life:
    """The acts of one shopper."""

    def __init__(self, random: Random, shopper: int) -> None:
        self._random = random
        self._shopper = shopper
        self._acts: list[Act] = []

    def lived(self, persona: str) -> list[Act]:
        """What the shopper does as such a one, and what befalls anybody."""
        beginning: Callable[[], None] = getattr(self, f"_{persona}")
        beginning()
        for _ in range(self._random.choice((1, 2, 3, 5))):
            self._befalls()
        return self._acts

    def _does(self, at: Duration, verb: str, **told: Any) -> None:
        self._acts.append(Act(at, self._shopper, verb, told))

    def _day(self, first: float = 0, last: float = LENGTH / DAY) -> Duration:
        return int(self._random.uniform(first, last) * DAY) // MINUTE * MINUTE

    def _order(self, at: Duration, ago: Duration = 0) -> None:
        number = f"o{len(self._acts)}"
        self._does(at, "orders", order=number, total=self._random.randrange(5, 90), ago=ago // DAY)
        if self._random.random() < 0.2:
            self._does(at + self._day(0.1, 3), "refunds", order=number)

    def _newcomer(self) -> None:
        signs_up = self._day(0, 12)
        if self._random.random() < 0.4:
            self._does(max(0, signs_up - self._day(0, 1)), "browses", device=1, product=1)
        self._does(signs_up, "signs_up", device=1)
        self._does(signs_up + self._day(0.001, 0.5), "confirms")
        if self._random.random() < 0.3:
            self._order(signs_up + self._day(0.01, 12))

    def _leaver(self) -> None:
        self._does(0, "is_known", ago=self._random.randrange(5, 300))
        for _ in range(self._random.choice((1, 1, 2))):
            leaves = self._day(0.1, 20)
            self._does(leaves, "adds", product=self._random.randrange(3))
            if self._random.random() < 0.5:
                self._does(leaves + self._day(0, 0.02), "adds", product=self._random.randrange(3))
            if self._random.random() < 0.5:
                self._order(leaves + self._day(0.02, 4))

    def _eager(self) -> None:
        """Somebody whom several journeys would write to at once."""
        self._does(0, "is_known", ago=self._random.choice((0, 0, 1, 120)))
        for day in range(self._random.choice((2, 4))):
            self._does(self._day(day, day + 1), "adds", product=self._random.randrange(3))
            if day % 2 and self._random.random() < 0.5:
                self._order(self._day(day, day + 2), ago=self._random.choice((0, 90)) * DAY)

    def _lapsed(self) -> None:
        self._does(0, "is_known", ago=200)
        self._order(MINUTE, ago=self._random.randrange(80, 95) * DAY)

    def _birthday(self) -> None:
        self._does(self._day(0, 2), "is_known", ago=self._random.randrange(5, 100))

    def _befalls(self) -> None:
        """One of the things that befall anybody."""
        verb = self._random.choice(
            (
                *("unsubscribes", "withdraws", "agrees", "scans", "moves", "browses", "adds", "orders"),
                *(
                    "confirms",
                    "prefers",
                    "returns",
                    "unsubscribes",
                    "reassures",
                    "repeats",
                    "rejoins",
                    "meddles",
                    "asks_erasure",
                ),
            )
        )
        at = self._day(1)
        match verb:
            case "orders":
                self._order(at)
            case "adds" | "browses":
                self._does(at, verb, product=self._random.randrange(3), device=self._random.choice((None, 1, 2)))
            case "reassures":
                self._does(at, "is_known", ago=0)
                self._does(at + self._day(0, 1), "adds", product=2)
            case "moves":
                self._does(at, verb, address=1)
            case "prefers":
                self._does(at, verb, wish=_WISHES[at // MINUTE % len(_WISHES)])
            case "rejoins":
                self._does(at, "unsubscribes")
                self._does(at + self._day(0.01, 4), "agrees")
                self._does(at + self._day(4, 5), "confirms")
            case _:
                self._does(at, verb)
        if self._random.random() < 0.5:
            self._acts[-1] = replace(self._acts[-1], ambush=self._random.randrange(4, 32))


class _Rights:
    """What a shopper asks of the shop, beside what befalls anybody; after an erasure they are told of still."""

    def __init__(self, random: Random, shopper: int) -> None:
        self._random = random
        self._shopper = shopper
        self._acts: list[Act] = []

    def used(self) -> list[Act]:
        """The acts."""
        if self._random.random() < 0.5:
            self._wishes()
        if self._random.random() < 0.15:
            self._is_erased()
        return self._acts

    def _does(self, at: Duration, verb: str, *, may_ambush: bool = True, **told: Any) -> None:
        ambush = self._random.randrange(4, 32) if may_ambush and self._random.random() < 0.4 else None
        self._acts.append(Act(at // MINUTE * MINUTE, self._shopper, verb, told, ambush))

    def _wishes(self) -> None:
        """Some changes of the mind."""
        at = int(self._random.uniform(0.1, 7) * DAY)
        for _ in range(self._random.choice((1, 2, 3))):
            self._does(at, "prefers", wish=self._random.choice(_WISHES))
            at += int(self._random.uniform(0.01, 6) * DAY)
        if self._random.random() < 0.3:
            self._does(at, "asks_data")

    def _is_erased(self) -> None:
        at = int(self._random.uniform(1, 20) * DAY)
        cut_off = self._random.choice((None, None, self._random.randrange(1, 60)))
        self._does(at, "is_erased", cut_off=cut_off)
        for _ in range(self._random.choice((2, 4, 6))):
            late = at + int(self._random.choice((0.01, 0.2, 8)) * self._random.random() * DAY)
            verb = self._random.choice(("browses", "adds", "is_known", "returns", "repeats", "unsubscribes"))
            if self._random.random() < 0.4:
                verb = self._random.choice(("confirms", "prefers", "asks_data", "agrees", "moves", "orders"))
            self._does(late, verb, may_ambush=False, **_LATE.get(verb, {}))


def _moving(random: Random, shopper: int) -> list[Act]:
    """Of some, what they wish for before they read their mails elsewhere, and a stop by a mail from before."""
    if random.random() >= 0.1:
        return []
    at = int(random.uniform(1, 15) * DAY) // MINUTE * MINUTE
    acts = [Act(at + 2 * HOUR, shopper, "moves", {"address": 1})]
    if random.random() < 0.5:
        acts.append(Act(at, shopper, "prefers", {"wish": random.choice(("pause", "weekly"))}))
    leaves = at + int(random.uniform(0.1, 5) * DAY) // MINUTE * MINUTE
    acts.append(Act(leaves, shopper, "adds", {"product": random.randrange(3)}))
    stops = leaves + random.randrange(-60, 600) * MINUTE
    ambush = random.choice((None, random.randrange(4, 32)))
    return [*acts, Act(stops, shopper, "unsubscribes", {"address": 0}, ambush)]


_LATE: Final[dict[str, dict[str, Any]]] = {
    "browses": {"product": 0, "device": 1},
    "adds": {"product": 1},
    "is_known": {"ago": 0},
    "moves": {"address": 1},
    "orders": {"order": "late", "total": 9},
}
"""What is told with an act that comes after its shopper's erasure."""
