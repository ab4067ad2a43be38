"""Runs that began before a deploy end after it: the definitions they keep, under the functions of today."""

import json
from base64 import b64decode
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import boto3
import pytest
import yaml

from homing.domain.moments import DAY, SECOND, Moment, parse_moment
from local.asl import Status, parse
from local.cloud import Cloud
from local.cloud.template import substitute
from local.cloud.workflows import Run
from local.simulation.deployment import deployed
from local.timers import Timers, VirtualClock
from tests.histories.recording import HISTORIES, definitions, machine_of, order

LONG_ENOUGH = 120 * DAY


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
        return [task["payload"]["step"] for task in self.told["tasks"]]

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


@pytest.mark.parametrize("history", RECORDED)
def test_an_old_run_is_sent_to_its_end_each_mail_once(history: History) -> None:
    with upgraded(history, "before_first_mail") as shop:
        run = shop.start()
        shop.cloud.advance_to(history.began + LONG_ENOUGH)
        assert run.execution.status is Status.SUCCEEDED
        assert shop.mails() == dict.fromkeys(history.steps, 1)


@pytest.mark.parametrize("history", RECORDED)
def test_a_run_that_a_deploy_meets_in_its_wait_goes_on_from_there(history: History) -> None:
    first, *later = history.steps
    with upgraded(history, "before_second_mail") as shop:
        run = shop.start()
        assert shop.mails() == {}, f"{first} is in the ledger"
        shop.cloud.advance_to(history.began + LONG_ENOUGH)
        assert run.execution.status is Status.SUCCEEDED
        assert shop.mails() == dict.fromkeys(later, 1)


@pytest.mark.parametrize("history", RECORDED)
def test_an_order_after_the_deploy_still_ends_a_run_of_before(history: History) -> None:
    with upgraded(history, "before_second_mail") as shop:
        run = shop.start()
        shop.cloud.advance_to(parse_moment(history.told["tasks"][1]["at"]) - SECOND)
        order(shop.cloud)
        shop.cloud.advance_to(history.began + LONG_ENOUGH)
        assert run.execution.status in {Status.ABORTED, Status.SUCCEEDED}
        assert shop.mails() == {}


@pytest.mark.parametrize("history", RECORDED)
def test_what_old_tasks_ask_is_answered_as_they_know_it_however_often(history: History) -> None:
    with upgraded(history, "before_first_mail") as shop:
        for task in history.told["tasks"]:
            shop.cloud.advance_to(parse_moment(task["at"]))
            for _ in range(2):
                outcome = shop.cloud.invoke("SendFunction", task["payload"])
                assert outcome.error is None, outcome.error
                assert task["result"].items() <= outcome.value.items()
        assert shop.mails() == dict.fromkeys(history.steps, 1)


def test_todays_definitions_are_recorded() -> None:
    recorded = {path.read_bytes() for path in HISTORIES.glob("*/*.asl.yaml")}
    missing = [str(path) for path in definitions().values() if path.read_bytes() not in recorded]
    assert missing == [], "another definition has to be recorded before it is deployed: make record-histories"


def test_every_version_has_a_history_of_each_of_its_definitions() -> None:
    def names(folder: Path, suffix: str) -> set[str]:
        return {path.name.removesuffix(suffix) for path in folder.glob(f"*{suffix}")}

    for folder in (path for path in HISTORIES.iterdir() if (path / "cart.json").exists()):
        assert names(folder, ".asl.yaml") == names(folder, ".json")
