"""What the first shopper does besides, where a planted bug would else take hundreds of seeds to show."""

from typing import Final

from homing.domain.moments import DAY
from local.torture.stories import Act


def is_known(day: float = 0) -> Act:
    return Act(int(day * DAY), 0, "is_known", {"ago": 0})


def adds(day: float) -> Act:
    return Act(int(day * DAY), 0, "adds", {"product": 0})


def orders(day: float) -> Act:
    return Act(int(day * DAY), 0, "orders", {"order": f"day{day}", "total": 20})


LEAVES_CARTS: Final = (is_known(), adds(2), adds(8), adds(14), adds(20))
AGREES_AFTER_A_COMPLAINT: Final = (is_known(), is_known(3), adds(4), is_known(12), adds(13))
UNSUBSCRIBES: Final = (is_known(), Act(5 * DAY, 0, "unsubscribes"))
UNSUBSCRIBES_AMID: Final = tuple(
    act
    for day, boundary in ((2, 5), (8, 7), (14, 9), (20, 11))
    for act in (is_known(day - 2), adds(day), Act(day * DAY, 0, "unsubscribes", ambush=boundary))
)
RETURNS_OFTEN: Final = (is_known(), *(Act(day * DAY, 0, "returns") for day in range(1, 28, 3) for _ in range(4)))
BUYS_AMID: Final = (
    *LEAVES_CARTS,
    *(Act(day * DAY, 0, "orders", {"order": f"amid{day}", "total": 20}, ambush=4) for day in (1, 8, 14, 20)),
)
ORDERS_AFTER_THE_GREETING: Final = (is_known(), orders(1))
WITHDRAWS_AND_LEAVES_CARTS: Final = (is_known(), Act(3 * DAY, 0, "withdraws"), adds(8), adds(14), adds(20))
ORDERS_AND_LEAVES_MORE: Final = (
    is_known(),
    *(act for day in (2, 8, 14, 20) for act in (adds(day), orders(day + 0.2), adds(day + 0.3))),
)
"""Two carts are left on a day, and each is worth a mail at once."""
PAUSES_AMID_A_CART: Final = (is_known(), adds(2), Act(int(2.1 * DAY), 0, "prefers", {"wish": "pause"}))
MOVES: Final = Act(5 * DAY, 0, "moves", {"address": 1})
STOPS_BY_AN_OLD_MAIL_AMID: Final = (
    *(is_known(), adds(2), orders(4), MOVES),
    *(
        act
        for day, boundary in ((8, 7), (14, 9), (20, 11))
        for act in (is_known(day - 1), adds(day), Act(day * DAY, 0, "unsubscribes", {"address": 0}, boundary))
    ),
)
PAUSES_AND_MOVES: Final = (
    *(is_known(), adds(2), Act(4 * DAY, 0, "prefers", {"wish": "pause"}), orders(4.5), MOVES),
    *(adds(8), orders(12), adds(14)),
)
MOVES_BETWEEN_MAILS: Final = (
    is_known(),
    *(
        act
        for number, day in enumerate((2, 8, 14, 20), 1)
        for act in (
            *(adds(day), orders(day + 0.2), adds(day + 0.3)),
            Act(int((day + 0.25) * DAY), 0, "moves", {"address": number % 2}),
        )
    ),
)
MEDDLES: Final = (is_known(), Act(5 * DAY, 0, "meddles"))
SCANS: Final = (is_known(), Act(5 * DAY, 0, "scans"))
