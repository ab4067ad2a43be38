"""Everything that a shop edits, read from the data of its files into one validated whole."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any

from pydantic import Field, TypeAdapter, ValidationError

from homing.domain.events import Frozen
from homing.domain.journeys import Ending, Journey, OncePer, Step
from homing.domain.offers import Offer
from homing.domain.rules import RuleError, read_rule
from homing.domain.segments import Segments

FILES = ("settings", "segments", "journeys", "offers")
"""The shop's files, without their suffix; each holds one mapping."""


class ShopError(ValueError):
    """Something in a shop's file that cannot be used: `file` without suffix, `path` of keys and indices, `message`."""

    def __init__(self, file: str, path: tuple[str | int, ...], message: str) -> None:
        super().__init__(file, path, message)
        self.file = file
        self.path = path
        self.message = message

    def __str__(self) -> str:
        """`journeys: journeys.cart.steps: ...`."""
        return f"{self.file}: {'.'.join(map(str, self.path))}: {self.message}"


class Settings(Frozen):
    """The shop's settings that are no parameter of the deployment."""

    url: Annotated[str, Field(pattern=r"^https://")]
    cart_url: Annotated[str, Field(pattern=r"^https://")]
    support_email: Annotated[str, Field(pattern=r"^[^@\s]+@[^@\s]+$")]
    colour: Annotated[str, Field(pattern=r"^#[0-9a-fA-F]{6}$")]
    logo_url: Annotated[str, Field(pattern=r"^https://")] | None = None
    currency: Annotated[str, Field(pattern=r"^[A-Z]{3}$")]
    birthday_hour: Annotated[int, Field(ge=0, le=23)] = 9


JourneyName = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,23}$")]
"""A part of the names of runs, where a dash ends it."""


class _JourneyFile(Frozen):
    description: str
    enter: Any
    once_per: OncePer
    ends_on: frozenset[Ending] = frozenset()
    steps: Annotated[dict[str, Step], Field(min_length=1)]


@dataclass(frozen=True, slots=True)
class Shop:
    """A shop's settings, segments, journeys and offers, each fitting the others."""

    settings: Settings
    segments: Segments
    journeys: Mapping[str, Journey]
    offers: Mapping[str, Offer]

    @classmethod
    def parse(cls, files: Mapping[str, object]) -> "Shop":
        """The shop that the files' data describe, by the names in FILES.

        Raises ShopError with the file and the path of the first fault.
        """
        settings = _read("settings", Settings, files["settings"])
        offers = _read("offers", dict[str, dict[str, Offer]], files["offers"]).get("offers", {})
        try:
            segments = Segments.parse(files["segments"])
        except RuleError as error:
            raise ShopError("segments", error.path, error.message) from error
        drafts = _read("journeys", dict[str, dict[JourneyName, _JourneyFile]], files["journeys"]).get("journeys", {})
        journeys = {name: _journey(name, draft, segments, offers, settings) for name, draft in drafts.items()}
        return cls(settings, segments, journeys, offers)


def _journey(
    name: str, draft: _JourneyFile, segments: Segments, offers: Mapping[str, Offer], settings: Settings
) -> Journey:
    def rule_of_segment(segment: str, path: tuple[str | int, ...]) -> Any:
        if segment not in segments.by_name:
            raise RuleError(path, f"'{segment}' is no segment of segments.yaml")
        return segments.by_name[segment].rule

    for step, settings_of_step in draft.steps.items():
        if settings_of_step.offer is not None and settings_of_step.offer not in offers:
            path = ("journeys", name, "steps", step, "offer")
            raise ShopError("journeys", path, f"'{settings_of_step.offer}' is no offer of offers.yaml")
    try:
        enter = read_rule(draft.enter, ("journeys", name, "enter"), rule_of_segment)
    except RuleError as error:
        raise ShopError("journeys", error.path, error.message) from error
    return Journey(
        name=name,
        description=draft.description,
        enter=enter,
        once_per=draft.once_per,
        ends_on=draft.ends_on,
        steps=draft.steps,
        local_hour=settings.birthday_hour,
    )


def _read(file: str, model: Any, data: object) -> Any:
    try:
        return TypeAdapter(model).validate_python(data)
    except ValidationError as error:
        first = error.errors()[0]
        raise ShopError(file, tuple(first["loc"]), first["msg"]) from error
