"""Who enters which journey, under which entry, and what ends a run."""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, time
from typing import Annotated, Final, Literal, NamedTuple

from pydantic import BeforeValidator, Field

from homing.domain.events import Frozen
from homing.domain.facts import Assortment, ProfileFacts, birthday
from homing.domain.ids import run_id
from homing.domain.moments import Duration, Moment, datetime_of, format_moment, moment_of
from homing.domain.permit import Kind
from homing.domain.profile import Profile
from homing.domain.rules import Rule
from homing.domain.rules.birthdays import day_in_year, zone_named
from homing.domain.sending import read_duration

OncePer = Literal["profile", "cart", "lapse", "year", "wish"]
"""What a shopper has one run for. A wish for mails is that which waits for a confirmation; see `_this_wish`."""
Ending = Literal["order", "empty_cart"]
ExitReason = Literal[
    "consent_withdrawn", "unsubscribed", "bounced", "complained", "ordered", "cart_emptied", "confirmed"
]

NO_ASSORTMENT: Final = Assortment()

_WITHDRAWN_BY: dict[str, ExitReason] = {
    "unsubscribe": "unsubscribed",
    "bounced": "bounced",
    "complained": "complained",
}
"""What the source of a withdrawal is called as the end of a run."""


TagValue = Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{1,256}$")]
"""What SES takes as the value of a mail's tag: https://docs.aws.amazon.com/ses/latest/APIReference-V2/API_MessageTag.html"""


class Step(Frozen):
    """What one send step of a journey sends, and when. `offer` names an entry of offers.yaml."""

    template: TagValue
    after: Annotated[Duration | None, BeforeValidator(read_duration), Field(gt=0)] = None
    """How long after the step before it is due; the first step is due when the run begins."""
    prompt: bool = False
    """Whether it has to come when it is due: it waits for no best hour, though for the end of quiet hours as all do."""
    offer: str | None = None
    needs_items: bool = False
    """Whether the mail is pointless without products of the shopper's own to show."""


@dataclass(frozen=True, slots=True)
class Journey:
    """A journey as the shop has set it up; its steps stand in the order of statemachines/<name>.asl.yaml."""

    name: str
    description: str
    enter: Rule
    once_per: OncePer
    kind: Kind
    ends_on: frozenset[Ending]
    steps: Mapping[str, Step]
    local_hour: int
    """The hour of the shopper's own day at which a journey that waits for a day begins to send."""

    def entry(self, profile: Profile, at: Moment) -> str | None:
        """What this entry is the only one for, as a word of the run's name; None where there is no reason to enter."""
        return _ENTRIES[self.once_per](profile, at)

    def exit_reason(self, profile: Profile, entry: str) -> ExitReason | None:
        """Why a run with this entry must end, as the profile stands; None where it goes on."""
        if self.once_per == "wish" and not profile.pending():
            return "confirmed" if any(map(profile.has_confirmed, profile.asked)) else _withdrawn_by(profile)
        if self.kind == "marketing" and not profile.agrees_to("marketing"):
            return _withdrawn_by(profile)
        ordered_at = profile.orders.last_at
        if "order" in self.ends_on and ordered_at is not None and ordered_at > self._began(profile, entry):
            return "ordered"
        if "empty_cart" in self.ends_on and not profile.cart.size:
            return "cart_emptied"
        return None

    def step_after(self, name: str) -> Step | None:
        """The step after this one; None after the last."""
        order = list(self.steps)
        following = order[order.index(name) + 1 :]
        return self.steps[following[0]] if following else None

    def first_due(self, profile: Profile, entry: str, at: Moment) -> Moment:
        """When the first mail of a run is due that begins at `at`."""
        return max(at, self._began(profile, entry)) if self.once_per == "year" else at

    def execution_input(self, profile: Profile, profile_id: str, entry: str) -> dict[str, object]:
        """The input of the run's execution: the same for the same profile and entry, whenever it is made."""
        run = {
            "run_id": run_id(self.name, profile_id, entry),
            "journey": self.name,
            "profile_id": profile_id,
            "entry": entry,
        }
        if self.once_per == "year":
            return {"run": run, "starts_at": format_moment(self._began(profile, entry))}
        return {"run": run}

    def _began(self, profile: Profile, entry: str) -> Moment:
        """The moment after which an order means that the run has done its work."""
        if not _FORMS[self.once_per].fullmatch(entry):
            return -1  # an entry from before the shop changed `once_per`
        match self.once_per:
            case "profile" | "wish":
                return -1
            case "cart" | "lapse":
                return int(entry)
            case "year":
                born = birthday(profile)
                # A birthday that has been taken back since: the run goes on as though it were over.
                month, day = born or (12, 31)
                zone = zone_named(profile.trait("timezone"))
                local = datetime.combine(day_in_year(month, day, int(entry)), time(self.local_hour), zone)
                return moment_of(local)


