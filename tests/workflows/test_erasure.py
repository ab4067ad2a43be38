"""Somebody is erased from the deployed template; then everything that was ever told of them is told once more."""

import json
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import boto3
import pytest

from homing.domain.ids import alias_id, contact_id
from homing.domain.moments import DAY, HOUR, MINUTE
from homing.domain.rights import Erasure
from homing.usecases.erase import LET_OTHERS_FINISH
from local.rights.stack import Stack, open_eraser

if TYPE_CHECKING:
    from homing.usecases.erase import Eraser
    from local.cloud import Cloud, Mail
    from tests.workflows.conftest import Shop, Shopper

BROWSER = "zebedees-browser"
FORMER = "zebedee.former@post.example"
NAME = "Zebedee"
FUNCTIONS_OF_THE_STREAM = {"EVENT#": "ProjectFunction", "PROFILE": "EnrollFunction"}


@pytest.fixture(scope="module")
def told_of_the_table(deployment: "Shop") -> list[dict[str, Any]]:
    """Every record of the table's stream, as it comes."""
    records: list[dict[str, Any]] = []
    deployment.cloud.observe_table(lambda _, record: records.append(dict(record)))
    return records


@pytest.fixture
def zebedee(shop: "Shop", told_of_the_table: list[dict[str, Any]]) -> "Shopper":
    """Has browsed, signed up, moved to another address, filled a cart, got mails, opened one and clicked in it."""
    told_of_the_table.clear()
    zebedee = shop.shopper(firstName=NAME)
    page = zebedee.message("page", anonymousId=BROWSER, properties={"url": "https://shop.example/tea"})
    del page["userId"]
    shop.hear(page)
    shop.hear(
        zebedee.message("identify", consent=True, anonymousId=BROWSER, traits={**zebedee.traits, "email": FORMER})
    )
    shop.wait(HOUR)
    zebedee.signs_up()
    zebedee.adds("teapot")
    shop.wait(2 * DAY)
    assert zebedee.inbox
    return zebedee


def eraser_of(cloud: "Cloud") -> "Eraser":
    machines = {
        name.removesuffix("StateMachine").lower(): cloud.physical_id(name)
        for name, resource in cloud.template.resources.items()
        if resource.type == "AWS::Serverless::StateMachine"
    }
    return open_eraser(Stack(cloud.physical_id("Table"), cloud.physical_id("SigningSecret"), machines))


def erase(shop: "Shop", profile_id: str) -> Erasure:
    eraser = eraser_of(shop.cloud)
    erasure = eraser.begin(eraser.find(profile_id)[0], shop.now)
    shop.wait(LET_OTHERS_FINISH)
    eraser.finish(erasure, shop.now)
    shop.cloud.settle()
    return erasure


def items(cloud: "Cloud") -> list[dict[str, Any]]:
    pages = boto3.client("dynamodb").get_paginator("scan").paginate(TableName=cloud.physical_id("Table"))
    return [dict(item) for page in pages for item in page["Items"]]


def everything_but_the_table(cloud: "Cloud") -> Iterator[tuple[str, str]]:
    """What buckets, queues, executions and logs hold, each with its place."""
    s3, sqs = boto3.client("s3"), boto3.client("sqs")
    for bucket in s3.list_buckets()["Buckets"]:
        for entry in s3.list_objects_v2(Bucket=bucket["Name"]).get("Contents", []):
            yield entry["Key"], repr(s3.get_object(Bucket=bucket["Name"], Key=entry["Key"])["Body"].read())
    for url in sqs.list_queues().get("QueueUrls", []):
        waiting = sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10, VisibilityTimeout=0).get("Messages", [])
        yield from ((url, message["Body"]) for message in waiting)
    for run in cloud.executions:
        yield run.execution.name, json.dumps([run.execution.name, run.execution.input, run.execution.output])
    for function in cloud.functions.by_logical_id:
        yield from ((function, line) for line in cloud.logs(function))


def told_again(cloud: "Cloud", records: list[dict[str, Any]]) -> None:
    """Every record that the stream ever carried comes to its function again, as it was."""
    for prefix, function in FUNCTIONS_OF_THE_STREAM.items():
        again = [
            record
            for record in records
            if "NewImage" in record["dynamodb"]
            and record["dynamodb"]["Keys"]["sk"]["S"].startswith(prefix)
            and "quiet" not in record["dynamodb"]["NewImage"]
        ]
        assert again, prefix
        assert cloud.invoke(function, {"Records": again}).error is None


def ses_tells_again(cloud: "Cloud", mail: "Mail", kind: str, **told: Any) -> None:
    at = "2026-03-05T10:00:00.000Z"
    tags = {name: [value] for name, value in mail.tags.items()}
    notice = {
        "eventType": kind,
        "mail": {"messageId": mail.message_id, "timestamp": at, "destination": mail.to, "tags": tags},
        kind[0].lower() + kind[1:]: {"timestamp": at, **told},
    }
    queue = boto3.client("sqs").get_queue_url(QueueName=cloud.identity("FeedbackQueue")[1]["QueueName"])["QueueUrl"]
    boto3.client("sqs").send_message(QueueUrl=queue, MessageBody=json.dumps(notice))
    cloud.settle()


