"""A person's data as JSON for the person: each part with a word about what it is, and moments as dates."""

from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

from homing.adapters.profiles import PROFILE_KEY, profile_record, stored_event
from homing.adapters.table import Item
from homing.domain.ids import contact_id
from homing.domain.moments import format_moment
from local.rights.person import Person
from local.segments.sources import Source

ABOUT = (
    "Everything that Homing, the system that sends the shop's lifecycle mails, holds about one person. Money is in "
    "hundredths of the currency. Ids such as profile_id are made up by Homing from the shop's own ids."
)
_EARLIEST, _LATEST = 1_000_000_000_000, 4_100_000_000_000
"""Whole numbers from 2001 to 2099 are moments in milliseconds: no other number that is kept comes near them."""


class Part(NamedTuple):
    """A part of the export: the items whose sort key begins so, and what to tell the person about them."""

    name: str
    partition: str
    sort_key: str
    explanation: str


PARTS = (
    Part(
        "profiles",
        "P#",
        "PROFILE",
        "What is known of you, as it follows from the events: traits, consents with their time and source, orders, "
        "cart, visits, interests, the segments you are in and since when. A history with joined_to has become part of "
        "another profile, such as that of a browser from before you had signed in.",
    ),
    Part("events", "P#", "EVENT#", "What the shop and our mails have reported about you, kept for 400 days."),
    Part("journeys", "P#", "RUN#", "The series of mails that you were in, and how each ended; kept for 800 days."),
    Part(
        "mails",
        "P#",
        "SEND#",
        "Every mail that was intended for you: sent, or withheld and why, and what became of it; kept for 800 days.",
    ),
    Part("address_history", "P#", "ADDRESS#", "Which addresses you have had, each by the id of its contact."),
    Part(
        "contacts",
        "C#",
        "CONTACT",
        "Each of your addresses as the sending of mails sees it: whether you agree to mails, your wishes about how "
        "often, whether mails to it are stopped (suppressed), and the mails sent lately.",
    ),
    Part("due_looks", "DUE#", "", "When we look again whether you still belong to the segments that you are in."),
    Part("mails_in_the_balance", "OPEN#", "", "Mails of which it is not known yet whether they have arrived."),
    Part("requests", "REQUEST", "", "What you have asked us for and has not been answered yet."),
    Part("other", "", "", "Whatever else is stored under your ids."),
)


def export_of(person: Person, source: Source) -> dict[str, Any]:
    """The whole export, ready for json.dumps."""
    parts: dict[str, list[Item]] = {part.name: [] for part in PARTS}
    for item in person.items:
        parts[_part_of(item).name].append(item)
    addresses = _addresses(person.items)
    return {
        "about": ABOUT,
        "from": source.name,
        "as_of": format_moment(source.as_of),
        "profile_id": person.profile_id,
        "known_as": list(person.aliases),
        "addresses": {contact: addresses.get(contact) for contact in sorted(person.contacts)},
        "parts": {
            part.name: {
                "explanation": part.explanation,
                "entries": [_entry(item) for item in sorted(parts[part.name], key=_key)],
            }
            for part in PARTS
            if parts[part.name] or part.name != "other"
        },
    }


def _part_of(item: Item) -> Part:
    pk, sk = _key(item)
    return next(part for part in PARTS if pk.startswith(part.partition) and sk.startswith(part.sort_key))


def _key(item: Item) -> tuple[str, str]:
    return item["pk"]["S"], item["sk"]["S"]


def _addresses(items: Iterable[Item]) -> dict[str, str]:
    """The addresses by their contact's id, as far as an event or a profile still tells them."""
    told = []
    for item in items:
        if _part_of(item).name == "events":
            told.append(stored_event(item).event.traits.get("email"))
        elif _part_of(item).name == "profiles":
            told.append(profile_record(item).facts.trait("email"))
    return {contact_id(email): email for email in told if email is not None}


def _entry(item: Item) -> dict[str, Any]:
    """An item in words: its key, and what is in it."""
    pk, sk = _key(item)
    within: dict[str, Any]
    if sk == PROFILE_KEY:
        within = profile_record(item).model_dump(mode="json", exclude_defaults=True)
    elif _part_of(item).name == "events":
        stored = stored_event(item)
        within = stored.event.model_dump(mode="json", exclude_defaults=True) | {"received_at": stored.received_at}
    else:
        within = {name: _plain(value) for name, value in item.items() if name not in ("pk", "sk", "expires_at")}
    if "expires_at" in item:
        within["deleted_after"] = int(item["expires_at"]["N"]) * 1000
    entry: dict[str, Any] = _readable({"key": f"{pk} / {sk}", **within})
    return entry


def _plain(attribute: dict[str, Any]) -> Any:
    """An attribute of DynamoDB as JSON has it."""
    ((kind, value),) = attribute.items()
    kinds: dict[str, Callable[[Any], Any]] = {
        "N": lambda told: int(told) if str(told).lstrip("-").isdigit() else float(told),
        "L": lambda told: [_plain(each) for each in told],
        "M": lambda told: {name: _plain(each) for name, each in told.items()},
        "B": repr,
        "NULL": lambda _: None,
    }
    return kinds[kind](value) if kind in kinds else value


def _readable(value: Any) -> Any:
    """The value with every moment as ISO 8601."""
    if isinstance(value, dict):
        return {name: _readable(each) for name, each in value.items()}
    if isinstance(value, list | tuple):
        return [_readable(each) for each in value]
    if isinstance(value, int) and not isinstance(value, bool) and _EARLIEST <= value < _LATEST:
        return format_moment(value)
    return value
