"""Queues, schedules and asynchronous invocations."""

import json

import boto3
import pytest

from homing.domain.moments import HOUR, MINUTE, SECOND
from local.cloud import Cloud
from local.timers import Timers
from tests.contract.cloud_stack.things import FIXTURE, START


def test_a_message_that_fails_comes_back_after_its_visibility_timeout_and_ends_in_the_dead_letter_queue(
    cloud: Cloud,
) -> None:
    boto3.client("sqs").send_message(QueueUrl=cloud.physical_id("Feedback"), MessageBody="nonsense")
    before = cloud.operations["lambda_invocations"]
    cloud.settle()
    assert cloud.operations["lambda_invocations"] == before + 1
    cloud.advance_to(START + 59 * SECOND)
    assert cloud.operations["lambda_invocations"] == before + 1
    cloud.advance_to(START + HOUR)
    assert cloud.operations["lambda_invocations"] == before + 3
    assert [letter.body for letter in cloud.dead_letters()] == ["nonsense"]


def test_the_good_messages_of_a_batch_are_done_though_a_bad_one_is_among_them(cloud: Cloud) -> None:
    good = json.dumps({"mail": {"messageId": "m", "tags": {}}, "eventType": "Send"})
    boto3.client("sqs").send_message_batch(
        QueueUrl=cloud.physical_id("Feedback"),
        Entries=[{"Id": str(n), "MessageBody": body} for n, body in enumerate(["nonsense", good])],
    )
    cloud.advance_to(START + HOUR)
    assert cloud.operations["dynamodb.PutItem"] == 1
    assert [letter.body for letter in cloud.dead_letters()] == ["nonsense"]


def test_a_delayed_message_is_delivered_when_its_delay_is_over(cloud: Cloud) -> None:
    good = json.dumps({"mail": {"messageId": "m", "tags": {}}, "eventType": "Send"})
    boto3.client("sqs").send_message(QueueUrl=cloud.physical_id("Feedback"), MessageBody=good, DelaySeconds=30)
    cloud.advance_to(START + 29 * SECOND)
    assert cloud.operations["dynamodb.PutItem"] == 0
    cloud.advance_to(START + 30 * SECOND)
    assert cloud.operations["dynamodb.PutItem"] == 1


def test_a_schedule_fires_by_itself_with_its_input(timers: Timers) -> None:
    with Cloud.deploy(FIXTURE, timers=timers) as cloud:
        cloud.advance_to(START + 3 * HOUR)
        assert cloud.logs("Tick") == ('tick {"tick": true}',) * 3


def test_a_schedule_that_is_switched_off_fires_only_by_hand(cloud: Cloud) -> None:
    cloud.advance_to(START + 3 * HOUR)
    assert cloud.logs("Tick") == ()
    cloud.fire_schedule("TickEveryHour")
    cloud.settle()
    assert cloud.logs("Tick") == ('tick {"tick": true}',)


def test_an_unknown_schedule_is_an_error_that_names_those_there_are(cloud: Cloud) -> None:
    with pytest.raises(KeyError, match="TickEveryHour"):
        cloud.fire_schedule("Nonsense")


def test_an_asynchronous_invocation_that_fails_is_tried_three_times(cloud: Cloud) -> None:
    cloud.invocations.submit(cloud.functions.by_logical_id["Tick"], {"crash": True})
    tries = []
    for minute in range(5):
        cloud.advance_to(START + minute * MINUTE)
        tries.append(sum(line.startswith("tick ") for line in cloud.logs("Tick")))
    assert tries == [1, 2, 2, 3, 3]
