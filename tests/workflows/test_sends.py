"""What becomes of each send step of each state machine where SES, Lambda or the shopper stand in its way."""

from collections import Counter
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import boto3
import pytest
from botocore.exceptions import ConnectTimeoutError, ReadTimeoutError

from homing.adapters.contacts import TableContacts
from homing.adapters.table import Table
from homing.domain.ids import contact_id
from homing.domain.moments import DAY, HOUR
from local.cloud import Killed, Refusal

if TYPE_CHECKING:
    from tests.workflows.conftest import Shop, Shopper

    Enter = Callable[[str, Shopper], None]

STEPS = {
    "welcome": {"greeting": "Greet", "favourites": "ShowFavourites", "last_call": "RemindOfCode"},
    "cart": {"reminder": "Remind", "second": "RemindAgain", "offer": "Offer"},
    "winback": {"missing_you": "SayWeMissYou", "offer": "Offer", "last_offer": "OfferMore"},
    "birthday": {"wishes": "Congratulate", "reminder": "RemindOfGift"},
}
SEND_STEPS = [
    pytest.param(journey, number, id=f"{journey}-{step}")
    for journey, steps in STEPS.items()
    for number, step in enumerate(steps)
]
LONG_ENOUGH = 45 * DAY


@pytest.mark.parametrize(("journey", "number"), SEND_STEPS)
def test_a_throttled_send_is_retried_later_and_sent_once(
    shop: "Shop", enter: "Enter", journey: str, number: int
) -> None:
    ada = shop.shopper()
    asked: Counter[str] = Counter()

    def throttles_twice(request: dict[str, Any]) -> dict[str, str]:
        asked[request["Content"]["Simple"]["Subject"]["Data"]] += 1
        if len(ada.inbox) == number and asked.total() < number + 3:
            raise Refusal("TooManyRequestsException", "Maximum sending rate exceeded.", 429)
        return shop.cloud.ses.send(request)

    with shop.ses_answers(throttles_twice):
        enter(journey, ada)
        shop.wait(LONG_ENOUGH)

    assert ada.lines(journey) == [(step, "sent", None) for step in STEPS[journey]]
    assert len(ada.inbox) == len(STEPS[journey])
    assert sorted(asked.values()) == [1] * (len(STEPS[journey]) - 1) + [3]
    assert ada.runs(journey) == [("completed", None)]
    assert _send_states(ada, journey) == list(STEPS[journey].values())


@pytest.mark.parametrize(("journey", "number"), SEND_STEPS)
def test_a_send_that_ses_never_takes_is_given_up_and_the_run_has_failed(
    shop: "Shop", enter: "Enter", journey: str, number: int
) -> None:
    ada = shop.shopper()
    refused = []

    def throttles_for_ever(request: dict[str, Any]) -> dict[str, str]:
        if len(ada.inbox) == number:
            refused.append(shop.now)
            raise Refusal("TooManyRequestsException", "Maximum sending rate exceeded.", 429)
        return shop.cloud.ses.send(request)

    with shop.ses_answers(throttles_for_ever):
        enter(journey, ada)
        shop.wait(LONG_ENOUGH)
    shop.wait(DAY)

    assert len(refused) == 13
    assert HOUR < refused[-1] - refused[0] < 12 * HOUR
    assert _has_given_up(ada, journey)
    assert len(ada.inbox) == number


@pytest.mark.parametrize(("journey", "number"), SEND_STEPS)
def test_a_send_function_that_fails_for_ever_is_given_up_and_the_run_has_failed(
    shop: "Shop", enter: "Enter", journey: str, number: int
) -> None:
    ada = shop.shopper()
    doomed: dict[int, bool] = {}

    def fails(_service: str, _operation: str, _phase: str) -> None:
        invocation = shop.cloud.functions.invocations
        if _in_the_send_function(shop) and doomed.setdefault(invocation, len(ada.inbox) == number):
            raise ZeroDivisionError

    with shop.faulted(fails):
        enter(journey, ada)
        shop.wait(LONG_ENOUGH)
    shop.wait(DAY)

    assert _has_given_up(ada, journey)
    assert len(ada.inbox) == number


