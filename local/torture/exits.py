"""What shoppers have told that ends runs: purchases and withdrawals, read off the messages as they were kept.

A mail is held to them once there was time for them to arrive: what became of the profile meanwhile is not asked.
"""

from collections import defaultdict
from typing import Any, Final, NamedTuple

from homing.domain.moments import DAY, Duration, Moment
from local.torture.chronicle import Change, Chronicle, number
from local.torture.parked import Parked
from local.torture.shop import Rules

_ARRIVES_WITHIN: Final[Duration] = DAY
"""Far more than a message takes from the log to the permit, on the worst of ways."""


class _Told(NamedTuple):
    """A message: when it says that it happened, when it was kept, and what it says."""

    at: Moment
    kept_at: Moment
    says: Any


class Exits:
    """Watches the messages of each profile, and is told of each permit."""

    def __init__(self, chronicle: Chronicle, rules: Rules) -> None:
        self._chronicle = chronicle
        self._rules = rules
        self._orders: dict[str, list[_Told]] = defaultdict(list)
        self._refunds: dict[str, set[str]] = defaultdict(set)
        self._wishes: dict[str, list[_Told]] = defaultdict(list)
        self._began: dict[str, Moment] = {}
        """When each run's first mail was permitted."""
        chronicle.on_change.append(self._see)

    def permitted(self, run: str) -> None:
        """A mail of the run was permitted now."""
        journey, profile, _ = run.split("-", 2)
        began, pk = self._began.setdefault(run, self._chronicle.now), f"P#{profile}"
        if self._has_bought(pk, began) and "order" in self._ends_on(journey) and not self._is_parked(pk):
            self._chronicle.violated("a purchase ends it", f"{journey} was permitted a day after an order was told")
        if self._has_withdrawn(pk) and self._rules.is_marketing(journey) and not self._is_parked(pk):
            self._chronicle.violated("withdrawal stops", f"{journey} was permitted a day after a withdrawal was told")

    def _see(self, change: Change) -> None:
        if not change.sk.startswith("EVENT#") or change.before is not None or change.after is None:
            return
        told = self._chronicle.events[change.pk, change.sk]
        kept_at = number(change.after, "received_at") or 0
        if told.get("name") == "Order Completed":
            self._orders[change.pk].append(_Told(told["at"], kept_at, told["order_id"]))
        if told.get("name") == "Order Refunded":
            self._refunds[change.pk].add(told["order_id"])
        wish = told.get("consent", {}).get("marketing")
        if wish is not None:
            self._wishes[change.pk].append(_Told(told["at"], kept_at, wish))

    def _has_bought(self, pk: str, began: Moment) -> bool:
        """Whether something was bought and kept after the run's first mail, and that has arrived."""
        return any(
            order.at > began and self._has_arrived(order) and order.says not in self._refunds[pk]
            for order in self._orders[pk]
        )

    def _has_withdrawn(self, pk: str) -> bool:
        """Whether the latest word on mails was a withdrawal, and that has arrived."""
        latest = max(self._wishes[pk], key=lambda wish: (wish.at, wish.kept_at), default=None)
        return latest is not None and latest.says is False and self._has_arrived(latest)

    def _has_arrived(self, told: _Told) -> bool:
        return told.kept_at < self._chronicle.now - _ARRIVES_WITHIN

    def _ends_on(self, journey: str) -> str | list[str]:
        ends_on: str | list[str] = self._rules.journeys[journey].get("ends_on", [])
        return ends_on

    def _is_parked(self, pk: str) -> bool:
        return pk in Parked(self._chronicle).partitions
