"""The permit: under which conditions a mail may go to a contact. It is checked in the one write that claims the send.

The contact item holds, besides consent and suppression, one attribute for each active run. An exit takes the run's
attribute away, so a send needs no list of exits: what is not there cannot be continued. The latest marketing mails
stand in a register of moments, latest first, into which the claim itself shifts its own: so the frequency cap is a
comparison with one of them, and needs no counting.
"""

from collections.abc import Collection, Iterator
from typing import Final, Literal, NamedTuple

from pydantic import Field

from homing.domain.events import Frozen
from homing.domain.moments import DAY, Duration, Moment
from homing.domain.sending import MOST_MAILS, Cap

Kind = Literal["marketing", "service"]
"""Marketing needs consent, and keeps to the frequency cap and the shopper's wishes; service is what was asked for."""

HoldReason = Literal["frequency_cap", "paused"]
"""Why a mail may not go yet."""

Refusal = Literal["no_consent", "suppressed", "run_ended", "already_claimed", "asked_lately", "changed"]
"""Why a permit is refused for good; `changed` is the wishes', which were others when they were read."""

SkipReason = Literal[
    "no_consent",
    "suppressed",
    "no_address",
    "nothing_to_show",
    "ordered",
    "cart_emptied",
    "consent_withdrawn",
    "bounced",
    "complained",
    "unsubscribed",
    "confirmed",
    "run_ended",
    "frequency_cap",
    "paused",
    "asked_lately",
    "braked",
]
"""The closed list of reasons for an intended mail that is not sent."""

LEFT_OUT: Final[frozenset[str]] = frozenset({"nothing_to_show", "frequency_cap", "paused", "braked"})
"""The reasons for which one mail is left out, and the run goes on; all others have ended it."""

PLACES: Final = MOST_MAILS + 1
"""How many of its latest mails a contact remembers at most."""

WISHES_APART: Final[Duration] = DAY
"""An address gets at most one mail in a day that asks it to confirm."""


class Withheld(NamedTuple):
    """Why a mail may not go, and from when on it may as far as is known now; `until` is None where that is never."""

    reason: HoldReason | Refusal
    until: Moment | None = None


class Claim(Frozen):
    """What is asked of the permit: one mail of one run, at `at`.

    `caps` are the shop's, `gap` the shopper's own as it was read. `confirms` is a mail that asks to confirm an address.
    `next_due` is when the run's next mail is due. `again` is a person's word that an unknown mail be sent once more: it
    needs no licence, and takes the place of the claim made at `replaces`, None where that one is forgotten.
    """

    run_id: str
    send_id: str
    at: Moment
    kind: Kind = "marketing"
    caps: tuple[Cap, ...] = ()
    gap: Duration | None = None
    confirms: bool = False
    next_due: Moment | None = None
    again: bool = False
    replaces: Moment | None = None

    @property
    def limits(self) -> tuple[Cap, ...]:
        """The shop's caps and the shopper's own; none for a service mail."""
        if self.kind == "service":
            return ()
        own = () if self.gap is None else (Cap(1, self.gap),)
        return (*self.caps, *own)

    @property
    def depth(self) -> int:
        """How many of the latest mails have to be remembered: those that a limit looks at, and one more.

        For a claim that is given back has moved one out, and another's clock may be a little behind. One counts at
        least, for a wish that is still to come.
        """
        return max((cap.mails for cap in self.limits), default=1) + 1


