"""What shoppers have asked for, as the operator sees it."""

from collections.abc import Iterable, Sequence
from typing import TypedDict

from homing.domain.moments import DAY, Moment, format_moment
from homing.domain.rights import Request, Right
from homing.ports import Requests
from local.segments.population import NoProfile, Population
from local.segments.sources import open_source

_ANSWERS: dict[Right, str] = {
    "data": "homing export {profile_id} --from {source} --out {profile_id}.json",
    "erasure": "homing erase {profile_id} --from {source}",
}


class Waiting(TypedDict):
    """One request, and what to do about it."""

    profile_id: str
    right: Right
    asked_at: str
    days: int
    answer: str


def waiting(requests: Iterable[Request], source: str, now: Moment) -> list[Waiting]:
    """The requests, in their order."""
    return [
        Waiting(
            profile_id=request.profile_id,
            right=request.right,
            asked_at=format_moment(request.at),
            days=(now - request.at) // DAY,
            answer=_ANSWERS[request.right].format(profile_id=request.profile_id, source=source),
        )
        for request in requests
    ]


def as_lines(rows: Sequence[Waiting]) -> list[str]:
    """A line for each request, the oldest first."""
    if not rows:
        return ["no open requests"]
    return [f"{row['days']:>4} days  {row['right']:<7}  {row['profile_id']}  {row['answer']}" for row in rows]


def answer(requests: Requests, source: str, name: str, now: Moment) -> None:
    """Take away the request of who is known by that name, whose data has been sent. Raises NoProfile without one."""
    record = Population(open_source(source, now)).find(name)
    aliases = {record.profile_id, *record.facts.anonymous}
    asked = [request for request in requests.open() if request.right == "data" and request.profile_id in aliases]
    if not asked:
        raise NoProfile(f"{source}: {name!r} has not asked for their data, or it has been answered")
    for request in asked:
        requests.close(request.right, request.profile_id)
