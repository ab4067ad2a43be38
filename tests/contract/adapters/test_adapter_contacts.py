"""Contacts: the later consent counts, suppression knows no order, and the permit says what `Contact.withheld` says."""

from collections.abc import Callable
from itertools import islice
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from homing.adapters.contacts import TableContacts
from homing.adapters.table import Table
from homing.domain.moments import DAY
from homing.domain.permit import Claim, Contact, Withheld
from homing.domain.sending import Cap
from homing.ports import Contacts
from tests.fakes.ports import FakeContacts

CAPS = (Cap(1, DAY), Cap(3, 7 * DAY))
NOON = 1_700_000_000_000
NAMES = st.one_of(
    st.sampled_from(["a", "run:a", "claim:a", "select", "SIZE", "#x", ":x", "a.b[0]", "ü ß", "cart-k3j-1700000000000"]),
    st.text(st.characters(codec="utf-8", exclude_characters="\0"), min_size=1, max_size=40),
)


def a_claim(run_id: str = "r", send_id: str = "s", at: int = NOON, **more: Any) -> Claim:
    return Claim(run_id=run_id, send_id=send_id, at=at, **more)


@pytest.fixture
def contacts(table: Table) -> TableContacts:
    return TableContacts(table)


def known(contacts: TableContacts) -> None:
    """Somebody of whom nothing but the address is known."""
    contacts.note_consent("c", "p", granted=False, at=0)


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


def test_a_stop_and_a_proof_are_kept_each_by_its_latest_whatever_else_is_told(contacts: TableContacts) -> None:
    for at in (NOON + 1, NOON):
        contacts.note_consent("c", "p", granted=False, at=at, stopped_at=at)
        contacts.note_consent("c", "p", granted=True, at=NOON + 9, proved_at=at - 5)
    known = contacts.load("c")
    assert known is not None
    assert (known.consent, known.stopped_at, known.proved_at) == (True, NOON + 1, NOON - 4)


@pytest.mark.parametrize(("proved_at", "is_given"), [(None, False), (NOON - 1, False), (NOON, False), (NOON + 1, True)])
def test_after_a_stop_a_permit_is_given_for_a_later_proof_alone(
    contacts: TableContacts, proved_at: int | None, *, is_given: bool
) -> None:
    licensed(contacts)
    contacts.note_consent("c", "p", granted=False, at=NOON, stopped_at=NOON)
    contacts.note_consent("c", "p", granted=True, at=NOON + 1, proved_at=proved_at)
    assert contacts.claim("c", a_claim(at=NOON + 1)) == (None if is_given else Withheld("no_consent"))


def test_a_contact_that_is_not_to_be_new_and_is_not_there_is_not_made(contacts: TableContacts) -> None:
    assert contacts.note_consent("c", "p", granted=True, at=NOON, new=False) is None
    assert contacts.load("c") is None
    licensed(contacts)
    assert contacts.note_consent("c", "q", granted=False, at=NOON + 1, new=False) == "p"


def test_nothing_but_a_first_consent_makes_a_contact(contacts: TableContacts) -> None:
    contacts.suppress("c", "bounced")
    contacts.note_wishes("c", gap=DAY, paused_until=NOON, at=NOON)
    contacts.note_wishes("c", gap=None, paused_until=None, at=NOON)
    assert not contacts.add_run("c", "r", "p", NOON)
    contacts.note_due("c", "r", NOON)
    contacts.note_due("c", "r", None)
    contacts.remove_run("c", "r", ["s"])
    contacts.release("c", a_claim())
    assert contacts.claim("c", a_claim()) is not None
    assert contacts.load("c") is None


# Suppression


@pytest.mark.parametrize("reasons", [("bounced", "complained", "bounced"), ("complained", "bounced")])
def test_the_reason_of_a_suppression_does_not_depend_on_the_order_of_the_news(
    contacts: TableContacts, reasons: tuple[str, ...]
) -> None:
    known(contacts)
    for reason in reasons:
        contacts.suppress("c", reason)
    assert contacts.load("c") == Contact(contact_id="c", suppressed="complained")


def test_a_suppression_outlives_a_later_consent(contacts: TableContacts) -> None:
    known(contacts)
    contacts.suppress("c", "complained")
    licensed(contacts)
    assert contacts.claim("c", a_claim()) == Withheld("suppressed")


# Runs and claims


def test_a_run_is_licensed_for_its_profile_until_it_is_taken(contacts: TableContacts) -> None:
    known(contacts)
    contacts.add_run("c", "cart-p-1", "p")
    contacts.add_run("c", "welcome-q-once", "q")
    assert contacts.load("c") == Contact(contact_id="c", runs={"cart-p-1": "p", "welcome-q-once": "q"})
    contacts.remove_run("c", "cart-p-1", [])
    assert contacts.load("c") == Contact(contact_id="c", runs={"welcome-q-once": "q"})


