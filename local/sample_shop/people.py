"""Who shops at Tea & Clay: names, places, birthdays, addresses."""

from dataclasses import dataclass

from local.sample_shop.dice import Dice
from local.sample_shop.products import CATEGORIES, Currency


@dataclass(frozen=True)
class Place:
    country: str
    city: str
    timezone: str
    hours_from_utc: int
    language: str
    currency: Currency


@dataclass(frozen=True)
class Habits:
    """What a shopper does in whatever story: drawn from dice of its own, so that the story stays the same."""

    interests: tuple[str, ...] = ()
    channel: str | None = None
    reads_newsletter: bool = False
    uses_codes: bool = False
    finishes_quiz: bool = False


@dataclass(frozen=True)
class Shopper:
    number: int
    first_name: str | None
    email: str
    birthday: str | None
    place: Place
    habits: Habits = Habits()

    @property
    def user_id(self) -> str:
        return f"tc-{self.number:05d}"

    @property
    def anonymous_id(self) -> str:
        return f"anon-{self.number:05d}"


LONDON = Place("United Kingdom", "London", "Europe/London", 0, "en", "GBP")
BERLIN = Place("Germany", "Berlin", "Europe/Berlin", 1, "de", "EUR")

# The list repeats places to make them more likely.
_PLACES = (
    *(LONDON,) * 4,
    *(BERLIN,) * 3,
    Place("United Kingdom", "Edinburgh", "Europe/London", 0, "en", "GBP"),
    Place("United Kingdom", "Bristol", "Europe/London", 0, "en", "GBP"),
    Place("Germany", "Hamburg", "Europe/Berlin", 1, "de", "EUR"),
    Place("Germany", "Leipzig", "Europe/Berlin", 1, "de", "EUR"),
    Place("Austria", "Wien", "Europe/Vienna", 1, "de", "EUR"),
    Place("Ireland", "Cork", "Europe/Dublin", 0, "en", "EUR"),
    Place("Spain", "Las Palmas", "Atlantic/Canary", 0, "de", "EUR"),
    Place("United States", "Boston", "America/New_York", -5, "en", "GBP"),
    Place("New Zealand", "Auckland", "Pacific/Auckland", 13, "en", "GBP"),
)
_NAMES = {
    "en": "Ada Alice Amir Bea Callum Clara Dev Edith Eoin Fergus Flora Grace Harriet Hugh Imani Iris Jonah "
    "June Kit Leila Maeve Martha Ned Nora Oscar Owen Priya Rory Ruth Sam Sunita Tess Theo Una Violet Wren",
    "de": "Anke Anton Astrid Ayşe Bruno Carla Clemens Doris Elif Emil Franziska Frieda Georg Greta Hannes "
    "Ida Jakob Jörg Käthe Klara Levin Liesl Lotte Marlene Matthias Nele Oskar Paula Quirin Rosa Sönke Thea "
    "Ulrike Valentin Wiebke Zoë",
}
_ASCII = {"ä": "ae", "ö": "oe", "ü": "ue", "ş": "s", "ë": "e"}
_MAIL_HOSTS = ("post.example", "mailbox.example", "briefkasten.example", "letters.example")
_LEAP_DAYS = ("1980-02-29", "1992-02-29", "2000-02-29")
_LEAP_DAY_EVERY = 50
_SIMULATED = ("complaint", "bounce")
_WITHOUT_SHORT_MONTH_DAYS = 28
_CHANNELS = ("email", "email", "sms", "push", "whatsapp")


def shopper(number: int, dice: Dice, habits: Habits) -> Shopper:
    """The shopper of that number; the dice must be the shopper's own."""
    place = dice.pick(_PLACES)
    name = dice.pick(_NAMES[place.language].split())
    host = dice.pick(_MAIL_HOSTS)
    return Shopper(
        number=number,
        first_name=None if dice.chance(0.12) else name,
        email=f"{_mailbox(name)}.{number}@{host}",
        birthday=_birthday(number, dice),
        place=place,
        habits=habits,
    )


def habits(dice: Dice) -> Habits:
    """The habits of a shopper, whose own the dice must be."""
    return Habits(
        interests=tuple(dice.pick_some(CATEGORIES, dice.between(1, 2))) if dice.chance(0.3) else (),
        channel=dice.pick(_CHANNELS) if dice.chance(0.15) else None,
        reads_newsletter=dice.chance(0.5),
        uses_codes=dice.chance(0.2),
        finishes_quiz=dice.chance(0.25),
    )


def unreachable(number: int, dice: Dice) -> Shopper:
    """A shopper at SES's mailbox simulator, whose mail bounces or is complained about."""
    reaction = _SIMULATED[number % len(_SIMULATED)]
    email = f"{reaction}+{number}@simulator.amazonses.com"
    return Shopper(number, dice.pick(_NAMES["en"].split()), email, None, LONDON)


def _birthday(number: int, dice: Dice) -> str | None:
    if number % _LEAP_DAY_EVERY == 0:
        return _LEAP_DAYS[number // _LEAP_DAY_EVERY % len(_LEAP_DAYS)]
    month, day = dice.between(1, 12), dice.between(1, _WITHOUT_SHORT_MONTH_DAYS)
    return f"{dice.between(1948, 2006)}-{month:02d}-{day:02d}" if dice.chance(0.55) else None


def _mailbox(name: str) -> str:
    return "".join(_ASCII.get(letter, letter) for letter in name.lower())
