"""The form of the preference page: wishes as its fields, and its fields as wishes."""

from collections import defaultdict
from collections.abc import Collection, Sequence
from typing import NamedTuple, TypeAlias, TypeVar
from urllib.parse import parse_qsl, urlencode

from homing.domain.events import PURPOSES
from homing.domain.preferences import GAPS, Wishes
from homing.errors import InvalidRequest

SHOWN = "shown"
"""The hidden field with the wishes that the page has shown, as a form of its own within the form."""

Fields: TypeAlias = Sequence[tuple[str, str]]
Offered = TypeVar("Offered", bound=str)
_SEVERAL = ("purpose", "interest")
_ONE = ("frequency", "channel", "birthday_day", "birthday_month")


class Choices(NamedTuple):
    """What the page offers besides purposes and frequencies: the shop's, and what stands for the shopper already."""

    interests: tuple[str, ...]
    channels: tuple[str, ...]

    def with_standing(self, wishes: Wishes) -> "Choices":
        """With what the shopper has told elsewhere, so that it can be seen, kept and taken back."""
        known = {interest.casefold() for interest in self.interests}
        interests = sorted(interest for interest in wishes.interests if interest.casefold() not in known)
        channels = [wishes.channel] if wishes.channel and wishes.channel not in self.channels else []
        return Choices((*self.interests, *interests), (*self.channels, *channels))

    def spelled(self, interests: Collection[str]) -> frozenset[str]:
        """The interests as the page writes them."""
        told = {interest.casefold() for interest in interests}
        return frozenset(interest for interest in self.interests if interest.casefold() in told)


def fields_of(wishes: Wishes) -> Fields:
    """The fields that a browser sends for these wishes."""
    month, day = wishes.birthday
    return [
        *(("purpose", purpose) for purpose in sorted(wishes.purposes)),
        *(("interest", interest) for interest in sorted(wishes.interests)),
        ("frequency", wishes.frequency),
        ("channel", wishes.channel),
        ("birthday_day", str(day or "")),
        ("birthday_month", str(month or "")),
    ]


def read_wishes(fields: Fields, choices: Choices, standing: Wishes) -> tuple[Wishes, Wishes]:
    """What the page has shown, and what it came back with; of what it did not ask, that which stands.

    Raises InvalidRequest (400) for fields that the page does not have, or that it has once and that come twice, and for
    values that it does not offer. A birthday that no year has passes: it is for the shopper to correct.
    """
    told = [value for name, value in fields if name == SHOWN]
    if len(told) != 1 or not told[0]:
        raise InvalidRequest(400, f"{SHOWN}: what the page has shown, once")
    try:
        before = parse_qsl(told[0], keep_blank_values=True, strict_parsing=True, errors="strict")
    except ValueError as error:
        raise InvalidRequest(400, f"{SHOWN}: not what a page has shown") from error
    shown = _read(before, choices, standing)
    return shown, _read([field for field in fields if field[0] != SHOWN], choices, shown)


def shown_field(wishes: Wishes) -> str:
    """The value of the field SHOWN."""
    return urlencode(fields_of(wishes))


def _read(fields: Fields, choices: Choices, otherwise: Wishes) -> Wishes:
    told: dict[str, list[str]] = defaultdict(list)
    for name, value in fields:
        if name not in (*_SEVERAL, *_ONE) or value in told[name] or (name in _ONE and told[name]):
            raise InvalidRequest(400, "a field that the page does not have, or not twice")
        told[name].append(value)
    month, day = otherwise.birthday
    return Wishes(
        purposes=frozenset(_of(PURPOSES, purpose) for purpose in told["purpose"]),
        frequency=next((_of(GAPS, frequency) for frequency in told["frequency"]), otherwise.frequency),
        channel=next((_of(("", *choices.channels), channel) for channel in told["channel"]), otherwise.channel),
        birthday=(
            next((_number(text, 12) for text in told["birthday_month"]), month),
            next((_number(text, 31) for text in told["birthday_day"]), day),
        ),
        interests=frozenset(_of(choices.interests, interest) for interest in told["interest"]),
    )


def _of(offered: Collection[Offered], told: str) -> Offered:
    """The one of what is offered that is told."""
    for value in offered:
        if value == told:
            return value
    raise InvalidRequest(400, "a value that the page does not offer")


def _number(text: str, most: int) -> int:
    return int(_of(("0", *map(str, range(1, most + 1))), text or "0"))
