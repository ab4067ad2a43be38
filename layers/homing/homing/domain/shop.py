"""Everything that a shop edits, read from the data of its files into one validated whole."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Annotated, Any, NamedTuple, Self, TypeVar

from pydantic import AfterValidator, Field, TypeAdapter, ValidationError

from homing.domain.events import Frozen
from homing.domain.journeys import Ending, Journey, OncePer, Step, TagValue
from homing.domain.offers import Offer
from homing.domain.permit import Kind
from homing.domain.preferences import CHANNELS, Channel
from homing.domain.rules import Definitions, Rule, RuleError, read_rule
from homing.domain.rules.errors import or_similar
from homing.domain.rules.logic import rules_in
from homing.domain.rules.population import Top
from homing.domain.rules.waking import begins_with_time
from homing.domain.segments import Segments
from homing.domain.sending import Sending

MOST_INTERESTS = 12

LONGEST_INTEREST = 60

Choice = TypeVar("Choice", bound=str)

FILES = ("settings", "segments", "journeys", "offers")
"""The shop's files, without their suffix; each holds one mapping."""


class ShopFault(NamedTuple):
    """What is wrong in a shop's file: `file` without suffix, `path` of keys and indices, `message`."""

    file: str
    path: tuple[str | int, ...]
    message: str

    def __str__(self) -> str:
        """`journeys: journeys.cart.steps: ...`."""
        return f"{self.file}: {'.'.join(map(str, self.path))}: {self.message}"


class ShopError(ValueError):
    """Shop's files that cannot be used: `file`, `path` and `message` of the first fault, and all `faults`."""

    def __init__(self, file: str, path: tuple[str | int, ...], message: str, *others: ShopFault) -> None:
        super().__init__(file, path, message, *others)
        self.file = file
        self.path = path
        self.message = message
        self.faults = (ShopFault(file, path, message), *others)

    @classmethod
    def of(cls, faults: Sequence[ShopFault]) -> Self:
        """The error with these faults; there is at least one."""
        (file, path, message), *others = faults
        return cls(file, path, message, *others)

    def __str__(self) -> str:
        """Each fault on a line of its own."""
        return "\n".join(map(str, self.faults))


def _one_line(interest: str) -> str:
    if not interest.isprintable() or interest != " ".join(interest.split()):
        raise ValueError("write it on one line, without spaces around it")
    return interest


def _unlike(offered: tuple[Choice, ...]) -> tuple[Choice, ...]:
    if len({choice.casefold() for choice in offered}) < len(offered):
        raise ValueError("name each choice once")
    return offered


Interest = Annotated[str, Field(min_length=1, max_length=LONGEST_INTEREST), AfterValidator(_one_line)]
"""A word or two that shoppers choose on the preference page, and that rules name."""


class Settings(Frozen):
    """The shop's settings that are no parameter of the deployment."""

    url: Annotated[str, Field(pattern=r"^https://")]
    cart_url: Annotated[str, Field(pattern=r"^https://")]
    support_email: Annotated[str, Field(pattern=r"^[^@\s]+@[^@\s]+$")]
    colour: Annotated[str, Field(pattern=r"^#[0-9a-fA-F]{6}$")]
    logo_url: Annotated[str, Field(pattern=r"^https://")] | None = None
    currency: Annotated[str, Field(pattern=r"^[A-Z]{3}$")]
    birthday_hour: Annotated[int, Field(ge=0, le=23)] = 9
    sending: Sending = Sending()
    interests: Annotated[tuple[Interest, ...], Field(max_length=MOST_INTERESTS), AfterValidator(_unlike)] = ()
    channels: Annotated[tuple[Channel, ...], AfterValidator(_unlike)] = CHANNELS


JourneyName = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,23}$")]
"""A part of the names of runs, where a dash ends it."""


class _JourneyFile(Frozen):
    description: str
    enter: Any
    once_per: OncePer
    kind: Kind = "marketing"
    ends_on: frozenset[Ending] = frozenset()
    steps: Annotated[dict[TagValue, Step], Field(min_length=1)]


