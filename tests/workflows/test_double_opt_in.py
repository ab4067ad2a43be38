"""Double opt-in, deployed: nobody is written to but those who have pressed the button in the mail."""

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import boto3
import pytest

from homing.adapters.contacts import TableContacts
from homing.adapters.pace import PACE
from homing.adapters.table import Table
from homing.domain.ids import contact_id
from homing.domain.moments import DAY, HOUR, MINUTE, format_moment
from local.cloud import Mail, Refusal, Response
from local.simulation.confirmations import press_confirmations

if TYPE_CHECKING:
    from tests.workflows.conftest import OpenShop, Shop, Shopper


@pytest.fixture(scope="module")
def asking_shop(open_shop: "OpenShop") -> Iterator["Shop"]:
    with open_shop(DoubleOptIn="yes") as shop:
        yield shop


@pytest.fixture
def shop(asking_shop: "Shop") -> Iterator["Shop"]:
    asking_shop.wait(DAY)
    yield asking_shop
    assert asking_shop.cloud.dead_letters() == []


def link_of(mail: Mail) -> tuple[str, str]:
    """Path and query of the link that confirms."""
    match = re.search(r"https://\S+/confirm/\S+", mail.text or "")
    assert match is not None, mail.text
    parts = urlsplit(match[0])
    return parts.path, parts.query


def visit(shop: "Shop", mail: Mail, method: str) -> Response:
    path, query = link_of(mail)
    response = shop.cloud.http(method, path, query=query)
    shop.cloud.settle()
    return response


def templates(shopper: "Shopper") -> list[str]:
    return [mail.tags["template"] for mail in shopper.inbox]


def test_who_signs_up_is_asked_and_welcomed_once_they_press(shop: "Shop") -> None:
    shopper = shop.shopper()
    shopper.signs_up()
    assert templates(shopper) == ["confirm-consent"]
    shop.wait(HOUR)
    assert visit(shop, shopper.inbox[0], "POST").status == 200
    shop.wait(MINUTE)
    assert templates(shopper) == ["confirm-consent", "welcome-greeting"]


def test_without_a_press_nothing_follows_ever(shop: "Shop") -> None:
    shopper = shop.shopper()
    shopper.signs_up()
    shopper.adds("teapot")
    shopper.orders("tea")
    shop.wait(120 * DAY)
    assert templates(shopper) == ["confirm-consent"]
    assert shopper.executions("cart") == shopper.executions("winback") == shopper.executions("welcome") == []


@pytest.mark.parametrize("method", ["GET", "HEAD", "OPTIONS"])
def test_the_visit_of_a_link_scanner_confirms_nothing(shop: "Shop", method: str) -> None:
    shopper = shop.shopper()
    shopper.signs_up()
    visit(shop, shopper.inbox[0], method)
    shop.wait(DAY)
    assert templates(shopper) == ["confirm-consent"]


def test_a_consent_that_is_repeated_with_every_message_is_asked_about_once(shop: "Shop") -> None:
    shopper = shop.shopper()
    for _ in range(5):
        shopper.signs_up()
        shop.wait(DAY)
    assert templates(shopper) == ["confirm-consent"]


def test_who_asks_again_after_a_withdrawal_is_asked_once_more(shop: "Shop") -> None:
    shopper = shop.shopper()
    shopper.signs_up()
    visit(shop, shopper.inbox[0], "POST")
    shop.wait(DAY)
    shopper.decides(consent=False)
    shop.wait(DAY)
    shopper.signs_up()
    shopper.signs_up()
    shop.wait(DAY)
    assert templates(shopper).count("confirm-consent") == 2


def test_what_the_shop_has_had_confirmed_needs_no_question(shop: "Shop") -> None:
    shopper = shop.shopper()
    consent = {"categoryPreferences": {"marketing": True}, "confirmedAt": format_moment(shop.now), "wording": "2026-01"}
    shop.hear(shopper.message("identify", traits=shopper.traits, context={"consent": consent}))
    assert templates(shopper) == ["welcome-greeting"]


def test_the_question_names_nobody_and_offers_no_way_to_unsubscribe(shop: "Shop") -> None:
    shopper = shop.shopper(firstName="Buy-at-evil.example")
    shopper.signs_up()
    [mail] = shopper.inbox
    assert "evil" not in f"{mail.subject} {mail.text} {mail.html}"
    assert not {"List-Unsubscribe", "List-Unsubscribe-Post"} & dict(mail.headers).keys()
    assert "/unsubscribe/" not in f"{mail.text} {mail.html}"


def test_a_shopper_is_asked_in_their_language(shop: "Shop") -> None:
    shopper = shop.shopper(language="de")
    shopper.signs_up()
    [mail] = shopper.inbox
    assert "bestätige" in mail.subject
    assert link_of(mail)[1] == "lang=de"
    assert '<html lang="de"' in visit(shop, mail, "GET").body.decode()


