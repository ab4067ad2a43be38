"""What the rules need to know of all profiles together."""

from pydantic import Field

from homing.domain.events import Frozen
from homing.domain.hours import NO_HOURS, Hours
from homing.domain.moments import Moment


class Figures(Frozen):
    """Figures of the whole population, as they stood at `computed_at`.

    `tops` maps `<fact> top <percent>` (`top_key`) to the least value that belongs to it; `launches` maps product ids to
    the moment at which each was first seen. `hours` are the shop's rhythm: those of all its shoppers together.
    """

    computed_at: Moment = 0
    tops: dict[str, float] = Field(default_factory=dict)
    launches: dict[str, Moment] = Field(default_factory=dict)
    hours: Hours = NO_HOURS


def top_key(fact: str, percent: float) -> str:
    """`orders.revenue top 10`: the name of the figure that `orders.revenue: {top: 10 %}` needs."""
    return f"{fact} top {percent:g}"
