"""What a shopper wishes for on the preference page, and what of it has been changed there."""

from datetime import date
from typing import Literal, NamedTuple, get_args

from homing.domain.moments import DAY, WEEK, Duration

Frequency = Literal["all", "weekly", "monthly"]
"""How often marketing mails may come: as they do, or at most one in any week or any 30 days."""

GAPS: dict[Frequency, Duration | None] = {"all": None, "weekly": WEEK, "monthly": 30 * DAY}

Channel = Literal["email", "sms", "push", "whatsapp"]
"""By which way a shopper wants to hear from the shop."""

CHANNELS: tuple[Channel, ...] = get_args(Channel)
PAUSE: Duration = 30 * DAY

NO_BIRTHDAY = (0, 0)


class Wishes(NamedTuple):
    """All that a shopper chooses: what stands, what a page has shown, or what it was sent back with.

    `channel` is one of CHANNELS, or empty for no wish; `birthday` is month and day, NO_BIRTHDAY where it is not told.
    """

    purposes: frozenset[str]
    frequency: Frequency = "all"
    channel: str = ""
    birthday: tuple[int, int] = NO_BIRTHDAY
    interests: frozenset[str] = frozenset()

    @property
    def has_birthday(self) -> bool:
        """Whether the birthday is a day that some year has."""
        try:
            date(2000, *self.birthday)  # a leap year: some are born on 29 February
        except ValueError:
            return False
        return True

    @property
    def is_possible(self) -> bool:
        """Whether all of it can be kept."""
        return self.has_birthday or self.birthday == NO_BIRTHDAY

    def after(self, shown: "Wishes", wished: "Wishes") -> "Wishes":
        """These with what differs between a page as it was shown and as it came back; all else stays as it stands.

        A page may have been open for days: what was withdrawn meanwhile is not granted by pressing its button.
        """
        return Wishes(
            purposes=self.purposes - (shown.purposes - wished.purposes) | (wished.purposes - shown.purposes),
            frequency=self.frequency if shown.frequency == wished.frequency else wished.frequency,
            channel=self.channel if shown.channel == wished.channel else wished.channel,
            birthday=self.birthday if shown.birthday == wished.birthday else wished.birthday,
            interests=self.interests - (shown.interests - wished.interests) | (wished.interests - shown.interests),
        )


def frequency_of(gap: Duration | None) -> Frequency:
    """The wish that a contact's gap stands for."""
    return next((frequency for frequency, known in GAPS.items() if known == gap), "all")
