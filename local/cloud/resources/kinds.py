"""What a kind of resource is: how it is named, how it is made, and which of its properties are honoured."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeAlias

from local.cloud.errors import Unsupported
from local.cloud.template import ACCOUNT, STACK

if TYPE_CHECKING:
    from local.cloud.cloud import Cloud

Properties: TypeAlias = Mapping[str, Any]
Make: TypeAlias = Callable[["Cloud", str, Properties], None]
Identity: TypeAlias = tuple[str, Mapping[str, str]]
"""What `Ref` gives, and what `Fn::GetAtt` gives by attribute."""

Identify: TypeAlias = Callable[[str, str, Properties], Identity]
"""(logical id, region, properties) ─▶ identity"""


@dataclass(frozen=True)
class Kind:
    """A resource type. `make` is None for what changes nothing here, and `why` says why it does not.

    `acts_on` are the properties that are honoured, `inert` those that change nothing here.
    """

    identify: Identify
    make: Make | None = None
    why: str = ""
    acts_on: frozenset[str] = field(default_factory=frozenset)
    inert: frozenset[str] = field(default_factory=frozenset)

    def check(self, logical_id: str, kind: str, properties: Properties) -> None:
        """Refuses a property that would not be honoured."""
        if self.make is None:
            return
        if unknown := sorted(set(properties) - self.acts_on - self.inert - {"Tags"}):
            raise Unsupported(f"{logical_id} ({kind}): property {', '.join(unknown)}")


def named(property_name: str, service: str, prefix: str) -> Identify:
    """The usual identity: a name, given or made from the logical id, and an ARN made from the name."""

    def identify(logical_id: str, region: str, properties: Properties) -> Identity:
        name = properties.get(property_name) or f"{STACK}-{logical_id}"
        arn = f"arn:aws:{service}:{region}:{ACCOUNT}:{prefix}{name}"
        return name, {"Arn": arn, "Name": name}

    return identify


def nameless(logical_id: str, region: str, properties: Properties) -> Identity:
    """The identity of what nothing refers to but by its logical id."""
    del region, properties
    return f"{STACK}-{logical_id}", {}


def is_true(value: Any) -> bool:
    """Templates write booleans as such and as text."""
    return str(value).lower() == "true"


def is_false(value: Any) -> bool:
    """Templates write booleans as such and as text."""
    return str(value).lower() == "false"
