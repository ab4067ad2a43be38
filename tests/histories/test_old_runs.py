"""Runs that began before a deploy end after it: the definitions they keep, under the functions of today.

The definitions of 2026-11-22 cannot let a mail wait its turn: what the frequency cap holds, they leave out.
"""

import json
from base64 import b64decode
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import boto3
import pytest
import yaml

from homing.adapters.ledger import SEND_PREFIX, send_of
from homing.domain.moments import DAY, SECOND, Moment, parse_moment
from local.asl import Status, parse
from local.cloud import Cloud
from local.cloud.template import substitute
from local.cloud.workflows import Run
from local.simulation.deployment import deployed
from local.timers import Timers, VirtualClock
from tests.histories.recording import HISTORIES, items_of, machine_of, order, unrecorded

LONG_ENOUGH = 120 * DAY

pytestmark = pytest.mark.usefixtures("built_shop")


@dataclass(frozen=True)
class History:
    """A run as it was recorded."""

    version: str
    journey: str

    @cached_property
    def told(self) -> dict[str, Any]:
        told: dict[str, Any] = json.loads((HISTORIES / self.version / f"{self.journey}.json").read_text("utf-8"))
        return told

    @property
    def began(self) -> Moment:
        return parse_moment(self.told["began"])

    @property
    def steps(self) -> list[str]:
        return list(dict.fromkeys(task["payload"]["step"] for task in self.told["tasks"]))

    @property
    def answered(self) -> list[dict[str, Any]]:
        """The tasks that did not fail."""
        return [task for task in self.told["tasks"] if task["error"] is None]

    @property
    def run_id(self) -> str:
        run_id: str = self.told["input"]["run"]["run_id"]
        return run_id


@dataclass(frozen=True)
class Upgraded:
    """The code of today over the items of then."""

    cloud: Cloud
    history: History

    def start(self) -> Run:
        """The run of the history, under its own definition, until its first wait."""
        machine = machine_of(self.history.journey)
        text = (HISTORIES / self.history.version / f"{self.history.journey}.asl.yaml").read_text("utf-8")
        definition = parse(yaml.safe_load(substitute(text, self.history.told["substitutions"])))
        self.cloud.workflows.redefine(machine, definition)
        boto3.client("stepfunctions").start_execution(
            stateMachineArn=self.cloud.physical_id(machine),
            name=self.history.run_id,
            input=json.dumps(self.history.told["input"]),
        )
        self.cloud.settle()
        (run,) = self.cloud.executions
        return run

    def mails(self) -> Counter[str]:
        """How often SES took the mail of each step."""
        return Counter(mail.tags["step"] for mail in self.cloud.outbox)

    def outcomes(self) -> dict[str, str]:
        """What the ledger says of each step: `sent`, or why not."""
        sends = map(send_of, (item for item in items_of(self.cloud) if item["sk"]["S"].startswith(SEND_PREFIX)))
        return {send.step: send.reason or send.outcome for send in sends}

    def assert_each_mail_is_accounted_for(self, steps: Iterable[str]) -> None:
        """Each step is in the ledger, sent or left out for the cap; and what is sent, SES took once."""
        outcomes = self.outcomes()
        assert outcomes.keys() == set(self.history.steps)
        assert set(outcomes.values()) <= {"sent", "frequency_cap"}
        assert self.mails() == {step: 1 for step in steps if outcomes[step] == "sent"}


@contextmanager
def upgraded(history: History, when: str) -> Iterator[Upgraded]:
    """The deployment of today, with nothing on a schedule, and the items that were recorded."""
    with VirtualClock(history.began) as clock, deployed(Timers(clock), parameters={"DoubleOptIn": "no"}) as cloud:
        for schedule in cloud.schedules.by_logical_id:
            cloud.disable_schedule(schedule)
        with cloud.seam.unseen():
            for item in history.told[f"items_{when}"]:
                boto3.client("dynamodb").put_item(TableName=cloud.physical_id("Table"), Item=_sendable(item))
        yield Upgraded(cloud, history)
        assert cloud.dead_letters() == []


def _sendable(item: dict[str, Any]) -> dict[str, Any]:
    """The item as boto3 takes it: with bytes for base64."""
    return {name: {"B": b64decode(value["B"])} if "B" in value else value for name, value in item.items()}


RECORDED = [
    pytest.param(History(path.parent.name, path.stem), id=f"{path.parent.name}-{path.stem}")
    for path in sorted(HISTORIES.glob("*/*.json"))
]

LONGER = [each for each in RECORDED if len(each.values[0].steps) > 1]  # type: ignore[union-attr]
CARTS = [each for each in RECORDED if each.values[0].journey == "cart"]  # type: ignore[union-attr]


@pytest.mark.parametrize("history", RECORDED)
def test_an_old_run_is_sent_to_its_end_each_mail_once_however_often_it_asks(history: History) -> None:
    with upgraded(history, "before_first_mail") as shop:
        run = shop.start()
        shop.cloud.advance_to(history.began + LONG_ENOUGH)
        assert run.execution.status is Status.SUCCEEDED
        shop.assert_each_mail_is_accounted_for(history.steps)
        for task in history.answered:
            again = shop.cloud.invoke("SendFunction", task["payload"])
            assert again.error is None, again.error
            assert task["result"].keys() <= again.value.keys()
        shop.assert_each_mail_is_accounted_for(history.steps)


@pytest.mark.parametrize("history", LONGER)
def test_a_run_that_a_deploy_meets_in_its_wait_goes_on_from_there(history: History) -> None:
    first, *later = history.steps
    with upgraded(history, "before_second_mail") as shop:
        run = shop.start()
        assert shop.mails() == {}, f"{first} is in the ledger"
        shop.cloud.advance_to(history.began + LONG_ENOUGH)
        assert run.execution.status is Status.SUCCEEDED
        shop.assert_each_mail_is_accounted_for(later)


@pytest.mark.parametrize("history", CARTS)
def test_an_order_after_the_deploy_still_ends_a_run_of_before(history: History) -> None:
    with upgraded(history, "before_second_mail") as shop:
        run = shop.start()
        second = next(task for task in history.told["tasks"] if task["payload"]["step"] == history.steps[1])
        shop.cloud.advance_to(parse_moment(second["at"]) - SECOND)
        order(shop.cloud)
        shop.cloud.advance_to(history.began + LONG_ENOUGH)
        assert run.execution.status in {Status.ABORTED, Status.SUCCEEDED}
        assert shop.mails() == {}


def test_todays_definitions_are_recorded() -> None:
    assert unrecorded() == {}, "another definition has to be recorded before it is deployed: make record-histories"


def test_every_version_has_a_history_of_each_of_its_definitions() -> None:
    def names(folder: Path, suffix: str) -> set[str]:
        return {path.name.removesuffix(suffix) for path in folder.glob(f"*{suffix}")}

    for folder in HISTORIES.glob("20*"):
        assert names(folder, ".asl.yaml") == names(folder, ".json")
