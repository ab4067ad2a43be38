"""functions/ingest with API Gateway's requests."""

import json
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from tests.functions.conftest import Deployed

BATCH, TRACK = "api-gateway/batch", "api-gateway/track"


def answered(answer: dict[str, Any]) -> tuple[int, Any]:
    return answer["statusCode"], json.loads(answer["body"])


def test_a_batch_is_durable_when_it_is_answered(deployed: "Deployed") -> None:
    answer = deployed.invoke("Ingest", deployed.event(BATCH))
    assert answered(answer) == (200, {"success": True, "accepted": 3, "duplicate": 0})
    assert [item["sk"]["S"][:6] for item in deployed.items()] == ["EVENT#"] * 3


def test_a_batch_that_comes_again_changes_nothing(deployed: "Deployed") -> None:
    deployed.invoke("Ingest", deployed.event(BATCH))
    before = deployed.items()
    answer = deployed.invoke("Ingest", deployed.event(BATCH))
    assert answered(answer) == (200, {"success": True, "accepted": 0, "duplicate": 3})
    assert deployed.items() == before


def test_a_zipped_batch_is_the_same_batch(deployed: "Deployed") -> None:
    deployed.invoke("Ingest", deployed.event("api-gateway/batch-gzip"))
    zipped = deployed.items()
    answer = deployed.invoke("Ingest", deployed.event(BATCH))
    assert answered(answer)[1]["duplicate"] == 3
    assert deployed.items() == zipped


def test_a_message_by_itself_is_the_same_as_in_a_batch(deployed: "Deployed") -> None:
    answer = deployed.invoke("Ingest", deployed.event(TRACK))
    assert answered(answer) == (200, {"success": True, "accepted": 1, "duplicate": 0})
    answer = deployed.invoke("Ingest", deployed.event(BATCH))
    assert answered(answer) == (200, {"success": True, "accepted": 2, "duplicate": 1})


def test_bad_messages_are_told_by_index_and_stop_no_others(deployed: "Deployed") -> None:
    status, told = answered(deployed.invoke("Ingest", deployed.event("api-gateway/batch-partly-invalid")))
    assert (status, told["accepted"]) == (200, 2)
    assert [error["index"] for error in told["errors"]] == [1, 2]
    assert len(deployed.items()) == 2


def test_without_the_write_key_nothing_is_kept(deployed: "Deployed") -> None:
    status, told = answered(deployed.invoke("Ingest", deployed.event("api-gateway/unauthenticated")))
    assert (status, told["success"]) == (401, False)
    assert deployed.items() == []


@pytest.mark.parametrize("body", ["", "{", "[]", '{"batch": {}}', '{"batch": ' + "[" * 2_000])
def test_a_body_that_is_no_batch_is_refused(deployed: "Deployed", body: str) -> None:
    status, told = answered(deployed.invoke("Ingest", {**deployed.event(BATCH), "body": body}))
    assert (status, told["success"]) == (400, False)
    assert deployed.items() == []


def test_what_became_of_messages_is_counted(deployed: "Deployed") -> None:
    deployed.invoke("Ingest", deployed.event("api-gateway/batch-partly-invalid"))
    assert deployed.metrics("Ingest") == {"EventsAccepted": 2, "EventsDuplicate": 0, "EventsRejected": 2}


def test_what_ingest_keeps_is_what_the_stream_brings(deployed: "Deployed") -> None:
    """The events of dynamodb-stream/event-insert are those that the batch makes."""
    deployed.invoke("Ingest", deployed.event(BATCH))
    records = deployed.event("dynamodb-stream/event-insert")["Records"]
    images = [record["dynamodb"]["NewImage"] for record in records]
    assert deployed.items() == sorted(images, key=lambda item: (item["pk"]["S"], item["sk"]["S"]))