@dataclass(frozen=True, slots=True)
class Shop:
    """A shop's settings, segments, journeys and offers, each fitting the others."""

    settings: Settings
    segments: Segments
    journeys: Mapping[str, Journey]
    offers: Mapping[str, Offer]
    _drafts: Mapping[str, _JourneyFile]
    _own_segments: Segments

    @classmethod
    def parse(cls, files: Mapping[str, object]) -> "Shop":
        """The shop that the files' data describe, by the names in FILES.

        Raises ShopError with the faults of all files. Journeys are held against segments and offers only once these
        are sound.
        """
        faults: list[ShopFault] = []
        settings = _read("settings", Settings, files["settings"], faults)
        offers = _read("offers", dict[str, dict[str, Offer]], files["offers"], faults)
        journeys = _read("journeys", dict[str, dict[JourneyName, _JourneyFile]], files["journeys"], faults)
        segments = _read_segments(files["segments"], faults)
        if faults or segments is None:
            raise ShopError.of(faults)
        shop = cls(settings, segments, {}, offers.get("offers", {}), journeys.get("journeys", {}), segments)
        return shop.with_segments(segments)

    def with_segments(self, segments: Segments) -> "Shop":
        """The shop as it is with these segments, such as those of the active generation, for its own.

        A journey whose rule names a segment that they lack goes by the rule of the shop's own file; so it does with a
        score or a day of the calendar. Raises ShopError where a journey does not fit the segments or the offers.
        """
        rules: dict[str, Rule] = {}
        faults: list[ShopFault] = []
        for name, draft in self._drafts.items():
            faults += _missing_offers(name, draft, self.offers)
            faults += _misplaced_delays(name, draft)
            try:
                rules[name] = _entry_rule(name, draft, segments, self._own_segments)
            except RuleError as error:
                faults += (ShopFault("journeys", path, message) for path, message in error.faults)
        if faults:
            raise ShopError.of(faults)
        journeys = {name: self._journey(name, rule) for name, rule in rules.items()}
        return replace(self, segments=segments, journeys=journeys)

    def worthier_than(self, journey: str) -> frozenset[str]:
        """The journeys whose mails go first where both cannot: those that stand above it in journeys.yaml."""
        names = list(self.journeys)
        return frozenset(names[: names.index(journey)])

    def _journey(self, name: str, enter: Rule) -> Journey:
        draft = self._drafts[name]
        return Journey(
            name=name,
            description=draft.description,
            enter=enter,
            once_per=draft.once_per,
            kind=draft.kind,
            ends_on=draft.ends_on,
            steps=draft.steps,
            local_hour=self.settings.birthday_hour,
        )


def _entry_rule(name: str, draft: _JourneyFile, segments: Segments, own: Segments) -> Rule:
    def rule_of_segment(segment: str, path: tuple[str | int, ...]) -> Rule:
        found = segments.by_name.get(segment) or own.by_name.get(segment)
        if found is None:
            raise RuleError(
                path, f"'{segment}' is no segment of segments.yaml{or_similar(segment, tuple(own.by_name))}"
            )
        return found.rule

    path = ("journeys", name, "enter")
    definitions = Definitions(
        calendar={**own.definitions.calendar, **segments.definitions.calendar},
        scores={**own.definitions.scores, **segments.definitions.scores},
        figures=segments.definitions.figures,
    )
    rule = read_rule(draft.enter, path, rule_of_segment, definitions)
    for part in rules_in(rule):
        if isinstance(part, Top) and (part.fact, part.percent) not in own.wanted_tops:
            words = f"{part.fact}: {{top: {part.percent:g} %}}"
            raise RuleError(path, f"the least value is counted for segments only: make '{words}' one, and name that")
    if begins_with_time(rule):
        raise RuleError(path, "only a segment's change wakes a journey: make what time brings about one, and name that")
    return rule


def _missing_offers(name: str, draft: _JourneyFile, offers: Mapping[str, Offer]) -> Iterator[ShopFault]:
    for step, settings in draft.steps.items():
        if settings.offer is not None and settings.offer not in offers:
            path = ("journeys", name, "steps", step, "offer")
            yield ShopFault("journeys", path, f"'{settings.offer}' is no offer of offers.yaml")


def _misplaced_delays(name: str, draft: _JourneyFile) -> Iterator[ShopFault]:
    for number, (step, settings) in enumerate(draft.steps.items()):
        path = ("journeys", name, "steps", step)
        if number == 0 and settings.after is not None:
            yield ShopFault("journeys", (*path, "after"), "the first step is due when the run begins")
        if number > 0 and settings.after is None:
            yield ShopFault("journeys", path, "say how long after the step before it is due, such as 'after: 3 days'")


def _read_segments(data: object, faults: list[ShopFault]) -> Segments | None:
    try:
        return Segments.parse(data)
    except RuleError as error:
        faults += (ShopFault("segments", path, message) for path, message in error.faults)
        return None


def _read(file: str, model: Any, data: object, faults: list[ShopFault]) -> Any:
    try:
        return TypeAdapter(model).validate_python(data)
    except ValidationError as error:
        faults += (ShopFault(file, tuple(fault["loc"]), fault["msg"]) for fault in error.errors())
        return None
