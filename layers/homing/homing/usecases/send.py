"""One step of a run: its turn, the permit, the mail, and the ledger. No mail goes out on any other road."""

import zlib
from dataclasses import dataclass, replace
from typing import NamedTuple

from homing.domain.ids import contact_id
from homing.domain.journeys import Step
from homing.domain.moments import HOUR, MINUTE, Duration, Moment
from homing.domain.permit import LEFT_OUT, Claim, Contact, Withheld
from homing.domain.profile import Profile
from homing.domain.sending import Sending
from homing.domain.sends import INTERRUPTED, Outcome, Run, Send
from homing.domain.shop import Shop
from homing.domain.timing import awake_from, go_at
from homing.domain.turns import Turn
from homing.emails import RenderFailed
from homing.errors import MailRefused, MailUncertain, NotYet, RetryLater, RunEnded
from homing.ports import Contacts, Mail, Mailer, NoSlot, OpenSends, Pace, Profiles, Runs, Sends
from homing.usecases.compose import Composer, Intent, NothingToShow
from homing.usecases.generations import ActiveGeneration
from homing.usecases.histories import owner_of

_QUOTA_SPREAD: Duration = 15 * MINUTE
"""Over how long those who wait for the daily quota ask again: not all in the same moment."""


class Progress(NamedTuple):
    """What became of a step, and when the next one's turn is; None after the last."""

    send: Send
    next: Turn | None


@dataclass(frozen=True, slots=True)
class Sender:
    """Sends the mails of journeys."""

    shop: Shop
    active: ActiveGeneration
    profiles: Profiles
    contacts: Contacts
    runs: Runs
    sends: Sends
    open_sends: OpenSends
    pace: Pace
    composer: Composer
    mailer: Mailer

    def send(
        self,
        run: Run,
        step_name: str,
        now: Moment,
        turn: Turn | None = None,
        *,
        can_wait: bool = True,
        again: bool = False,
    ) -> Progress:
        """Do what the step intends, and keep in the ledger what came of it; done already, tell only that.

        `turn` is what an earlier attempt or the step before said of this one; None where nobody did. `can_wait` is
        false for definitions of state machines from before there were turns. `again` is a person's word that a mail of
        which nobody knows whether it went out be sent once more; what stands in its way is raised, and changes nothing.

        Raises NotYet where the mail may not go yet, RunEnded where the run is over, RetryLater where SES has to be
        asked again later.
        """
        attempt = self._attempt(run, step_name, now, turn, can_wait=can_wait)
        earlier = attempt.claimed_at() if again else None  # before the ledger: one person's word is good for one mail
        done = self.sends.load(run.profile_id, run.send_id(step_name))
        if done is None:
            done = attempt.make()
        elif again and done.outcome == "unknown":
            done = replace(attempt, again=True, replaces=earlier).make()
        elif done.has_ended_its_run:
            # Whoever withheld it was cut off before the execution was stopped.
            raise RunEnded(done.reason)
        return Progress(done, attempt.next_turn(done.at))

    def _attempt(self, run: Run, step_name: str, now: Moment, turn: Turn | None, *, can_wait: bool) -> "_Attempt":
        journey = self.shop.journeys.get(run.journey)
        if journey is None or step_name not in journey.steps:
            raise RunEnded(f"{run.journey}.{step_name} is no step of journeys.yaml any more")
        record, _ = owner_of(self.profiles, run.profile_id)
        if record.version == 0:
            raise RunEnded("erased")  # and nothing is kept of whom nothing is held
        return _Attempt(self, Intent(run, journey, step_name), record.facts, now, turn, can_wait=can_wait)


