"""Executions that have ended: their runs end with them, whatever ended them."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from homing.domain.journeys import Journey
from homing.domain.moments import Moment
from homing.domain.sends import Ended, Run
from homing.ports import Contacts, Runs

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
    runs: Runs
    contacts: Contacts

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
        self.runs.end(run.model_copy(update={"ended": ended, "reason": reason, "ended_at": now}))
        if kept is not None and kept.contact_id:
            journey = self.journeys.get(run.journey)
            steps = journey.steps if journey is not None else ()
            self.contacts.remove_run(kept.contact_id, run.run_id, [run.send_id(step) for step in steps])
        return ended