class Wanted(NamedTuple):
    """A run that should be."""

    journey: Journey
    entry: str


def wanted(
    journeys: Mapping[str, Journey],
    profile: Profile,
    at: Moment,
    assortment: Assortment = NO_ASSORTMENT,
    park: Callable[[str], object] = str,
) -> Iterator[Wanted]:
    """The runs that should be, as the profile stands: to enter, a profile needs an address, and consent to marketing.

    `park` is told of each journey whose rule fails: nobody enters it, and the others go on.
    """
    if not profile.trait("email"):
        return
    facts = ProfileFacts(profile, assortment)
    for journey in journeys.values():
        if journey.kind == "marketing" and not profile.agrees_to("marketing"):
            continue
        try:
            enters = journey.enter.evaluate(facts, at).member
        except Exception:  # noqa: BLE001 - whatever one rule stumbles over must not stop the other journeys
            park(journey.name)
            continue
        if enters:
            entry = journey.entry(profile, at)
            if entry is not None and journey.exit_reason(profile, entry) is None:
                yield Wanted(journey, entry)


def _withdrawn_by(profile: Profile) -> ExitReason:
    """How the consent to marketing went."""
    consent = profile.consent_to("marketing")
    return _WITHDRAWN_BY.get(consent.source if consent else "", "consent_withdrawn")


def _once(_profile: Profile, _at: Moment) -> str | None:
    return "once"


def _this_cart(profile: Profile, _at: Moment) -> str | None:
    started_at = profile.cart.started_at
    return None if started_at is None else str(started_at)


def _this_lapse(profile: Profile, _at: Moment) -> str | None:
    last_at = profile.orders.last_at
    return None if last_at is None else str(last_at)


def _this_year(profile: Profile, at: Moment) -> str | None:
    """The year of the shopper's next birthday, today's included."""
    born = birthday(profile)
    if born is None:
        return None
    today = datetime_of(at).astimezone(zone_named(profile.trait("timezone"))).date()
    year = today.year if day_in_year(*born, today.year) >= today else today.year + 1
    return str(year)


def _this_wish(profile: Profile, _at: Moment) -> str | None:
    """The day on which the sign-up was received, of which a client tells when it was; or, if later, what the wish goes
    against: the last withdrawal, or another address's agreement. A corrected address takes the next day's in advance.

    Clients repeat a consent with every message, and this stays the same; and it is a day of our own calendar, so that
    nobody who has the shop's form asks in one profile's name for more than one mail a day, and one in advance.
    """
    pending = profile.pending()
    if not pending:
        return None
    against = (consent.told_on for purpose in pending if (consent := profile.consent_to(purpose)) is not None)
    corrected_on = profile.corrected_on()
    in_advance = 0 if corrected_on is None else corrected_on + 1
    return str(max([in_advance, *against, *(asked.told_on for asked in pending.values())]))


_FORMS: dict[OncePer, re.Pattern[str]] = {
    "profile": re.compile("once"),
    "cart": re.compile(r"\d{1,15}"),
    "lapse": re.compile(r"\d{1,15}"),
    "year": re.compile(r"\d{4}"),
    "wish": re.compile(r"\d{1,7}"),
}

_ENTRIES: dict[OncePer, Callable[[Profile, Moment], str | None]] = {
    "profile": _once,
    "cart": _this_cart,
    "lapse": _this_lapse,
    "year": _this_year,
    "wish": _this_wish,
}
