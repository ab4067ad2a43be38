"""What must be true of every run, worked out from the input alone and held against the files."""

from collections import Counter
from datetime import date, datetime, time
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from homing.domain.ids import send_id

if TYPE_CHECKING:
    from tests.e2e.conftest import Line, Outcome, Person

    People = dict[str, Person]

STEPS = {
    "welcome": ["greeting", "favourites", "last_call"],
    "cart": ["reminder", "second", "offer"],
    "winback": ["missing_you", "offer", "last_offer"],
    "birthday": ["wishes", "reminder"],
}


def test_the_sample_has_what_the_tests_speak_of(outcome: "Outcome", people: "People") -> None:
    """Else they would prove nothing."""
    assert {line["journey"] for line in outcome.sent} == set(STEPS)
    for journey in STEPS:
        ends = {(line["ended"], line["reason"]) for line in outcome.runs if line["journey"] == journey}
        assert ends >= {("completed", None), ("exited", "ordered")}
    reasons = {line["reason"] for line in outcome.emails if line["outcome"] == "skipped"}
    assert reasons >= {"ordered", "consent_withdrawn", "bounced", "complained"}
    assert {person.trait("language") for person in people.values()} == {"en", "de"}
    assert any(not person.consents("2100") for person in people.values())


def test_no_message_is_lost(outcome: "Outcome", lines: list[str]) -> None:
    events = outcome.summary["events"]
    assert events["read"] == len(lines)
    assert events["accepted"] + events["duplicate"] + events["rejected"] == events["read"]
    assert events["rejected"] == 3
    assert outcome.summary["dead_letters"] == 0


def test_there_is_one_profile_for_each_person(outcome: "Outcome", everybody: "list[Person]") -> None:
    assert outcome.summary["profiles"] == len(everybody)


def test_no_mail_goes_to_anybody_without_consent(outcome: "Outcome", people: "People") -> None:
    assert [line for line in outcome.sent if not people[line["email"]].consents(line["at"])] == []


def test_no_mail_goes_to_an_address_that_has_bounced_or_complained(outcome: "Outcome") -> None:
    mails = Counter(line["email"] for line in outcome.sent)
    assert {email: n for email, n in mails.items() if email.endswith("simulator.amazonses.com") and n > 1} == {}


def test_no_welcome_goes_to_anybody_who_has_ordered(outcome: "Outcome", people: "People") -> None:
    assert [line for line in _sent(outcome, "welcome") if people[line["email"]].orders(until=line["at"])] == []


def test_nobody_is_welcomed_twice(outcome: "Outcome") -> None:
    times = Counter((line["email"], line["step"]) for line in _sent(outcome, "welcome"))
    assert set(times.values()) == {1}


def test_no_reminder_goes_out_for_a_cart_that_was_ordered_or_emptied(outcome: "Outcome", people: "People") -> None:
    assert [line for line in _sent(outcome, "cart") if not people[line["email"]].cart(line["at"])] == []


def test_no_win_back_goes_to_anybody_who_ordered_within_the_last_sixty_days(
    outcome: "Outcome", people: "People"
) -> None:
    for line in _sent(outcome, "winback"):
        last = people[line["email"]].orders(until=line["at"])[-1]
        assert (_time(line["at"]) - _time(last)).days >= 60


def test_wishes_come_on_the_morning_of_the_birthday_and_once_a_year(outcome: "Outcome", people: "People") -> None:
    """Or at once, to whom becomes known later that day."""
    wishes = [line for line in _sent(outcome, "birthday") if line["step"] == "wishes"]
    for line in wishes:
        person = people[line["email"]]
        zone = ZoneInfo(person.trait("timezone") or "UTC")
        day = _time(line["at"]).astimezone(zone).date()
        born = date.fromisoformat(person.trait("birthday") or "")
        assert (day.month, day.day) == (born.month, born.day)
        known_at = min(_time(m["timestamp"]) for m in person.messages if "birthday" in m.get("traits", {}))
        assert _time(line["at"]) == max(datetime.combine(day, time(9), zone), known_at)
    assert len({(line["email"], line["at"][:4]) for line in wishes}) == len(wishes)


def test_no_reminder_of_a_gift_goes_to_anybody_who_has_ordered_since_the_wishes(
    outcome: "Outcome", people: "People"
) -> None:
    wished_at = {line["email"]: line["at"] for line in _sent(outcome, "birthday") if line["step"] == "wishes"}
    for line in _sent(outcome, "birthday"):
        orders = people[line["email"]].orders(until=line["at"])
        assert [order for order in orders if order > wished_at[line["email"]]] == []


def test_every_intended_mail_has_exactly_one_line(outcome: "Outcome") -> None:
    """A run intends its steps one after the other; one that ends early withholds the next."""
    lines = {line["send_id"]: line for line in outcome.emails}
    assert len(lines) == len(outcome.emails)
    for run in outcome.runs:
        steps = [lines.pop(send_id(run["run_id"], step), None) for step in STEPS[run["journey"]]]
        outcomes = [line["outcome"] for line in steps if line is not None]
        assert steps[: len(outcomes)] == [line for line in steps if line is not None], "no step is left out"
        match run["ended"]:
            case "completed":
                assert outcomes == ["sent"] * len(steps)
            case "exited":
                assert outcomes in (["sent"] * (len(outcomes) - 1) + ["skipped"], ["sent"] * len(steps))
            case _:
                assert set(outcomes) <= {"sent"}
    assert lines == {}


def test_every_mail_that_ses_took_is_a_sent_line_and_a_file(outcome: "Outcome") -> None:
    files = {path.stem for path in outcome.folder.glob("emails/*.eml")}
    assert files == {line["send_id"] for line in outcome.sent}
    assert len(files) == outcome.summary["operations"]["ses_sends"] == outcome.summary["emails"]["sent"]


def test_a_mail_costs_at_most_three_state_transitions(outcome: "Outcome") -> None:
    operations, transitions = outcome.summary["operations"], outcome.summary["state_transitions_by_machine"]
    assert sum(transitions.values()) == operations["state_transitions"]
    of_journeys = sum(transitions[f"{journey.capitalize()}StateMachine"] for journey in STEPS)
    assert 0 < of_journeys <= 3 * operations["ses_sends"]


def test_memberships_begin_and_end_in_turn_and_the_summary_counts_those_that_go_on(outcome: "Outcome") -> None:
    inside: set[tuple[str, str]] = set()
    for line in outcome.changes:
        membership = line["profile_id"], line["segment"]
        assert (membership in inside) == (line["change"] == "left")
        inside ^= {membership}
    assert Counter(segment for _, segment in inside) == outcome.summary["segments"]
    assert [line["at"] for line in outcome.changes] == sorted(line["at"] for line in outcome.changes)


def _sent(outcome: "Outcome", journey: str) -> list["Line"]:
    return [line for line in outcome.sent if line["journey"] == journey]


def _time(text: str) -> datetime:
    return datetime.fromisoformat(text)
