"""The facts of a profile that a rule may name, each worked out only when a rule asks for it."""

from collections.abc import Callable, Collection
from datetime import date
from functools import cached_property
from typing import TypeAlias

from homing.domain.profile import Consent, Profile

Fact: TypeAlias = bool | int | float | str | tuple[int, int] | None


class ProfileFacts:
    """A profile's facts by the names of the rule language, and the segments that it is said to be in."""

    def __init__(self, profile: Profile) -> None:
        self._profile = profile

    def get(self, name: str) -> Fact:
        """The fact's value; None where it is not known. KeyError for a name that is no fact."""
        return _FACTS[name](self._profile)

    @cached_property
    def names(self) -> Collection[str]:
        """All names that `get` answers."""
        return _FACTS.keys()


def birthday(profile: Profile) -> tuple[int, int] | None:
    """Month and day, from `1980-02-29` or `--02-29`; None where unknown or no date."""
    text = profile.trait("birthday") or ""
    try:
        born = date.fromisoformat(text.replace("--", "2000-", 1) if text.startswith("--") else text[:10])
    except ValueError:
        return None
    return born.month, born.day


def _marketing(profile: Profile) -> Consent | None:
    return profile.consent.get("marketing")


def _granted(profile: Profile) -> bool:
    consent = _marketing(profile)
    return consent is not None and consent.granted


def _first_granted_at(profile: Profile) -> int | None:
    consent = _marketing(profile)
    return consent.first_at if consent else None


_FACTS: dict[str, Callable[[Profile], Fact]] = {
    "consent.marketing": _granted,
    "consent.marketing_at": _first_granted_at,
    "signed_up_at": lambda profile: profile.identified_at,
    "orders.count": lambda profile: profile.orders.count - profile.orders.cancelled,
    "orders.revenue": lambda profile: (profile.orders.revenue - profile.orders.refunded) / 100,
    "orders.first_at": lambda profile: profile.orders.first_at,
    "orders.last_at": lambda profile: profile.orders.last_at,
    "orders.median_gap": lambda profile: profile.orders.median_gap,
    "cart.size": lambda profile: profile.cart.size,
    "cart.changed_at": lambda profile: profile.cart.changed_at,
    "cart.stage": lambda profile: profile.cart.stage,
    "visits.last_at": lambda profile: profile.last_visit_at,
    "birthday": birthday,
    "language": lambda profile: profile.trait("language"),
    "country": lambda profile: profile.trait("country"),
    "city": lambda profile: profile.trait("city"),
    "timezone": lambda profile: profile.trait("timezone"),
}
