"""functions/send with the input of a state machine's task."""

import json
from collections.abc import Callable, Iterator
from email.header import decode_header, make_header
from email.utils import parseaddr
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError, ReadTimeoutError

from homing.adapters.pace import PACE, TablePace
from homing.domain.ids import contact_id
from homing.domain.moments import DAY, format_moment
from homing.domain.permit import Claim
from homing.domain.sends import SEND_TAGS, Run, Send

if TYPE_CHECKING:
    from tests.functions.conftest import Deployed

ADDRESS = "ada.lovelace@customer.example"
CONTACT = contact_id(ADDRESS)
NEXT = {"due_at": "2026-03-05T09:15:04.512Z", "at": "2026-03-05T09:15:05Z"}
SENT = {"outcome": "sent", "reason": None, "next": NEXT}
Fault = Callable[[Exception, str], None]


@pytest.fixture
def task(deployed: "Deployed") -> Any:
    """The step of a run that is licensed to send."""
    task = deployed.event("step-functions/send")
    run = task["run"]
    deployed.keep_profile(deployed.event("dynamodb-stream/profile-modify")["Records"][0]["dynamodb"]["NewImage"])
    deployed.contacts.note_consent(CONTACT, run["profile_id"], granted=True, at=deployed.now)
    deployed.contacts.add_run(CONTACT, run["run_id"], run["profile_id"])
    deployed.cloud.outbox.clear()  # type: ignore[attr-defined] # the list itself
    return task


@pytest.fixture
def fault(deployed: "Deployed") -> Iterator[Fault]:
    """Lets SendEmail fail once, before or after SES has taken the mail."""
    undo: list[Callable[[], None]] = []

    def arm(error: Exception, when: str) -> None:
        def hook(service: str, operation: str, phase: str) -> None:
            if (service, operation, phase) == ("sesv2", "SendEmail", when):
                undo.pop()()
                raise error

        undo.append(deployed.cloud.on_call(hook))

    yield arm
    assert undo == [], "SES was not asked"


def refusal(code: str) -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": f"about {ADDRESS}"}}, "SendEmail")


def entry(deployed: "Deployed", task: Any) -> Send:
    run = run_of(task)
    return deployed.send(run.profile_id, run.send_id(task["step"]))


def a_while_later(deployed: "Deployed") -> None:
    """SES has places again, without the clock of the other tests being moved."""
    with deployed.cloud.seam.unseen():
        deployed.table.delete(PACE, PACE)


def run_of(task: Any) -> Run:
    told = task["run"]
    return Run(journey=told["journey"], profile_id=told["profile_id"], entry=told["entry"])


def test_a_licensed_step_sends_its_mail_and_keeps_it_in_the_ledger(deployed: "Deployed", task: Any) -> None:
    assert deployed.invoke("Send", task) == SENT
    (mail,) = deployed.cloud.outbox
    assert list(mail.to) == [ADDRESS]
    kept = entry(deployed, task)
    assert (kept.outcome, kept.message_id, kept.subject) == ("sent", mail.message_id, mail.subject)
    assert mail.tags == {name: getattr(kept, name) for name in SEND_TAGS}


def test_a_step_that_is_asked_twice_sends_once(deployed: "Deployed", task: Any) -> None:
    assert deployed.invoke("Send", task) == deployed.invoke("Send", task) == SENT
    assert len(deployed.cloud.outbox) == 1


def test_a_run_without_a_licence_is_over(deployed: "Deployed", task: Any) -> None:
    deployed.contacts.remove_run(CONTACT, task["run"]["run_id"], [])
    assert deployed.failure("Send", task) == "RunEnded"
    kept = entry(deployed, task)
    assert (kept.outcome, kept.reason) == ("skipped", "run_ended")
    assert deployed.run(run_of(task)).ended == "exited"
    assert deployed.cloud.outbox == []


def test_a_mail_that_was_throttled_goes_out_later(deployed: "Deployed", task: Any, fault: Fault) -> None:
    fault(refusal("TooManyRequestsException"), "before")
    assert deployed.failure("Send", task) == "RetryLater"
    assert deployed.contact(CONTACT).claims == {}
    a_while_later(deployed)
    assert deployed.invoke("Send", task)["outcome"] == "sent"
    assert len(deployed.cloud.outbox) == 1


def test_a_mail_that_ses_refuses_has_failed(deployed: "Deployed", task: Any, fault: Fault) -> None:
    fault(refusal("MessageRejected"), "before")
    assert deployed.invoke("Send", task) == SENT | {"outcome": "failed", "reason": "MessageRejected"}
    assert deployed.invoke("Send", task)["outcome"] == "failed"
    assert deployed.cloud.outbox == []


