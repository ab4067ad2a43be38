"""Mails that may not go yet, as they are deployed: each goes back to the wait before it, and no mail is lost."""

from typing import TYPE_CHECKING

import boto3
import pytest

from homing.adapters.contacts import TableContacts
from homing.adapters.pace import TablePace
from homing.adapters.table import Table
from homing.domain.ids import contact_id
from homing.domain.moments import DAY, HOUR

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.workflows.conftest import Shop, Shopper

    Enter = Callable[[str, Shopper], None]

SENDS_AND_WAITS = {
    "welcome": [
        ("Greet", "WaitToGreet"),
        ("ShowFavourites", "WaitBeforeFavourites"),
        ("RemindOfCode", "WaitBeforeLastCall"),
    ],
    "cart": [("Remind", "WaitToRemind"), ("RemindAgain", "WaitBeforeSecond"), ("Offer", "WaitBeforeOffer")],
    "winback": [("SayWeMissYou", "WaitToSayIt"), ("Offer", "WaitBeforeOffer"), ("OfferMore", "WaitBeforeLastOffer")],
    "birthday": [("Congratulate", "WaitForBirthday"), ("RemindOfGift", "WaitBeforeReminder")],
}


def table(shop: "Shop") -> Table:
    return Table(boto3.client("dynamodb"), shop.cloud.physical_id("Table"))


@pytest.mark.parametrize("journey", SENDS_AND_WAITS)
def test_each_mail_that_may_not_go_yet_goes_back_to_the_wait_before_it_and_is_sent_later(
    shop: "Shop", enter: "Enter", journey: str
) -> None:
    """SES's daily quota is used up whenever a mail is tried for the first time, and is there again two hours later."""
    ada, pace = shop.shopper(timezone="UTC"), TablePace(table(shop), 14)
    tried: set[str] = set()

    def uses_up_the_quota(_service: str, operation: str, phase: str) -> None:
        running = shop.cloud.functions.running
        if (operation, phase) != ("UpdateItem", "before") or running is None or running.logical_id != "SendFunction":
            return
        state = ada.states(journey)[-1][0]
        with shop.cloud.seam.unseen():
            pace.measure(14, 1_000 if state in tried else 0, shop.now)
        tried.add(state)

    with shop.faulted(uses_up_the_quota):
        enter(journey, ada)
        shop.wait(60 * DAY)

    assert ada.runs(journey) == [("completed", None)]
    assert {outcome for _, outcome, _ in ada.lines(journey)} == {"sent"}
    states = [name for name, _ in ada.states(journey)]
    for send, wait in SENDS_AND_WAITS[journey]:
        at = states.index(send)
        assert states[at : at + 3] == [send, wait, send]


def test_of_two_mails_on_one_day_the_worthier_goes_and_the_other_a_day_later(shop: "Shop") -> None:
    shop.wait_until(shop.now // DAY * DAY + DAY + 10 * HOUR)
    ada = shop.shopper(timezone="UTC")
    ada.signs_up()
    ada.adds("teapot")
    shop.wait(HOUR)
    assert [mail.at for mail in ada.inbox] == [shop.now - HOUR]
    shop.wait(DAY)
    assert ada.lines("welcome") == [("greeting", "sent", None)]
    assert ada.lines("cart") == [("reminder", "sent", None)]
    first, second = ada.inbox
    assert second.at - first.at == DAY


def test_who_pauses_for_a_month_gets_no_mail_and_the_journey_goes_on_without(shop: "Shop", enter: "Enter") -> None:
    ada = shop.shopper()
    enter("welcome", ada)
    contacts, now = TableContacts(table(shop)), shop.now
    contacts.note_wishes(contact_id(ada.email), gap=None, paused_until=now + 30 * DAY, at=now)
    shop.wait(60 * DAY)
    assert ada.lines("welcome") == [
        ("greeting", "sent", None),
        ("favourites", "skipped", "paused"),
        ("last_call", "skipped", "paused"),
    ]
    assert ada.runs("welcome") == [("completed", None)]


def test_a_mail_costs_two_transitions_and_two_more_where_it_is_held(shop: "Shop", enter: "Enter") -> None:
    shop.wait_until(shop.now // DAY * DAY + DAY + 10 * HOUR)
    ada = shop.shopper(timezone="UTC")
    enter("welcome", ada)
    shop.wait(30 * DAY)
    (run,) = ada.executions("welcome")
    assert run.execution.transitions == 5
