"""The permit's own laws: caps hold in every window, wishes are kept, and the worthier journey goes first."""

from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from homing.domain.moments import DAY, HOUR
from homing.domain.permit import Claim, Contact, Withheld
from homing.domain.sending import Cap

NOON = 1_700_000_000_000
CAPS = (Cap(1, DAY), Cap(3, 7 * DAY))
PATIENCE = 3 * DAY


def claim(send_id: str = "s", at: int = NOON, **more: Any) -> Claim:
    return Claim(**{"run_id": "winback-p-1", "send_id": send_id, "at": at, "caps": CAPS, **more})


def contact(**changes: Any) -> Contact:
    return Contact(contact_id="c", consent=True, runs={"winback-p-1": "p"}).model_copy(update=changes)


# The frequency cap


@given(
    caps=st.dictionaries(st.integers(1, 60), st.integers(1, 4), max_size=3),
    gap=st.one_of(st.none(), st.integers(1, 90)),
    deeds=st.lists(st.tuples(st.integers(-3, 20), st.sampled_from(["send", "send", "send", "give back"])), max_size=40),
)
@example(caps={}, gap=1, deeds=[(0, "send"), (1, "give back"), (-1, "send")])
def test_no_window_ever_holds_more_mails_than_any_limit(
    caps: dict[int, int], gap: int | None, deeds: list[tuple[int, str]]
) -> None:
    """Whatever is claimed and given back, and though the clocks of two functions differ."""
    limits = tuple(Cap(mails, window) for window, mails in caps.items())
    someone, at, sent = contact(gap=gap), NOON, list[int]()
    for number, (passed, deed) in enumerate(deeds):
        at = max(NOON, at + passed)
        asked = claim(f"s{number}", at, caps=limits, gap=gap)
        if someone.withheld(asked) is not None:
            continue
        someone = someone.claimed(asked)
        if deed == "give back":
            someone = someone.released(asked)
        else:
            sent.append(at)
    for cap in claim(caps=limits, gap=gap).limits:
        assert all(sum(start <= at < start + cap.window for at in sent) <= cap.mails for start in sent)


@given(
    caps=st.dictionaries(st.integers(1, 60), st.integers(1, 4), min_size=1, max_size=3),
    pauses=st.lists(st.integers(0, 40), min_size=1, max_size=30),
)
def test_what_a_cap_holds_may_go_at_the_very_moment_that_it_names_and_not_before(
    caps: dict[int, int], pauses: list[int]
) -> None:
    limits, someone, at = tuple(Cap(mails, window) for window, mails in caps.items()), contact(), NOON
    for number, pause in enumerate(pauses):
        at += pause
        asked = claim(f"s{number}", at, caps=limits)
        held = someone.withheld(asked)
        if held is not None:
            assert held.reason == "frequency_cap"
            assert held.until is not None
            assert someone.withheld(asked.model_copy(update={"at": held.until - 1})) is not None
            at = held.until
            asked = asked.model_copy(update={"at": at})
        assert someone.withheld(asked) is None
        someone = someone.claimed(asked)


@given(st.lists(st.integers(0, 3 * DAY), min_size=1, max_size=12))
def test_a_claim_that_is_given_back_leaves_no_trace(pauses: list[int]) -> None:
    someone, at = contact(), NOON
    for number, pause in enumerate(pauses):
        at += pause
        asked = claim(f"s{number}", at)
        if someone.withheld(asked) is None:
            again = someone.claimed(asked).released(asked)
            assert again.free_at(CAPS) <= at
            assert again.withheld(asked) is None
            someone = someone.claimed(asked)


def test_a_service_mail_takes_no_place_and_needs_none() -> None:
    full = contact(recent=(NOON,), gap=30 * DAY, paused_until=NOON + DAY, consent=False)
    service = claim(at=NOON + 1, kind="service")
    assert full.withheld(service) is None
    assert full.claimed(service).recent == (NOON,)


# Wishes


def test_a_pause_holds_until_it_is_over() -> None:
    someone = contact(paused_until=NOON + DAY)
    assert someone.withheld(claim()) == Withheld("paused", NOON + DAY)
    assert someone.withheld(claim(at=NOON + DAY)) is None


def test_of_all_that_holds_a_mail_the_last_to_end_counts() -> None:
    someone = contact(paused_until=NOON + DAY, recent=(NOON - HOUR, NOON - 2 * DAY, NOON - 3 * DAY))
    assert someone.withheld(claim()) == Withheld("frequency_cap", NOON + 4 * DAY)