def test_a_mail_whose_answer_was_lost_is_unknown_and_not_sent_again(
    deployed: "Deployed", task: Any, fault: Fault
) -> None:
    fault(ReadTimeoutError(endpoint_url="ses"), "after")
    assert deployed.invoke("Send", task) == SENT | {"outcome": "unknown", "reason": "no_answer"}
    assert "EmailsUnknown" not in deployed.metrics(
        "Send"
    )  # SES may tell of it yet: the sweep counts what stays unknown
    assert deployed.invoke("Send", task)["outcome"] == "unknown"
    assert len(deployed.cloud.outbox) == 1


def test_a_mail_that_may_not_go_yet_says_when_as_json_in_the_message_of_its_error(
    deployed: "Deployed", task: Any
) -> None:
    deployed.contacts.note_wishes(CONTACT, gap=None, paused_until=deployed.now + DAY, at=deployed.now)
    error = deployed.cloud.invoke("SendFunction", task).error
    assert error is not None
    assert error["errorType"] == "NotYet"
    assert json.loads(error["errorMessage"]) == {
        "due_at": format_moment(deployed.now),
        "at": "2026-03-03T09:15:05Z",
    }
    assert deployed.metrics("Send")["EmailsHeld"] == 1
    assert deployed.sends.load(task["run"]["profile_id"], run_of(task).send_id("greeting")) is None


def test_a_mail_whose_turn_has_come_is_sent(deployed: "Deployed", task: Any) -> None:
    turn = {"due_at": format_moment(deployed.now - DAY), "at": format_moment(deployed.now)}
    assert deployed.invoke("Send", task | {"due": turn})["outcome"] == "sent"
    later = {"due_at": format_moment(deployed.now), "at": format_moment(deployed.now + DAY)}
    assert deployed.failure("Send", task | {"step": "favourites", "due": later}) == "NotYet"


def test_the_payload_of_an_old_definition_is_due_now_and_is_never_told_to_wait(deployed: "Deployed", task: Any) -> None:
    old = {name: task[name] for name in ("run", "step")}
    assert deployed.invoke("Send", old)["outcome"] == "sent"
    left_out = deployed.invoke("Send", old | {"step": "favourites"})
    assert (left_out["outcome"], left_out["reason"]) == ("skipped", "frequency_cap")


def test_a_brake_that_ses_has_caused_stops_the_mail(deployed: "Deployed", task: Any) -> None:
    with deployed.cloud.seam.unseen():
        TablePace(deployed.table, 14).brake("bounces", deployed.now)
    assert deployed.failure("Send", task) == "NotYet"
    assert deployed.cloud.outbox == []


def test_an_unknown_mail_is_sent_again_on_a_persons_word(deployed: "Deployed", task: Any, fault: Fault) -> None:
    fault(ReadTimeoutError(endpoint_url="ses"), "before")
    assert deployed.invoke("Send", task)["outcome"] == "unknown"
    run = run_of(task)
    claim = Claim(run_id=run.run_id, send_id=run.send_id("greeting"), at=deployed.now)
    deployed.contacts.release(CONTACT, claim)  # as the end of its run does, and a day
    a_while_later(deployed)
    assert deployed.invoke("Send", task | {"again": True})["outcome"] == "sent"
    assert entry(deployed, task).outcome == "sent"
    assert len(deployed.cloud.outbox) == 1


def test_every_outcome_is_counted_and_logged_by_opaque_ids(deployed: "Deployed", task: Any) -> None:
    deployed.invoke("Send", task)
    (counted,) = [line for line in deployed.lines("Send") if "Emails" in line]
    assert (counted["journey"], counted["outcome"]) == ("welcome", "sent")
    (logged,) = [line for line in deployed.lines("Send") if line.get("message") == "sent"]
    assert (logged["run_id"], logged["step"]) == (task["run"]["run_id"], "greeting")


@pytest.fixture
def renamed(deployed: "Deployed", monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The shop under a name that an address header cannot hold as it is."""
    name, functions = "Müller, Tee & Ton", deployed.cloud.functions
    function = functions.by_logical_id["SendFunction"]
    monkeypatch.setattr(function, "environment", {**function.environment, "SHOP_NAME": name})
    functions.cool("SendFunction")
    functions.close()
    yield name
    functions.cool("SendFunction")
    functions.close()


def test_a_shops_name_may_hold_commas_and_umlauts(deployed: "Deployed", task: Any, renamed: str) -> None:
    deployed.invoke("Send", task)
    (mail,) = deployed.cloud.outbox
    name, address = parseaddr(mail.sender)
    assert mail.sender.isascii()
    assert str(make_header(decode_header(name))) == renamed
    assert "@" in address
