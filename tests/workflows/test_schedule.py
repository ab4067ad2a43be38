"""The other tests look at segments exactly when they change; here the template's own schedule does."""

from typing import TYPE_CHECKING

from homing.domain.moments import HOUR, MINUTE, SECOND

if TYPE_CHECKING:
    from tests.workflows.conftest import Shop


def test_what_time_alone_changes_is_seen_at_the_next_look_of_the_schedule(shop_on_schedule: "Shop") -> None:
    shop = shop_on_schedule
    shop.wait(2 * MINUTE)
    ada = shop.shopper()
    ada.is_known()
    ada.adds("teapot")
    shop.wait(HOUR + 3 * MINUTE - SECOND)
    assert ada.inbox == []
    shop.wait(SECOND)
    assert len(ada.inbox) == 1
    assert [name for name, _ in ada.states("cart")] == ["Remind", "WaitBeforeSecond"]
