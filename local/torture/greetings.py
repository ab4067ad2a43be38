"""Whoever has proven their wish for mails, and wants them still two days later, is greeted, or the ledger says why not.

Who is entitled is read off the messages as they were kept, and not off what the product made of them.
"""

import json
from collections.abc import Mapping, Sequence
from typing import Any, Final

from homing.domain.moments import DAY, MINUTE, Duration, Moment, format_moment
from local.torture.chronicle import Chronicle, Image, number, state_of, text
from local.torture.names import contact_of, mail_of, profile_of
from local.torture.parked import Parked
from local.torture.stories import Shopper

_FRESH: Final[Duration] = DAY + MINUTE
"""A consent told so late is one of today: the journey takes who first agreed two days ago, and faults take time."""

_WANTS_FOR: Final[Duration] = 2 * DAY
_DEADLINE: Final[Duration] = 6 * DAY
"""Two days to enter, three of the shop's patience for a mail that is held, and one for all that goes wrong."""

Told = Mapping[str, Any]


def judge_greetings(chronicle: Chronicle, shoppers: Sequence[Shopper], parked: Parked) -> None:
    """Holds it for each of these shoppers, as far as nothing of theirs was given up where an alarm sees it."""
    for shopper in shoppers:
        own = profile_of(shopper.user_id)
        profile = chronicle.items.get((f"P#{own}", "PROFILE"))
        if profile is None or state_of(profile).get("joined_to") is not None:
            continue  # erased, or one of several whose histories are one by now
        partitions = {f"P#{alias}" for alias in (own, *state_of(profile).get("facts", {}).get("anonymous", ()))}
        if partitions & parked.partitions or f"C#{contact_of(shopper.address())}" in parked.partitions:
            continue
        entitled_at = _entitled_at(
            [image for (pk, sk), image in chronicle.items.items() if _is_event(pk, sk, partitions)]
        )
        if entitled_at is None or entitled_at + _DEADLINE > chronicle.now:
            continue
        line = _line(chronicle, partitions)
        if line is None or (number(line, "at") or 0) > entitled_at + _DEADLINE:
            since = format_moment(entitled_at)
            chronicle.violated("nothing lost silently", f"{shopper.user_id}, entitled at {since}, was never greeted")


def _is_event(pk: str, sk: str, partitions: set[str]) -> bool:
    return pk in partitions and sk.startswith("EVENT#")


def _line(chronicle: Chronicle, partitions: set[str]) -> Image | None:
    """What the ledger says of the greeting."""
    runs = [f"welcome-{pk.removeprefix('P#')}-once" for pk in partitions]
    keys = [(f"P#{run.split('-')[1]}", f"SEND#{mail_of(run, 'greeting')}") for run in runs]
    return next((line for key in keys if (line := chronicle.items.get(key)) is not None), None)


def _entitled_at(images: Sequence[Image]) -> Moment | None:
    """When the proof came of somebody who stayed at one address, bought nothing, and did not change their mind."""
    events = [(number(image, "received_at") or 0, json.loads(text(image, "body") or "{}")) for image in images]
    proofs = [(told["at"], received) for received, told in events if _proves(told)]
    agreed_at, proven_at = min(proofs, default=(0, 0))
    if not proofs or proven_at - agreed_at > _FRESH:
        return None
    until = proven_at + _WANTS_FOR
    early = [told for received, told in events if received <= until]
    addresses = {told["traits"]["email"] for told in early if told.get("traits", {}).get("email")}
    is_steady = len(addresses) == 1 and not any(_changes_mind(told) for told in early)
    return proven_at if is_steady else None


def _proves(told: Told) -> bool:
    return told.get("consent", {}).get("marketing") is True and told.get("confirmed_at") is not None


def _changes_mind(told: Told) -> bool:
    """Bought, or does not want mails, or has wanted them for long."""
    consent = told.get("consent", {}).get("marketing")
    return consent is False or str(told.get("name")).startswith("Order ") or bool(told.get("traits", {}).get("channel"))
