"""Whoever says stop gets nothing more, on whatever road they say it."""

import re
from typing import TYPE_CHECKING

import pytest

from homing.domain.moments import DAY, HOUR

if TYPE_CHECKING:
    from collections.abc import Callable

    from local.cloud import Mail
    from tests.workflows.conftest import Shop, Shopper

    Path = Callable[[Mail], str]

FORM = {"content-type": "application/x-www-form-urlencoded"}


def test_the_mail_provider_s_one_click_ends_all_runs_and_nothing_is_sent_afterwards(
    shop: "Shop", unsubscribe_path: "Path"
) -> None:
    ada = _in_two_journeys(shop)
    header = dict(ada.inbox[0].headers)
    assert header["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"

    response = shop.cloud.http("POST", unsubscribe_path(ada.inbox[0]), headers=FORM, body="List-Unsubscribe=One-Click")
    assert response.status == 200
    mails = len(ada.inbox)
    shop.wait(400 * DAY)

    assert ada.runs("welcome") == [("exited", "unsubscribed")]
    assert ada.runs("cart") == [("exited", "unsubscribed")]
    assert len(ada.inbox) == mails


def test_the_link_in_the_mail_s_body_asks_first_and_its_button_unsubscribes(
    shop: "Shop", unsubscribe_path: "Path"
) -> None:
    ada = _in_two_journeys(shop)
    mail = ada.inbox[0]
    path = unsubscribe_path(mail)
    assert path in (mail.text or "")
    assert path in (mail.html or "")

    page = shop.cloud.http("GET", path)
    assert page.status == 200
    assert '<form method="post">' in page.body.decode()
    shop.wait(HOUR)
    assert ada.runs("welcome") == [("running", None)]

    assert shop.cloud.http("POST", path, headers=FORM).status == 200
    shop.wait(100 * DAY)
    assert ada.runs("welcome") == [("exited", "unsubscribed")]


@pytest.mark.parametrize("step", ["favourites", "last_call"])
def test_a_send_that_is_due_at_the_very_moment_of_the_unsubscription_is_withheld(
    shop: "Shop", unsubscribe_path: "Path", step: str
) -> None:
    ada = shop.shopper()
    ada.signs_up()
    if step == "last_call":
        shop.wait(4 * DAY)
    (run,) = ada.executions("welcome")
    shop.wait_until((shop.cloud.workflows.resumes_at(run) or 0) - 1)
    mails = len(ada.inbox)

    shop.cloud.http("POST", unsubscribe_path(ada.inbox[-1]), headers=FORM)
    # The send's own timer runs before anything that follows from the unsubscription has been delivered.
    assert shop.cloud.timers.next_moment() == shop.now + 1
    shop.cloud.timers.run_next()
    shop.wait(20 * DAY)

    assert len(ada.inbox) == mails
    # Whoever ends the run first tells the reason: the send that got no permit, or what the unsubscription led to.
    assert (step, "skipped", "no_consent") in ada.lines("welcome")
    ((ended, reason),) = ada.runs("welcome")
    assert ended == "exited"
    assert reason in ("no_consent", "unsubscribed")
    assert run.execution.entered[-1][1] == "Exited"


def test_a_link_that_is_not_ours_changes_nothing(shop: "Shop", unsubscribe_path: "Path") -> None:
    ada, bea = _in_two_journeys(shop), _in_two_journeys(shop)
    contact = unsubscribe_path(ada.inbox[0]).removeprefix("/unsubscribe/")
    proof = unsubscribe_path(bea.inbox[0]).rpartition(".")[2]
    forged = re.sub(r"[^.]+$", proof, contact)
    assert shop.cloud.http("POST", f"/unsubscribe/{forged}", headers=FORM).status == 404
    shop.wait(12 * DAY)
    assert ada.runs("welcome") == [("completed", None)]


@pytest.mark.parametrize(("mailbox", "reason"), [("bounce", "bounced"), ("complaint", "complained")])
def test_a_bounce_and_a_complaint_end_all_runs_for_ever(shop: "Shop", mailbox: str, reason: str) -> None:
    ada = shop.shopper()
    ada.traits["email"] = f"{mailbox}+{ada.user_id}@simulator.amazonses.com"
    ada.signs_up()
    assert len(ada.inbox) == 1
    assert ada.runs("welcome") == [("exited", reason)]
    assert sorted(ada.lines("welcome")) == [("favourites", "skipped", reason), ("greeting", "sent", None)]

    shop.wait(DAY)
    ada.decides(consent=True)
    ada.adds("teapot")
    shop.wait(100 * DAY)
    assert len(ada.inbox) == 1
    assert ada.executions("cart") == []


def test_who_comes_back_after_unsubscribing_is_asked_once_and_gets_mail_again_once_they_confirm(
    shop: "Shop", unsubscribe_path: "Path"
) -> None:
    ada = _in_two_journeys(shop)
    shop.cloud.http("POST", unsubscribe_path(ada.inbox[0]), headers=FORM)
    shop.wait(30 * DAY)
    mails = len(ada.inbox)
    for _ in range(3):  # a client that says so with every message
        ada.decides(consent=True)
        ada.adds("bowl")
        shop.wait(2 * DAY)
    assert [mail.tags["template"] for mail in ada.inbox[mails:]] == ["confirm-consent"]

    (link,) = re.findall(r"https://[^/\s]+(/confirm/[\w.\-]+)", ada.inbox[-1].text or "")
    assert shop.cloud.http("POST", link).status == 200
    shop.cloud.settle()
    ada.orders("tea")
    ada.adds("bowl")
    shop.wait(DAY)
    assert [mail.tags["template"] for mail in ada.inbox[mails + 1 :]] == ["cart-reminder"]


def test_a_send_to_a_new_address_is_withheld_from_the_moment_of_a_stop_by_an_older_mail(
    shop: "Shop", unsubscribe_path: "Path"
) -> None:
    shop.wait(-shop.now % DAY + 10 * HOUR)  # no quiet hour
    ada = _in_two_journeys(shop)
    older = ada.inbox[-1]
    ada.orders("teapot")
    _moves(shop, ada)
    shop.wait(2 * DAY)
    ada.adds("cup")
    shop.wait(2 * HOUR)
    assert len(ada.inbox) == 1
    (*_, run) = ada.executions("cart")
    shop.wait_until((shop.cloud.workflows.resumes_at(run) or 0) - 1)

    assert shop.cloud.http("POST", unsubscribe_path(older), headers=FORM).status == 200
    shop.cloud.timers.run_next()  # the send, before anything that follows from the stop has been delivered
    shop.wait(20 * DAY)
    assert len(ada.inbox) == 1


def test_who_stops_and_then_moves_gets_nothing_though_the_stop_waits_in_the_log(
    shop: "Shop", unsubscribe_path: "Path"
) -> None:
    shop.wait(-shop.now % DAY + 10 * HOUR)  # no quiet hour
    ada = _in_two_journeys(shop)
    assert shop.cloud.http("POST", unsubscribe_path(ada.inbox[0]), headers=FORM).status == 200
    assert shop.post(_moves_by(ada))["accepted"] == 1
    ada.adds("cup")
    shop.wait(20 * DAY)
    assert list(ada.inbox) == []


def _moves(shop: "Shop", shopper: "Shopper") -> None:
    shop.hear(_moves_by(shopper))


def _moves_by(shopper: "Shopper") -> dict[str, object]:
    """The message by which the shopper comes to another address."""
    shopper.traits["email"] = f"new.{shopper.email}"
    return shopper.message("identify", traits=shopper.traits)


def _in_two_journeys(shop: "Shop") -> "Shopper":
    """Welcomed, and with a cart left behind."""
    ada = shop.shopper()
    ada.signs_up()
    ada.adds("teapot")
    shop.wait(2 * HOUR)
    assert ada.runs("welcome") == ada.runs("cart") == [("running", None)]
    return ada