def test_taking_a_run_forgets_its_claims_and_no_others(contacts: TableContacts) -> None:
    licensed(contacts, "r1")
    licensed(contacts, "r2")
    assert [contacts.claim("c", a_claim("r1", "s1")), contacts.claim("c", a_claim("r2", "s2"))] == [None, None]
    contacts.remove_run("c", "r1", ["s1", "never claimed"])
    kept = contacts.load("c")
    assert kept is not None
    assert (kept.runs, kept.claims) == ({"r2": "p"}, {"s2": NOON})


def test_taking_a_run_twice_or_from_an_unknown_contact_is_success(contacts: TableContacts) -> None:
    contacts.remove_run("c", "r", ["s"])
    licensed(contacts)
    contacts.remove_run("c", "r", ["s"])
    contacts.remove_run("c", "r", ["s"])
    assert contacts.claim("c", a_claim()) == Withheld("run_ended")


def test_of_two_claims_of_one_send_the_second_is_refused(contacts: TableContacts) -> None:
    licensed(contacts)
    assert contacts.claim("c", a_claim()) is None
    assert contacts.claim("c", a_claim(at=NOON + 1)) == Withheld("already_claimed")
    kept = contacts.load("c")
    assert kept is not None
    assert kept.claims == {"s": NOON}


def test_a_claim_that_was_given_back_can_be_made_again(contacts: TableContacts) -> None:
    licensed(contacts)
    contacts.claim("c", a_claim(caps=CAPS))
    contacts.release("c", a_claim(caps=CAPS))
    assert contacts.claim("c", a_claim(at=NOON + 1, caps=CAPS)) is None


def test_an_unknown_contact_gets_no_permit_and_comes_not_into_being(contacts: TableContacts) -> None:
    assert contacts.claim("c", a_claim()) == Withheld("no_consent")
    assert contacts.load("c") is None


# The permit and its mirror


RUNS = ("r", "run:r", "cart-k3j-1")
SENDS = ("s", "claim:s", "ü ß", "SIZE")
LAST = NOON + 60


@st.composite
def claims(draw: st.DrawFn) -> Claim:
    """Any question that may be put to the permit; within a minute, so that limits and repeats meet."""
    caps = {draw(st.integers(1, 20)): draw(st.integers(1, 3)) for _ in range(draw(st.integers(0, 2)))}
    again = draw(st.sampled_from([False, False, False, True]))
    return Claim(
        run_id=draw(st.sampled_from(RUNS)),
        send_id=draw(st.sampled_from(SENDS)),
        at=draw(st.integers(NOON, LAST)),
        kind=draw(st.sampled_from(["marketing", "marketing", "service"])),
        caps=tuple(Cap(mails, window) for window, mails in caps.items()),
        gap=draw(st.sampled_from([None, None, 5, 30])),
        confirms=draw(st.booleans()),
        next_due=draw(st.sampled_from([None, LAST])),
        again=again,
        replaces=draw(st.sampled_from([None, NOON])) if again else None,
    )


Deed = Callable[[Contacts], object]


@st.composite
def deeds(draw: st.DrawFn) -> tuple[str, Deed]:
    """Something that happens to a contact, with its name."""
    run_id, due = draw(st.sampled_from(RUNS)), draw(st.sampled_from([None, NOON, LAST]))
    claim = draw(claims())
    granted, at = draw(st.sampled_from([True, True, False])), draw(st.integers(NOON, LAST))
    firm_at = draw(st.sampled_from([None, at]))
    stopped_at, proved_at = (None, firm_at) if granted else (firm_at, None)
    gap, paused_until = draw(st.sampled_from([None, 5, 30])), draw(st.sampled_from([None, NOON, NOON + 30]))
    happens: dict[str, Deed] = {
        "claim": lambda contacts: contacts.claim("c", claim),
        "release": lambda contacts: contacts.release("c", claim),
        "licence": lambda contacts: contacts.add_run("c", run_id, "p", due),
        "due": lambda contacts: contacts.note_due("c", run_id, due),
        "end": lambda contacts: contacts.remove_run("c", run_id, [claim.send_id]),
        "consent": lambda contacts: contacts.note_consent(
            "c", "p", granted=granted, at=at, stopped_at=stopped_at, proved_at=proved_at
        ),
        "wishes": lambda contacts: contacts.note_wishes("c", gap=gap, paused_until=paused_until, at=at),
        "mails": lambda contacts: contacts.remember_mails("c", {at, NOON}),
        "suppress": lambda contacts: contacts.suppress("c", "bounced"),
    }
    often = ["claim"] * 6 + ["release", "consent", "wishes", "due", "mails"] + ["licence"] * 2
    name = draw(st.sampled_from([*often, "end", "suppress"]))
    return name, happens[name]


