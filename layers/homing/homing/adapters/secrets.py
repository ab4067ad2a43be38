"""Secrets Manager, asked once in a while."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from homing.domain.moments import MINUTE, Moment

if TYPE_CHECKING:
    from mypy_boto3_secretsmanager import SecretsManagerClient

KEPT_FOR = 5 * MINUTE
"""A rotated secret is known everywhere after this long."""


class CachedSecret:
    """One secret's text, kept for five minutes."""

    def __init__(self, client: "SecretsManagerClient", secret_id: str, now: Callable[[], Moment]) -> None:
        self._client = client
        self._secret_id = secret_id
        self._now = now
        self._value: str | None = None
        self._read_at: Moment = 0

    def value(self) -> str:
        """The secret as it stands, at most five minutes old."""
        if self._value is None or self._now() - self._read_at >= KEPT_FOR:
            self._value = self._client.get_secret_value(SecretId=self._secret_id)["SecretString"]
            self._read_at = self._now()
        return self._value