@pytest.mark.parametrize(("journey", "number"), SEND_STEPS)
def test_consent_withdrawn_between_the_reading_of_the_profile_and_the_permit_stops_the_mail(
    shop: "Shop", enter: "Enter", journey: str, number: int
) -> None:
    ada = shop.shopper()

    def withdraws(_service: str, operation: str, phase: str) -> None:
        if (operation, phase) == ("UpdateItem", "before") and _in_the_send_function(shop) and len(ada.inbox) == number:
            with shop.cloud.seam.unseen():
                _contacts(shop).note_consent(contact_id(ada.email), ada.profile_id, granted=False, at=shop.now)

    with shop.faulted(withdraws):
        enter(journey, ada)
        shop.wait(LONG_ENOUGH)

    (run,) = ada.executions(journey)
    assert run.execution.status.value == "SUCCEEDED"
    assert run.execution.entered[-1][1] == "Exited"
    assert ada.runs(journey) == [("exited", "no_consent")]
    assert [outcome for _, outcome, _ in ada.lines(journey)] == ["sent"] * number + ["skipped"]
    assert len(ada.inbox) == number


def test_a_mail_that_ses_refuses_has_failed_and_the_journey_goes_on(shop: "Shop", enter: "Enter") -> None:
    ada = shop.shopper()

    def refuses_the_first(request: dict[str, Any]) -> dict[str, str]:
        if not asked:
            asked.append(request)
            raise Refusal("MessageRejected", "Email address is not verified.")
        return shop.cloud.ses.send(request)

    asked: list[dict[str, Any]] = []
    with shop.ses_answers(refuses_the_first):
        enter("welcome", ada)
        shop.wait(LONG_ENOUGH)
    assert ada.lines("welcome") == [
        ("greeting", "failed", "MessageRejected"),
        ("favourites", "sent", None),
        ("last_call", "sent", None),
    ]


def test_a_send_whose_answer_was_lost_is_unknown_until_ses_tells_that_it_went_out(shop: "Shop", enter: "Enter") -> None:
    ada = shop.shopper()
    outcomes = []

    def loses_the_answer(_service: str, operation: str, phase: str) -> None:
        if (operation, phase) == ("SendEmail", "after"):
            raise ReadTimeoutError(endpoint_url="https://email.example")
        if (operation, phase) == ("PutItem", "after"):
            outcomes.extend(ada.lines("welcome"))

    with shop.faulted(loses_the_answer):
        enter("welcome", ada)

    assert outcomes[0] == ("greeting", "unknown", "no_answer")
    assert ada.lines("welcome") == [("greeting", "sent", None)]
    assert len(ada.inbox) == 1


def test_while_there_is_no_way_to_ses_a_send_waits_and_then_goes_out_once(shop: "Shop", enter: "Enter") -> None:
    ada = shop.shopper()
    asked: Counter[str] = Counter()

    def is_out_of_reach_at_first(request: dict[str, Any]) -> dict[str, str]:
        asked["times"] += 1
        if asked["times"] <= 3:
            raise ConnectTimeoutError(endpoint_url="https://email.example")
        return shop.cloud.ses.send(request)

    with shop.ses_answers(is_out_of_reach_at_first):
        enter("welcome", ada)
        shop.wait(DAY)
    assert asked["times"] == 4
    assert ada.lines("welcome") == [("greeting", "sent", None)]
    assert len(ada.inbox) == 1


