"""The invariants of what is kept: the ledger, the runs, the events and the profiles."""

import json
from collections import Counter
from collections.abc import Iterator
from typing import Any, Final

from homing.domain.moments import DAY, HOUR, Moment, format_moment, parse_moment
from local.torture.chronicle import Change, Chronicle, Image, named, state_of, text
from local.torture.greetings import judge_greetings
from local.torture.mail_rules import MailRules
from local.torture.names import contact_of
from local.torture.parked import Parked
from local.torture.shop import Rules

_FINAL: Final = frozenset({"sent", "skipped", "failed"})
_REASONS: Final = frozenset(
    {
        *("no_consent", "suppressed", "no_address", "nothing_to_show", "ordered", "cart_emptied", "consent_withdrawn"),
        *("bounced", "complained", "unsubscribed", "confirmed", "run_ended", "frequency_cap", "paused", "asked_lately"),
        "braked",
    }
)
"""Why a mail may have been left out: the closed list."""
_DELIVERY: Final = ("delayed", "delivered", "bounced_softly", "bounced", "rejected", "complained")


class LedgerRules:
    """Watches a chronicle, and judges it once all has settled."""

    def __init__(self, chronicle: Chronicle, mails: MailRules, rules: Rules) -> None:
        self._chronicle = chronicle
        self._mails = mails
        self._rules = rules
        self._messages: set[str] = set()
        chronicle.on_change.append(self._see)

    def judge(self, faults_ended_at: Moment) -> None:
        """Holds the invariants of the end: since `faults_ended_at` all went well, and there was time to settle.

        What was given up is no violation where an alarm has called a person to it, who decides what becomes of it.
        """
        parked = Parked(self._chronicle)
        parked.judge()
        self._mails.judge()
        self._judge_ledger(parked)
        self._judge_runs(faults_ended_at, parked)
        self._judge_feedback(parked)
        self._judge_profiles(parked)
        self._judge_due()
        self._judge_names()
        judge_greetings(self._chronicle, self._mails.shoppers, parked)

    @property
    def unknown(self) -> int:
        """How many mails the ledger says to be unknown."""
        return sum(text(image, "outcome") == "unknown" for image in self._chronicle.under("SEND#").values())

    # On the way

    def _see(self, change: Change) -> None:
        if change.sk.startswith("SEND#"):
            self._see_send(change)
        elif change.sk.startswith("EVENT#") and change.before is not None and change.after is None:
            self._messages.discard(self._chronicle.events[change.pk, change.sk]["message_id"])  # erased
        elif change.sk.startswith("EVENT#") and change.before is None and change.after is not None:
            self._see_event(self._chronicle.events[change.pk, change.sk]["message_id"])
        elif change.after and text(change.before, "ended") not in (None, text(change.after, "ended")):
            self._violated("a run ends once", f"{change.sk} ended again")

    def _see_event(self, message: str) -> None:
        if message in self._messages:
            self._violated("each message once", f"{message} was kept again")
        self._messages.add(message)

    def _see_send(self, change: Change) -> None:
        before, after = text(change.before, "outcome"), text(change.after, "outcome")
        settled = after == "sent" and change.sk.removeprefix("SEND#") in self._mails.accepted
        if before in _FINAL and after is not None and after != before and not settled:
            self._violated("the ledger stays", f"{change.sk} was {before} and became {after}")
        ranks = [_rank(text(image, "delivery")) for image in (change.before, change.after)]
        if change.after is not None and ranks[1] < ranks[0]:
            told = [text(image, "delivery") for image in (change.before, change.after)]
            self._violated("delivery only grows", f"{change.sk} was {told[0]} and became {told[1]}")

    # At the end

    def _judge_ledger(self, parked: Parked) -> None:
        """Every mail that was permitted is in the ledger, as what became of it."""
        outcomes = {sk.removeprefix("SEND#"): text(image, "outcome") for (_, sk), image in self._ledger()}
        gone = {mail for mail, run in self._mails.permitted.items() if self._is_gone(run)}
        for mail, run in self._mails.permitted.items():
            if mail not in outcomes and mail not in gone:
                self._violated("nothing lost silently", f"a mail of {run} was permitted, and the ledger is silent")
        sent = {mail for mail, outcome in outcomes.items() if outcome == "sent"}
        for mail in sent - self._mails.accepted:
            self._violated("counters equal the ledger", f"mail {mail} counts as sent, and SES never took it")
        for mail in self._mails.accepted - sent - gone:
            told = outcomes.get(mail)
            if not (told == "unknown" and parked.tells_of(mail)):
                self._violated("counters equal the ledger", f"SES took mail {mail}, and it counts as {told}")
        for (_, sk), image in self._ledger():
            outcome, reason = text(image, "outcome"), text(image, "reason")
            if outcome == "unknown" and sk.removeprefix("SEND#") not in self._mails.permitted:
                self._violated("counters equal the ledger", f"{sk} counts as unknown, and never had a permit")
            if outcome == "skipped" and reason not in _REASONS:
                self._violated("a reason for each", f"{sk} was skipped for {reason}")

    def _ledger(self) -> Iterator[tuple[tuple[str, str], Image]]:
        yield from self._chronicle.under("SEND#").items()

    def _is_gone(self, run: str) -> bool:
        """Whether the run's shopper has been erased."""
        return self._mails.erasures.is_erased(run.split("-")[1])

    def _judge_runs(self, faults_ended_at: Moment, parked: Parked) -> None:
        """Every entry has had one execution, and those that began among the faults have ended, with their licences."""
        entries: Counter[tuple[str, ...]] = Counter()
        young = set()
        for run, told in self._chronicle.journeys():
            entries[told["journey"], told["profile_id"], told["entry"]] += 1
            if run.execution.started_at > faults_ended_at:
                young.add(told["run_id"])
            elif run.execution.ended_at is None:
                self._violated("everything ends", f"{run.execution.name} still runs")
            elif not self._is_gone(told["run_id"]) and not _is_parked(told["run_id"], parked):
                self._judge_run(told)
        for (journey, profile, entry), count in entries.items():
            if count > 1:
                self._violated("one run", f"{count} executions of {journey} for {profile} and {entry}")
        for (pk, _), image in self._chronicle.under("CONTACT").items():
            for run_id in named(image, "run:").keys() - young:
                if not _is_parked(run_id, parked):
                    self._violated("no licence is left", f"{pk} still licences {run_id}")

    def _judge_run(self, told: dict[str, str]) -> None:
        """The run's end is kept, and what became of each of its mails up to the last that was due."""
        kept = self._chronicle.items.get((f"P#{told['profile_id']}", f"RUN#{told['journey']}#{told['entry']}"))
        if text(kept, "ended") is None:
            self._violated("everything ends", f"the end of {told['run_id']} was not kept")

    def _judge_feedback(self, parked: Parked) -> None:
        """What SES told of a mail is in the ledger; who complained, or whose address takes no mail, gets none."""
        for mail in self._chronicle.mails:
            (address,) = mail.to
            if parked.tells_of(mail.message_id):
                continue
            line = self._chronicle.items.get((f"P#{mail.tags['profile_id']}", f"SEND#{mail.tags['send_id']}"))
            if line and text(line, "delivery") is None:
                self._violated("what SES told is kept", f"mail {mail.tags['send_id']} went out, and nothing came of it")
            contact = self._chronicle.items.get((f"C#{contact_of(address)}", "CONTACT"))
            is_simulated = address.endswith("@simulator.amazonses.com")
            if is_simulated and contact and not text(contact, "suppressed"):
                self._violated("bounces and complaints are heard", f"{address} is not suppressed")

    def _judge_profiles(self, parked: Parked) -> None:
        """Each profile is what a clean fold makes of its events."""
        events = self._chronicle.of_each_partition("EVENT#")
        profiles = {pk: state_of(image) for (pk, sk), image in self._chronicle.items.items() if sk == "PROFILE"}
        for pk, state in profiles.items():
            if state.get("joined_to") is None:
                facts = state.get("facts", {})
                owned = [pk, *(f"P#{alias}" for alias in facts.get("anonymous", ()))]
                if parked.partitions.isdisjoint(owned):
                    self._judge_facts(pk, facts, [image for each in owned for image in events.get(each, [])])
        for pk in events.keys() - profiles.keys() - parked.partitions:
            self._violated("nothing lost silently", f"the events of {pk} made no profile")

    def _judge_facts(self, pk: str, facts: dict[str, Any], events: list[Image]) -> None:
        expected = _clean_fold(events)
        for part in sorted({*facts, *expected} - {"anonymous", "user_id"}):
            if facts.get(part) != expected.get(part):
                told = f"{pk} has {part} {facts.get(part)}, a clean fold gives {expected.get(part)}"
                self._violated("a fold is a fold", told)

    def _judge_due(self) -> None:
        """No look is overdue."""
        for pk, sk in self._chronicle.items:
            if pk.startswith("DUE#") and parse_moment(sk.partition("#")[0]) < self._chronicle.now - HOUR:
                self._violated("looks come", f"{pk} {sk} is overdue at {format_moment(self._chronicle.now)}")
            if pk.startswith("OPEN#") and parse_moment(sk.partition("#")[0]) < self._chronicle.now - HOUR:
                self._violated("fates are settled", f"{pk} {sk} is still open")
            if pk.startswith("OPEN#") and parse_moment(sk.partition("#")[0]) > self._chronicle.now + 2 * DAY:
                self._violated("fates are settled", f"{pk} {sk} is looked at too late")

    def _judge_names(self) -> None:
        """Executions, their names and logs tell of nobody but by opaque ids."""
        told = [f"{run.execution.name} {run.input}" for run, _ in self._chronicle.journeys()]
        told += [line for function in self._chronicle.cloud.functions.by_arn.values() for line in function.log]
        everything = "\n".join(told)
        for shopper in self._mails.shoppers:
            if shopper.marker in everything:
                self._violated("opaque ids only", f"an execution or a log tells of {shopper.user_id}")

    def _violated(self, rule: str, what: str) -> None:
        self._chronicle.violated(rule, what)


def _rank(delivery: str | None) -> int:
    return -1 if delivery is None else _DELIVERY.index(delivery)


def _is_parked(run_id: str, parked: Parked) -> bool:
    """Whether something was given up that would have ended the run."""
    return parked.tells_of(run_id) or f"P#{run_id.split('-')[1]}" in parked.partitions


def _clean_fold(images: list[Image]) -> dict[str, Any]:
    """The facts that these events come to, each folded once, in the order of their keys.

    The fold itself is the product's: the law is that nothing but the events decides what it comes to.
    """
    from homing.adapters.profiles import stored_event
    from homing.domain.profile import Profile

    profile = Profile()
    for image in images:
        if "quiet" not in image:
            event, received_at = stored_event(image)
            profile = profile.after(event, received_at)
    told: dict[str, Any] = json.loads(profile.model_dump_json(exclude_defaults=True))
    return told
