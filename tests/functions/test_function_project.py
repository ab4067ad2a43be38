"""functions/project with the table's stream."""

from typing import TYPE_CHECKING

from homing.domain.ids import contact_id

if TYPE_CHECKING:
    from tests.functions.conftest import Deployed

INSERT = "dynamodb-stream/event-insert"
ADDRESS = "ada.lovelace@customer.example"


def test_events_become_a_profile_a_contact_and_products(deployed: "Deployed") -> None:
    event = deployed.event(INSERT)
    assert deployed.invoke("Project", event) == {"batchItemFailures": []}
    profile_id = event["Records"][-1]["dynamodb"]["Keys"]["pk"]["S"].removeprefix("P#")
    record = deployed.profiles.load(profile_id)
    assert record.facts.trait("email") == ADDRESS
    assert record.facts.cart.size == 1
    assert "leads" in record.segments
    assert deployed.contact(contact_id(ADDRESS)).consent is True
    assert [item["sk"]["S"] for item in deployed.items("PRODUCT#")] == ["PRODUCT"]
    assert deployed.items("DUE#") != []


def test_an_anonymous_history_joins_the_person(deployed: "Deployed") -> None:
    event = deployed.event(INSERT)
    deployed.invoke("Project", event)
    anonymous, known = (
        event["Records"][n]["dynamodb"]["Keys"]["pk"]["S"].removeprefix("P#") for n in (0, len(event["Records"]) - 1)
    )
    assert deployed.profiles.load(anonymous).joined_to == known
    assert [times for _, times in deployed.profiles.load(known).facts.days["viewed"]] == [1]


def test_a_batch_that_comes_again_changes_no_profile(deployed: "Deployed") -> None:
    deployed.invoke("Project", deployed.event(INSERT))
    before = deployed.items("P#")
    deployed.invoke("Project", deployed.event(INSERT))
    assert deployed.items("P#") == before


def test_a_bad_record_is_told_of_and_stops_no_other(deployed: "Deployed") -> None:
    records = deployed.event(INSERT)["Records"]
    bad = deployed.broken(records[-1], body={"S": f'{{"traits": {{"email": "{ADDRESS}"}}}}'})
    answer = deployed.invoke("Project", {"Records": [records[0], bad, *records[1:]]})
    assert answer == {"batchItemFailures": [{"itemIdentifier": "1"}]}
    assert deployed.contact(contact_id(ADDRESS)).consent is True
    assert deployed.metrics("Project")["EventsFolded"] is not None
    assert [line["message"] for line in deployed.lines("Project") if line.get("level") == "ERROR"] == ["records failed"]
