"""What an event costs: write units, counted by DynamoDB's own rules of item size."""

import json
from typing import TYPE_CHECKING, Any

import pytest

from homing.domain.moments import DAY, MINUTE
from local.simulation.deployment import RECONCILE_SCHEDULE

if TYPE_CHECKING:
    from tests.workflows.conftest import Shop, Shopper

EVENTS = 60
CART_CHANGES = 50
LOOK = 4
"""A moment armed, looked at and disarmed, and the next one armed."""
HALF_A_KILOBYTE = 512


@pytest.mark.parametrize("event", ["page", "Product Viewed"])
def test_a_plain_event_of_a_known_profile_costs_at_most_two_write_units(shop: "Shop", event: str) -> None:
    """Each event for itself, as on a quiet day; on a busy one a batch folds many of them in one write."""
    ada = _a_regular(shop)
    before = shop.cloud.operations["dynamodb_write_units"]
    for _ in range(EVENTS):
        shop.hear(_plain(ada, event))
        shop.wait(MINUTE)
    spent = shop.cloud.operations["dynamodb_write_units"] - before
    assert spent <= 2 * EVENTS


def test_a_cart_that_changes_for_an_hour_costs_no_more_but_for_the_look_after_its_quiet_hour(shop: "Shop") -> None:
    """Of fifty changes; from about sixty within a fortnight on, the profile is larger than a kilobyte."""
    ada = _a_regular(shop)
    before = shop.cloud.operations["dynamodb_write_units"]
    for _ in range(CART_CHANGES):
        shop.hear(_plain(ada, "Product Added"))
        shop.wait(MINUTE)
    spent = shop.cloud.operations["dynamodb_write_units"] - before
    assert spent <= 2 * CART_CHANGES + LOOK


def test_events_that_come_together_share_the_write_of_the_profile(shop: "Shop") -> None:
    ada = _a_regular(shop)
    before = shop.cloud.operations["dynamodb_write_units"]
    shop.hear(*(_plain(ada, "page") for _ in range(EVENTS)))
    assert shop.cloud.operations["dynamodb_write_units"] - before <= EVENTS + 2


def test_a_repeated_event_costs_one_unit_and_changes_nothing(shop: "Shop") -> None:
    ada = _a_regular(shop)
    message = _plain(ada, "page")
    shop.hear(message)
    before = shop.cloud.operations["dynamodb_write_units"]
    assert shop.post(message)["duplicate"] == 1
    shop.cloud.settle()
    assert shop.cloud.operations["dynamodb_write_units"] - before == 1


def _a_regular(shop: "Shop") -> "Shopper":
    """Somebody with a name, an address, two orders and a history of visits."""
    ada = shop.shopper(
        lastName="Lovelace", language="en", timezone="Europe/London", birthday="1985-12-10", phone="+44 20 7946 0000"
    )
    ada.is_known()
    for product in ("tea", "bowl"):
        ada.orders(product)
        shop.wait(MINUTE)
    shop.hear(_plain(ada, "Product Viewed"))
    return ada


def _plain(ada: "Shopper", event: str) -> dict[str, Any]:
    """A message as large as the budget allows for."""
    product = {"product_id": "TP-01", "name": "Kyusu Teapot", "category": "Teaware", "price": 48.0, "quantity": 1}
    if event == "page":
        message = ada.message("page", properties={"url": "https://shop.example/teaware/kyusu-teapot", "title": "Kyusu"})
    else:
        message = ada.message("track", event, properties={**product, "currency": "EUR"})
    message["context"] = {"userAgent": ""}
    room = HALF_A_KILOBYTE - len(json.dumps(message))
    message["context"]["userAgent"] = "x" * room
    assert len(json.dumps(message)) == HALF_A_KILOBYTE
    return message


def test_a_mail_costs_seven_write_units(shop: "Shop") -> None:
    """The second of a journey, so neither its start nor its end.

    To send it: a place in the pace, the open mail, the claim and the ledger's entry. To know what became of it: the
    ledger and the profile's events. And the open mail is closed.
    """
    ada = shop.shopper()
    ada.signs_up()
    shop.wait(DAY)
    _reconcile(shop)
    units = shop.cloud.database.write_units.copy()
    closed: list[str] = []
    shop.cloud.observe_table(lambda _table, record: closed.append(record["eventName"] + _partition(record)))
    shop.wait(5 * DAY)
    _reconcile(shop)
    spent = shop.cloud.database.write_units - units
    assert len(ada.inbox) == 2
    assert {name: spent[name] for name in ("SendFunction", "FeedbackFunction", "ProjectFunction")} == {
        "SendFunction": 4,
        "FeedbackFunction": 2,
        "ProjectFunction": 0,
    }
    assert closed.count("REMOVEOPEN") == 1


def _reconcile(shop: "Shop") -> None:
    shop.cloud.fire_schedule(RECONCILE_SCHEDULE)
    shop.cloud.settle()


def _partition(record: dict[str, Any]) -> str:
    """What kind of partition a change of the table is in."""
    pk: str = record["dynamodb"]["Keys"]["pk"]["S"]
    return pk.partition("#")[0]
