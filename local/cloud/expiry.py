"""DynamoDB's time to live: an item goes, unbilled, some time after the moment that it names.

https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/howitworks-ttl.html
"""

from collections.abc import Callable
from functools import partial
from typing import Any, Final, TypeAlias

from homing.domain.moments import DAY, SECOND, Moment
from local.cloud.inside_moto import Attributes
from local.timers import Timers

# DynamoDB promises a few days and takes items older than this for a mistake.
_TOO_OLD: Final = 5 * 365 * DAY

Key: TypeAlias = Attributes
DELETED_BY_TTL: Final[dict[str, Any]] = {"userIdentity": {"type": "Service", "principalId": "dynamodb.amazonaws.com"}}


class Expiry:
    """The items of one table that will expire; they are swept up at the end of the day (UTC)."""

    def __init__(self, attribute: str, timers: Timers, delete: Callable[[Key], None]) -> None:
        self._attribute = attribute
        self._timers = timers
        self._delete = delete
        self._due: dict[Moment, list[Key]] = {}

    def note(self, key: Key, image: Attributes) -> None:
        """An item was written: remembers it for the day on which it expires."""
        expires = self._moment(image)
        if expires is None or expires < self._timers.now() - _TOO_OLD:
            return
        sweep = (max(expires, self._timers.now()) // DAY + 1) * DAY
        if sweep not in self._due:
            self._due[sweep] = []
            self._timers.call_at(sweep, partial(self._sweep, sweep))
        self._due[sweep].append(key)

    def expired(self, image: Attributes) -> bool:
        """Whether an item, as it is now, is past its moment."""
        expires = self._moment(image)
        return expires is not None and expires <= self._timers.now()

    def _sweep(self, sweep: Moment) -> None:
        for key in self._due.pop(sweep):
            self._delete(key)

    def _moment(self, image: Attributes) -> Moment | None:
        value = image.get(self._attribute, {}).get("N")
        return None if value is None else int(float(value)) * SECOND