# Floods


def questions(shop: "Shop", *, about: str) -> list[str]:
    """Whom the mails that ask have gone to, of the addresses with this in them."""
    asked = [mail.to[0].strip().lower() for mail in shop.cloud.outbox if mail.tags["template"] == "confirm-consent"]
    return [address for address in asked if about in address]


def test_a_flood_of_sign_ups_of_one_address_brings_it_one_mail(shop: "Shop") -> None:
    spellings = ["victim@post.example", "Victim@post.example", "VICTIM@POST.EXAMPLE", " victim@Post.Example "]
    strangers = [shop.shopper(email=spellings[number % 4]) for number in range(40)]
    shop.hear(*(each.message("identify", consent=True, traits=each.traits) for each in strangers[:20]))
    for each in strangers[20:]:
        each.signs_up()
    shop.wait(3 * DAY)
    assert questions(shop, about="victim@") == ["victim@post.example"]


def test_withdrawals_dated_back_bring_no_more_than_two_questions_a_day(shop: "Shop") -> None:
    stranger = shop.shopper()
    for number in range(20):
        stranger.traits["email"] = f"target.{number}@post.example"
        withdrawal = stranger.message("identify", ago=(300 - number) * DAY, consent=False)
        shop.hear(withdrawal, stranger.message("identify", consent=True, traits=stranger.traits))
        shop.wait(MINUTE)
    assert 1 <= len(questions(shop, about="target.")) <= 2


# What may stand in the question's way


def states(shopper: "Shopper") -> list[str]:
    return [name for name, _ in shopper.states("confirmation")]


def test_a_question_for_which_ses_has_no_place_waits_for_one(shop: "Shop") -> None:
    free_at = shop.now + 2 * HOUR
    with shop.cloud.seam.unseen():
        boto3.client("dynamodb").update_item(
            TableName=shop.cloud.physical_id("Table"),
            Key={"pk": {"S": PACE}, "sk": {"S": PACE}},
            UpdateExpression="SET next_at = :free",
            ExpressionAttributeValues={":free": {"N": str(free_at * 1_000)}},
        )
    shopper = shop.shopper()
    shopper.signs_up()
    shop.wait(2 * HOUR - MINUTE)
    assert shopper.inbox == []
    shop.wait(2 * MINUTE)
    assert templates(shopper) == ["confirm-consent"]
    assert states(shopper) == ["AskToConfirm", "WaitForTurn", "AskToConfirm"]


def test_a_question_that_ses_never_takes_is_given_up(shop: "Shop") -> None:
    def throttles(_request: dict[str, Any]) -> dict[str, str]:
        raise Refusal("TooManyRequestsException", "Maximum sending rate exceeded.", 429)

    shopper = shop.shopper()
    with shop.ses_answers(throttles):
        shopper.signs_up()
        shop.wait(DAY)
    assert states(shopper)[-1] == "GaveUp"
    assert shopper.runs("confirmation") == [("failed", "SendFailed")]


def test_an_address_that_is_suppressed_at_the_last_moment_is_not_asked(shop: "Shop") -> None:
    shopper = shop.shopper()
    contacts = TableContacts(Table(boto3.client("dynamodb"), shop.cloud.physical_id("Table")))

    def suppresses(_service: str, operation: str, phase: str) -> None:
        running = shop.cloud.functions.running
        if (operation, phase) == ("UpdateItem", "before") and running and running.logical_id == "SendFunction":
            with shop.cloud.seam.unseen():
                contacts.suppress(contact_id(shopper.email), "complained")

    with shop.faulted(suppresses):
        shopper.signs_up()
    assert shopper.inbox == []
    assert states(shopper)[-1] == "Exited"
    assert shopper.lines("confirmation") == [("ask", "skipped", "suppressed")]


def test_who_takes_the_wish_back_before_the_mail_has_gone_is_not_asked(shop: "Shop") -> None:
    def throttles(_request: dict[str, Any]) -> dict[str, str]:
        raise Refusal("TooManyRequestsException", "Maximum sending rate exceeded.", 429)

    shopper = shop.shopper()
    with shop.ses_answers(throttles):
        shopper.signs_up()
        shopper.decides(consent=False)
    shop.wait(DAY)
    assert shopper.inbox == []
    assert shopper.runs("confirmation") == [("exited", "consent_withdrawn")]


def test_shoppers_of_a_simulation_press_a_minute_after_the_mail_came(shop: "Shop") -> None:
    press_confirmations(shop.cloud)
    shopper = shop.shopper()
    shopper.signs_up()
    shop.wait(2 * MINUTE)
    asked, greeted = shopper.inbox
    assert greeted.at - asked.at == MINUTE
