"""A secret is asked for once in five minutes, and a new value is known after that."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import boto3
import pytest
from botocore.exceptions import ClientError
from moto import mock_aws

from homing.adapters.secrets import KEPT_FOR, CachedSecret

if TYPE_CHECKING:
    from mypy_boto3_secretsmanager import SecretsManagerClient

NOON = 1_700_000_000_000


class Clock:
    now = NOON

    def __call__(self) -> int:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def manager() -> Iterator["SecretsManagerClient"]:
    with mock_aws():
        client = boto3.client("secretsmanager", region_name="eu-central-1")
        client.create_secret(Name="key", SecretString="first")
        yield client


@pytest.fixture
def asked(manager: "SecretsManagerClient") -> list[str]:
    """The calls that were made so far."""
    calls: list[str] = []

    def note(event_name: str, **_: Any) -> None:
        calls.append(event_name)

    manager.meta.events.register("before-call.secrets-manager.GetSecretValue", note)
    return calls


def test_nothing_is_asked_before_the_value_is_wanted(
    manager: "SecretsManagerClient", asked: list[str], clock: Clock
) -> None:
    secret = CachedSecret(manager, "key", clock)
    assert asked == []
    assert secret.value() == "first"


def test_a_secret_is_kept_for_five_minutes_and_no_longer(
    manager: "SecretsManagerClient", asked: list[str], clock: Clock
) -> None:
    secret = CachedSecret(manager, "key", clock)
    secret.value()
    manager.put_secret_value(SecretId="key", SecretString="second")
    clock.now = NOON + KEPT_FOR - 1
    assert (secret.value(), len(asked)) == ("first", 1)
    clock.now = NOON + KEPT_FOR
    assert (secret.value(), len(asked)) == ("second", 2)


def test_a_secret_that_is_not_there_is_an_error(manager: "SecretsManagerClient", clock: Clock) -> None:
    with pytest.raises(ClientError) as refused:
        CachedSecret(manager, "another", clock).value()
    assert refused.value.response["Error"]["Code"] == "ResourceNotFoundException"
