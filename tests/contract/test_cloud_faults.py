"""Faults at the seam: every try of a call meets its own, and its effect is seen as often as it took place."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any
from unittest.mock import patch

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError, ConnectTimeoutError, ReadTimeoutError

from homing.domain.moments import parse_moment
from local.cloud import Cloud, Refusal
from local.cloud.seam import Fault
from local.timers import Timers, VirtualClock

FIXTURE = Path(__file__).parents[1] / "cloud_fixture" / "template.yaml"
ITEM: Any = {"pk": {"S": "p"}, "sk": {"S": "1"}, "bytes": {"B": b"\x00\xff"}}
KEY: Any = {"pk": {"S": "p"}, "sk": {"S": "1"}}
THROTTLED = Fault("before", Refusal("ThrottlingException", "Rate exceeded"))
UNREACHED = Fault("before", ConnectTimeoutError(endpoint_url="https://db.example"))
UNHEARD = Fault("after", ReadTimeoutError(endpoint_url="https://db.example"))


class Shop:
    """A table, and a client that tries three times; `faults` befall the next tries, one after the other."""

    def __init__(self, cloud: Cloud) -> None:
        self.faults: list[Fault] = []
        self.changes: list[str] = []
        self._table = cloud.physical_id("Table")
        cloud.seam.faults = lambda _service, _operation: self.faults.pop(0) if self.faults else None
        cloud.observe_table(lambda _table, record: self.changes.append(record["eventName"]))
        retries: Any = {"mode": "standard", "total_max_attempts": 3}
        self._client = boto3.client("dynamodb", config=Config(retries=retries))

    def put(self, *faults: Fault) -> None:
        self.faults[:] = faults
        self._client.put_item(TableName=self._table, Item=ITEM, ConditionExpression="attribute_not_exists(pk)")

    def item(self) -> Any:
        return self._client.get_item(TableName=self._table, Key=KEY).get("Item")


@pytest.fixture
def shop() -> Iterator[Shop]:
    with (
        VirtualClock(parse_moment("2026-03-02T10:00:00Z")) as clock,
        Cloud.deploy(FIXTURE, timers=Timers(clock)) as cloud,
        patch("time.sleep", lambda _: None),
    ):
        yield Shop(cloud)


def test_a_call_is_tried_again_where_it_was_throttled_or_did_not_arrive(shop: Shop) -> None:
    shop.put(THROTTLED, UNREACHED)
    assert shop.changes == ["INSERT"]
    assert shop.item() == ITEM


def test_a_conditional_write_whose_answer_was_lost_finds_its_own_effect(shop: Shop) -> None:
    with pytest.raises(ClientError, match="ConditionalCheckFailed"):
        shop.put(UNHEARD)
    assert shop.changes == ["INSERT"]


def test_a_call_whose_tries_have_all_failed_has_had_no_effect(shop: Shop) -> None:
    with pytest.raises(ClientError, match="ThrottlingException"):
        shop.put(THROTTLED, THROTTLED, THROTTLED)
    assert shop.changes == []
    assert shop.item() is None


def test_the_call_after_a_disturbed_one_takes_the_ordinary_way(shop: Shop) -> None:
    shop.put(THROTTLED)
    with pytest.raises(ClientError, match="ConditionalCheckFailed"):
        shop.put()
    assert shop.changes == ["INSERT"]


@pytest.mark.parametrize("fault", [THROTTLED, UNREACHED, UNHEARD], ids=["throttled", "unreached", "unheard"])
def test_services_that_speak_xml_are_disturbed_alike(shop: Shop, fault: Fault) -> None:
    retries: Any = {"mode": "standard", "total_max_attempts": 3}
    client = boto3.client("ses", config=Config(retries=retries))
    shop.faults[:] = [fault, fault]
    assert client.get_send_statistics()["SendDataPoints"] == []
    shop.faults[:] = [THROTTLED] * 3
    with pytest.raises(ClientError, match="Rate exceeded") as refused:
        client.get_send_statistics()
    assert refused.value.response["Error"]["Code"] == "ThrottlingException"
