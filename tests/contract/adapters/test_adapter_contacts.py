"""Contacts: the later consent counts, the first suppression stays, and the permit says what `Contact.withheld` says."""

from collections.abc import Callable
from typing import NamedTuple

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from homing.adapters.contacts import TableContacts
from homing.adapters.table import Table
from homing.domain.moments import DAY
from homing.domain.permit import Contact

NOON = 1_700_000_000_000
NAMES = st.one_of(
    st.sampled_from(["a", "run:a", "claim:a", "select", "SIZE", "#x", ":x", "a.b[0]", "ü ß", "cart-k3j-1700000000000"]),
    st.text(st.characters(codec="utf-8", exclude_characters="\0"), min_size=1, max_size=40),
)


@pytest.fixture
def contacts(table: Table) -> TableContacts:
    return TableContacts(table)


def licensed(contacts: TableContacts, run_id: str = "r") -> None:
    contacts.note_consent("c", "p", granted=True, at=NOON)
    contacts.add_run("c", run_id, "p")


def test_nobody_knows_a_contact_that_was_never_told(contacts: TableContacts) -> None:
    assert contacts.load("c") is None


# Consent


def test_consent_is_kept_with_its_moment(contacts: TableContacts) -> None:
    contacts.note_consent("c", "p", granted=True, at=NOON)
    assert contacts.load("c") == Contact(contact_id="c", consent=True, consent_at=NOON)


def test_an_address_belongs_to_the_profile_that_it_first_came_with(contacts: TableContacts) -> None:
    assert contacts.note_consent("c", "first", granted=True, at=NOON) == "first"
    assert contacts.note_consent("c", "second", granted=True, at=NOON + 1) == "first"
    assert contacts.note_consent("c", "third", granted=True, at=NOON) == "first"


@settings(max_examples=50)
@given(told=st.lists(st.tuples(st.booleans(), st.integers(NOON, NOON + 2)), min_size=1, max_size=4))
def test_the_latest_consent_counts_in_any_order_and_of_two_at_once_the_withdrawal(
    new_table: Callable[[], Table], told: list[tuple[bool, int]]
) -> None:
    contacts = TableContacts(new_table())
    for granted, at in told:
        contacts.note_consent("c", "p", granted=granted, at=at)
    latest = max(at for _, at in told)
    granted = all(granted for granted, at in told if at == latest)
    assert contacts.load("c") == Contact(contact_id="c", consent=granted, consent_at=latest)


# Suppression


def test_the_first_reason_of_a_suppression_stays(contacts: TableContacts) -> None:
    contacts.suppress("c", "bounced")
    contacts.suppress("c", "complained")
    assert contacts.load("c") == Contact(contact_id="c", suppressed="bounced")


def test_a_suppression_outlives_a_later_consent(contacts: TableContacts) -> None:
    contacts.suppress("c", "complained")
    licensed(contacts)
    assert contacts.claim("c", "r", "s", NOON) == "suppressed"


# Runs and claims


def test_a_run_is_licensed_for_its_profile_until_it_is_taken(contacts: TableContacts) -> None:
    contacts.add_run("c", "cart-p-1", "p")
    contacts.add_run("c", "welcome-q-once", "q")
    assert contacts.load("c") == Contact(contact_id="c", runs={"cart-p-1": "p", "welcome-q-once": "q"})
    contacts.remove_run("c", "cart-p-1", [])
    assert contacts.load("c") == Contact(contact_id="c", runs={"welcome-q-once": "q"})


def test_taking_a_run_forgets_its_claims_and_no_others(contacts: TableContacts) -> None:
    licensed(contacts, "r1")
    licensed(contacts, "r2")
    assert [contacts.claim("c", "r1", "s1", NOON), contacts.claim("c", "r2", "s2", NOON)] == [None, None]
    contacts.remove_run("c", "r1", ["s1", "never claimed"])
    kept = contacts.load("c")
    assert kept is not None
    assert (kept.runs, kept.claims) == ({"r2": "p"}, {"s2": NOON})


