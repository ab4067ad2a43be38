"""Planted bugs: what peers did wrong, done to the product on purpose, to prove that the judges would see it.

Each plant changes the modules of some functions' instances, as a deployment with the bug in it would have them, and
says which rules it breaks. It is written against the product as it is: where the product changes, so must the plant,
and a test says so.
"""

from typing import Final

from local.torture.planting import PLANTS, Plant
from local.torture.plants import events, ledger, pages, permit

__all__ = ["MOST_SEEDS", "PLANTS", "Plant", "events", "ledger", "pages", "permit"]

MOST_SEEDS: Final = 11
"""A planted bug is found within so many seeds from its own on, or the proof is none."""
