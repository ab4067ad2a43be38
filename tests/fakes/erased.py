"""Somebody who has lived in the world of fakes, is erased from it, and what is left of them."""

from collections.abc import Iterable

from homing.domain.events import Event
from homing.domain.ids import alias_id, contact_id, normalise_email
from homing.domain.moments import DAY, HOUR
from homing.domain.rights import Erasure
from homing.usecases.erase import LET_OTHERS_FINISH
from homing.usecases.requests import ask
from tests.fakes.crashes import Fuse
from tests.fakes.stories import NOW, happened, put_in_cart, signed_up
from tests.fakes.world import ADA, ADDRESS, World

ZOE = alias_id("user", "zoe")
PHONE, TABLET = alias_id("anonymous", "phone"), alias_id("anonymous", "tablet")
FORMER = "ada.byron@example.com"
CONTACT = contact_id(ADDRESS)


def hear(world: World, *events: Event) -> None:
    """Each event into the log, and through the whole road."""
    for event in events:
        if world.events.put(event, event.at):
            world.tell(event)


def lived() -> World:
    """Ada has browsed, signed up, moved to another address, got a mail and asked for her data; Zoe is another."""
    world = World()
    hear(
        world,
        happened("Product Viewed", NOW - 3 * DAY, user=None, anonymous_id="phone"),
        signed_up(NOW - 3 * HOUR, FORMER, anonymous_id="phone", traits={"first_name": "Ada"}),
    )
    world.send(world.run("welcome"), "greeting", NOW - 3 * HOUR)
    hear(
        world,
        signed_up(NOW - 2 * HOUR, ADDRESS),
        put_in_cart(NOW - HOUR),
        signed_up(NOW - HOUR, "zoe@example.com", user="zoe"),
    )
    world.look_again(NOW)
    ask("data", PHONE, requests=world.requests, profiles=world.profiles, now=NOW)
    return world


def erase(world: World, profile_id: str = ADA, fuse: Fuse | None = None) -> Erasure:
    """From wherever an erasure was cut off to its end."""
    eraser = world.eraser(fuse)
    begun = next((each for each in world.erasures.under_way() if profile_id in each.profiles), None)
    erasure = begun or eraser.find(profile_id)[0]
    if erasure.cleared_at is None:
        erasure = eraser.begin(erasure, NOW)
    eraser.finish(erasure, NOW + LET_OTHERS_FINISH)
    return erasure


def traces(world: World, ids: Iterable[str]) -> list[object]:
    """All that is kept under these ids, anywhere but among the marks."""
    wanted = frozenset(ids)
    return [
        *(profile_id for profile_id in world.profiles.records if profile_id in wanted),
        *(event for (alias, _), (event, _) in world.events.kept.items() if alias in wanted),
        *(run for run in world.runs.kept.values() if run.profile_id in wanted),
        *(send for send in world.sends.kept.values() if send.profile_id in wanted),
        *(contact for contact in (*world.contacts.contacts, *world.contacts.owners) if contact in wanted),
        *(address for address in world.profiles.noted if address[0] in wanted),
        *(look for look in world.due.armed if look[1] in wanted),
        *(mail for mail in world.open_sends.kept.values() if mail.send.profile_id in wanted),
        *(request for request in world.requests.open() if request.profile_id in wanted),
        *(erasure for erasure in world.erasures.under_way() if wanted & erasure.ids),
    ]


def tells(world: World, *addresses: str) -> set[str]:
    """Under which aliases the log or a profile tells one of these addresses."""
    events = [(alias, event) for (alias, _), (event, _) in world.events.kept.items()]
    emails = [(alias, event.traits.get("email")) for alias, event in events]
    emails += [(alias, name) for alias, event in events for name in (event.user_id, event.anonymous_id)]
    emails += [(alias, record.facts.trait("email")) for alias, record in world.profiles.records.items()]
    return {alias for alias, email in emails if email and normalise_email(email) in addresses}


ALL = (ADA, PHONE, CONTACT, contact_id(FORMER))
"""All that Ada is known by."""