def test_nothing_brings_back_who_was_erased(
    shop: "Shop",
    zebedee: "Shopper",
    told_of_the_table: list[dict[str, Any]],
    unsubscribe_path: Callable[["Mail"], str],
) -> None:
    cloud, old, mails = shop.cloud, list(told_of_the_table), list(zebedee.inbox)
    runs = [run for run in cloud.executions if zebedee.profile_id in run.execution.name]
    assert runs
    before = {(item["pk"]["S"], item["sk"]["S"]) for item in items(cloud)}
    erasure = erase(shop, alias_id("anonymous", BROWSER))
    assert {zebedee.profile_id, alias_id("anonymous", BROWSER)} == {*erasure.profiles}
    assert {contact_id(zebedee.email), contact_id(FORMER)} <= {*erasure.contacts}
    assert any(zebedee.profile_id in pk for pk, _ in before)
    _nothing_is_left(cloud, zebedee, erasure)

    told_again(cloud, old)
    _nothing_is_left(cloud, zebedee, erasure)
    for mail in mails:
        ses_tells_again(cloud, mail, "Send")
        ses_tells_again(cloud, mail, "Delivery", recipients=mail.to)
        ses_tells_again(cloud, mail, "Open", ipAddress="192.0.2.1")
        ses_tells_again(cloud, mail, "Click", link="https://shop.example")
        bounced = [{"emailAddress": address} for address in mail.to]
        ses_tells_again(cloud, mail, "Bounce", bounceType="Permanent", bouncedRecipients=bounced)
        ses_tells_again(cloud, mail, "Complaint", complainedRecipients=bounced)
        path = unsubscribe_path(mail)
        for place in (path, path.replace("unsubscribe", "preferences")):
            assert cloud.http("GET", place).status in (200, 404, 410)
            cloud.http("POST", place, body="List-Unsubscribe=One-Click")
    cloud.settle()
    _nothing_is_left(cloud, zebedee, erasure)
    for run in runs:
        told = json.loads(run.execution.input) if isinstance(run.execution.input, str) else run.execution.input
        for status in ("ABORTED", "SUCCEEDED", "FAILED", "TIMED_OUT"):
            ended = {"detail": {"status": status, "input": json.dumps(told)}}
            assert cloud.invoke("FinishFunction", ended).error is None
        late = cloud.invoke("SendFunction", {"run": told["run"], "step": "favourites"})
        assert late.error is not None
        assert late.error["errorType"] == "RunEnded"
    _nothing_is_left(cloud, zebedee, erasure)
    sent = len(cloud.outbox)
    zebedee.signs_up()
    zebedee.orders("tea")
    page = zebedee.message("page", anonymousId=BROWSER)
    del page["userId"]
    shop.hear(page)
    another = shop.shopper(email=zebedee.email.upper(), firstName=NAME)
    another.signs_up()
    cloud.fire_schedule("SegmentsRule")
    shop.wait(3 * DAY)
    _nothing_is_left(cloud, zebedee, erasure)
    assert [mail.to for mail in cloud.outbox[sent:] if zebedee.email in str(mail.to).lower()] == []
    assert cloud.dead_letters() == []


def _nothing_is_left(cloud: "Cloud", zebedee: "Shopper", erasure: Erasure) -> None:
    """Of the person nothing is in the table but marks; elsewhere nothing but opaque ids."""
    who = {zebedee.email, FORMER, NAME, zebedee.user_id, BROWSER}
    told = {word.lower() for word in {*who, *erasure.ids}}
    for item in items(cloud):
        text = json.dumps(item, default=repr).lower()
        assert [word for word in told if _names(text, word)] == [], item
    marks = {item["pk"]["S"] for item in items(cloud) if item["sk"]["S"] == "ERASED"}
    assert len(marks) >= len(erasure.ids)
    for place, text in everything_but_the_table(cloud):
        assert [word for word in who if _names(text.lower(), word.lower())] == [], place


def _names(text: str, word: str) -> bool:
    """Whether the text holds the word, and not as the beginning of another such as user-1 of user-12."""
    start = text.find(word)
    while start != -1:
        if not text[start + len(word) : start + len(word) + 1].isdigit():
            return True
        start = text.find(word, start + 1)
    return False


def test_an_erasure_leaves_everybody_else_as_they_were(shop: "Shop", zebedee: "Shopper") -> None:
    other = shop.shopper()
    other.signs_up()
    shop.wait(MINUTE)
    theirs = [item for item in items(shop.cloud) if other.profile_id in item["pk"]["S"]]
    erase(shop, zebedee.profile_id)
    assert [item for item in items(shop.cloud) if other.profile_id in item["pk"]["S"]] == theirs
    shop.wait(5 * DAY)
    assert other.inbox
