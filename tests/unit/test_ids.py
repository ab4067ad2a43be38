"""Ids are opaque, stable, and the same however a name is spelt."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from homing.domain.events import Event
from homing.domain.ids import alias_id, contact_id, fact_id, normalise_email, run_id, send_id
from homing.domain.unsubscribe import Subscriber, make_token, read_token
from tests.fakes.stories import NOW, bought, happened

KEY = b"secret"


@given(st.text(min_size=1), st.text(min_size=1))
def test_an_id_is_sixteen_characters_that_tell_nothing_of_the_name(name: str, other: str) -> None:
    ids = [alias_id("user", name), alias_id("anonymous", name), contact_id(name), fact_id("message", name)]
    assert all(re.fullmatch("[a-z2-7]{16}", made) for made in ids)
    assert len(set(ids)) == 4
    assert (alias_id("user", name) == alias_id("user", other)) == (name == other)


@pytest.mark.parametrize("spelling", ["Ada@Example.com", " ada@example.com\n", "ADA@EXAMPLE.COM"])
def test_spellings_of_one_address_are_one_contact(spelling: str) -> None:
    assert contact_id(spelling) == contact_id("ada@example.com")


@pytest.mark.parametrize(("one", "other"), [("\u212aim@example.com", "kim@example.com"), ("o\ufb00@b.c", "off@b.c")])
def test_mailboxes_that_some_rule_of_letter_case_takes_for_one_are_two_contacts(one: str, other: str) -> None:
    assert contact_id(one) != contact_id(other)


@given(st.text(st.characters(codec="ascii")))
def test_the_contact_of_an_ascii_address_is_that_of_its_case_folded_form(address: str) -> None:
    assert normalise_email(address) == address.strip().casefold()


def test_the_name_of_a_run_is_a_name_that_step_functions_takes() -> None:
    name = run_id("a" * 24, alias_id("user", "ada"), str(-(10**14)))
    assert re.fullmatch(r"[A-Za-z0-9_-]{1,80}", name)
    assert send_id(name, "greeting") != send_id(name, "last_call")


def test_an_event_is_stored_under_its_own_user_else_its_own_device() -> None:
    assert happened(anonymous_id="device").alias == alias_id("user", "ada")
    assert happened(user=None, anonymous_id="device").alias == alias_id("anonymous", "device")
    assert happened(user=None, about="profile").alias == "profile"


def test_an_event_is_about_somebody() -> None:
    with pytest.raises(ValueError, match="userId or an anonymousId"):
        Event(message_id="m", type="track", at=NOW)


def test_an_order_is_one_fact_whoever_tells_it_and_a_message_one_whatever_it_tells() -> None:
    client, server = bought(order_id="o1"), bought(order_id="o1")
    assert client.fact == server.fact != bought(order_id="o2").fact
    assert client.message_fact != server.message_fact
    assert happened("Order Cancelled", order_id="o1").fact not in (client.fact, client.message_fact)
    assert bought(order_id=None).fact != bought(order_id=None).fact
    assert happened("Order Refunded", order_id="o1").fact != happened("Order Refunded", order_id="o1").fact


subscribers = st.builds(Subscriber, *(st.text(min_size=1).map(contact_id) for _ in range(2)))


@given(subscribers, st.binary(min_size=1))
def test_a_token_names_whom_it_was_made_for_under_its_own_key_alone(subscriber: Subscriber, key: bytes) -> None:
    token = make_token(subscriber, key)
    assert read_token(token, key) == subscriber
    assert read_token(token, key + b"x") is None
    assert re.fullmatch(r"[a-z0-9.]+", token)


@given(subscribers, st.data())
def test_a_token_that_was_changed_anywhere_names_nobody(subscriber: Subscriber, data: st.DataObject) -> None:
    token = make_token(subscriber, KEY)
    place = data.draw(st.integers(0, len(token) - 1))
    letter = data.draw(st.characters(codec="utf-8").filter(lambda letter: letter != token[place]))
    assert read_token(token[:place] + letter + token[place + 1 :], KEY) is None
    assert read_token(token[:place], KEY) is None


@given(st.text())
def test_no_text_is_a_token_by_chance(text: str) -> None:
    assert read_token(text, KEY) is None
