"""Natural breaks: where amounts part into groups that are alike within and unlike each other.

Fisher's and Jenks's classes: of all ways to cut the sorted amounts, the one with the least variance within. Amounts
are compared by their ratio, so that one order for a thousand does not hide how the others part. The reasons for that,
and for doing it here in a few lines, stand in docs/decisions/0014-natural-breaks.md.
"""

from collections.abc import Sequence
from itertools import accumulate
from math import log

MOST_POINTS = 100
"""Quantiles that stand for all amounts where there are more: the work grows with their square."""

ENOUGH = 20
"""Fewer amounts than this have no groups that one could rely on."""

MOST_CLASSES = 4
EXPLAINED = 0.8
"""The part of the variance that lies between the classes, from which on more classes say little more."""


def natural_breaks(amounts: Sequence[float]) -> list[float]:
    """The least amount of each group but the lowest, ascending; empty where the amounts do not part.

    There are as few groups as explain four fifths of the variance, and at most four. Amounts of nothing are left out.
    """
    ordered = sorted(amount for amount in amounts if amount > 0)
    if len(ordered) < ENOUGH:
        return []
    points = _quantile_points(ordered)
    costs = _Costs([log(point) for point in points])
    whole = costs.of(0, len(points))
    if points[0] == points[-1]:
        return []
    classes = _classes(costs, len(points))
    starts = next((starts for cost, starts in classes if cost <= (1 - EXPLAINED) * whole), classes[-1][1])
    return sorted({points[start] for start in starts} - {points[0]})


class _Costs:
    """The sum of squared distances from their mean, of any neighbouring points."""

    def __init__(self, points: Sequence[float]) -> None:
        self._sums = list(accumulate(points, initial=0.0))
        self._squares = list(accumulate((point * point for point in points), initial=0.0))

    def of(self, start: int, end: int) -> float:
        total = self._sums[end] - self._sums[start]
        return max(0.0, self._squares[end] - self._squares[start] - total * total / (end - start))


def _classes(costs: _Costs, count: int) -> list[tuple[float, list[int]]]:
    """For two, three and four classes: the least cost, and where the classes but the first start."""
    best: list[tuple[float, list[int]]] = [(costs.of(0, end), []) for end in range(1, count + 1)]
    found = []
    for classes in range(2, min(MOST_CLASSES, count) + 1):
        # best[i] is of the first i + 1 points; fewer points than classes keep what they had.
        best = [
            min(
                ((best[start - 1][0] + costs.of(start, end), [*best[start - 1][1], start]) for start in range(1, end)),
                default=best[end - 1],
                key=lambda option: option[0],
            )
            if end >= classes
            else best[end - 1]
            for end in range(1, count + 1)
        ]
        found.append(best[-1])
    return found


def _quantile_points(ordered: Sequence[float]) -> Sequence[float]:
    if len(ordered) <= MOST_POINTS:
        return ordered
    last = len(ordered) - 1
    return [ordered[round(place * last / (MOST_POINTS - 1))] for place in range(MOST_POINTS)]
