"""functions/pages with the shopper's requests."""

from typing import TYPE_CHECKING

from homing.adapters.profiles import stored_event
from homing.domain.moments import WEEK
from local.cloud import Refusal
from local.cloud.seam import Fault

if TYPE_CHECKING:
    from tests.functions.conftest import Deployed

ASK, STOP = "api-gateway/unsubscribe-ask", "api-gateway/unsubscribe-stop"
SAVE, PROFILE = "api-gateway/preferences-save", "dynamodb-stream/profile-modify"


def test_a_link_that_is_followed_asks_in_the_shoppers_language_and_changes_nothing(deployed: "Deployed") -> None:
    answer = deployed.invoke("Pages", deployed.event(ASK))
    assert answer["statusCode"] == 200
    assert '<html lang="de" dir="ltr">' in answer["body"]
    assert '<form method="post">' in answer["body"]
    assert deployed.items() == []


def test_one_press_withdraws_the_consent_at_once(deployed: "Deployed") -> None:
    event = deployed.event(STOP)
    contact_id, profile_id, _ = event["pathParameters"]["token"].split(".")
    deployed.contacts.note_consent(contact_id, profile_id, granted=True, at=deployed.now - 1)
    assert deployed.invoke("Pages", event)["statusCode"] == 200
    assert deployed.contact(contact_id).consent is False
    (item,) = deployed.items("P#")
    told, _ = stored_event(item)
    assert (told.about, told.consent, told.source) == (profile_id, {"marketing": False}, "unsubscribe")


def test_a_stop_that_the_contact_has_not_heard_of_is_an_error_and_can_be_pressed_again(
    deployed: "Deployed",
) -> None:
    event = deployed.event(STOP)
    contact_id, profile_id, _ = event["pathParameters"]["token"].split(".")
    deployed.contacts.note_consent(contact_id, profile_id, granted=True, at=deployed.now - 1)
    faults = deployed.cloud.seam.faults
    lost = Fault("before", Refusal("ValidationException", "of the table, as long as it lasts"))
    deployed.cloud.seam.faults = lambda _service, operation: lost if operation == "UpdateItem" else None
    assert deployed.failure("Pages", event) == "ClientError"  # which the API answers with 500
    assert len(deployed.items("P#")) == 1
    deployed.cloud.seam.faults = faults
    assert deployed.invoke("Pages", event)["statusCode"] == 200
    assert deployed.contact(contact_id).consent is False


def test_a_link_that_is_not_ours_changes_nothing(deployed: "Deployed") -> None:
    event = deployed.event(STOP)
    for token in ("", "x", event["pathParameters"]["token"] + "0", "a.b.c"):
        assert deployed.invoke("Pages", {**event, "pathParameters": {"token": token}})["statusCode"] == 404
    assert deployed.items() == []
    assert deployed.metrics("Pages") == {"PagesRefused": 1}  # by each of them


def test_what_is_chosen_is_noted_at_the_contact_and_told_to_the_profile(deployed: "Deployed") -> None:
    event = deployed.event(SAVE)
    contact_id = event["pathParameters"]["token"].split(".")[0]
    profile_id = deployed.keep_profile(deployed.event(PROFILE)["Records"][0]["dynamodb"]["NewImage"])
    deployed.contacts.note_consent(contact_id, profile_id, granted=True, at=deployed.now - 1)
    answer = deployed.invoke("Pages", event)
    assert answer["statusCode"] == 200
    assert deployed.contact(contact_id).gap == WEEK
    (item,) = [item for item in deployed.items("P#") if item["sk"]["S"].startswith("EVENT#")]
    told, _ = stored_event(item)
    assert told.traits == {"birthday": "--12-10", "channel": "email", "interests": "Green tea"}
    assert (told.about, told.consent, told.confirmed_by) == (profile_id, {"newsletter": True}, contact_id)


def test_a_form_that_cannot_be_read_changes_nothing_and_is_counted(deployed: "Deployed") -> None:
    event = {**deployed.event(SAVE), "body": "bm8gZm9ybQ=="}
    contact_id = event["pathParameters"]["token"].split(".")[0]
    profile_id = deployed.keep_profile(deployed.event(PROFILE)["Records"][0]["dynamodb"]["NewImage"])
    deployed.contacts.note_consent(contact_id, profile_id, granted=True, at=deployed.now - 1)
    before = deployed.items()
    assert deployed.invoke("Pages", event)["statusCode"] == 400
    assert deployed.items() == before
    assert deployed.metrics("Pages") == {"PagesRefused": 1}
