"""Executions that have ended: their runs end with them, whatever ended them."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from homing.domain.journeys import Journey, Step
from homing.domain.moments import Moment
from homing.domain.permit import Contact
from homing.domain.sends import GAVE_UP, INTERRUPTED, Ended, Outcome, Run
from homing.ports import Contacts, Profiles, Runs, Sends

_ENDED: dict[str, Ended] = {
    "SUCCEEDED": "completed",
    "FAILED": "failed",
    "TIMED_OUT": "failed",
    "ABORTED": "exited",
}


@dataclass(frozen=True, slots=True)
class Finisher:
    """Ends the runs of executions that have ended. All of it may be done again."""

    journeys: Mapping[str, Journey]
    profiles: Profiles
    runs: Runs
    contacts: Contacts
    sends: Sends

    def finish(self, run: Run, detail: Mapping[str, Any], now: Moment) -> Ended:
        """Record how the run's execution ended, and take its licence; how it ended by the execution's own word.

        `detail` is that of EventBridge's "Step Functions Execution Status Change". A run that ended before its
        execution did keeps what was recorded then.
        """
        ended = _ENDED[detail["status"]]
        reason = None if ended == "completed" else detail.get("error") or detail["status"].lower()
        kept = self.runs.load(run)
        if detail["status"] == "ABORTED" and kept is not None and kept.ended is not None:
            # Whoever ended the run has stopped the execution, as the last of all that is to be done.
            return kept.ended
        if kept is None and self.profiles.load(run.profile_id).version == 0:
            return ended  # whose run it was has been erased, and it with them
        journey = self.journeys.get(run.journey)
        steps = journey.steps if journey is not None else {}
        if kept is not None and kept.contact_id and kept.ended is None and ended != "completed":
            self._keep_last_step(kept, steps, ended, now)
        self.runs.end(run.model_copy(update={"ended": ended, "reason": reason, "ended_at": now}))
        if kept is not None and kept.contact_id:
            # Last, for it takes away what tells at which step it was.
            self.contacts.remove_run(kept.contact_id, run.run_id, run.send_ids(steps))
        return ended

    def _keep_last_step(self, run: Run, steps: Mapping[str, Step], ended: Ended, now: Moment) -> None:
        """Keep in the ledger the mail at which the run has come to its end.

        Where it was claimed, nobody knows. Otherwise it is not sent, for somebody has stopped the execution, or it has
        failed; but as long as the next mail is not due, it has failed at one that is in the ledger: SES has told that
        it went out.
        """
        contact = self.contacts.load(run.contact_id) or Contact(contact_id=run.contact_id)
        name = self._step_in_doubt(run, steps, contact, now)
        if name is None:
            return
        outcome: Outcome
        if run.send_id(name) in contact.claims:
            outcome, reason = "unknown", INTERRUPTED
        elif ended == "exited":
            outcome, reason = "skipped", "run_ended"
        elif contact.due.get(run.run_id, now) <= now:
            outcome, reason = "failed", GAVE_UP
        else:
            return
        self.sends.record(run.ledger_entry(name, steps[name].template, outcome=outcome, reason=reason, at=now))

    def _step_in_doubt(self, run: Run, steps: Iterable[str], contact: Contact, now: Moment) -> str | None:
        """The first step of which the ledger knows nothing; None where this very end is in it already.

        What is claimed is in doubt all the same, and so is what was due: an interrupted mail does not end a run.
        """
        is_told = False
        has_come_to_next = contact.due.get(run.run_id, now + 1) <= now
        for name in steps:
            kept = self.sends.load(run.profile_id, run.send_id(name))
            if kept is None:
                return name if not is_told or run.send_id(name) in contact.claims else None
            may_be_this_end = kept.reason == INTERRUPTED and not has_come_to_next
            is_told = may_be_this_end or kept.reason == GAVE_UP or kept.has_ended_its_run
        return None
