"""The road of a request through the whole template."""

import boto3

from homing.domain.moments import HOUR, MINUTE
from local.cloud import Cloud
from local.timers import Timers
from tests.contract.cloud_stack.things import FIXTURE, JSON, START, put, total


def test_a_request_is_answered_and_its_item_flows_on_through_the_stream(cloud: Cloud) -> None:
    put(cloud, "a")
    assert total(cloud, "a") == 0
    cloud.settle()
    assert total(cloud, "a") == 1
    assert cloud.logs("Look") == ("total T#a 1",)


def test_path_parameters_and_answers_pass_through_the_api(cloud: Cloud) -> None:
    put(cloud, "a")
    response = cloud.http("GET", "/things/a")
    assert (response.status, response.json()["pk"]) == (200, {"S": "T#a"})
    assert cloud.http("GET", "/things/b").status == 404
    assert cloud.http("GET", "/nowhere").json() == {"message": "Not Found"}


def test_a_state_machine_waits_in_virtual_time_and_its_end_is_announced(cloud: Cloud) -> None:
    put(cloud, "a", to="x@y.example")
    cloud.settle()
    (run,) = cloud.executions
    assert (run.execution.name, run.execution.status.value) == ("a", "RUNNING")
    cloud.advance_to(START + HOUR - 1)
    assert cloud.outbox == []
    cloud.advance_to(START + HOUR)
    assert [mail.at for mail in cloud.outbox] == [START + HOUR]
    assert run.execution.status.value == "SUCCEEDED"
    assert cloud.logs("Finish") == ("a SUCCEEDED",)


def test_what_ses_says_comes_back_through_the_topic_and_the_queue(cloud: Cloud) -> None:
    put(cloud, "a", to="bounce@simulator.amazonses.com")
    cloud.advance_to(START + 2 * HOUR)
    key = f"M#{cloud.outbox[0].message_id}"
    with cloud.seam.unseen():
        items = boto3.client("dynamodb").query(
            TableName=cloud.physical_id("Table"),
            KeyConditionExpression="pk = :pk",
            ExpressionAttributeValues={":pk": {"S": key}},
        )["Items"]
    assert [item["sk"]["S"] for item in items] == ["Bounce", "Send"]
    assert items[0]["tags"]["M"]["send_id"] == {"S": "s1"}


def test_parameters_reach_functions_and_state_machines(timers: Timers) -> None:
    parameters = {"Greeting": "good day", "Patience": "60"}
    with Cloud.deploy(FIXTURE, timers=timers, parameters=parameters) as cloud:
        response = cloud.http("POST", "/things", headers=JSON, body='{"id": "a", "to": "x@y.example"}')
        assert response.body == b"good day"
        cloud.advance_to(START + MINUTE)
        assert len(cloud.outbox) == 1


def test_a_resource_whose_condition_is_false_is_not_there(timers: Timers) -> None:
    with Cloud.deploy(FIXTURE, timers=timers, parameters={"WithFeedback": "no"}) as cloud:
        assert "Hear" not in cloud.functions.by_logical_id
        assert "Look" in cloud.functions.by_logical_id
