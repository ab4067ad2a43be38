"""How each type of resource is made real: the table of all that the local cloud knows.

Whatever is not in the table stops the deployment by name, and so does a property of a known type that is
neither acted on nor known to change nothing here.
"""

from collections.abc import Mapping
from typing import Final

from local.cloud.errors import Unsupported
from local.cloud.resources import (
    functions,
    http_apis,
    inert,
    mail,
    messaging,
    settings,
    storage,
    triggers,
    workflows,
)
from local.cloud.resources.kinds import Identity, Kind, Make

__all__ = ["KINDS", "SECOND_PASS", "Identity", "kind_of"]

KINDS: Final[Mapping[str, Kind]] = {
    **inert.KINDS,
    **storage.KINDS,
    **messaging.KINDS,
    **settings.KINDS,
    **mail.KINDS,
    **functions.KINDS,
    **workflows.KINDS,
    **http_apis.KINDS,
    **triggers.KINDS,
}
"""In the order in which resources are made."""

SECOND_PASS: Final[Mapping[str, Make]] = messaging.SECOND_PASS
"""What can be done only once all resources are there."""


def kind_of(logical_id: str, type_name: str) -> Kind:
    """The known kind. Raises Unsupported by name for any other."""
    try:
        return KINDS[type_name]
    except KeyError:
        raise Unsupported(f"{logical_id}: the local cloud does not know the resource type {type_name}") from None
