"""The account at SES, as SES tells of it: by its newer API and its older one."""

from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from botocore.stub import Stubber

from homing.adapters.account import SesAccount
from homing.adapters.table import Table
from homing.domain.ids import contact_id
from homing.domain.moments import datetime_of
from homing.domain.reputation import Statistics
from homing.ports import Quota

NOON = 1_700_000_000_000


class Ses:
    """SES's clients, each with the answers that a test has set up for it."""

    def __init__(self, table: Table) -> None:
        newer, older = (boto3.client(name, region_name="eu-central-1") for name in ("sesv2", "ses"))
        self.newer, self.older = Stubber(newer), Stubber(older)
        self.account = SesAccount(newer, older, table)


@pytest.fixture
def ses(table: Table) -> Iterator[Ses]:
    ses = Ses(table)
    with ses.newer, ses.older:
        yield ses
        ses.newer.assert_no_pending_responses()
        ses.older.assert_no_pending_responses()


@pytest.mark.parametrize(
    ("told", "sending", "quota"),
    [
        ((14.0, 50_000.0, 1_234.0), True, Quota(14.0, 48_766)),
        ((14.0, 200.0, 205.0), True, Quota(14.0, 0)),
        ((500.0, -1.0, 1_234.0), True, Quota(500.0, None)),
        ((14.0, 50_000.0, 0.0), False, Quota(1.0, 0)),
        ((0.0, 0.0, 0.0), True, Quota(1.0, 0)),
    ],
)
def test_what_ses_allows_is_its_rate_and_what_is_left_of_its_quota(
    ses: Ses, told: tuple[float, float, float], *, sending: bool, quota: Quota
) -> None:
    limits = dict(zip(("MaxSendRate", "Max24HourSend", "SentLast24Hours"), told, strict=True))
    ses.newer.add_response("get_account", {"SendQuota": limits, "SendingEnabled": sending})
    assert ses.account.quota() == quota


def test_the_statistics_are_those_of_the_older_api(ses: Ses) -> None:
    point = {"Timestamp": datetime_of(NOON), "DeliveryAttempts": 9, "Bounces": 2, "Complaints": 1, "Rejects": 3}
    ses.older.add_response("get_send_statistics", {"SendDataPoints": [point]})
    assert ses.account.statistics() == [Statistics(NOON, 9, 2, 1)]


def test_an_account_that_never_sent_has_no_statistics(ses: Ses) -> None:
    ses.older.add_response("get_send_statistics", {})
    assert ses.account.statistics() == []


def test_the_suppression_list_is_read_page_by_page_to_its_end(ses: Ses) -> None:
    asked: dict[str, Any] = {"StartDate": datetime_of(NOON), "PageSize": 1_000}
    for address, reason, here, there in (("A@b.c", "BOUNCE", None, "2"), ("d@e.f", "COMPLAINT", "2", None)):
        summary = {"EmailAddress": address, "Reason": reason, "LastUpdateTime": datetime_of(NOON)}
        ses.newer.add_response(
            "list_suppressed_destinations",
            {"SuppressedDestinationSummaries": [summary], **({"NextToken": there} if there else {})},
            asked | ({"NextToken": here} if here else {}),
        )
    listed = [(contact_id("a@b.c"), "bounced"), (contact_id("d@e.f"), "complained")]
    assert list(ses.account.suppressed(NOON)) == listed


def test_how_far_the_list_has_been_taken_over_is_remembered(ses: Ses) -> None:
    assert ses.account.mirrored_until() == 0
    for until in (NOON, NOON + 1):
        ses.account.note_mirrored(until)
        assert ses.account.mirrored_until() == until
