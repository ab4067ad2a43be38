"""The stack behind a live table, found by the table's name. Answers are in the shapes of CloudFormation's API."""

from datetime import UTC, datetime
from typing import Any

import boto3
import pytest
from botocore.stub import Stubber

from local.rights.stack import find_stack
from local.segments.sources import SourceUnreadable

SOME_TIME = datetime(2026, 1, 1, tzinfo=UTC)
WELCOME = "arn:aws:states:eu-central-1:123456789012:stateMachine:welcome"


@pytest.fixture
def cloudformation(monkeypatch: pytest.MonkeyPatch) -> Stubber:
    """Its client, which gives the answers that a test adds."""
    client = boto3.client(
        "cloudformation", region_name="eu-central-1", aws_access_key_id="a", aws_secret_access_key="b"
    )
    stubber = Stubber(client)
    stubber.activate()
    monkeypatch.setattr(boto3, "client", lambda _service: client)
    return stubber


def stack_of(cloudformation: Stubber, **resources: str) -> None:
    """The stack `shop`, with the resources on two pages."""
    first = {"StackName": "shop", "LogicalResourceId": "Table", "ResourceType": "T", "Timestamp": SOME_TIME}
    found = {"StackResources": [first | {"ResourceStatus": "CREATE_COMPLETE"}]}
    cloudformation.add_response("describe_stack_resources", found, {"PhysicalResourceId": "shop-table"})
    one = {"ResourceType": "T", "LastUpdatedTimestamp": SOME_TIME, "ResourceStatus": "CREATE_COMPLETE"}
    told = [{"LogicalResourceId": name, "PhysicalResourceId": told, **one} for name, told in resources.items()]
    page: dict[str, Any] = {"StackResourceSummaries": told[:1], "NextToken": "more"}
    cloudformation.add_response("list_stack_resources", page, {"StackName": "shop"})
    rest = {"StackResourceSummaries": told[1:]}
    cloudformation.add_response("list_stack_resources", rest, {"StackName": "shop", "NextToken": "more"})


def test_secret_and_journeys_are_found_by_their_names_in_the_template(cloudformation: Stubber) -> None:
    stack_of(cloudformation, Table="shop-table", SigningSecret="arn:secret", WelcomeStateMachine=WELCOME)
    stack = find_stack("table:shop-table")
    assert (stack.table, stack.secret, stack.machines) == ("shop-table", "arn:secret", {"welcome": WELCOME})


def test_a_stack_that_is_not_homings_is_told_of(cloudformation: Stubber) -> None:
    stack_of(cloudformation, Table="shop-table")
    with pytest.raises(SourceUnreadable, match="SigningSecret"):
        find_stack("table:shop-table")


def test_a_table_of_no_stack_is_told_of(cloudformation: Stubber) -> None:
    cloudformation.add_client_error("describe_stack_resources", "ValidationError", "Stack for elsewhere does not exist")
    with pytest.raises(SourceUnreadable, match="elsewhere"):
        find_stack("table:elsewhere")


@pytest.mark.parametrize("place", ["table:", "demo"])
def test_a_place_that_is_no_live_table_is_told_of(place: str) -> None:
    with pytest.raises(SourceUnreadable, match="table:NAME"):
        find_stack(place)
