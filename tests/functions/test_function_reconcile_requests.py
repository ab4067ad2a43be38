"""functions/reconcile tells for how long shoppers have waited for an answer."""

from typing import TYPE_CHECKING

from homing.adapters.requests import TableRequests
from homing.domain.moments import DAY, HOUR

if TYPE_CHECKING:
    from tests.functions.conftest import Deployed


def test_the_oldest_open_request_is_measured(deployed: "Deployed") -> None:
    requests = TableRequests(deployed.table)
    requests.note("data", "ada", deployed.now - 16 * DAY - HOUR)
    requests.note("erasure", "zoe", deployed.now - DAY)
    deployed.invoke("Reconcile", {})
    assert deployed.metrics("Reconcile")["OldestRequestDays"] == 16


def test_where_nobody_waits_it_says_so(deployed: "Deployed") -> None:
    deployed.invoke("Reconcile", {})
    assert deployed.metrics("Reconcile")["OldestRequestDays"] == 0