def test_taking_a_run_twice_or_from_an_unknown_contact_is_success(contacts: TableContacts) -> None:
    contacts.remove_run("c", "r", ["s"])
    licensed(contacts)
    contacts.remove_run("c", "r", ["s"])
    contacts.remove_run("c", "r", ["s"])
    assert contacts.claim("c", "r", "s", NOON) == "run_ended"


def test_of_two_claims_of_one_send_the_second_is_refused(contacts: TableContacts) -> None:
    licensed(contacts)
    assert contacts.claim("c", "r", "s", NOON) is None
    assert contacts.claim("c", "r", "s", NOON + 1) == "already_claimed"
    kept = contacts.load("c")
    assert kept is not None
    assert kept.claims == {"s": NOON}


def test_a_claim_that_was_given_back_can_be_made_again(contacts: TableContacts) -> None:
    licensed(contacts)
    contacts.claim("c", "r", "s", NOON)
    contacts.release("c", "s")
    assert contacts.claim("c", "r", "s", NOON + 1) is None


def test_an_unknown_contact_gets_no_permit_and_comes_not_into_being(contacts: TableContacts) -> None:
    assert contacts.claim("c", "r", "s", NOON) == "no_consent"
    assert contacts.load("c") is None


class State(NamedTuple):
    """How a contact may stand, and what is asked of it."""

    consent: bool | None
    suppressed: bool
    runs: frozenset[str]
    claims: frozenset[str]
    run_id: str
    send_id: str


@st.composite
def states(draw: st.DrawFn) -> State:
    run_id, send_id = draw(NAMES), draw(NAMES)
    return State(
        consent=draw(st.sampled_from([True, True, True, False, None])),
        suppressed=draw(st.sampled_from([False, False, False, True])),
        runs=draw(st.frozensets(st.one_of(st.just(run_id), NAMES), max_size=3)),
        claims=draw(st.frozensets(st.one_of(st.just(send_id), NAMES), max_size=2)),
        run_id=run_id,
        send_id=send_id,
    )


def brought_about(table: Table, state: State) -> TableContacts:
    """A contact that stands so: licensed and consenting while it claimed, and what the state says since."""
    contacts = TableContacts(table)
    if state.claims:
        licensed(contacts, "long ago")
        for claimed in sorted(state.claims):
            contacts.claim("c", "long ago", claimed, NOON)
        contacts.remove_run("c", "long ago", [])
        contacts.note_consent("c", "p", granted=False, at=NOON + 1)
    if state.consent is not None:
        contacts.note_consent("c", "p", granted=state.consent, at=NOON + 2)
    for run_id in sorted(state.runs):
        contacts.add_run("c", run_id, "p")
    if state.suppressed:
        contacts.suppress("c", "bounced")
    return contacts


@given(state=states())
def test_the_permit_agrees_with_the_contact_whatever_its_state(new_table: Callable[[], Table], state: State) -> None:
    contacts = brought_about(new_table(), state)
    before = contacts.load("c") or Contact(contact_id="c")
    assert (frozenset(before.runs), frozenset(before.claims)) == (state.runs, state.claims)

    answer = contacts.claim("c", state.run_id, state.send_id, NOON + 9)

    assert answer == before.withheld(state.run_id, state.send_id)
    after = contacts.load("c") or Contact(contact_id="c")
    granted = {state.send_id: NOON + 9} if answer is None else {}
    assert after == before.model_copy(update={"claims": before.claims | granted})


# The shopper's own wishes


@pytest.mark.parametrize(("gap", "paused_until"), [(DAY, NOON), (DAY, None), (None, NOON), (None, None)])
def test_the_latest_wishes_take_the_place_of_all_earlier_ones(
    contacts: TableContacts, gap: int | None, paused_until: int | None
) -> None:
    contacts.note_wishes("c", gap=9 * DAY, paused_until=NOON + 9)
    contacts.note_wishes("c", gap=gap, paused_until=paused_until)
    assert contacts.load("c") == Contact(contact_id="c", gap=gap, paused_until=paused_until)
