"""Each deployed function by itself: its handler in process, in the environment that template.yaml gives it.

The events are those of events/, which `sam local invoke` takes as well. Whatever a test does, no function may write a
shopper's address, name or customer number to its log or its metrics.
"""

import copy
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
import pytest

from homing.adapters.contacts import TableContacts
from homing.adapters.ledger import TableRuns, TableSends
from homing.adapters.profiles import TableProfiles, profile_record
from homing.adapters.table import Item, Table
from homing.domain.moments import Moment, parse_moment
from homing.domain.permit import Contact
from homing.domain.sends import Run, Send
from local.cloud import Cloud
from local.shop_files import read_yaml
from local.simulation.deployment import SCHEDULE
from local.timers import Timers, VirtualClock

ROOT = Path(__file__).parents[2]
NOW = parse_moment("2026-03-02T09:15:04.512Z")
"""The moment of the events."""

PERSONAL = re.compile(r"[\w.+-]+@[\w-]+\.\w+|Lovelace|cust-0048219", re.IGNORECASE)


@dataclass(frozen=True)
class Deployed:
    """The deployed template, and what a test asks of it."""

    cloud: Cloud

    def event(self, name: str) -> Any:
        """The event of events/<name>.json; the test's own copy."""
        return json.loads((ROOT / "events" / f"{name}.json").read_text("utf-8"))

    @staticmethod
    def broken(record: dict[str, Any], **attributes: Any) -> dict[str, Any]:
        """A stream's record of another profile, numbered 1, whose new image has these attributes."""
        broken = copy.deepcopy(record)
        pk = {"S": "P#brokenbrokenbrok"}
        broken["dynamodb"]["NewImage"] |= {"pk": pk, **attributes}
        broken["dynamodb"]["Keys"]["pk"] = pk
        broken["dynamodb"]["SequenceNumber"] = "1"
        return broken

    def invoke(self, function: str, event: Any) -> Any:
        """What the function answers; it must not fail."""
        outcome = self.cloud.invoke(f"{function}Function", event)
        assert outcome.error is None, outcome.error
        return outcome.value

    def failure(self, function: str, event: Any) -> str:
        """The name of the error with which the function fails."""
        error = self.cloud.invoke(f"{function}Function", event).error
        assert error is not None, f"{function} did not fail"
        return str(error["errorType"])

    @property
    def now(self) -> Moment:
        return self.cloud.timers.now()

    @property
    def table(self) -> Table:
        return Table(boto3.client("dynamodb"), self.cloud.physical_id("Table"))

    @property
    def profiles(self) -> TableProfiles:
        return TableProfiles(self.table)

    def keep_profile(self, image: Item) -> str:
        """Keep the profile that a stream's image shows; its id."""
        record = profile_record(image)
        self.profiles.save(record.model_copy(update={"version": 0}))
        return record.profile_id

    @property
    def contacts(self) -> TableContacts:
        return TableContacts(self.table)

    def contact(self, contact_id: str) -> Contact:
        """The contact, which must be there."""
        contact = self.contacts.load(contact_id)
        assert contact is not None
        return contact

    @property
    def runs(self) -> TableRuns:
        return TableRuns(self.table)

    def run(self, run: Run) -> Run:
        """The run's record, which must be there."""
        kept = self.runs.load(run)
        assert kept is not None
        return kept

    @property
    def sends(self) -> TableSends:
        return TableSends(self.table)

    def send(self, profile_id: str, send_id: str) -> Send:
        """The ledger's entry, which must be there."""
        kept = self.sends.load(profile_id, send_id)
        assert kept is not None
        return kept

    def items(self, prefix: str = "") -> list[Item]:
        """The items of the table whose partition key begins so, in a fixed order."""
        found = boto3.client("dynamodb").scan(TableName=self.cloud.physical_id("Table"))["Items"]
        items: list[Item] = [dict(item) for item in found if item["pk"]["S"].startswith(prefix)]
        return sorted(items, key=lambda item: (item["pk"]["S"], item["sk"]["S"]))

    def lines(self, function: str) -> list[dict[str, Any]]:
        """What the function has written since the test began, without what the runtime adds."""
        return [json.loads(line) for line in self.cloud.logs(f"{function}Function") if line.startswith("{")]

    def metrics(self, function: str) -> dict[str, Any]:
        """The metrics that the function has written since the test began."""
        told: dict[str, Any] = {}
        for line in self.lines(function):
            for metrics in line.get("_aws", {}).get("CloudWatchMetrics", []):
                assert metrics["Namespace"] == "Homing"
                told |= {metric["Name"]: sum(line[metric["Name"]]) for metric in metrics["Metrics"]}
        return told


@pytest.fixture(scope="module")
def cloud(built_shop: Path) -> Iterator[Cloud]:
    parameters = {name: str(value) for name, value in read_yaml(ROOT / "shop/parameters.yaml").items()}
    parameters["DoubleOptIn"] = "no"
    with (
        VirtualClock(NOW) as clock,
        Cloud.deploy(
            ROOT / "template.yaml",
            timers=Timers(clock),
            parameters=parameters,
            environment={"SHOP_DIR": str(built_shop)},
            secrets={"WriteKeySecret": "local", "SigningSecret": "local"},
        ) as cloud,
    ):
        cloud.disable_schedule(SCHEDULE)
        yield cloud


@pytest.fixture
def deployed(cloud: Cloud) -> Iterator[Deployed]:
    """The functions with an empty table and empty logs."""
    deployed = Deployed(cloud)
    with cloud.seam.unseen():
        for item in deployed.items():
            deployed.table.delete(item["pk"]["S"], item["sk"]["S"])
    for function in cloud.functions.by_logical_id.values():
        function.log.clear()
    yield deployed
    told = [line for name in cloud.functions.by_logical_id for line in cloud.logs(name) if PERSONAL.search(line)]
    assert told == [], "a function has written down who a shopper is"
