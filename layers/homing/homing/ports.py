"""What the use cases need from outside. Each Protocol has an adapter for AWS, and a fake in the tests."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import Any, Literal, NamedTuple, Protocol, TypeAlias

from homing.domain.catalogue import CatalogueProduct, Shelf
from homing.domain.events import Event
from homing.domain.generation import Generation
from homing.domain.moments import Duration, Moment
from homing.domain.permit import Claim, Contact, Withheld
from homing.domain.record import ProfileRecord
from homing.domain.reputation import Statistics
from homing.domain.rights import Erasure, Held, Request, Right
from homing.domain.sends import Delivery, OpenSend, Run, Send


class Events(Protocol):
    """The log of facts."""

    def put(self, event: Event, received_at: Moment, *, quiet: bool = False) -> bool:
        """Keep the event durably; False where it was kept before. A quiet one is kept, but folded into no profile."""

    def forget(self, events: Iterable[Event]) -> None:
        """Take the events out of the log."""


class Profiles(Protocol):
    """Profiles, written only where nobody else wrote in between."""

    def load(self, profile_id: str) -> ProfileRecord:
        """The record as it stands, an empty one of version 0 where there is none; a consistent read."""

    def load_many(self, profile_ids: Collection[str]) -> Mapping[str, ProfileRecord]:
        """Those of the records that there are, by profile id; consistent reads, many in one call."""

    def save(self, record: ProfileRecord) -> None:
        """Write the record over the version it was made from. Raises Conflict where that has changed."""

    def note_address(self, profile_id: str, contact_id: str) -> None:
        """Keep that the profile has had this address, so that a stop or an erasure finds the address years later."""

    def addresses(self, profile_id: str) -> Collection[str]:
        """The contacts of the addresses that were noted; a consistent read."""


class Generations(Protocol):
    """Which rules and figures count: one small item, replaced as a whole."""

    def active(self) -> Generation | None:
        """The generation that counts now, None where there has been none; a consistent read."""

    def switch(self, generation: Generation) -> None:
        """Let it count from now on. Raises Conflict unless its number is the active one's and one, or the first."""


class Page(NamedTuple):
    """Some items of the table; `next` is where the page after it begins, None where there is none.

    The profiles are read off as they are taken, and once: all of a page at a time are more than twice the work, which
    goes into looking for garbage among them.
    """

    profiles: Iterable[ProfileRecord]
    products: Sequence[CatalogueProduct]
    next: str | None


class Part(Protocol):
    """A part of the table that holds its profiles and products in an order that stays the same."""

    @property
    def name(self) -> str:
        """Unlike that of any other part."""

    def pages(self, start: str | None = None) -> Iterator[Page]:
        """The part page by page, from the first one or from where another page has its `next`."""


class Papers(Protocol):
    """What the parts of a run leave for each other."""

    def keep(self, run: str, kind: str, name: str, text: str) -> None:
        """Keep a text, in the place of one of the same run, kind and name."""

    def kept(self, run: str, kind: str) -> Iterator[str]:
        """The texts of that kind."""


class Contacts(Protocol):
    """The ground of permits, one item for each address.

    Only `note_consent` brings one into being. All else changes nothing where there is none: it has been erased.
    """

    def load(self, contact_id: str) -> Contact | None:
        """The contact as it stands; a consistent read."""

    def note_consent(
        self,
        contact_id: str,
        profile_id: str,
        *,
        granted: bool,
        at: Moment,
        stopped_at: Moment | None = None,
        proved_at: Moment | None = None,
        new: bool = True,
    ) -> str | None:
        """Keep the later of the known consent and this one; the id of the profile that the address first came with.

        `stopped_at` is when the shopper last withdrew it with Homing itself, `proved_at` when it was last proven: of
        each the latest is kept, whatever is told of the consent. None, and nothing is kept, where there is no such
        contact and it may not be `new`.
        """

    def suppress(self, contact_id: str, reason: str) -> None:
        """No mail to this address from now on; of two reasons the later in the alphabet stays, in whatever order."""

    def note_wishes(self, contact_id: str, *, gap: Duration | None, paused_until: Moment | None, at: Moment) -> None:
        """The shopper's own wishes as of `at`, in the place of earlier ones: at most one marketing mail in any window
        as long as `gap`, and none before `paused_until`; None for no such wish."""

    def remember_mails(self, contact_id: str, mails: Collection[Moment]) -> None:
        """Count these marketing mails among those that the contact has got. Raises Conflict where it goes on getting
        others meanwhile."""

    def add_run(self, contact_id: str, run_id: str, profile_id: str, due: Moment | None = None) -> bool:
        """Licence the run to send, False where there is no such contact.

        `due` is when its first mail is, None where others need not yield to it.
        """

    def note_due(self, contact_id: str, run_id: str, due: Moment | None) -> None:
        """When the next mail of a licensed run is due, after a step that claimed nothing; None where none is left."""

    def remove_run(self, contact_id: str, run_id: str, send_ids: Collection[str]) -> None:
        """Take the run's licence, and forget its claims."""

    def claim(self, contact_id: str, claim: Claim) -> Withheld | None:
        """The permit: in one conditional write check all of `Contact.withheld` and claim the send."""

    def release(self, contact_id: str, claim: Claim) -> None:
        """Give a claim back: it is certain that nothing was sent."""


