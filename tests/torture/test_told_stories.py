"""Stories that are told, not drawn: wishes and erasures go well, and where the product breaks its word it is seen."""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, Final

import pytest

from homing.domain.moments import DAY, HOUR, MINUTE
from local.torture.faults import Rates
from local.torture.forks import ChildFailed, in_children
from local.torture.plants import Plant
from local.torture.stories import OPENING, Act, Shopper, Story
from local.torture.trial import Case, Verdict, try_case

if TYPE_CHECKING:
    from local.cloud import Cloud

pytestmark = pytest.mark.torture

Told = tuple[int, str, dict[str, Any]]

_ADA: Final = Shopper("zqada1w", "en", "Europe/London")
_CART: Final[tuple[Told, ...]] = ((0, "is_known", {"ago": 9}), (MINUTE, "adds", {"product": 0}))
"""Is reminded after an hour, a day later, and two days later."""

_LATE: Final[tuple[Told, ...]] = (
    (3 * HOUR, "adds", {"product": 1}),
    (4 * HOUR, "is_known", {"ago": 0}),
    (5 * HOUR, "returns", {}),
    (6 * HOUR, "unsubscribes", {}),
    (7 * HOUR, "prefers", {"wish": "weekly"}),
    (8 * HOUR, "asks_data", {}),
    (9 * HOUR, "repeats", {}),
)


def _tried(stage: "Cloud", told: Sequence[Told], plant: Plant | None = None, ambush: int | None = None) -> Verdict:
    """The verdict on a story; its last act comes amid the sending of a mail where `ambush` says so."""
    acts = [Act(at, 0, verb, dict(more)) for at, verb, more in told]
    if ambush is not None:
        at, verb, more = told[-1]
        acts[-1] = Act(at, 0, verb, dict(more), ambush)
    case = Case(0, Story(OPENING + 10 * DAY, [_ADA], sorted(acts, key=lambda act: act.at)), Rates())

    def work(each: Case) -> Verdict:
        if plant is not None:
            stage.functions.alter(plant)
        return try_case(stage, each)

    ((_, verdict),) = in_children([case], work, workers=1, bound=100)
    assert not isinstance(verdict, ChildFailed), str(verdict)
    return verdict


def _rules(verdict: Verdict) -> set[str]:
    return {violation.rule for violation in verdict.violations}


def _planted(function: str, plant: Callable[[], None], breaks: str) -> Plant:
    return Plant(plant.__name__, plant.__doc__ or "", frozenset({function}), plant, frozenset({breaks}))


def _wishes_unread() -> None:
    """Keep to the shop's caps alone."""
    from homing.adapters import contacts
    from homing.domain.permit import Contact

    own, permit, withheld = ("gap", "paused_until"), contacts._permit, Contact.withheld

    def written(claim: Any) -> Any:
        write = permit(claim.model_copy(update={"gap": None}))
        write.conditions = [each for each in write.conditions if not any(name in each for name in own)]
        return write

    def looked(contact: Contact, claim: Any) -> Any:
        blind = contact.model_copy(update=dict.fromkeys(own))
        return withheld(blind, claim.model_copy(update={"gap": None}))

    contacts._permit = written
    Contact.withheld = looked  # type: ignore[method-assign,assignment]


def _marks_unread() -> None:
    """Take late events of the erased for those of somebody new."""
    from homing.adapters.erasure import TableErasures

    TableErasures.erased = lambda *_: ()  # type: ignore[method-assign]


@pytest.mark.parametrize("wish", ["weekly", "monthly", "pause"])
def test_a_shoppers_own_wish_holds_back_what_the_shop_would_send(stage: "Cloud", wish: str) -> None:
    story = (*_CART, (2 * HOUR, "prefers", {"wish": wish}))
    verdict = _tried(stage, story)
    assert (verdict.mails, _rules(verdict)) == (1, set())
    planted = _planted("SendFunction", _wishes_unread, "wishes are kept")
    assert _rules(_tried(stage, story, planted)) == planted.breaks


def test_who_takes_all_purposes_back_gets_no_more(stage: "Cloud") -> None:
    verdict = _tried(stage, (*_CART, (2 * HOUR, "prefers", {"wish": "nothing"})))
    assert (verdict.mails, _rules(verdict)) == (1, set())


def test_who_takes_purposes_back_and_gives_them_again_gets_mails_again(stage: "Cloud") -> None:
    bought = {"order": "o1", "total": 20}
    again = ((3 * HOUR, "prefers", {"wish": "everything"}), (DAY, "orders", bought), (2 * DAY, "adds", {"product": 2}))
    verdict = _tried(stage, (*_CART, (2 * HOUR, "prefers", {"wish": "nothing"}), *again))
    assert verdict.mails > 1
    assert _rules(verdict) == set()


@pytest.mark.parametrize("cut_off", [None, 3, 9, 17])
def test_an_erasure_leaves_nothing_and_late_events_bring_nobody_back(stage: "Cloud", cut_off: int | None) -> None:
    verdict = _tried(stage, (*_CART, (2 * HOUR, "is_erased", {"cut_off": cut_off}), *_LATE))
    assert (verdict.mails, _rules(verdict)) == (1, set())


@pytest.mark.parametrize("boundary", [1, 7, 13, 19, 25])
def test_an_erasure_amid_a_mail_leaves_nothing(stage: "Cloud", boundary: int) -> None:
    verdict = _tried(stage, (*_CART, (2 * MINUTE, "is_erased", {})), ambush=boundary)
    assert _rules(verdict) == set()


def test_who_comes_back_after_their_erasure_is_seen(stage: "Cloud") -> None:
    planted = _planted("ProjectFunction", _marks_unread, "nobody is revived")
    assert planted.is_found_in(_tried(stage, (*_CART, (2 * HOUR, "is_erased", {}), *_LATE), planted))
