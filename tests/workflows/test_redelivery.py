"""At least once: whatever dies is tried again, and what it did before changes nothing more."""

from collections.abc import Callable
from itertools import count
from typing import TYPE_CHECKING

from homing.domain.moments import DAY, HOUR
from local.cloud import Killed

if TYPE_CHECKING:
    from tests.workflows.conftest import Shop, Shopper

WRITES = {"PutItem", "UpdateItem", "DeleteItem", "StartExecution", "StopExecution", "SendEmail"}


def test_a_request_whose_function_died_is_sent_again_and_counts_once(shop: "Shop") -> None:
    ada = shop.shopper()
    order = ada.order("tea")
    with shop.faulted(_dies_after("dynamodb", "PutItem", function="IngestFunction", shop=shop)):
        assert shop.request(order).status == 500
    assert shop.post(order) == {"success": True, "accepted": 0, "duplicate": 1}
    shop.cloud.settle()
    assert _orders(ada) == (1, 2_000)


def test_a_batch_of_events_whose_fold_died_after_its_effect_is_folded_once(shop: "Shop") -> None:
    ada = shop.shopper()
    ada.is_known()
    shop.post(ada.order("tea"))
    with shop.faulted(_dies_after("dynamodb", "PutItem", function="ProjectFunction", shop=shop)):
        shop.wait(HOUR)
    assert _orders(ada) == (1, 2_000)


def test_a_run_whose_enrolment_died_after_its_start_is_started_once(shop: "Shop") -> None:
    ada = shop.shopper()
    shop.post(ada.message("identify", consent=True, traits=ada.traits))
    with shop.faulted(_dies_after("sfn", "StartExecution", function="EnrollFunction", shop=shop)):
        shop.wait(30 * DAY)
    assert len(ada.executions("welcome")) == 1
    assert [outcome for _, outcome, _ in ada.lines("welcome")] == ["sent"] * 3
    assert ada.runs("welcome") == [("completed", None)]


def test_a_complaint_whose_handling_died_halfway_is_handled_in_the_end(shop: "Shop") -> None:
    ada = shop.shopper()
    ada.traits["email"] = f"complaint+{ada.user_id}@simulator.amazonses.com"
    shop.post(ada.message("identify", consent=True, traits=ada.traits))
    with shop.faulted(_dies_after("dynamodb", "UpdateItem", function="FeedbackFunction", shop=shop)):
        shop.wait(30 * DAY)
    assert len(ada.inbox) == 1
    assert ada.runs("welcome") == [("exited", "complained")]


def test_one_death_after_any_write_neither_loses_a_mail_in_silence_nor_sends_one_twice(shop: "Shop") -> None:
    """A cart, its first reminder, then an order: told again and again, each time with a death one write later.

    A death after a read leaves what a death after the write before it left.
    """
    disturbed = {}
    for death in count(1):
        ada = shop.shopper()
        writes = _tell(ada, death)
        if len(writes) < death:
            break
        died_after = writes[death - 1]
        # Between the permit and SES nobody can know, and nothing is sent again on a guess.
        uncertain = writes[death - 2 : death] == ["SendFunction PutItem", "SendFunction UpdateItem"]
        reminder = ("reminder", "unknown", "interrupted") if uncertain else ("reminder", "sent", None)
        mails = 0 if uncertain else 1
        story = sorted(ada.lines("cart")), len(ada.inbox), ada.runs("cart")
        if story != ([reminder, ("second", "skipped", "ordered")], mails, [("exited", "ordered")]):
            disturbed[f"{death}: {died_after}"] = story
        ada.decides(consent=False)
        shop.wait_for_another_morning()
    assert disturbed == {}
    assert death > 15


def _tell(ada: "Shopper", death: int) -> list[str]:
    """The writes of the story, of which one, counted from 1, was its function's last call."""
    shop = ada.shop
    writes: list[str] = []

    def dies(_service: str, operation: str, phase: str) -> None:
        function = _running(shop)
        if phase == "after" and operation in WRITES and function not in (None, "IngestFunction"):
            writes.append(f"{function} {operation}")
            if len(writes) == death:
                raise Killed

    with shop.faulted(dies):
        ada.is_known()
        ada.adds("teapot")
        shop.wait(3 * HOUR)
        ada.orders("teapot")
        shop.wait(2 * DAY)
    return writes


def _orders(shopper: "Shopper") -> tuple[int, int]:
    (facts,) = [each.facts for each in shopper.shop.recorder.profiles() if each.profile_id == shopper.profile_id]
    return facts.orders.count, facts.orders.revenue


def _running(shop: "Shop") -> str | None:
    running = shop.cloud.functions.running
    return None if running is None else running.logical_id


def _dies_after(service: str, operation: str, *, function: str, shop: "Shop") -> Callable[[str, str, str], None]:
    """Kills the function once, right after the effect of its first such call."""
    died: list[tuple[str, ...]] = []

    def dies(*call: str) -> None:
        if call == (service, operation, "after") and _running(shop) == function and not died:
            died.append(call)
            raise Killed

    return dies
