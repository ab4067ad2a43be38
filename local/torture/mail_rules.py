"""The invariants of permits and of mails, held at each write of a permit and at each mail that SES takes."""

from collections import Counter, defaultdict
from collections.abc import Sequence
from functools import cache
from typing import NamedTuple
from zoneinfo import ZoneInfo

from homing.domain.moments import DAY, SECOND, Duration, Moment, datetime_of
from local.cloud import Mail
from local.torture.chronicle import Change, Chronicle, Image, named, number, text
from local.torture.erasure_rules import ErasureRules
from local.torture.exits import Exits
from local.torture.names import contact_of, mail_of, profile_of
from local.torture.registers import Registers
from local.torture.shop import Rules
from local.torture.stories import Shopper


class Wish(NamedTuple):
    """What a shopper has been told to stand: at most one marketing mail in any window so long, and none until then."""

    gap: Duration | None
    paused_until: Moment | None


class MailRules:
    """Watches a chronicle. `told` are the shoppers of the story, who alone get mails."""

    def __init__(self, chronicle: Chronicle, rules: Rules, told: Sequence[Shopper]) -> None:
        self._chronicle = chronicle
        self._rules = rules
        self.shoppers = told
        self._permits: Counter[str] = Counter()
        """Permits by mail that no mail has used yet."""
        self.permitted: dict[str, str] = {}
        """Every mail that ever had a permit, with its run."""
        self._registers = Registers(chronicle, rules, self.contacts_like)
        self._exits = Exits(chronicle, rules)
        self.erasures = ErasureRules(chronicle)
        self.wishes: dict[str, Wish] = {}
        """What the preference page has told of each contact, and of the shopper's others with it."""
        self.moved_at: dict[str, Moment] = {}
        """When the client told that somebody reads mails elsewhere from now on, by the contact they left."""
        self._accepted: Counter[str] = Counter()
        self._steps: Counter[tuple[str, str, str]] = Counter()
        self._marketing: dict[str, list[Moment]] = defaultdict(list)
        self._confirmations: dict[str, list[Moment]] = defaultdict(list)
        self.stopped: set[str] = set()
        """Contacts that were answered that no mail comes any more, and have not agreed again since."""
        self.proven: set[str] = set()
        """Contacts whose owners have proven their consent."""
        chronicle.on_change.append(self._see)
        chronicle.on_mail.append(self._see_mail)

    def judge(self) -> None:
        """Holds the invariants of the end."""
        self._registers.judge()
        self.erasures.judge()

    @property
    def accepted(self) -> set[str]:
        """The mails that SES took."""
        return set(self._accepted)

    def contacts_like(self, contact: str) -> Sequence[str]:
        """All contacts of the shopper who has this one."""
        return next((contacts for one in self.shoppers if contact in (contacts := contacts_of(one))), (contact,))

    def _left(self, contact: str) -> Sequence[str]:
        """The contacts that the shopper has left for others; whom nobody has erased with all that they knew."""
        others = (other for other in self.contacts_like(contact) if other != contact and other in self.moved_at)
        return [other for other in others if not self.erasures.is_erased(other)]

    def _violated(self, rule: str, what: str) -> None:
        self._chronicle.violated(rule, what)

    # Permits

    def _see(self, change: Change) -> None:
        if change.sk != "CONTACT":
            return
        before, after = named(change.before, "claim:"), named(change.after, "claim:")
        for mail, at in after.items():
            if before.get(mail) != at:
                self._see_permit(change, mail, renewed=mail in before)
        if change.by == "SendFunction":  # gives it back; whoever else forgets a claim takes no permit that was given
            for mail in before.keys() - after.keys():
                self._permits[mail] = 0
                self._registers.give_back(mail)
        suppressed = text(change.before, "suppressed")
        if suppressed and change.after is not None and not text(change.after, "suppressed"):
            self._violated(
                "suppression stays", f"contact {change.pk} was suppressed ({suppressed}), and is not any more"
            )

    def _see_permit(self, change: Change, mail: str, *, renewed: bool) -> None:
        contact = change.pk.removeprefix("C#")
        image = change.after or {}
        if renewed:
            self._violated("one permit", f"the permit of mail {mail} was given again")
        self._permits[mail] = 1
        run = self._run_of(mail, image) or self._run_of(mail, change.before or {})
        if run is None:
            self._violated("exit ends", f"mail {mail} was permitted though its run has no licence")
            return
        journey = run.split("-")[0]
        self.permitted[mail] = run
        self._exits.permitted(run)
        if self.erasures.is_erased(contact):
            self._violated("erasure stops", f"{journey} was permitted for a contact that has been erased")
        if text(image, "suppressed"):
            self._violated("suppression stops", f"{journey} was permitted for a suppressed contact")
        if not self._rules.is_marketing(journey):
            return
        stopped_at, proved_at = number(image, "stopped_at"), number(image, "proved_at") or 0
        if not image.get("consent", {}).get("BOOL") or (stopped_at is not None and stopped_at >= proved_at):
            self._violated("withdrawal stops", f"{journey} was permitted without consent")
        if contact not in self.proven:
            self._violated("proof first", f"{journey} was permitted for {contact}, which has proven nothing")
        if contact in self.stopped:
            self._violated("stop means stop", f"{journey} was permitted after the unsubscribe was answered")
        self._see_wish(journey, contact)
        self._registers.take(contact, mail, image)

    def _see_wish(self, journey: str, contact: str) -> None:
        """The shopper's own wishes, as the preference page told them to stand."""
        wish, now = self.wishes.get(contact, Wish(None, None)), self._chronicle.now
        permitted = [self._registers.latest(contact)]
        permitted += [self._registers.latest(left, self.moved_at[left]) for left in self._left(contact)]
        latest = max(filter(None, permitted), default=None)
        if wish.paused_until is not None and now < wish.paused_until:
            self._violated("wishes are kept", f"{journey} was permitted for {contact}, which paused")
        if wish.gap is not None and latest is not None and now - latest < wish.gap:
            told = f"{journey} was permitted for {contact} within its own {wish.gap // DAY} days"
            self._violated("wishes are kept", told)

    def _run_of(self, mail: str, image: Image) -> str | None:
        """The licensed run whose mail this is."""
        for run in named(image, "run:"):
            journey = self._rules.journeys.get(run.split("-")[0], {})
            if any(mail_of(run, step) == mail for step in journey.get("steps", {})):
                return run
        return None

    # Mails

    def _see_mail(self, mail: Mail) -> None:
        tags = mail.tags
        journey, step, send_id = tags["journey"], tags["step"], tags["send_id"]
        (address,) = mail.to
        self._accepted[send_id] += 1
        self._steps[address, tags["run_id"], step] += 1
        if self._accepted[send_id] > 1 or self._steps[address, tags["run_id"], step] > 1:
            self._violated("never twice", f"SES took {journey}.{step} twice for {address}")
        if self._permits[send_id] < 1:
            self._violated("permit first", f"SES took {journey}.{step} for {address} without a permit")
        self._permits[send_id] = 0
        self._see_whose(mail, address)
        if self._rules.is_marketing(journey):
            self._see_marketing(journey, step, address)
        else:
            self._see_confirmation(address)

    def _see_whose(self, mail: Mail, address: str) -> None:
        """A mail holds nothing of another person."""
        owner = next((one for one in self.shoppers if f"{one.marker}." in address), None)
        if owner is None:
            return self._violated("whose mail", f"a mail went to {address}, which is nobody's")
        told = f"{mail.subject}\n{mail.text}\n{mail.html}\n{mail.headers}"
        link = dict(mail.headers).get("List-Unsubscribe")
        if link is not None and contact_of(address) not in link:
            self._violated("whose data", f"the mail to {address} unsubscribes somebody else")
        for other in self.shoppers:
            if other is not owner and any(name in told for name in _names_of(other)):
                self._violated("whose data", f"the mail to {address} tells of {other.marker}")
        return None

    def _see_marketing(self, journey: str, step: str, address: str) -> None:
        now = self._chronicle.now
        contact = contact_of(address)
        before = [at for left in self._left(contact) for at in self._marketing[left] if at < self.moved_at[left]]
        sent = sorted([*before, *self._marketing[contact]])
        for mails, window in self._rules.caps:
            if len(sent) >= mails and now - sent[-mails] < window:
                self._violated("cap", f"{address} got more than {mails} mails within {window // DAY} days")
        self._marketing[contact].append(now)
        if self._rules.quiet:
            self._see_hour(journey, step, address)

    def _see_hour(self, journey: str, step: str, address: str) -> None:
        owner = next((one for one in self.shoppers if f"{one.marker}." in address), None)
        zone = (owner.timezone if owner else None) or self._rules.timezone
        # A second's grace: a Wait's time stamp is one of whole seconds.
        local = datetime_of(self._chronicle.now + SECOND).astimezone(ZoneInfo(zone))
        start, end = self._rules.quiet or (0, 0)
        hour = local.hour
        quiet = start <= hour or hour < end if start > end else start <= hour < end
        if quiet:
            self._violated("quiet hours", f"{journey}.{step} went to {address} at {local:%H:%M} in {zone}")

    def _see_confirmation(self, address: str) -> None:
        asked, now = self._confirmations[contact_of(address)], self._chronicle.now
        if asked and now - asked[-1] < DAY:
            self._violated("one confirmation a day", f"{address} was asked twice within a day")
        asked.append(now)


@cache
def contacts_of(shopper: Shopper) -> tuple[str, ...]:
    """The contacts of all addresses that the shopper may come to have."""
    return tuple(contact_of(shopper.address(number)) for number in (0, 1))


@cache
def _names_of(shopper: Shopper) -> tuple[str, ...]:
    """What nobody else's mail may hold: what only this shopper is called, in links too."""
    return (shopper.marker, profile_of(shopper.user_id), *contacts_of(shopper))
