"""A whole small template, deployed and run: what AWS would do, the local cloud does."""

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from homing.domain.moments import DAY, HOUR, MINUTE, SECOND, datetime_of
from local.cloud import Cloud, Killed, Refusal, TemplateError, Unsupported
from local.timers import Timers, VirtualClock

FIXTURE = Path(__file__).parents[1] / "cloud_fixture" / "template.yaml"
START = 1_700_000_000_000
JSON = {"content-type": "application/json"}


@pytest.fixture
def timers() -> Iterator[Timers]:
    with VirtualClock(START) as clock:
        yield Timers(clock)


@pytest.fixture
def cloud(timers: Timers) -> Iterator[Cloud]:
    with Cloud.deploy(FIXTURE, timers=timers, seed=7) as deployed:
        deployed.disable_schedule("TickEveryHour")
        yield deployed


def put(cloud: Cloud, thing: str, **more: Any) -> None:
    response = cloud.http("POST", "/things", headers=JSON, body=json.dumps({"id": thing, **more}))
    assert response.status == 200


def total(cloud: Cloud, thing: str) -> int:
    key = {"pk": {"S": f"T#{thing}"}, "sk": {"S": "TOTAL"}}
    with cloud.seam.unseen():
        item = boto3.client("dynamodb").get_item(TableName=cloud.physical_id("Table"), Key=key).get("Item")
    return int(item["things"]["N"]) if item else 0


# The road


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


# Streams


def test_a_failing_record_is_bisected_out_retried_and_given_up(cloud: Cloud) -> None:
    for thing in "abcd":
        put(cloud, thing, **({"crash": True} if thing == "c" else {}))
    cloud.advance_to(START + HOUR)
    # The first half of the batch came once with the whole, and once by itself: at least once.
    assert [total(cloud, thing) for thing in "abd"] == [2, 2, 1]
    (letter,) = cloud.dead_letters()
    assert letter.queue == "homing-DeadLetters"
    assert json.loads(letter.body)["DDBStreamBatchInfo"]["batchSize"] == 1


def test_a_partial_failure_is_retried_from_its_record(cloud: Cloud) -> None:
    put(cloud, "a")
    put(cloud, "b", fail=True)
    put(cloud, "c")
    cloud.settle()
    assert [total(cloud, thing) for thing in "abc"] == [1, 0, 0]
    cloud.advance_to(START + HOUR)
    assert [total(cloud, thing) for thing in "abc"] == [1, 0, 1]


def test_a_put_that_changes_nothing_makes_no_record(cloud: Cloud) -> None:
    seen: list[str] = []
    cloud.observe_table(lambda table, record: seen.append(f"{table} {record['eventName']}"))
    client, table = boto3.client("dynamodb"), cloud.physical_id("Table")
    item: Any = {"pk": {"S": "x"}, "sk": {"S": "y"}, "n": {"N": "1"}}
    client.put_item(TableName=table, Item=item)
    client.put_item(TableName=table, Item=item)
    client.put_item(TableName=table, Item={**item, "n": {"N": "2"}})
    client.delete_item(TableName=table, Key={"pk": {"S": "x"}, "sk": {"S": "y"}})
    client.delete_item(TableName=table, Key={"pk": {"S": "x"}, "sk": {"S": "y"}})
    assert seen == [f"{table} {change}" for change in ("INSERT", "MODIFY", "REMOVE")]


def test_an_update_that_makes_an_item_is_one_insert_with_its_whole_image(cloud: Cloud) -> None:
    records: list[Any] = []
    cloud.observe_table(lambda _, record: records.append(record))
    boto3.client("dynamodb").update_item(
        TableName=cloud.physical_id("Table"),
        Key={"pk": {"S": "x"}, "sk": {"S": "y"}},
        UpdateExpression="SET a = :a",
        ExpressionAttributeValues={":a": {"B": b"\x00\x01"}},
    )
    (record,) = records
    assert record["eventName"] == "INSERT"
    assert record["dynamodb"]["NewImage"] == {"pk": {"S": "x"}, "sk": {"S": "y"}, "a": {"B": "AAE="}}
    assert "OldImage" not in record["dynamodb"]
    assert record["dynamodb"]["ApproximateCreationDateTime"] == START // SECOND


