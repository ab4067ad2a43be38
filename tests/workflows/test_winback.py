"""The win-back series, as it is deployed."""

from typing import TYPE_CHECKING

import pytest

from homing.domain.moments import DAY, HOUR, SECOND

if TYPE_CHECKING:
    from tests.workflows.conftest import Shop, Shopper


@pytest.mark.parametrize(
    ("gaps", "lapses_after"),
    [
        pytest.param([], 90, id="one order, no rhythm yet"),
        pytest.param([7, 7, 7], 60, id="every week: not before sixty days"),
        pytest.param([40, 40], 80, id="every forty days: twice as long"),
        pytest.param([50, 10, 50], 100, id="the gap that is usual counts"),
    ],
)
def test_who_is_silent_for_longer_than_their_own_rhythm_allows_is_missed(
    shop: "Shop", gaps: list[int], lapses_after: int
) -> None:
    ada = _who_comes_at_ten(shop)
    ada.orders("tea")
    for days in gaps:
        shop.wait(days * DAY)
        ada.orders("tea")
    shop.wait(lapses_after * DAY - SECOND)
    assert ada.executions("winback") == []
    shop.wait(SECOND)
    assert ada.states("winback") == [("SayWeMissYou", 0), ("WaitBeforeOffer", 0)]


def test_the_offers_grow_and_then_we_let_go(shop: "Shop") -> None:
    ada = _who_comes_at_ten(shop)
    ada.orders("teapot")
    shop.wait(300 * DAY)
    assert ada.states("winback") == [
        ("SayWeMissYou", 0),
        ("WaitBeforeOffer", 0),
        ("Offer", 14 * DAY),
        ("WaitBeforeLastOffer", 14 * DAY),
        ("OfferMore", 35 * DAY),
    ]
    assert ada.lines("winback") == [(step, "sent", None) for step in ("missing_you", "offer", "last_offer")]
    assert ada.runs("winback") == [("completed", None)]
    offers = [[code for code in ("BACK10", "BACK20") if code in (mail.text or "")] for mail in ada.inbox]
    assert offers == [[], ["BACK10"], ["BACK20"]]
    assert "Finest teapot" in (ada.inbox[0].text or "")


@pytest.mark.parametrize(("back_after", "sent"), [(DAY, 1), (20 * DAY, 2)])
def test_an_order_ends_it_and_the_next_time_away_is_another(shop: "Shop", back_after: int, sent: int) -> None:
    ada = shop.shopper()
    ada.is_known()
    ada.orders("tea")
    shop.wait(90 * DAY + back_after)
    ada.orders("tea")
    assert ada.runs("winback") == [("exited", "ordered")]
    shop.wait(59 * DAY)
    assert len(ada.inbox) == sent

    shop.wait(400 * DAY)

    assert ada.runs("winback") == [("exited", "ordered"), ("completed", None)]
    assert [outcome for _, outcome, _ in ada.lines("winback")] == ["sent"] * sent + ["skipped"] + ["sent"] * 3


def test_a_withdrawal_ends_it(shop: "Shop") -> None:
    ada = shop.shopper()
    ada.is_known()
    ada.orders("tea")
    shop.wait(91 * DAY)
    ada.decides(consent=False)
    shop.wait(60 * DAY)
    assert ada.runs("winback") == [("exited", "consent_withdrawn")]
    assert len(ada.inbox) == 1


def test_who_never_bought_is_not_won_back(shop: "Shop") -> None:
    ada = shop.shopper()
    ada.is_known()
    shop.wait(400 * DAY)
    assert ada.executions("winback") == []


def _who_comes_at_ten(shop: "Shop") -> "Shopper":
    """Somebody known, at ten o'clock where they live: what they do from now on makes that their best hour."""
    shop.wait_until(shop.now // DAY * DAY + DAY + 10 * HOUR)
    ada = shop.shopper(timezone="UTC")
    ada.is_known()
    return ada
