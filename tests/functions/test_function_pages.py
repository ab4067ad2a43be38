"""functions/pages with the shopper's requests."""

from typing import TYPE_CHECKING

from homing.adapters.profiles import stored_event

if TYPE_CHECKING:
    from tests.functions.conftest import Deployed

ASK, STOP = "api-gateway/unsubscribe-ask", "api-gateway/unsubscribe-stop"


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


def test_a_link_that_is_not_ours_changes_nothing(deployed: "Deployed") -> None:
    event = deployed.event(STOP)
    for token in ("", "x", event["pathParameters"]["token"] + "0", "a.b.c"):
        assert deployed.invoke("Pages", {**event, "pathParameters": {"token": token}})["statusCode"] == 404
    assert deployed.items() == []