class Runs(Protocol):
    """The records of journey runs."""

    def load(self, run: Run) -> Run | None:
        """The record of the run of the same profile, journey and entry."""

    def begin(self, run: Run) -> bool:
        """Keep the run, unless it is kept already; whether it was not."""

    def end(self, run: Run) -> None:
        """Keep how the run ended, unless that is kept already."""


class Sends(Protocol):
    """The ledger of intended mails."""

    def load(self, profile_id: str, send_id: str) -> Send | None:
        """The entry, or None; a consistent read."""

    def record(self, send: Send) -> None:
        """Keep the entry, unless a final one is kept already."""

    def load_many(self, keys: Collection[tuple[str, str]]) -> Mapping[str, Send]:
        """Those of the entries that there are, by send id; keys are of a profile and a send. Consistent reads."""

    def settle(self, send: Send) -> None:
        """Keep SES's word that the mail went out, whatever else was kept; that of an earlier call stays."""

    def deliver(
        self, profile_id: str, send_id: str, delivery: Delivery, at: Moment, bounced: str | None = None
    ) -> None:
        """Keep what became of a mail of the ledger, as `Send.told` has it; of no other mail is anything kept."""

    def of_profile(self, profile_id: str) -> Sequence[Send]:
        """All entries of the profile; consistent reads."""


class Quota(NamedTuple):
    """What SES allows the account: mails a second, and mails left of 24 hours' quota, None where it has no end."""

    rate: float
    room: int | None


class Account(Protocol):
    """The account at SES."""

    def quota(self) -> Quota:
        """What SES allows now."""

    def statistics(self) -> Sequence[Statistics]:
        """What was counted in the latest 14 days, in no order."""

    def suppressed(self, since: Moment) -> Iterator[tuple[str, str]]:
        """Contacts that SES sends to no more, and why ("bounced", "complained"): those that were listed since then."""

    def mirrored_until(self) -> Moment:
        """Up to when SES's list has been taken over; 0 where it never was."""

    def note_mirrored(self, until: Moment) -> None:
        """Keep that it has been taken over up to then."""


class OpenSends(Protocol):
    """Mails whose fate has still to become known, in DUE_SHARDS parts (see `homing.domain.ids.due_shard`)."""

    def note(self, send: Send, contact_id: str) -> None:
        """Have the mail looked at SETTLES_WITHIN after its `at`: before each permit, so that no claim is overlooked."""

    def until(self, shard: int, moment: Moment, limit: int) -> Sequence[OpenSend]:
        """The first of the part that have to be looked at up to `moment`."""

    def put_off(self, entries: Collection[OpenSend], look_at: Moment) -> None:
        """Have them looked at again, later than now."""

    def close(self, entries: Collection[OpenSend]) -> None:
        """They need no look any more."""


class Requests(Protocol):
    """What shoppers have asked for, and nobody has answered yet."""

    def note(self, right: Right, profile_id: str, at: Moment) -> None:
        """Keep the request until it is answered; asked again, it keeps its first moment."""

    def open(self) -> Sequence[Request]:
        """What nobody has answered yet, the oldest first; at least the first thousand."""

    def close(self, right: Right, profile_id: str) -> None:
        """It is answered; none being there is success."""


class Erasures(Protocol):
    """Who has been erased, and the taking away of all that is held of somebody.

    Whoever writes under a profile's or a contact's id has to know that it may have been erased. There is no need to ask
    here but for who brings new profiles and addresses into being: everybody else writes only where the profile or the
    contact is there.
    """

    def erased(self, ids: Collection[str]) -> Collection[str]:
        """Those of these aliases and contacts that have been erased; a consistent read."""

    def mark(self, ids: Collection[str], at: Moment) -> None:
        """Know these aliases and contacts as erased from now on; those marked before keep their moment."""

    def unmark(self, ids: Collection[str]) -> None:
        """Let these aliases and contacts in again: the person has asked for it."""

    def keep(self, erasure: Erasure) -> None:
        """Remember that the erasure is under way, in the place of what was remembered of it before."""

    def under_way(self) -> Sequence[Erasure]:
        """The erasures that have been begun and not been finished."""

    def forget(self, erasure: Erasure) -> None:
        """The erasure is finished."""

    def held(self, profile_id: str) -> Held:
        """What is held under one alias."""

    def clear(self, held: Held) -> None:
        """Take that away, and nothing that has been written since."""

    def clear_contact(self, contact_id: str) -> None:
        """Take the contact away."""

    def clear_looks(self, profile_ids: Collection[str]) -> None:
        """Take what names these profiles out of the due index and out of the open mails."""


