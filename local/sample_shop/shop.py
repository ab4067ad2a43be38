"""The whole shop: every shopper's messages in the order of time, with or without the flaws of real input."""

import heapq
import json
from collections.abc import Iterator

from local.sample_shop.dice import Dice
from local.sample_shop.messages import Message, Trail
from local.sample_shop.people import habits, shopper, unreachable
from local.sample_shop.stories import STORIES, Story, first_buyer

_DAY = 86_400
_UNREACHABLE = 3
_REPEAT_EVERY = 500
_HABITS = 500_000
"""Added to a shopper's number, the number of the dice for the habits."""
_INVALID_LINES = (
    '{"type": "track", "event": "Order Completed", "messageId": "cut-off',
    '{"type": "page", "name": "Home", "messageId": "nobody", "timestamp": "2026-02-01T10:00:00Z"}',
    '{"type": "page", "name": "Home", "messageId": "no-time", "userId": "tc-99999", "timestamp": "noon"}',
)


def sample_events(seed: int = 1, days: int = 120, shoppers: int = 260) -> Iterator[Message]:
    """Segment-spec messages, the earliest first, from 2026-01-05 for so many days."""
    trails = [_trail(seed, number, days) for number in range(1, shoppers + 1)]
    in_time = heapq.merge(*(trail.messages for trail in trails), key=lambda told: told[0])
    for second, message in in_time:
        if 0 <= second < days * _DAY:
            yield message


def flawed_lines(seed: int = 1, days: int = 120, shoppers: int = 260) -> Iterator[str]:
    """The messages as JSON lines, some sent twice as clients do, and three lines that are no messages."""
    messages = list(sample_events(seed, days, shoppers))
    invalid_after = {len(messages) * share // 4: line for share, line in enumerate(_INVALID_LINES, start=1)}
    for index, message in enumerate(messages, start=1):
        line = json.dumps(message, ensure_ascii=False)
        yield line
        if index % _REPEAT_EVERY == 0:
            yield line
        if index in invalid_after:
            yield invalid_after[index]


def _trail(seed: int, number: int, days: int) -> Trail:
    dice = Dice(seed, number)
    if number <= _UNREACHABLE:
        trail = Trail(unreachable(number, dice), dice)
        first_buyer(trail, dice, days)
        return trail
    person = shopper(number, dice, habits(Dice(seed, number + _HABITS)))
    trail = Trail(person, dice, anonymous=dice.chance(0.3))
    _story(number)(trail, dice, days)
    return trail


def _story(number: int) -> Story:
    """By number rather than by dice, so that even a small shop has each kind in its share."""
    # 37 shares no factor with 100: a hundred numbers in a row meet every place once, well mixed.
    place = number * 37 % 100
    for share, story in STORIES:
        if place < share:
            return story
        place -= share
    raise AssertionError("the shares of the stories add up to a hundred")
