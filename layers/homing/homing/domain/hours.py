"""The best hour: when a shopper is about, told by the days that the profile remembers, and by the shop's own rhythm.

There is no memory for it: clicks, visits and orders are remembered by the day with the latest moment of each
(`homing.domain.daily`), which is bounded and the same for any order and repetition of the events.
"""

from collections.abc import Collection, Iterator
from datetime import tzinfo
from operator import add
from typing import Final, TypeAlias

from homing.domain.moments import Moment, datetime_of
from homing.domain.profile import Doing, Profile

Hours: TypeAlias = tuple[int, ...]
"""24 weights, one for each hour of the day by the shopper's clock; a day that tells of an hour weighs `A_DAY`."""

NO_HOURS: Final[Hours] = (0,) * 24

A_DAY: Final = 10
AN_OPENING: Final = 1
"""Mail programs open mails by themselves: the openings that are remembered weigh no more than one visit together."""

PRIOR_DAYS: Final = 12
"""The shop's rhythm counts as much as so many days of the shopper's own (docs/decisions/0016-when-a-mail-goes.md)."""

_WEIGHTS: Final[dict[Doing, int]] = {"clicked": A_DAY, "visits": A_DAY, "opened": AN_OPENING}
_NEIGHBOURS: Final = ((-2, 1), (-1, 2), (0, 3), (1, 2), (2, 1))
"""How much an hour is told of by those around it: who comes at 9:59 today and at 10:01 tomorrow has one habit."""


def hours_of(profile: Profile, zone: tzinfo) -> Hours:
    """What the profile's remembered days tell of the shopper's hours."""
    weights = [0] * 24
    for moment, weight in _told(profile):
        weights[datetime_of(moment).astimezone(zone).hour] += weight
    return tuple(weights)


def hours_of_both(ours: Hours, theirs: Hours) -> Hours:
    """The sums."""
    return tuple(map(add, ours, theirs))


def best_hour(own: Hours, shop: Hours, awake: Collection[int]) -> int | None:
    """The hour among those awake in which the shopper is most likely to be about; None where nothing is known of it.

    The shop's hours are those of all shoppers together. Their shares stand for what is not known of this one: the
    estimate is the mean of a Dirichlet distribution, smoothed around the clock, in whole numbers, so that it is the
    same on every machine. Of hours that are equally good it is the first of the day.
    """
    everyone = sum(shop) or 1
    known = [mine * everyone + PRIOR_DAYS * A_DAY * all_ for mine, all_ in zip(own, shop, strict=True)]
    likely = {hour: sum(weight * known[(hour + away) % 24] for away, weight in _NEIGHBOURS) for hour in sorted(awake)}
    best = max(likely, key=likely.__getitem__, default=None)
    return best if best is not None and likely[best] else None


def _told(profile: Profile) -> Iterator[tuple[Moment, int]]:
    """Moments at which the shopper was about, with their weights."""
    for doing, weight in _WEIGHTS.items():
        yield from ((moment, weight) for moment, *_ in profile.days.get(doing, ()))
    yield from ((moment, A_DAY) for moment, *_ in profile.orders.tally.days)
