"""SVG paths in a unit square, which the page stretches to whatever width it has; y grows downwards."""

from collections.abc import Sequence
from itertools import accumulate

_GAP = 0.18  # of a column, left free between two bars
_NICE = (1, 2, 3, 4, 5, 6, 8, 10, 12, 15)


def scale_top(highest: float) -> int:
    """The round number at which an axis ends, at least 1 and not below the highest value."""
    power = 1
    while True:
        for nice in _NICE:
            if nice * power >= highest:
                return nice * power
        power *= 10


def stacked_bars(series: Sequence[Sequence[int]], top: int) -> list[str]:
    """One path for each series, its bars standing on those of the series before it."""
    if not series:
        return []
    heights = zip(*(accumulate(column) for column in zip(*series, strict=True)), strict=True)
    floors = [0] * len(series[0])
    paths = []
    for roof in heights:
        paths.append(_bars(floors, roof, top))
        floors = list(roof)
    return paths


def step_line(values: Sequence[int], top: int) -> str:
    """A level for each value, with steps between."""
    width = 1 / len(values)
    moves = [f"M0 {_y(values[0], top)}"]
    for column, value in enumerate(values):
        moves.append(f"V{_y(value, top)}H{_number((column + 1) * width)}")
    return "".join(moves)


def step_area(values: Sequence[int], top: int) -> str:
    """The surface below the step line."""
    return f"{step_line(values, top)}V1H0Z"


def _bars(floors: Sequence[int], roofs: Sequence[int], top: int) -> str:
    width = 1 / len(floors)
    bars = []
    for column, (floor, roof) in enumerate(zip(floors, roofs, strict=True)):
        if roof > floor:
            left, right = (column + _GAP / 2) * width, (column + 1 - _GAP / 2) * width
            bars.append(f"M{_number(left)} {_y(floor, top)}V{_y(roof, top)}H{_number(right)}V{_y(floor, top)}Z")
    return "".join(bars)


def _y(value: float, top: int) -> str:
    return _number(1 - value / top)


def _number(value: float) -> str:
    return f"{value:.5f}".rstrip("0").rstrip(".")
