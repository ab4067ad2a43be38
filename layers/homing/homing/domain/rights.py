"""The rights of a shopper over what is held of them: to get it, and to have it erased."""

from typing import Literal, NamedTuple

from homing.domain.moments import Moment

Right = Literal["data", "erasure"]
"""What a shopper may ask for: all that is held of them, or that it be erased."""


class Request(NamedTuple):
    """What a shopper has asked for on the preferences page; it stays open until a person has answered it.

    `profile_id` names the profile as it was then; `at` is when it was asked for first.
    """

    right: Right
    profile_id: str
    at: Moment
