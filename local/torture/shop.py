"""What the shop's files say, read here once more: what judges the product must not ask it."""

from dataclasses import dataclass
from functools import cache
from typing import Any

import yaml

from homing.domain.moments import DAY, Duration
from local.simulation.deployment import ROOT


@dataclass(frozen=True, slots=True)
class Rules:
    """What the judges have to know of a shop: its journeys' steps, its caps (mails, window), its quiet hours."""

    journeys: dict[str, dict[str, Any]]
    caps: tuple[tuple[int, Duration], ...]
    quiet: tuple[int, int] | None
    timezone: str

    def is_marketing(self, journey: str) -> bool:
        kind: str = self.journeys[journey].get("kind", "marketing")
        return kind == "marketing"


@cache
def rules() -> Rules:
    """Those of the shop of this checkout."""
    journeys = _read("journeys.yaml")["journeys"]
    sending = _read("settings.yaml").get("sending", {})
    caps = tuple((mails, _days(window)) for window, mails in sending.get("at_most", {}).items())
    quiet = sending.get("quiet_hours")
    hours = None if quiet is None else (int(quiet.split("-")[0]), int(quiet.split("-")[1]))
    return Rules(journeys, caps, hours, sending.get("timezone", "UTC"))


def _days(window: str) -> Duration:
    count, unit = window.split()
    if not unit.startswith("day"):
        raise ValueError(f"a window of days was expected: {window}")
    return int(count) * DAY


def _read(name: str) -> Any:
    return yaml.safe_load((ROOT / "shop" / name).read_text(encoding="utf-8"))
