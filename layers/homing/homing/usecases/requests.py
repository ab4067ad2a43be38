"""A shopper asks for all that is held of them, or to be erased: noted for a person to answer, and shown while it waits.

The answers are `homing export` and `homing erase`: both need more than a press on a link in a mail, which may have been
forwarded, so nothing is told or deleted by itself.
"""

from homing.domain.moments import DAY, Moment
from homing.domain.rights import Right
from homing.ports import Profiles, Requests
from homing.usecases.histories import owner_of


def ask(right: Right, profile_id: str, *, requests: Requests, profiles: Profiles, now: Moment) -> bool:
    """Note the request of the person that the profile belongs to by now; False where nothing is held of them any more.

    Asking again changes nothing.
    """
    record, _ = owner_of(profiles, profile_id)
    if record.version == 0:
        return False
    requests.note(right, record.profile_id, now)
    return True


def days_waited(requests: Requests, now: Moment) -> int:
    """For how many whole days the oldest request has waited for its answer; 0 where there is none."""
    return max(((now - request.at) // DAY for request in requests.open()), default=0)
