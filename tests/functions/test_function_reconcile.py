"""functions/reconcile with the inputs of its rule's targets: the account, and the open mails of a shard."""

from collections import deque
from typing import TYPE_CHECKING

import pytest

from homing.adapters.open_sends import TableOpenSends
from homing.adapters.pace import TablePace
from homing.domain.ids import DUE_SHARDS, contact_id, due_shard
from homing.domain.moments import DAY, HOUR, MINUTE
from homing.domain.sends import Send
from homing.ports import Pacing
from local.cloud.functions import Context
from local.simulation.deployment import RECONCILE_SCHEDULE
from tests.fakes.sends import in_doubt

if TYPE_CHECKING:
    from homing.domain.moments import Duration
    from tests.functions.conftest import Deployed

SHARD = {"shard": due_shard("p")}
ADDRESS = "ada.lovelace@customer.example"


def open_mail(deployed: "Deployed", ago: "Duration") -> Send:
    """A mail that was noted as open some time ago."""
    send = in_doubt(at=deployed.now - ago)
    TableOpenSends(deployed.table).note(send, "c")
    return send


def test_the_rule_asks_for_the_account_and_for_every_shard(deployed: "Deployed") -> None:
    targets = deployed.cloud.schedules.by_logical_id[RECONCILE_SCHEDULE].targets
    inputs = [target.input for target in targets]
    assert inputs == ["{}", *(f'{{"shard": {shard}}}' for shard in range(DUE_SHARDS))]


def test_the_account_is_measured_and_its_list_taken_over(deployed: "Deployed") -> None:
    deployed.cloud.ses.account.suppress(ADDRESS, "COMPLAINT")
    deployed.contacts.note_consent(contact_id(ADDRESS), "p", granted=True, at=1)
    assert deployed.invoke("Reconcile", {}) == {"brake": None, "mirrored": 1}
    assert deployed.contact(contact_id(ADDRESS)).suppressed == "complained"
    assert TablePace(deployed.table, 1.0).load() == Pacing(room=50_000, measured_at=deployed.now)
    told = deployed.metrics("Reconcile")
    assert (told["Brake"], told["AddressesMirrored"]) == (0, 1)


def test_too_many_bounces_brake_and_are_told_of_until_a_person_releases_it(
    deployed: "Deployed", monkeypatch: pytest.MonkeyPatch
) -> None:
    account = deployed.cloud.ses.account
    monkeypatch.setattr(account, "_quarters", {})
    monkeypatch.setattr(account, "_sent", deque())
    for _ in range(100):
        account.count_attempt()
    for _ in range(4):
        account.count("Bounce")
    reason = "4 of the latest 100 mails bounced"
    for _ in range(2):
        assert deployed.invoke("Reconcile", {})["brake"] == reason
    assert deployed.metrics("Reconcile")["Brake"] == 1
    pace = TablePace(deployed.table, 1.0)
    assert pace.load().brake == reason
    pace.release(deployed.now)
    assert deployed.invoke("Reconcile", {})["brake"] is None


def test_a_claimed_mail_of_which_nobody_told_is_counted_and_kept_as_unknown(
    deployed: "Deployed",
) -> None:
    send = open_mail(deployed, HOUR)
    deployed.table.put({"pk": {"S": "C#c"}, "sk": {"S": "CONTACT"}, "claim:s": {"N": str(send.at)}})
    assert deployed.invoke("Reconcile", SHARD) == {"looked_at": 1, "unknown": 1, "unsettled": 0}
    assert deployed.send("p", "s") == send
    assert deployed.metrics("Reconcile")["EmailsUnknown"] == 1
    assert deployed.invoke("Reconcile", SHARD) == {"looked_at": 0, "unknown": 0, "unsettled": 0}


def test_no_page_is_begun_in_the_last_minute_of_a_sweep(deployed: "Deployed", monkeypatch: pytest.MonkeyPatch) -> None:
    open_mail(deployed, HOUR)
    deployed.table.put({"pk": {"S": "C#c"}, "sk": {"S": "CONTACT"}, "claim:s": {"N": str(deployed.now - HOUR)}})
    with monkeypatch.context() as patched:
        patched.setattr(Context, "get_remaining_time_in_millis", lambda _: MINUTE)
        assert deployed.invoke("Reconcile", SHARD)["looked_at"] == 0
    assert deployed.invoke("Reconcile", SHARD)["looked_at"] == 1


def test_a_mail_that_ses_is_silent_about_for_a_day_is_counted(deployed: "Deployed") -> None:
    send = open_mail(deployed, DAY)
    deployed.sends.record(send.model_copy(update={"outcome": "sent", "reason": None}))
    assert deployed.invoke("Reconcile", SHARD)["unsettled"] == 1
    assert deployed.metrics("Reconcile")["EmailsUnsettled"] == 1
    assert deployed.invoke("Reconcile", SHARD)["looked_at"] == 0
