"""Ingest: every event that is refused or accepted, is so once, whatever comes again."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from homing.domain.events import Event
from homing.domain.moments import format_moment, parse_moment
from homing.usecases.ingest import ingest
from tests.fakes.crashes import Crashed, Fuse
from tests.fakes.ports import FakeEvents
from tests.fakes.stories import NOW

CONSENT = {"marketing": True, "newsletter": True, "tracking": True}

messages = st.lists(
    st.fixed_dictionaries(
        {"type": st.just("identify"), "userId": st.sampled_from(["ada", "bob", None])},
        optional={"messageId": st.sampled_from(["1", "2", "3"])},
    ),
    max_size=6,
)


@settings(max_examples=80)
@given(messages, st.lists(st.integers(1, 12), max_size=3))
def test_whatever_is_cut_off_and_repeated_the_same_events_are_kept(
    batch: list[dict[str, str]], kills: list[int]
) -> None:
    once, again = FakeEvents(), FakeEvents()
    how: Any = {"sent_at": None, "now": NOW, "double_opt_in": True, "vouched": True}
    ingest(batch, events=once, **how)
    for killed_at in (*kills, None):
        try:
            result = ingest(batch, events=Fuse(killed_at).guard(again), **how)
        except Crashed:
            continue
        assert result.accepted + result.duplicate + len(result.rejected) == len(batch)
    assert again.kept == once.kept


def kept_of(*, double_opt_in: bool, vouched: bool = True, **consent: Any) -> Event:
    """What is kept of a message with this in its consent, beside agreeing to everything."""
    events = FakeEvents()
    message = {"type": "identify", "userId": "ada", "context": {"consent": {"categoryPreferences": CONSENT, **consent}}}
    ingest([message], sent_at=None, now=NOW, events=events, double_opt_in=double_opt_in, vouched=vouched)
    [event] = events.all
    return event


def test_with_double_opt_in_a_consent_to_mails_without_proof_is_asked_for_only() -> None:
    event = kept_of(double_opt_in=True)
    assert (event.consent, event.asked) == ({"tracking": True}, ("marketing", "newsletter"))


def test_a_consent_that_the_shop_has_had_confirmed_needs_no_other_proof() -> None:
    event = kept_of(double_opt_in=True, confirmedAt="2026-01-02T10:00:00Z")
    assert (event.consent, event.asked) == (CONSENT, ())


def test_a_proof_that_nobody_vouches_for_is_none() -> None:
    event = kept_of(double_opt_in=True, vouched=False, confirmedAt="2026-01-02T10:00:00Z")
    assert (event.consent, event.asked, event.confirmed_at) == ({"tracking": True}, ("marketing", "newsletter"), None)


def test_a_proof_that_nobody_vouches_for_tells_when_it_was_agreed_to() -> None:
    then, before = parse_moment("2026-01-02T10:00:00Z"), parse_moment("2026-01-01T10:00:00Z")
    told: Any = {"vouched": False, "double_opt_in": True, "confirmedAt": format_moment(then)}
    assert kept_of(**told).agreed_at == then
    assert kept_of(**told, agreedAt=format_moment(before)).agreed_at == before


@pytest.mark.parametrize("vouched", [True, False])
def test_a_shop_without_double_opt_in_takes_consent_as_it_is_told(*, vouched: bool) -> None:
    event = kept_of(double_opt_in=False, vouched=vouched, confirmedAt="2026-01-02T10:00:00Z")
    assert (event.consent, event.asked) == (CONSENT, ())
    assert (event.confirmed_at is not None) == vouched


def test_a_withdrawal_needs_no_proof() -> None:
    event = kept_of(double_opt_in=True, categoryPreferences={"marketing": False, "newsletter": False})
    assert (event.consent, event.asked) == ({"marketing": False, "newsletter": False}, ())