@settings(max_examples=150, deadline=None)
@given(story=st.lists(deeds(), min_size=1, max_size=12))
def test_the_permit_agrees_with_its_mirror_in_the_domain_after_every_deed(
    new_table: Callable[[], Table], story: list[tuple[str, Deed]]
) -> None:
    real, mirror = TableContacts(new_table()), FakeContacts()
    for contacts in (real, mirror):
        contacts.note_consent("c", "p", granted=True, at=NOON)
        contacts.add_run("c", "r", "p", NOON)
    for name, deed in story:
        assert (name, deed(real)) == (name, deed(mirror))
        assert real.load("c") == mirror.load("c")


@settings(max_examples=60, deadline=None)
@given(
    caps=st.dictionaries(st.integers(1, 30), st.integers(1, 3), min_size=1, max_size=2),
    steps=st.lists(st.tuples(st.integers(0, 12), st.booleans()), min_size=1, max_size=14),
)
def test_no_window_ever_holds_more_mails_than_the_cap_allows(
    new_table: Callable[[], Table], caps: dict[int, int], steps: list[tuple[int, bool]]
) -> None:
    contacts = TableContacts(new_table())
    licensed(contacts)
    limits, sent, at = tuple(Cap(mails, window) for window, mails in caps.items()), list[int](), NOON
    for number, (passed, given_back) in enumerate(steps):
        at += passed
        claim = a_claim(send_id=f"s{number}", at=at, caps=limits)
        if contacts.claim("c", claim) is not None:
            continue
        if given_back:
            contacts.release("c", claim)
        else:
            sent.append(at)
    for cap in limits:
        assert all(sum(start <= at < start + cap.window for at in sent) <= cap.mails for start in sent)


@given(run_id=NAMES, send_id=NAMES)
def test_any_name_can_be_licensed_claimed_and_given_back(
    new_table: Callable[[], Table], run_id: str, send_id: str
) -> None:
    contacts = TableContacts(new_table())
    licensed(contacts, run_id)
    claim = a_claim(run_id, send_id, caps=CAPS, next_due=LAST)
    assert contacts.claim("c", claim) is None
    assert contacts.load("c") == Contact(
        contact_id="c",
        consent=True,
        consent_at=NOON,
        runs={run_id: "p"},
        due={run_id: LAST},
        claims={send_id: NOON},
        recent=(NOON,),
    )
    contacts.release("c", claim)
    assert contacts.claim("c", claim) is None


# The shopper's own wishes


@pytest.mark.parametrize(("gap", "paused_until"), [(DAY, NOON), (DAY, None), (None, NOON), (None, None)])
def test_the_latest_wishes_take_the_place_of_all_earlier_ones(
    contacts: TableContacts, gap: int | None, paused_until: int | None
) -> None:
    known(contacts)
    contacts.note_wishes("c", gap=9 * DAY, paused_until=NOON + 9, at=NOON)
    contacts.note_wishes("c", gap=gap, paused_until=paused_until, at=NOON + 1)
    contacts.note_wishes("c", gap=8 * DAY, paused_until=NOON + 8, at=NOON)
    assert contacts.load("c") == Contact(contact_id="c", gap=gap, paused_until=paused_until, wished_at=NOON + 1)


# Mails to another address of the shopper


def test_mails_to_another_address_count_as_if_they_had_come_to_this_one(contacts: TableContacts) -> None:
    licensed(contacts)
    contacts.claim("c", a_claim(caps=CAPS))
    contacts.remember_mails("c", {NOON - DAY, NOON, NOON + 5})
    kept = contacts.load("c")
    assert kept is not None
    assert kept.recent == (NOON + 5, NOON, NOON - DAY)


def test_an_unknown_contact_remembers_no_mails(contacts: TableContacts) -> None:
    contacts.remember_mails("c", {NOON})
    assert contacts.load("c") is None


def test_a_mail_that_is_claimed_while_others_are_brought_in_counts_beside_them(contacts: TableContacts) -> None:
    licensed(contacts)
    claims = (a_claim(send_id=f"s{number}", at=NOON + number) for number in range(2))

    class Busy(TableContacts):
        def load(self, contact_id: str) -> Contact | None:
            """As it stands before somebody else claims a mail."""
            known = super().load(contact_id)
            for claim in islice(claims, 1):
                assert self.claim("c", claim) is None
            return known

    Busy(contacts._table).remember_mails("c", {NOON - DAY})
    kept = contacts.load("c")
    assert kept is not None
    assert set(kept.claims) == {"s0", "s1"}
    assert kept.recent == (NOON + 1, NOON, NOON - DAY)