@dataclass(frozen=True, slots=True)
class _Attempt:
    """One attempt at one step of one run: whether the mail may go now, and if so, all that sends it.

    `told` is its turn, where somebody has told it. `again` is a person's word, in the place of the claim made at
    `replaces`.
    """

    sender: Sender
    intent: Intent
    facts: Profile
    now: Moment
    told: Turn | None
    can_wait: bool
    again: bool = False
    replaces: Moment | None = None

    def make(self) -> Send:
        """What the ledger says of the step from now on. Raises what `Sender.send` does."""
        self._check_run()
        self._await_turn()
        contact = self._contact()
        claim = self._claim(contact)
        withheld = contact.withheld(claim) or self._worthier(contact, claim)
        if withheld is not None:
            return self._withheld(withheld)
        try:
            mail = self.sender.composer.compose(self.intent, self.facts, self.now)
        except NothingToShow:
            return self._leave_out("skipped", "nothing_to_show")
        except RenderFailed as error:
            return self._leave_out("failed", f"render: {error}")
        return self._keep_pace() or self._post(mail, claim)

    def _post(self, mail: Mail, claim: Claim) -> Send:
        """The permit, then SES, once."""
        self._booking.open()
        withheld = self.sender.contacts.claim(self._booking.contact_id, claim)
        if withheld is not None:
            return self._withheld(withheld, mail.subject)
        return self._booking.post(mail, claim)

    # The run, and its turn

    def _check_run(self) -> None:
        """Raises RunEnded, where the profile says that no mail may go any more."""
        reason = self.intent.journey.exit_reason(self.facts, self.intent.run.entry)
        if self._email is None:
            raise self._booking.ended(reason or "no_address")
        if reason is not None:
            raise self._booking.ended(reason)

    def _await_turn(self) -> None:
        """Raises NotYet before the mail's turn, and in quiet hours."""
        turn = self._turn()
        if not turn.has_come(self.now):
            raise NotYet(turn.text(), "turn")
        if (self.can_wait or self.again) and self._is_marketing:
            awake = awake_from(self.now, self.facts, self._sending)
            if awake > self.now:
                raise self._not_yet("quiet_hours", awake)

    def _turn(self) -> Turn:
        """The turn that was told, else that of a mail which is due now."""
        if self.told is not None or not self.can_wait:
            return self.told or Turn.now(self.now)
        return self._turn_of(self.intent.step, self.now)

    def next_turn(self, done_at: Moment) -> Turn | None:
        """The turn of the step after this one, where this one was done at that moment."""
        step = self.intent.journey.step_after(self.intent.step_name)
        return None if step is None else self._turn_of(step, done_at + (step.after or 0))

    def _next_due(self) -> Moment | None:
        """When the run's next mail is due, where this one is done now."""
        following = self.next_turn(self.now)
        return None if following is None else following.at

    def _turn_of(self, step: Step, due_at: Moment) -> Turn:
        """A service mail goes when it is due, a prompt one as soon as the shopper is up, any other in the best hour."""
        if not self._is_marketing:
            return Turn.now(due_at)
        if step.prompt:
            return Turn(due_at=due_at, at=awake_from(due_at, self.facts, self._sending))
        figures = self.sender.active.at(self.now).figures
        return Turn(due_at=due_at, at=go_at(due_at, facts=self.facts, figures=figures, sending=self._sending))

    # What holds the mail

    def _claim(self, contact: Contact) -> Claim:
        return Claim(
            run_id=self.intent.run.run_id,
            send_id=self.intent.send_id,
            at=self.now,
            kind=self.intent.journey.kind,
            caps=self._sending.at_most,
            gap=contact.gap,
            confirms=self.intent.journey.once_per == "wish",
            next_due=self._next_due(),
            again=self.again,
            replaces=self.replaces,
        )

    def _worthier(self, contact: Contact, claim: Claim) -> Withheld | None:
        """The mail yields to that of a worthier journey, and asks again once that has had its turn."""
        worthier = self.sender.shop.worthier_than(self.intent.journey.name)
        due = contact.yields_to(claim, worthier, self._sending.patience)
        return None if due is None else Withheld("frequency_cap", max(due, self.now) + HOUR)

    def _keep_pace(self) -> Send | None:
        """A place in SES's rate is taken; what became of the mail where there is none that it can wait for."""
        turn = self._turn()
        if turn.holds_slot(self.now):
            return None
        place = self.sender.pace.reserve(self.now, marketing=self._is_marketing)
        if isinstance(place, NoSlot):
            return self._hold(place.reason, self._asks_again(place, turn))
        if place.at > self.now:
            if not self.can_wait:
                raise RetryLater("rate")
            raise NotYet(turn.later(place.at, slot=place.at).text(), "rate")
        return None

    def _asks_again(self, no_slot: NoSlot, turn: Turn) -> Moment:
        if no_slot.reason == "quota":
            return no_slot.until + zlib.crc32(self.intent.send_id.encode()) % _QUOTA_SPREAD
        # A brake may be on for days: each time the mail waits for as long as it has waited, and asks once at the end.
        return max(no_slot.until, min(self.now + self.now - turn.due_at, turn.due_at + self._sending.patience))

    def _withheld(self, withheld: Withheld, subject: str | None = None) -> Send:
        if withheld.until is not None:
            return self._hold(withheld.reason, withheld.until)
        if withheld.reason == "already_claimed":
            return self._booking.interrupted(subject)
        if withheld.reason == "changed":
            raise RetryLater(withheld.reason)
        raise self._booking.ended(withheld.reason)

    def _hold(self, reason: str, until: Moment) -> Send:
        """The mail waits; what is held for longer than the shop's patience is left out, and the run goes on."""
        is_too_long = until > self._turn().due_at + self._sending.patience
        if reason in LEFT_OUT and not self.again and (is_too_long or not self.can_wait):
            return self._leave_out("skipped", reason)
        if not self.can_wait and not self.again:
            raise RetryLater(reason)
        raise self._not_yet(reason, until)

    def _not_yet(self, reason: str, until: Moment) -> NotYet:
        """What is held goes on waiting where its hold ends in quiet hours."""
        if self._is_marketing:
            until = awake_from(until, self.facts, self._sending)
        return NotYet(self._turn().later(until).text(), reason)

    def _leave_out(self, outcome: Outcome, reason: str) -> Send:
        """The step is done without a mail, unless one may have gone out before."""
        if self.claimed_at() is not None:
            return self._booking.interrupted()
        if self._is_marketing and not self.again:
            self.sender.contacts.note_due(self._booking.contact_id, self.intent.run.run_id, self._next_due())
        return self._booking.done(outcome, reason)

    def claimed_at(self) -> Moment | None:
        """When the mail was claimed; None where it was not."""
        return self._booking.claimed_at()

    def _contact(self) -> Contact:
        return self._booking.contact()

    @property
    def _booking(self) -> "_Booking":
        return _Booking(self.sender, self.intent, contact_id(self._email or ""), self.now, again=self.again)

    @property
    def _sending(self) -> Sending:
        return self.sender.shop.settings.sending

    @property
    def _email(self) -> str | None:
        return self.facts.trait("email")

    @property
    def _is_marketing(self) -> bool:
        return self.intent.journey.kind == "marketing"


