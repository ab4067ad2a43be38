"""The token of a link: what it was made for is all that it opens."""

from typing import get_args

import pytest

from homing.domain.unsubscribe import Purpose, Subscriber, make_token, read_token

KEY, ADA = b"the-signing-key", Subscriber("contact", "profile")
PURPOSES: tuple[Purpose, ...] = get_args(Purpose)


@pytest.mark.parametrize("made_for", PURPOSES)
@pytest.mark.parametrize("used_for", PURPOSES)
def test_a_token_opens_what_it_was_made_for_and_nothing_else(made_for: Purpose, used_for: Purpose) -> None:
    read = read_token(make_token(ADA, KEY, made_for), KEY, used_for)
    assert read == (ADA if made_for == used_for else None)


def test_links_in_mails_sent_before_there_were_purposes_hold() -> None:
    assert read_token("contact.profile.6e4a87dd98e7c4462dac844a83a5f7c9", KEY) == ADA