def write(cloud: Cloud, sort_key: str, expires_at: int) -> None:
    boto3.client("dynamodb").put_item(
        TableName=cloud.physical_id("Table"),
        Item={"pk": {"S": "x"}, "sk": {"S": sort_key}, "expires_at": {"N": str(expires_at // SECOND)}},
    )


def test_an_item_that_has_expired_goes_unbilled_and_the_stream_says_who_took_it(cloud: Cloud) -> None:
    write(cloud, "soon", START + HOUR)
    write(cloud, "later", START + 10 * DAY)
    records: list[Any] = []
    cloud.observe_table(lambda _, record: records.append(record))
    billed = cloud.operations["dynamodb_write_units"]
    cloud.advance_to(START + 2 * DAY)
    (record,) = records
    assert (record["eventName"], record["dynamodb"]["Keys"]["sk"]) == ("REMOVE", {"S": "soon"})
    assert record["userIdentity"] == {"type": "Service", "principalId": "dynamodb.amazonaws.com"}
    assert cloud.operations["dynamodb_write_units"] == billed


def test_an_item_whose_moment_was_put_off_stays_until_then(cloud: Cloud) -> None:
    write(cloud, "x", START + HOUR)
    write(cloud, "x", START + 3 * DAY)
    removed: list[int] = []
    cloud.observe_table(lambda *_: removed.append(cloud.timers.now()))
    cloud.advance_to(START + 10 * DAY)
    assert len(removed) == 1
    assert START + 3 * DAY <= removed[0] <= START + 4 * DAY


# Queues


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


# Schedules and asynchronous invocations


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


# Step Functions


def start(cloud: Cloud, name: str, data: str = '{"to": "x@y.example"}') -> str:
    arn: str = boto3.client("stepfunctions").start_execution(
        stateMachineArn=cloud.physical_id("Journey"), name=name, input=data
    )["executionArn"]
    return arn


def test_starting_a_running_execution_again_with_the_same_input_changes_nothing(cloud: Cloud) -> None:
    assert start(cloud, "a") == start(cloud, "a")
    assert len(cloud.executions) == 1


@pytest.mark.parametrize("ended", [False, True])
def test_a_name_that_is_taken_is_refused(cloud: Cloud, *, ended: bool) -> None:
    arn = start(cloud, "a")
    if ended:
        boto3.client("stepfunctions").stop_execution(executionArn=arn)
    with pytest.raises(ClientError, match="ExecutionAlreadyExists") as refusal:
        start(cloud, "a", '{"to": "x@y.example"}' if ended else "{}")
    assert isinstance(refusal.value, boto3.client("stepfunctions").exceptions.ExecutionAlreadyExists)


def test_a_stopped_execution_does_nothing_more_and_says_why(cloud: Cloud) -> None:
    arn = start(cloud, "a")
    client = boto3.client("stepfunctions")
    client.stop_execution(executionArn=arn, error="Purchase", cause="bought")
    cloud.advance_to(START + 2 * HOUR)
    description = client.describe_execution(executionArn=arn)
    assert (description["status"], description["error"], description["cause"]) == (
        "ABORTED",
        "Purchase",
        "bought",
    )
    assert description["startDate"].timestamp() * 1_000 == START
    assert cloud.outbox == []
    assert cloud.logs("Finish") == ("a ABORTED",)


@pytest.mark.parametrize(
    ("operation", "parameters", "code"),
    [
        (
            "start_execution",
            {"stateMachineArn": "arn:aws:states:x:1:stateMachine:y"},
            "StateMachineDoesNotExist",
        ),
        ("stop_execution", {"executionArn": "arn:x"}, "ExecutionDoesNotExist"),
        ("describe_execution", {"executionArn": "arn:x"}, "ExecutionDoesNotExist"),
    ],
)
def test_what_is_not_there_is_refused_as_step_functions_does(
    cloud: Cloud, operation: str, parameters: dict[str, str], code: str
) -> None:
    del cloud
    with pytest.raises(ClientError, match=code):
        getattr(boto3.client("stepfunctions"), operation)(**parameters)


@pytest.mark.parametrize(("name", "data", "code"), [("a b", "{}", "InvalidName"), ("a", "{", "InvalidExecutionInput")])
def test_names_and_inputs_that_are_not_valid_are_refused(cloud: Cloud, name: str, data: str, code: str) -> None:
    with pytest.raises(ClientError, match=code):
        start(cloud, name, data)


def test_a_failing_task_fails_the_execution_with_lambdas_error(cloud: Cloud) -> None:
    start(cloud, "a", '{"to": "not an address"}')
    cloud.advance_to(START + 2 * HOUR)
    (run,) = cloud.executions
    assert (run.execution.status.value, run.execution.error) == ("FAILED", "BadRequestException")
    assert json.loads(str(run.execution.cause))["errorType"] == "BadRequestException"


# The seam


def test_a_fault_before_a_call_leaves_no_effect_and_one_after_it_leaves_it(cloud: Cloud) -> None:
    for phase, effect in (("before", False), ("after", True)):
        remove = cloud.on_call(_kill("PutItem", phase))
        response = cloud.http("POST", "/things", headers=JSON, body=json.dumps({"id": phase}))
        remove()
        assert response.status == 500
        assert (cloud.http("GET", f"/things/{phase}").status == 200) is effect


def test_a_service_can_be_made_to_refuse_a_call_without_effect_or_retry(cloud: Cloud) -> None:
    tries: list[str] = []

    def throttle(_service: str, operation: str, phase: str) -> None:
        if (operation, phase) == ("PutItem", "before"):
            tries.append(operation)
            raise Refusal("ProvisionedThroughputExceededException", "slow down")

    cloud.on_call(throttle)
    client = boto3.client("dynamodb")
    with pytest.raises(client.exceptions.ProvisionedThroughputExceededException, match="slow down"):
        client.put_item(TableName=cloud.physical_id("Table"), Item={"pk": {"S": "a"}, "sk": {"S": "b"}})
    assert len(tries) == 1
    assert cloud.operations["dynamodb_write_units"] == 0


def test_an_answer_reads_the_same_at_once_and_over_http(cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("botocore.endpoint.time.sleep", lambda _: None)
    arn = start(cloud, "a")
    tries: list[Any] = []

    def refuse_the_second(request: dict[str, Any]) -> dict[str, Any]:
        tries.append(request)
        if len(tries) == 2:
            raise Refusal("ServiceUnavailable", "not now", 503)
        return cloud.workflows.describe(request)

    cloud.seam.answer("sfn", "DescribeExecution", refuse_the_second)
    client = boto3.client("stepfunctions")
    requests: list[str] = []
    client.meta.events.register_first("before-send", lambda event_name, **_: requests.append(event_name))
    at_once: Any = client.describe_execution(executionArn=arn)
    assert requests == []
    retried: Any = client.describe_execution(executionArn=arn)
    assert requests == ["before-send.sfn.DescribeExecution"] * 2
    assert tries == [{"executionArn": arn}] * 3
    assert [each["ResponseMetadata"].pop("RetryAttempts") for each in (at_once, retried)] == [0, 1]
    assert at_once == retried
    assert at_once["startDate"] == datetime_of(START)


def test_a_client_that_is_told_not_to_retry_meets_a_refusal_once(cloud: Cloud) -> None:
    tries: list[Any] = []

    def refuse(request: dict[str, Any]) -> dict[str, Any]:
        tries.append(request)
        raise Refusal("ServiceUnavailable", "not now", 503)

    cloud.seam.answer("sfn", "DescribeExecution", refuse)
    client = boto3.client("stepfunctions", config=Config(retries={"total_max_attempts": 1}))
    with pytest.raises(ClientError, match="not now") as refusal:
        client.describe_execution(executionArn="arn:x")
    assert refusal.value.response["ResponseMetadata"]["HTTPStatusCode"] == 503
    assert len(tries) == 1


def test_a_function_that_is_killed_is_given_its_batch_again(cloud: Cloud) -> None:
    put(cloud, "a")
    remove = cloud.on_call(_kill("UpdateItem", "after"))
    cloud.settle()
    remove()
    assert total(cloud, "a") == 1
    cloud.advance_to(START + MINUTE)
    assert total(cloud, "a") == 2


def _kill(operation: str, phase: str) -> Any:
    def hook(_service: str, called: str, at: str) -> None:
        if (called, at) == (operation, phase):
            raise Killed

    return hook


def test_every_call_is_counted_and_billed(cloud: Cloud) -> None:
    put(cloud, "a", pad="x" * 1_500, to="x@y.example")
    put(cloud, "a", pad="x" * 1_500)
    cloud.http("GET", "/things/a")
    cloud.advance_to(START + 2 * HOUR)
    operations = cloud.operations
    assert operations["ses_sends"] == operations["sesv2.SendEmail"] == 1
    assert operations["state_transitions"] == 2
    assert operations["sfn.StartExecution"] == 1
    # The item of two units, the repeat that fails its condition on it, the total, two notes from SES.
    assert operations["dynamodb_write_units"] == 2 + 2 + 1 + 2
    assert operations["dynamodb_read_units"] == 1
    assert operations["dynamodb.PutItem"] == 4


def test_filters_and_projections_take_nothing_off_the_bill(cloud: Cloud) -> None:
    client, table = boto3.client("dynamodb"), cloud.physical_id("Table")
    for n in range(3):
        client.put_item(TableName=table, Item={"pk": {"S": "p"}, "sk": {"S": str(n)}, "b": {"S": "x" * 4_000}})
    before = cloud.database.read_units
    answer = client.query(
        TableName=table,
        KeyConditionExpression="pk = :pk",
        FilterExpression="#s = :one",
        ProjectionExpression="#s",
        ExpressionAttributeNames={"#s": "sk"},
        ExpressionAttributeValues={":pk": {"S": "p"}, ":one": {"S": "1"}},
        ConsistentRead=True,
    )
    assert answer["Count"] == 1
    assert cloud.database.read_units - before == 3
    assert cloud.operations["dynamodb.Query"] == 1


@pytest.mark.parametrize(
    ("parameters", "code"),
    [
        ({"TableName": "nowhere", "Item": {"pk": {"S": "a"}, "sk": {"S": "b"}}}, "ResourceNotFoundException"),
        ({"TableName": "homing-Table", "Item": {"pk": {"S": "a"}}}, "ValidationException"),
    ],
)
def test_a_call_that_dynamodb_refuses_is_refused_and_free(cloud: Cloud, parameters: dict[str, Any], code: str) -> None:
    with pytest.raises(ClientError, match=code):
        boto3.client("dynamodb").put_item(**parameters)
    assert cloud.operations["dynamodb_write_units"] == 0


def test_a_transaction_is_billed_twice(cloud: Cloud) -> None:
    table = cloud.physical_id("Table")
    boto3.client("dynamodb").transact_write_items(
        TransactItems=[{"Put": {"TableName": table, "Item": {"pk": {"S": "a"}, "sk": {"S": n}}}} for n in ("1", "2")]
    )
    assert cloud.operations["dynamodb_write_units"] == 4


# What the cloud is


def test_the_same_input_and_seed_give_the_same_bytes(timers: Timers) -> None:
    del timers

    def run() -> list[Any]:
        with VirtualClock(START) as clock, Cloud.deploy(FIXTURE, timers=Timers(clock), seed=3) as cloud:
            records: list[Any] = []
            cloud.observe_table(lambda _, record: records.append(record))
            for n in range(5):
                put(cloud, str(n), to=f"{n}@y.example")
            cloud.advance_to(START + 2 * HOUR)
            secret = boto3.client("secretsmanager").get_secret_value(SecretId=cloud.physical_id("Key"))
            return [
                records,
                [mail.eml() for mail in cloud.outbox],
                [cloud.logs(name) for name in cloud.functions.by_logical_id],
                cloud.operations,
                secret["SecretString"],
            ]

    assert run() == run()


def test_secrets_parameters_and_buckets_are_there(cloud: Cloud) -> None:
    secret = boto3.client("secretsmanager").get_secret_value(SecretId=cloud.physical_id("Key"))["SecretString"]
    assert len(secret) == 24
    assert secret.isalnum()
    assert boto3.client("ssm").get_parameter(Name="/fixture/colour")["Parameter"]["Value"] == "hello"
    buckets = boto3.client("s3").list_buckets()["Buckets"]
    assert [bucket["Name"] for bucket in buckets] == ["homing-archive"]


def test_a_secret_can_be_given(timers: Timers) -> None:
    with Cloud.deploy(FIXTURE, timers=timers, secrets={"Key": "local"}) as cloud:
        client = boto3.client("secretsmanager")
        assert client.get_secret_value(SecretId=cloud.physical_id("Key"))["SecretString"] == "local"


def test_what_changes_nothing_here_is_listed_with_the_reason(cloud: Cloud) -> None:
    assert {"Alarm", "ReceiveRole", "ApiLog"} <= set(cloud.inert)
    assert all(cloud.inert.values())
    assert "Table" not in cloud.inert


def test_outputs_are_resolved(cloud: Cloud) -> None:
    assert cloud.outputs == {"Url": "https://homingapi.execute-api.eu-central-1.amazonaws.com"}


def test_the_process_has_its_environment_back_afterwards(timers: Timers) -> None:
    before = dict(os.environ)
    session = boto3.DEFAULT_SESSION
    with Cloud.deploy(FIXTURE, timers=timers) as cloud:
        put(cloud, "a")
        assert os.environ["AWS_REGION"] == "eu-central-1"
    assert dict(os.environ) == before
    assert boto3.DEFAULT_SESSION is session


# What it is not


def changed(tmp_path: Path, old: str, new: str) -> Path:
    text = FIXTURE.read_text()
    assert old in text
    for path in FIXTURE.parent.iterdir():
        if path.is_dir():
            (tmp_path / path.name).symlink_to(path)
    template = tmp_path / "template.yaml"
    template.write_text(text.replace(old, new, 1))
    return template


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("Type: AWS::S3::Bucket", "Type: AWS::Kinesis::Stream", "Archive.*AWS::Kinesis::Stream"),
        (
            "BatchSize: 10\n",
            "BatchSize: 10\n            TumblingWindowInSeconds: 5\n",
            "FoldThings.*TumblingWindow",
        ),
        (
            "BatchSize: 10\n",
            "BatchSize: 10\n            ParallelizationFactor: 5\n",
            "FoldThings.*Parallelization",
        ),
        ("BillingMode: PAY_PER_REQUEST", "BillingMode: PROVISIONED", "Table.*BillingMode"),
        (
            "      KeySchema:",
            "      GlobalSecondaryIndexes: []\n      KeySchema:",
            "Table.*GlobalSecondaryIndexes",
        ),
        ("Protocol: sqs", "Protocol: https", "HeardToFeedback.*https"),
        ("rate(1 hour)", "cron(0 0 L * ? *)", "L in cron"),
        (
            "MatchingEventTypes: [SEND",
            "CloudWatchDestination: {}\n        MatchingEventTypes: [SEND",
            "MailEvents.*CloudWatch",
        ),
        (
            "Path: /things, Method: post",
            "Path: /things, Method: post, PayloadFormatVersion: '1.0'",
            "post /things.*2.0",
        ),
    ],
)
def test_what_is_not_known_stops_the_deployment_by_name(
    timers: Timers, tmp_path: Path, old: str, new: str, message: str
) -> None:
    with pytest.raises(Unsupported, match=message):
        Cloud.deploy(changed(tmp_path, old, new), timers=timers)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("MailFunction: !GetAtt Mail.Arn\n", "", "Journey.*MailFunction"),
        ("!GetAtt Table.StreamArn", "!GetAtt Table.Nonsense", "Table has no attribute Nonsense"),
        ("!Ref MailSettings", "!Ref Nonsense", "Nonsense"),
    ],
)
def test_what_is_wrong_stops_the_deployment_by_name(
    timers: Timers, tmp_path: Path, old: str, new: str, message: str
) -> None:
    with pytest.raises(TemplateError, match=message):
        Cloud.deploy(changed(tmp_path, old, new), timers=timers)


def test_a_deployment_that_stops_leaves_nothing_behind(timers: Timers, tmp_path: Path) -> None:
    before = dict(os.environ)
    with pytest.raises(Unsupported):
        Cloud.deploy(changed(tmp_path, "Type: AWS::S3::Bucket", "Type: AWS::Kinesis::Stream"), timers=timers)
    assert dict(os.environ) == before