@dataclass(frozen=True, slots=True)
class _Booking:
    """What becomes of an attempt: SES's answer, the line of the ledger, and the end of the run.

    On a person's word, `again`, only a mail that went out changes anything: the ledger's unknown is still the truth.
    """

    sender: Sender
    intent: Intent
    contact_id: str
    now: Moment
    again: bool

    def open(self) -> None:
        """Have somebody look at the mail later, should this attempt be cut off."""
        self.sender.open_sends.note(self._entry("unknown", INTERRUPTED), self.contact_id)

    def post(self, mail: Mail, claim: Claim) -> Send:
        """Ask SES, once, and keep what it answers. Raises RetryLater, where the claim is given back."""
        try:
            message_id = self.sender.mailer.send(mail)
        except RetryLater:
            self.sender.contacts.release(self.contact_id, claim)
            raise
        except MailRefused as error:
            if claim.confirms:
                self.sender.contacts.release(self.contact_id, claim)  # nobody was asked: another wish may be, today
            return self.done("failed", str(error), mail.subject)
        except MailUncertain:
            return self.done("unknown", "no_answer", mail.subject)
        return self.done("sent", None, mail.subject, message_id)

    def interrupted(self, subject: str | None = None) -> Send:
        """An attempt before this one claimed the send and was cut off: only SES knows whether it was asked."""
        return self.done("unknown", INTERRUPTED, subject)

    def done(
        self, outcome: Outcome, reason: str | None, subject: str | None = None, message_id: str | None = None
    ) -> Send:
        """Keep what became of the mail. Raises MailRefused, where a person's word has not sent it."""
        if self.again and outcome != "sent":
            raise MailRefused(reason)
        entry = self._entry(outcome, reason).model_copy(update={"subject": subject, "message_id": message_id})
        self.sender.sends.record(entry)
        return entry

    def ended(self, reason: str) -> RunEnded:
        """The error that ends the run, after the ledger and the run's record know why."""
        if self.again:
            return RunEnded(reason)
        kept = self.sender.runs.load(self.intent.run)
        told = kept.reason if kept is not None and kept.reason is not None else reason
        if self.claimed_at() is None:
            self.done("skipped", told)
        else:
            self.interrupted()
        ended = {"ended": "exited", "reason": told, "ended_at": self.now}
        self.sender.runs.end(self.intent.run.model_copy(update=ended))
        return RunEnded(told)

    def claimed_at(self) -> Moment | None:
        """When the mail was claimed; None where it was not."""
        return self.contact().claims.get(self.intent.send_id)

    def contact(self) -> Contact:
        """The contact as it stands now."""
        return self.sender.contacts.load(self.contact_id) or Contact(contact_id=self.contact_id)

    def _entry(self, outcome: Outcome, reason: str | None) -> Send:
        template = self.intent.step.template
        return self.intent.run.ledger_entry(
            self.intent.step_name, template, outcome=outcome, reason=reason, at=self.now
        )