def test_a_wish_that_was_changed_since_it_was_read_refuses_the_claim() -> None:
    assert contact(gap=7 * DAY).withheld(claim()) == Withheld("changed")
    assert contact(gap=7 * DAY).withheld(claim(gap=30 * DAY)) == Withheld("changed")
    assert contact(gap=7 * DAY).withheld(claim(gap=7 * DAY)) is None


# A person's word


def test_an_unknown_mail_is_claimed_again_only_in_the_place_of_the_claim_that_was_read() -> None:
    someone = contact(claims={"s": NOON}, runs={})
    later = NOON + 2 * DAY
    assert someone.withheld(claim(at=later)) == Withheld("already_claimed")
    assert someone.withheld(claim(at=later, again=True, replaces=NOON - 1)) == Withheld("already_claimed")
    assert someone.withheld(claim(at=later, again=True)) == Withheld("already_claimed")
    word = claim(at=later, again=True, replaces=NOON)
    assert someone.withheld(word) is None
    assert someone.claimed(word).withheld(word) == Withheld("already_claimed")


@pytest.mark.parametrize(
    ("changes", "reason"), [({"consent": False}, "no_consent"), ({"suppressed": "bounced"}, "suppressed")]
)
def test_no_persons_word_goes_against_the_shoppers(changes: dict[str, Any], reason: str) -> None:
    assert contact(**changes).withheld(claim(again=True)) == Withheld(reason)  # type: ignore[arg-type] # of the list


# Worth


@pytest.mark.parametrize(
    ("due", "yields"),
    [
        (NOON + HOUR, True),
        (NOON + DAY - 1, True),
        (NOON + DAY, False),
        (NOON - HOUR, True),
        (NOON - PATIENCE, False),
    ],
)
def test_a_mail_yields_to_a_worthier_one_that_is_due_within_the_shortest_window(due: int, yields: bool) -> None:  # noqa: FBT001
    someone = contact(due={"cart-p-1": due, "winback-p-1": NOON})
    assert someone.yields_to(claim(), {"cart", "welcome"}, PATIENCE) == (due if yields else None)


def test_no_mail_yields_to_a_lesser_one_nor_to_itself() -> None:
    someone = contact(due={"birthday-p-1": NOON + HOUR, "winback-p-1": NOON + HOUR})
    assert someone.yields_to(claim(), {"cart"}, PATIENCE) is None


def test_where_both_can_go_neither_yields() -> None:
    someone = contact(due={"cart-p-1": NOON + HOUR})
    assert someone.yields_to(claim(caps=(Cap(2, DAY),)), {"cart"}, PATIENCE) is None


def test_a_mail_does_not_yield_to_one_that_could_not_go_anyway() -> None:
    someone = contact(due={"cart-p-1": NOON + HOUR}, recent=(NOON - 25 * HOUR, NOON - 26 * HOUR))
    loose = (Cap(3, 2 * DAY), Cap(2, 26 * HOUR + 2 * HOUR))
    held = someone.model_copy(update={"recent": (NOON - HOUR, NOON - 26 * HOUR)})
    assert held.free_at(loose) > NOON + HOUR
    assert held.yields_to(claim(caps=loose), {"cart"}, PATIENCE) is None


def test_the_earliest_of_several_worthier_mails_is_waited_for() -> None:
    someone = contact(due={"cart-p-1": NOON + 2 * HOUR, "welcome-p-once": NOON + HOUR})
    assert someone.yields_to(claim(), {"cart", "welcome"}, PATIENCE) == NOON + HOUR


def test_with_its_claim_a_run_tells_when_its_next_mail_is_due() -> None:
    someone = contact(due={"winback-p-1": NOON, "cart-p-1": NOON})
    assert someone.claimed(claim(next_due=NOON + DAY)).due == {"winback-p-1": NOON + DAY, "cart-p-1": NOON}
    assert someone.claimed(claim()).due == {"cart-p-1": NOON}


def test_a_mail_whose_claim_is_given_back_is_due_again() -> None:
    asked = claim(next_due=NOON + DAY)
    assert contact().claimed(asked).released(asked).due == {"winback-p-1": NOON}
    assert contact(runs={}).claimed(asked).released(asked).due == {"winback-p-1": NOON + DAY}
