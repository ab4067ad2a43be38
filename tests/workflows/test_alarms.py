"""The template's alarms by its own numbers: each goes off where what it is there for happens, and else none does."""

import json
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING, Any
from unittest.mock import patch

import boto3
import pytest

from homing.domain.moments import DAY, HOUR, MINUTE
from local.cloud import Killed, Refusal
from local.simulation.deployment import RECONCILE_SCHEDULE, SCHEDULE
from tests.fakes.alarms import Watch

if TYPE_CHECKING:
    from local.cloud.functions import Function
    from tests.workflows.conftest import OpenShop, Shop

QUARTER = 15 * MINUTE


@dataclass(frozen=True, slots=True)
class Watched:
    """A shop, and who watches its alarms."""

    shop: "Shop"
    watch: Watch


@pytest.fixture(scope="module")
def watched(open_shop: "OpenShop") -> Iterator[Watched]:
    with open_shop(metrics=True) as shop:
        yield Watched(shop, Watch(shop.cloud))


@pytest.fixture
def fresh(watched: Watched) -> Iterator[Watched]:
    """A day of its own, with nobody of before who wants mail, and nothing parked."""
    yield watched
    shop = watched.shop
    for shopper in shop.shoppers:
        shopper.decides(consent=False)
    shop.shoppers.clear()
    with shop.cloud.seam.unseen():
        sqs = boto3.client("sqs")
        for queue in {letter.queue for letter in shop.cloud.dead_letters()}:
            sqs.purge_queue(QueueUrl=sqs.get_queue_url(QueueName=queue)["QueueUrl"])
    shop.wait(DAY)


# What goes wrong


@contextmanager
def failing(shop: "Shop", logical_id: str) -> Iterator[None]:
    """Every call of this function's fails."""

    def fails(_service: str, _operation: str, _phase: str) -> None:
        running = shop.cloud.functions.running
        if running is not None and running.logical_id == logical_id:
            raise Refusal("InternalServerError", "Internal server error", 500)

    with shop.faulted(fails):
        yield


def look_at_mails_and_account(shop: "Shop", duration: int) -> None:
    """Time in which the reconciliation comes as often as it is deployed to."""
    until = shop.now + duration
    while shop.now < until:
        shop.wait(min(QUARTER, until - shop.now))
        shop.cloud.fire_schedule(RECONCILE_SCHEDULE)
        shop.cloud.settle()


def an_event_cannot_be_folded(shop: "Shop") -> None:
    with failing(shop, "ProjectFunction"):
        shop.shopper().signs_up()
        shop.wait(2 * DAY)


def a_profile_cannot_be_enrolled(shop: "Shop") -> None:
    with failing(shop, "EnrollFunction"):
        shop.shopper().signs_up()
        shop.wait(2 * DAY)


def a_notice_of_ses_cannot_be_taken(shop: "Shop") -> None:
    with failing(shop, "FeedbackFunction"):
        shop.shopper().signs_up()
        shop.wait(DAY)


def the_end_of_a_run_cannot_be_kept(shop: "Shop") -> None:
    with failing(shop, "FinishFunction"):
        ada = shop.shopper()
        ada.signs_up()
        ada.orders("tea")
        shop.wait(DAY)


def a_look_at_the_segments_fails(shop: "Shop") -> None:
    with failing(shop, "SegmentsFunction"):
        shop.cloud.fire_schedule(SCHEDULE)
        shop.wait(HOUR)


def a_mail_fails_for_good(shop: "Shop") -> None:
    with failing(shop, "SendFunction"):
        shop.shopper().signs_up()
        shop.wait(DAY)


def a_recompute_fails_for_good(shop: "Shop") -> None:
    with failing(shop, "RecomputeFunction"):
        (arn,) = [machine.arn for machine in shop.cloud.workflows.machines.values() if "recompute" in machine.name]
        asked = {"stateMachineArn": arn, "name": "by-hand", "input": json.dumps({"reason": "rules", "preview": False})}
        shop.cloud.workflows.start(asked)
        shop.wait(DAY)


def a_rule_fails(shop: "Shop") -> None:
    with ExitStack() as until_mended:

        def break_rules(function: "Function") -> None:
            if function.logical_id == "ProjectFunction":
                rules = import_module("homing.domain.rules.logic")
                until_mended.enter_context(patch.object(rules.All, "evaluate", side_effect=ArithmeticError))

        shop.cloud.functions.alter(break_rules)
        shop.shopper().signs_up()
        shop.wait(MINUTE)


def the_api_refuses_events_though_they_are_right(shop: "Shop") -> None:
    with failing(shop, "IngestFunction"):
        ada = shop.shopper()
        assert shop.request(ada.message("identify", traits=ada.traits)).status >= 500


