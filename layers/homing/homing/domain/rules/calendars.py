"""The shop's calendar and the seasons, both by the shopper's own calendar."""

from dataclasses import dataclass
from datetime import MAXYEAR, date, timedelta, tzinfo
from typing import Final, Protocol

from homing.domain.moments import Moment, datetime_of
from homing.domain.rules.birthdays import before_yearly_date, start_of_day, zone_named
from homing.domain.rules.verdict import ALWAYS, LAST_MOMENT, NEVER, SETTLED, Verdict, fails, holds, within_spans
from homing.domain.rules.vocabulary import Facts

SEASONS: Final = ("spring", "summer", "autumn", "winter")
"""As they begin in the north on 1 March, June, September and December."""

_SOUTHERN: Final = (
    "AO AQ AR AS AU BI BO BR BV BW CC CD CG CK CL CX EC FJ FK GS HM ID IO KM LS MG MU MW MZ NA NC NF NR NU NZ PE PF PG"
    " PN PY RE RW SB SC SH SZ TF TK TL TO TV TZ UY VU WF WS YT ZA ZM ZW"
)

_NORTHERN: Final = (
    "AD AE AF AG AI AL AM AT AW AX AZ BA BB BD BE BF BG BH BJ BL BM BN BQ BS BT BY BZ CA CF CH CI CM CN CO CR CU CV CW"
    " CY CZ DE DJ DK DM DO DZ EE EG EH ER ES ET FI FM FO FR GA GB GD GE GF GG GH GI GL GM GN GP GQ GR GT GU GW GY HK"
    " HN HR HT HU IE IL IM IN IQ IR IS IT JE JM JO JP KE KG KH KI KN KP KR KW KY KZ LA LB LC LI LK LR LT LU LV LY MA"
    " MC MD ME MF MH MK ML MM MN MO MP MQ MR MS MT MV MX MY NE NG NI NL NO NP OM PA PH PK PL PM PR PS PT PW QA RO RS"
    " RU SA SD SE SG SI SJ SK SL SM SN SO SR SS ST SV SX SY TC TD TG TH TJ TM TN TR TT TW UA UG UM US UZ VA VC VE VG"
    " VI VN XK YE"
)
SOUTHERN: Final = frozenset(_SOUTHERN.split())
"""ISO 3166 codes of the countries most of whose people live south of the equator."""
NORTHERN: Final = frozenset(_NORTHERN.split())
"""The others, and Kosovo's customary code."""
COUNTRIES: Final = NORTHERN | SOUTHERN

_DAY = timedelta(days=1)


class CalendarDay(Protocol):
    """A day that the shop has put in its calendar."""

    def coming(self, days: int, zone: tzinfo, at: Moment, /) -> Verdict:
        """Whether it is at most so many days ahead, or today, on the clocks of the zone."""

    def settles_at(self, zone: tzinfo, /) -> Moment:
        """From when on only the yearly turn brings it."""


@dataclass(frozen=True, slots=True)
class YearlyDay:
    """`christmas: 12-25`."""

    month: int
    day: int

    def coming(self, days: int, zone: tzinfo, at: Moment) -> Verdict:
        """Whether the next one is at hand."""
        return before_yearly_date((self.month, self.day), days, zone, at)

    def settles_at(self, _zone: tzinfo, /) -> Moment:
        """At once: all that moves it is the calendar."""
        return SETTLED


@dataclass(frozen=True, slots=True)
class ListedDays:
    """`lunar_new_year: [2026-02-17, 2027-02-06]`; at least one, ascending."""

    dates: tuple[date, ...]

    def coming(self, days: int, zone: tzinfo, at: Moment) -> Verdict:
        """Whether one of them is at hand."""
        ahead = timedelta(days=days)
        spans = ((start_of_day(day - ahead, zone), start_of_day(day + _DAY, zone)) for day in self.dates)
        return within_spans(spans, at)

    def settles_at(self, zone: tzinfo) -> Moment:
        """When the last of them is over."""
        return start_of_day(self.dates[-1] + _DAY, zone)


@dataclass(frozen=True, slots=True)
class DayComing:
    """`calendar.christmas: {within_next: 21 days}`: from the local midnight 21 days before until the day is over."""

    name: str
    day: CalendarDay
    days: int

    def evaluate(self, facts: Facts, at: Moment) -> Verdict:
        """Whether the day is at hand, or there, where the shopper lives."""
        return self.day.coming(self.days, zone_named(facts.get("timezone")), at)

    def settles_at(self, facts: Facts) -> Moment:
        """When the calendar has no other than yearly days to come."""
        return self.day.settles_at(zone_named(facts.get("timezone")))


@dataclass(frozen=True, slots=True)
class InSeason:
    """`season: [winter]`, by the hemisphere of the fact `country`; it changes at local midnight."""

    seasons: frozenset[str]

    def evaluate(self, facts: Facts, at: Moment) -> Verdict:
        """Whether it is one of the seasons where the shopper lives."""
        offset = season_offset(facts.get("country"))
        if offset is None:
            return NEVER
        zone = zone_named(facts.get("timezone"))
        quarter = quarter_at(at, zone)
        member = self._has(quarter + offset)
        for later in range(quarter + 1, quarter + len(SEASONS)):
            if self._has(later + offset) is not member:
                turn = _start_of_quarter(later, zone)
                return holds(until=turn) if member else fails(until=turn)
        return ALWAYS if member else NEVER

    def settles_at(self, _facts: Facts, /) -> Moment:
        """At once: all that moves it is the calendar."""
        return SETTLED

    def _has(self, quarter: int) -> bool:
        return SEASONS[quarter % 4] in self.seasons


def season_at(country: str | None, zone: tzinfo, at: Moment) -> str | None:
    """The season that it is in a country, on the clocks of the zone; None where its hemisphere is not known."""
    offset = season_offset(country)
    return None if offset is None else SEASONS[(quarter_at(at, zone) + offset) % 4]


def season_offset(country: str | None) -> int | None:
    """How many quarters a country's seasons are ahead of the north's; None where its hemisphere is not known."""
    code = (country or "").upper()
    if code in NORTHERN:
        return 0
    return 2 if code in SOUTHERN else None


def quarter_at(at: Moment, zone: tzinfo) -> int:
    """The number of the quarter that has begun in the zone: 4 * year for the north's spring of that year."""
    utc = datetime_of(at)
    quarter = 4 * utc.year + utc.month // 3  # the one after that of UTC, which begins later than any zone's own
    while _start_of_quarter(quarter, zone) > at:
        quarter -= 1
    return quarter


def _start_of_quarter(quarter: int, zone: tzinfo) -> Moment:
    """The moment at which it begins in the zone; what lies beyond the calendar begins never."""
    year, index = divmod(quarter, 4)
    if year > MAXYEAR:
        return LAST_MOMENT + 1
    return start_of_day(date(year, 3 * index + 3, 1), zone)