@pytest.mark.parametrize("error", [ReadTimeoutError(endpoint_url="https://email.example"), None])
def test_a_send_of_which_ses_never_tells_stays_unknown_and_is_not_sent_again(
    shop: "Shop", enter: "Enter", error: ReadTimeoutError | None
) -> None:
    ada = shop.shopper()
    asked: Counter[str] = Counter()

    def does_not_say(_request: dict[str, Any]) -> dict[str, str]:
        asked["times"] += 1
        if error is not None:
            raise error
        raise Refusal("InternalFailure", "The request processing has failed.", 500)

    with shop.ses_answers(does_not_say):
        enter("welcome", ada)
    shop.wait(2 * DAY)

    assert asked["times"] == 1
    assert ada.inbox == []
    shop.wait(2 * DAY)
    assert ada.lines("welcome") == [("greeting", "unknown", "no_answer"), ("favourites", "sent", None)]


def test_a_send_function_that_dies_after_ses_took_the_mail_does_not_send_it_again(shop: "Shop", enter: "Enter") -> None:
    ada = shop.shopper()

    with shop.faulted(_dies_once("SendEmail")):
        enter("welcome", ada)
        shop.wait(DAY)

    assert len(ada.inbox) == 1
    assert ada.lines("welcome") == [("greeting", "sent", None)]


@pytest.mark.parametrize(("journey", "number"), SEND_STEPS)
def test_ses_alone_settles_a_mail_whose_function_died_before_the_ledger(
    shop: "Shop", enter: "Enter", journey: str, number: int
) -> None:
    ada = shop.shopper()
    died: list[int] = []
    outcomes: set[str] = set()

    def dies_before_the_ledger(_service: str, operation: str, phase: str) -> None:
        if (operation, phase) == ("SendEmail", "after") and len(ada.inbox) == number + 1 and not died:
            died.append(shop.now)
            raise Killed
        if (operation, phase) == ("PutItem", "after") and died:
            outcomes.update(outcome for _, outcome, _ in ada.lines(journey))

    with shop.faulted(dies_before_the_ledger):
        enter(journey, ada)
        shop.wait(LONG_ENOUGH)

    assert len(died) == 1
    assert outcomes == {"sent"}
    assert ada.lines(journey) == [(step, "sent", None) for step in STEPS[journey]]
    assert len(ada.inbox) == len(STEPS[journey])
    assert ada.runs(journey) == [("completed", None)]


def test_a_mail_whose_function_never_comes_back_is_settled_by_ses_and_not_by_a_retry(
    shop: "Shop", enter: "Enter"
) -> None:
    ada = shop.shopper()

    def dies_whenever_it_comes_back(_service: str, _operation: str, _phase: str) -> None:
        if _in_the_send_function(shop) and ada.inbox:
            raise Killed

    with shop.faulted(dies_whenever_it_comes_back):
        enter("welcome", ada)

    assert ada.lines("welcome") == [("greeting", "sent", None)]
    assert len(ada.inbox) == 1


def _dies_once(operation_to_die_after: str) -> Callable[[str, str, str], None]:
    dead: list[str] = []

    def dies(_service: str, operation: str, phase: str) -> None:
        if (operation, phase) == (operation_to_die_after, "after") and not dead:
            dead.append(operation)
            raise Killed

    return dies


def _in_the_send_function(shop: "Shop") -> bool:
    running = shop.cloud.functions.running
    return running is not None and running.logical_id == "SendFunction"


def _contacts(shop: "Shop") -> TableContacts:
    return TableContacts(Table(boto3.client("dynamodb"), shop.cloud.physical_id("Table")))


def _send_states(shopper: "Shopper", journey: str) -> list[str]:
    """Each once: a mail that waits for the best hour is tried twice."""
    return list(dict.fromkeys(name for name, _ in shopper.states(journey) if not name.startswith("Wait")))


def _has_given_up(shopper: "Shopper", journey: str) -> bool:
    (run,) = shopper.executions(journey)
    execution = run.execution
    ended = (execution.status.value, execution.error, execution.entered[-1][1])
    return ended == ("FAILED", "SendFailed", "GaveUp") and shopper.runs(journey) == [("failed", "SendFailed")]