def events_wait_for_long(shop: "Shop") -> None:
    with failing(shop, "ProjectFunction"):
        shop.shopper().signs_up()
        shop.wait(HOUR)
    shop.wait(HOUR)


def a_shopper_waits_for_two_weeks(shop: "Shop") -> None:
    ada = shop.shopper()
    ada.signs_up()
    (mail,) = ada.inbox
    link = dict(mail.headers)["List-Unsubscribe"].strip("<>")
    path = "/" + link.replace("/unsubscribe/", "/preferences/").split("/", 3)[3].partition("?")[0]
    form = {"content-type": "application/x-www-form-urlencoded"}
    assert shop.cloud.http("POST", path, headers=form, body="do=erasure").status == 200
    shop.wait(14 * DAY)
    look_at_mails_and_account(shop, QUARTER)


def ses_refuses_every_mail(shop: "Shop") -> None:
    def refuses(_request: dict[str, Any]) -> dict[str, str]:
        raise Refusal("MessageRejected", "Email address is not verified.")

    with shop.ses_answers(refuses):
        for _ in range(5):
            shop.shopper().signs_up()
        shop.wait(DAY)


def a_function_dies_as_it_asks_ses(shop: "Shop") -> None:
    def dies(_service: str, operation: str, _phase: str) -> None:
        if operation == "SendEmail":
            raise Killed

    with shop.faulted(dies):
        shop.shopper().signs_up()
        look_at_mails_and_account(shop, HOUR)


def ses_does_not_tell_of_a_delivery(shop: "Shop") -> None:
    publish = shop.cloud.ses._publish

    def publish_some(configuration_set: str, event: object) -> None:
        if isinstance(event, dict) and event["eventType"] != "Delivery":
            publish(configuration_set, event)

    with patch.object(shop.cloud.ses, "_publish", publish_some):
        shop.shopper().signs_up()
        look_at_mails_and_account(shop, 2 * HOUR)
    shop.wait(DAY)
    look_at_mails_and_account(shop, HOUR)


def too_many_mails_bounce(shop: "Shop") -> None:
    for _ in range(900):
        shop.cloud.ses.account.count("Bounce")
    look_at_mails_and_account(shop, QUARTER)


CAUSES: dict[str, Callable[["Shop"], None]] = {
    "ProjectDeadLettersAlarm": an_event_cannot_be_folded,
    "EnrollDeadLettersAlarm": a_profile_cannot_be_enrolled,
    "FeedbackDeadLettersAlarm": a_notice_of_ses_cannot_be_taken,
    "FinishDeadLettersAlarm": the_end_of_a_run_cannot_be_kept,
    "ScheduleDeadLettersAlarm": a_look_at_the_segments_fails,
    "FailedRunsAlarm": a_mail_fails_for_good,
    "FailedRecomputesAlarm": a_recompute_fails_for_good,
    "RuleFailedAlarm": a_rule_fails,
    "RefusedEventsAlarm": the_api_refuses_events_though_they_are_right,
    "StreamLagAlarm": events_wait_for_long,
    "RequestsAlarm": a_shopper_waits_for_two_weeks,
    "FailedSendsAlarm": ses_refuses_every_mail,
    "UnknownSendsAlarm": a_function_dies_as_it_asks_ses,
    "UnsettledSendsAlarm": ses_does_not_tell_of_a_delivery,
    "BrakeAlarm": too_many_mails_bounce,
}
"""What each alarm is there for. The brake comes last: only a person releases it."""


# What is heard of it


def test_every_alarm_of_the_template_is_looked_at_here(watched: Watched) -> None:
    assert set(CAUSES) == set(watched.watch.alarms)


def test_every_alarm_calls_a_person(watched: Watched) -> None:
    topic = watched.shop.cloud.physical_id("AlarmTopic")
    assert {tuple(alarm.actions) for alarm in watched.watch.alarms.values()} == {(topic,)}
    subscription = watched.shop.cloud.properties("AlarmSubscription")
    assert (subscription["TopicArn"], subscription["Protocol"]) == (topic, "email")


def test_no_alarm_goes_off_where_all_goes_well(fresh: Watched) -> None:
    shop, since = fresh.shop, fresh.shop.now
    ada = shop.shopper()
    ada.signs_up()
    look_at_mails_and_account(shop, 2 * HOUR)
    ada.adds("teapot")
    shop.wait(DAY)
    ada.orders("teapot")
    look_at_mails_and_account(shop, HOUR)
    assert len(ada.inbox) > 1
    assert [name for name in CAUSES if fresh.watch.rings(name, since)] == []


@pytest.mark.parametrize("alarm", CAUSES)
def test_an_alarm_goes_off_for_what_it_is_there_for(fresh: Watched, alarm: str) -> None:
    since = fresh.shop.now
    assert not fresh.watch.rings(alarm, since)
    CAUSES[alarm](fresh.shop)
    assert fresh.watch.rings(alarm, since)