Look: TypeAlias = tuple[Moment, str]
"""When to look at which profile."""


class Due(Protocol):
    """Which profile has to be looked at when, in DUE_SHARDS parts (see `homing.domain.ids.due_shard`)."""

    def arm(self, looks: Collection[Look]) -> None:
        """Have the profiles looked at; arming again what is armed changes nothing."""

    def until(self, shard: int, moment: Moment, limit: int) -> Sequence[Look]:
        """The earliest looks of the part up to `moment`."""

    def disarm(self, looks: Collection[Look]) -> None:
        """They have been taken."""


class Catalogue(Protocol):
    """Products, and the shelf of what to suggest."""

    def load(self, product_ids: Iterable[str]) -> Mapping[str, CatalogueProduct]:
        """Those of the products that are known."""

    def save(self, product: CatalogueProduct) -> None:
        """Keep a product's details."""

    def shelf(self) -> Shelf:
        """The shelf as it stands."""

    def save_shelf(self, shelf: Shelf) -> None:
        """Keep the shelf."""


class Executions(Protocol):
    """Step Functions, as far as journeys need it."""

    def start(self, journey: str, name: str, execution_input: Mapping[str, object]) -> None:
        """Start the journey's state machine; an execution of that name being there already is success."""

    def stop(self, journey: str, name: str, reason: str) -> None:
        """Stop the execution; none being there is success."""


class RecomputeRuns(Protocol):
    """The state machine that brings all profiles to new rules or figures."""

    def start(self, name: str, execution_input: Mapping[str, object]) -> None:
        """Start it under the name; an execution of that name being there already is success."""


class Mail(NamedTuple):
    """A mail for SES. What SEND_TAGS names comes back with every event that SES publishes about it.

    `unsubscribe_url` is None for a service mail; `tracked` is whether opens and clicks are seen, which the shopper
    has agreed to: never of a service mail.
    """

    send_id: str
    run_id: str
    profile_id: str
    journey: str
    step: str
    template: str
    to: str
    subject: str
    html: str
    text: str
    unsubscribe_url: str | None
    tracked: bool = False


class Mailer(Protocol):
    """SES, asked once for each mail."""

    def send(self, mail: Mail) -> str:
        """SES's message id. Raises MailRefused, RetryLater (certainly not sent) or MailUncertain."""


class Slot(NamedTuple):
    """A place in SES's rate: the moment at which one mail may be given to SES. It is taken, and not given back."""

    at: Moment


class NoSlot(NamedTuple):
    """No place before `until`: SES's daily "quota" is used up, or marketing has been "braked"."""

    reason: Literal["quota", "braked"]
    until: Moment


class Pacing(NamedTuple):
    """What the pace goes by. `room` is what is left of SES's daily quota; None where nobody has measured it yet.

    `brake` is the reason for which marketing has been stopped, and `braked_at` since when; `released_at` is when a
    person released it last, and 0 where nobody ever did.
    """

    room: int | None = None
    measured_at: Moment = 0
    brake: str | None = None
    braked_at: Moment = 0
    released_at: Moment = 0


class Pace(Protocol):
    """The rate and the daily quota of the account's SES, and the brake: shared by all that send."""

    def reserve(self, now: Moment, *, marketing: bool) -> Slot | NoSlot:
        """The next place, in one write; none for marketing while the brake is on."""

    def measure(self, rate: float, room: int | None, at: Moment) -> None:
        """SES's word: mails a second, and mails left of the daily quota, None where it has no end."""

    def brake(self, reason: str, at: Moment) -> None:
        """No marketing from now on; braked already, the first reason stays."""

    def release(self, at: Moment) -> None:
        """A person lets marketing go on."""

    def load(self) -> Pacing:
        """What the pace goes by; a consistent read."""


class Rendered(Protocol):
    """A mail's subject, one line, and its two bodies."""

    @property
    def subject(self) -> str:
        """One line."""

    @property
    def html(self) -> str:
        """The HTML body."""

    @property
    def text(self) -> str:
        """The plain-text body."""


class Renderer(Protocol):
    """The templates."""

    def render(self, template: str, language: str, context: Any) -> Rendered:
        """The mail in the language; `context` as docs/architecture.md has it. Raises RenderFailed."""