class Contact(Frozen):
    """The ground of permits for one address.

    `consent` is what was told last, as of `consent_at`. `stopped_at` is the last withdrawal with Homing itself, and
    `proved_at` the last proven consent: no other undoes the first. `gap` and `paused_until` are the shopper's own
    wishes, as of `wished_at`: at most one marketing mail in any window so long, and none before. `runs` maps each
    active run to the profile it is for, `due` to when its next mail is due; `claims` maps a send to the moment it was
    claimed. `recent` are the moments of the shopper's latest marketing mails, latest first; `asked_at` that of the
    latest mail that asked to confirm.
    """

    contact_id: str
    consent: bool = False
    consent_at: Moment = 0
    stopped_at: Moment | None = None
    proved_at: Moment | None = None
    suppressed: str | None = None
    gap: Duration | None = None
    paused_until: Moment | None = None
    wished_at: Moment = 0
    runs: dict[str, str] = Field(default_factory=dict)
    due: dict[str, Moment] = Field(default_factory=dict)
    claims: dict[str, Moment] = Field(default_factory=dict)
    recent: tuple[Moment, ...] = ()
    asked_at: Moment | None = None

    @property
    def agrees(self) -> bool:
        """Whether marketing mails may go to the address. The adapter's write states the same condition."""
        return self.consent and not self.is_stopped

    @property
    def is_stopped(self) -> bool:
        """Whether the shopper has withdrawn the consent with Homing itself, and nothing has been proven since."""
        return self.stopped_at is not None and self.stopped_at >= (self.proved_at or 0)

    @property
    def withdrawn_at(self) -> Moment | None:
        """When the consent was taken back; None where it stands, and where there never was any."""
        if not self.consent and self.consent_at > 0:
            return self.consent_at
        return self.stopped_at if self.is_stopped else None

    def withheld(self, claim: Claim) -> Withheld | None:
        """Why this contact may not get this mail; None where it may. The adapter's write states the same condition."""
        if self.claims.get(claim.send_id) != claim.replaces:
            return Withheld("already_claimed")
        if self.suppressed:
            return Withheld("suppressed")
        if claim.kind == "marketing" and not self.agrees:
            return Withheld("no_consent")
        if not claim.again and claim.run_id not in self.runs:
            return Withheld("run_ended")
        if claim.kind == "marketing" and self.gap != claim.gap:
            return Withheld("changed")
        if claim.confirms and self.was_asked_lately(claim.at):
            return Withheld("asked_lately")
        return max(self._holds(claim), key=lambda hold: hold.until or 0, default=None)

    def was_asked_lately(self, at: Moment) -> bool:
        """Whether the address has got all the mails of a day that ask it to confirm.

        What is withheld for it is not held until the day is over: whoever floods a sign-up form with one address would
        have it asked again day after day.
        """
        return self.asked_at is not None and self.asked_at + WISHES_APART > at

    def _holds(self, claim: Claim) -> Iterator[Withheld]:
        if claim.kind == "service":
            return
        if self.paused_until is not None and self.paused_until > claim.at:
            yield Withheld("paused", self.paused_until)
        free_at = self.free_at(claim.limits)
        if free_at > claim.at:
            yield Withheld("frequency_cap", free_at)

    def free_at(self, limits: Collection[Cap]) -> Moment:
        """From when on one more marketing mail keeps to all limits; it never comes before the latest."""
        counted = (self.recent[cap.mails - 1] + cap.window for cap in limits if len(self.recent) >= cap.mails)
        return max((*self.recent[:1], *counted), default=0)

    def claimed(self, claim: Claim) -> "Contact":
        """The contact after the permit's write."""
        changes: dict[str, object] = {"claims": {**self.claims, claim.send_id: claim.at}}
        if claim.confirms:
            changes["asked_at"] = claim.at
        if claim.kind == "marketing":
            register, deeper = self._register(claim.depth)
            changes["recent"] = _without_zeros((claim.at, *register[:-1], *deeper))
        if claim.kind == "marketing" and not claim.again:
            others = {run_id: due for run_id, due in self.due.items() if run_id != claim.run_id}
            changes["due"] = others if claim.next_due is None else {**others, claim.run_id: claim.next_due}
        return self.model_copy(update=changes)

    def released(self, claim: Claim) -> "Contact":
        """The contact after a claim was given back: its mail is due again.

        Its place in the register is free where it is the latest still.
        """
        changes: dict[str, object] = {"claims": {name: at for name, at in self.claims.items() if name != claim.send_id}}
        if claim.confirms and self.asked_at == claim.at:
            changes["asked_at"] = None
        if claim.kind == "marketing" and self.recent[:1] == (claim.at,):
            register, deeper = self._register(claim.depth)
            changes["recent"] = _without_zeros((*register[1:], 0, *deeper))
        if claim.kind == "marketing" and not claim.again and claim.run_id in self.runs:
            changes["due"] = {**self.due, claim.run_id: claim.at}
        return self.model_copy(update=changes)

    def remembering(self, mails: Collection[Moment]) -> "Contact":
        """The contact with these marketing mails of the same shopper's in the register too."""
        recent = sorted({*self.recent, *mails} - {0}, reverse=True)[:PLACES]
        return self.model_copy(update={"recent": tuple(recent)})

    def _register(self, depth: int) -> tuple[tuple[Moment, ...], tuple[Moment, ...]]:
        """The places that the limits look at, and those beyond, left by limits that looked deeper."""
        padded = self.recent + (0,) * depth
        return padded[:depth], self.recent[depth:]

    def yields_to(self, claim: Claim, worthier: Collection[str], patience: Duration) -> Moment | None:
        """When the mail of a worthier journey is due that could not go if this one went; None where there is none.

        Only those count that are due within the shortest window from now, or have been due for less than `patience`.
        """
        limits = claim.limits
        soon = claim.at + min((cap.window for cap in limits), default=0)
        after = self.claimed(claim)
        return min(
            (
                due
                for run_id, due in self.due.items()
                if run_id.partition("-")[0] in worthier
                and claim.at - patience < due < soon
                and self.free_at(limits) <= max(due, claim.at) < after.free_at(limits)
            ),
            default=None,
        )


def _without_zeros(recent: tuple[Moment, ...]) -> tuple[Moment, ...]:
    """The register up to the last moment in it: a place without one holds 0."""
    while recent and not recent[-1]:
        recent = recent[:-1]
    return recent
