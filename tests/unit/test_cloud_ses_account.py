"""What SES keeps for the whole account, asked through boto3 as adapters ask."""

from collections.abc import Iterator
from typing import Any

import boto3
import pytest

from homing.domain.moments import DAY, HOUR, MINUTE, datetime_of
from local.cloud.queues import Queues
from local.cloud.seam import Seam
from local.cloud.ses import Ses
from local.timers import Timers, VirtualClock

START = 1_700_000_000_000 // (15 * MINUTE) * (15 * MINUTE)
SENDER = "hello@shop.example"


@pytest.fixture
def clock() -> Iterator[VirtualClock]:
    with VirtualClock(START) as clock:
        yield clock


@pytest.fixture
def timers(clock: VirtualClock) -> Timers:
    return Timers(clock)


@pytest.fixture
def session(monkeypatch: pytest.MonkeyPatch) -> boto3.Session:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "local")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "local")
    return boto3.Session(region_name="eu-central-1")


@pytest.fixture
def ses(timers: Timers, session: boto3.Session) -> Ses:
    ses = Ses(Queues("eu-central-1"), timers, "eu-central-1", seed=1)
    ses.identities.add("shop.example")
    ses.configuration_sets.add("set")
    ses.suppressing["set"] = frozenset({"BOUNCE", "COMPLAINT"})
    ses.answer_at(Seam(session))
    return ses


def send(ses: Ses, address: str) -> None:
    content = {"Simple": {"Subject": {"Data": "Hello"}, "Body": {"Text": {"Data": "Hello"}}}}
    request: dict[str, Any] = {
        "FromEmailAddress": SENDER,
        "Destination": {"ToAddresses": [address]},
        "Content": content,
        "ConfigurationSetName": "set",
    }
    ses.send(request)
    while ses.pump():
        pass


def test_the_quota_counts_the_mails_of_the_latest_24_hours(ses: Ses, session: boto3.Session, timers: Timers) -> None:
    for _ in range(3):
        send(ses, "a@b.example")
        timers.advance_to(timers.now() + 10 * HOUR)
    quota = session.client("sesv2").get_account()["SendQuota"]
    assert quota == {"Max24HourSend": 50_000.0, "MaxSendRate": 14.0, "SentLast24Hours": 2.0}


def test_the_statistics_count_by_the_quarter_of_an_hour_for_14_days(
    ses: Ses, session: boto3.Session, timers: Timers
) -> None:
    for mailbox in ("bounce", "softbounce", "bounce"):  # which is on the suppression list by then
        send(ses, f"{mailbox}@simulator.amazonses.com")
    timers.advance_to(START + 15 * MINUTE)
    for mailbox in ("complaint", "success"):
        send(ses, f"{mailbox}@simulator.amazonses.com")
    points = session.client("ses").get_send_statistics()["SendDataPoints"]
    assert sorted(points, key=lambda point: point["Timestamp"]) == [
        {"Timestamp": datetime_of(START), "DeliveryAttempts": 3, "Bounces": 1, "Complaints": 0, "Rejects": 0},
        {
            "Timestamp": datetime_of(START + 15 * MINUTE),
            "DeliveryAttempts": 2,
            "Bounces": 0,
            "Complaints": 1,
            "Rejects": 0,
        },
    ]
    timers.advance_to(START + 14 * DAY)
    assert len(session.client("ses").get_send_statistics()["SendDataPoints"]) == 1


def test_the_suppression_list_is_told_page_by_page_from_a_moment_on(
    ses: Ses, session: boto3.Session, timers: Timers
) -> None:
    send(ses, "bounce+old@simulator.amazonses.com")
    timers.advance_to(START + DAY)
    for number in range(3):
        send(ses, f"bounce+{number}@simulator.amazonses.com")
    send(ses, "complaint@simulator.amazonses.com")
    client, listed = session.client("sesv2"), []
    answer = client.list_suppressed_destinations(StartDate=datetime_of(START + DAY), PageSize=3)
    listed += answer["SuppressedDestinationSummaries"]
    answer = client.list_suppressed_destinations(
        StartDate=datetime_of(START + DAY), PageSize=3, NextToken=answer["NextToken"]
    )
    listed += answer["SuppressedDestinationSummaries"]
    assert "NextToken" not in answer
    assert [(each["EmailAddress"].partition("@")[0], each["Reason"]) for each in listed] == [
        ("bounce+0", "BOUNCE"),
        ("bounce+1", "BOUNCE"),
        ("bounce+2", "BOUNCE"),
        ("complaint", "COMPLAINT"),
    ]
    assert {each["LastUpdateTime"] for each in listed} == {datetime_of(START + DAY)}
