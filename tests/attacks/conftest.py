"""The deployed handlers, wired as in the cloud to a table and secrets in moto: what an attacker reaches, in process."""

import importlib.util
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

import boto3
import pytest
from moto import mock_aws
from moto.core.models import DEFAULT_ACCOUNT_ID
from moto.dynamodb.models import dynamodb_backends

from homing import bootstrap, observability
from homing.adapters.contacts import TableContacts
from homing.adapters.table import Item, Table
from homing.domain.moments import Moment, parse_moment
from local.cloud.direct import take_short_road
from local.cloud.moto_expressions import remember_expressions

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

ROOT = Path(__file__).parents[2]
REGION = "eu-central-1"
NOW: Moment = parse_moment("2026-03-02T09:15:04.512Z")
WRITE_KEYS = {"server": "the-write-key", "browser": "the-open-key"}
SIGNING_KEY = "the-signing-key"
ENVIRONMENT = {
    "TABLE_NAME": "homing",
    "WRITE_KEY_SECRET": "write-key",
    "DOUBLE_OPT_IN": "yes",
    "SIGNING_SECRET": "signing-key",
    "SHOP_NAME": 'Tea & "Clay" <script>alert(1)</script>',
    "POWERTOOLS_SERVICE_NAME": "homing",
    "POWERTOOLS_METRICS_NAMESPACE": "Homing",
}


SETTINGS = {
    "url": "https://shop.example",
    "cart_url": "https://shop.example/cart",
    "support_email": "<b>@shop.example",
    "colour": "#2f5d50",
    "logo_url": 'https://images.example; script-src *//logo.png?"><script>alert(1)</script>',
    "currency": "EUR",
    "interests": ["Green tea", "</label><script>alert(1)</script>", "{{ 7 * 7 }}", "{shop}"],
}
"""Sound enough to be deployed, and as hostile as that allows."""


@dataclass(frozen=True)
class Doors:
    """The functions that outside data reaches, and the table behind them."""

    client: "DynamoDBClient"
    handlers: dict[str, ModuleType]

    def call(self, function: str, event: Any) -> Any:
        """What the function answers; an exception is a test that fails."""
        return self.handlers[function].handler(event, None)

    @property
    def table(self) -> Table:
        return Table(self.client, ENVIRONMENT["TABLE_NAME"])

    @property
    def contacts(self) -> TableContacts:
        return TableContacts(self.table)

    def items(self) -> list[Item]:
        """All that is kept, in a fixed order; asked of moto itself, which is ten times as fast as a scan."""
        partitions = _kept_by_moto().values()
        found = (item.to_json()["Attributes"] for partition in partitions for item in partition.values())
        return sorted(found, key=lambda item: (item["pk"]["S"], item["sk"]["S"]))

    def empty(self) -> None:
        """Forget all that is kept."""
        _kept_by_moto().clear()


def _kept_by_moto() -> dict[Any, Any]:
    """The items by partition key and sort key."""
    kept: dict[Any, Any] = dynamodb_backends[DEFAULT_ACCOUNT_ID][REGION].tables[ENVIRONMENT["TABLE_NAME"]].items
    return kept


def _handler_of(function: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(f"attacked_{function}", ROOT / "functions" / function / "app.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def _forget_the_wiring() -> None:
    for made in vars(bootstrap).values():
        if hasattr(made, "cache_clear"):
            made.cache_clear()


@pytest.fixture(scope="module")
def all_doors(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Doors]:
    shop_dir = tmp_path_factory.mktemp("shop")
    (shop_dir / "shop.json").write_text(json.dumps({"settings": SETTINGS}), "utf-8")
    with pytest.MonkeyPatch.context() as patch, mock_aws(), remember_expressions():
        for name, value in {**ENVIRONMENT, "SHOP_DIR": str(shop_dir)}.items():
            patch.setenv(name, value)
        patch.setattr(bootstrap, "now", lambda: NOW)
        patch.setattr(observability.metrics.provider, "namespace", "Homing")
        session = boto3.Session()
        take_short_road(session, REGION)
        patch.setattr(boto3, "DEFAULT_SESSION", session)
        client = boto3.client("dynamodb")
        keys: Any = [("pk", "HASH"), ("sk", "RANGE")]
        client.create_table(
            TableName=ENVIRONMENT["TABLE_NAME"],
            KeySchema=[{"AttributeName": name, "KeyType": kind} for name, kind in keys],
            AttributeDefinitions=[{"AttributeName": name, "AttributeType": "S"} for name, _ in keys],
            BillingMode="PAY_PER_REQUEST",
        )
        secrets = boto3.client("secretsmanager")
        secrets.create_secret(Name=ENVIRONMENT["WRITE_KEY_SECRET"], SecretString=json.dumps(WRITE_KEYS))
        secrets.create_secret(Name=ENVIRONMENT["SIGNING_SECRET"], SecretString=SIGNING_KEY)
        _forget_the_wiring()
        yield Doors(client, {function: _handler_of(function) for function in ("feedback", "ingest", "pages")})
        _forget_the_wiring()


@pytest.fixture
def doors(all_doors: Doors) -> Doors:
    """The functions before an empty table."""
    all_doors.empty()
    return all_doors
