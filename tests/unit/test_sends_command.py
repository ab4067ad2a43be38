"""`homing sends`: what became of every intended mail, and what it says where something is wrong."""

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from homing.domain.events import Event
from homing.domain.generation import Generation
from homing.domain.ids import alias_id
from homing.domain.moments import DAY, HOUR, Moment, format_moment, parse_moment
from homing.domain.profile import Profile
from homing.domain.record import ProfileRecord
from homing.domain.sends import Outcome, Run, Send
from local.cli import app
from local.simulation.snapshot import SNAPSHOT
from tests.fakes.tables import ExportedTable

NOW = parse_moment("2026-05-05T00:00:00Z")
LEA, THEO = alias_id("user", "lea"), alias_id("user", "theo")
BROWSER = alias_id("anonymous", "leas-browser")
RULES: dict[str, Any] = {"segments": {"buyers": {"orders.count": {"at_least": 1}}}}


def send(profile_id: str, step: str, at: Moment, outcome: Outcome, reason: str | None = None) -> Send:
    run = Run(journey="welcome", profile_id=profile_id, entry="once")
    entry = run.ledger_entry(step, f"welcome-{step}", outcome=outcome, reason=reason, at=at)
    return entry.model_copy(update={"subject": "Lea, welcome to Tea & Clay"})


SENDS = [
    send(LEA, "greeting", NOW - 3 * HOUR, "sent").told("delivered", NOW),
    send(THEO, "greeting", NOW - HOUR, "unknown", "no_answer"),
    send(LEA, "favourites", NOW - 2 * HOUR, "failed", "render: [bold] is no field"),
    send(BROWSER, "greeting", NOW - 4 * HOUR, "unknown", "interrupted"),
]
"""As they stand in the table: in no order."""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a run that has left two shoppers, one with a browser from before she was known, and four mails."""
    return written(tmp_path_factory.mktemp("run"), SENDS)


def written(folder: Path, entries: list[Send]) -> Path:
    table, generation = ExportedTable(), Generation(number=0, rules=RULES)
    for user in ("lea", "theo"):
        event = Event(message_id=user, type="identify", user_id=user, at=NOW, traits={"email": f"{user}@post.example"})
        facts = Profile().after(event, NOW)
        facts = facts.with_anonymous(BROWSER) if user == "lea" else facts
        table.profiles.save(ProfileRecord(profile_id=event.alias).with_facts(facts, generation, NOW))
    table.profiles.save(ProfileRecord(profile_id=BROWSER, joined_to=LEA))
    for entry in entries:
        table.sends.record(entry)
    table.write(folder / SNAPSHOT)
    (folder / "summary.json").write_text(json.dumps({"ended_at": format_moment(NOW)}), encoding="utf-8")
    return folder


def run(*arguments: str | Path) -> Result:
    return CliRunner(env={"COLUMNS": "200", "NO_COLOR": "1"}).invoke(app, ["sends", *map(str, arguments)])


def listed(*arguments: str | Path) -> list[tuple[str, str]]:
    """Profile and step of what `--json` tells."""
    result = run(*arguments, "--json")
    assert result.exit_code == 0, result.stderr
    return [(entry["profile_id"], entry["step"]) for entry in json.loads(result.stdout)["sends"]]


def refusal(*arguments: str | Path) -> str:
    result = run(*arguments)
    assert (result.exit_code, result.stdout) == (2, "")
    return result.stderr


def test_every_mail_is_listed_newest_first(folder: Path) -> None:
    assert listed("--from", folder) == [
        (THEO, "greeting"),
        (LEA, "favourites"),
        (LEA, "greeting"),
        (BROWSER, "greeting"),
    ]


def test_the_unknown_ones_are_those_of_which_nobody_knows_whether_they_went_out(folder: Path) -> None:
    assert listed("--from", folder, "--unknown") == [(THEO, "greeting"), (BROWSER, "greeting")]


def test_the_unsettled_ones_went_out_a_day_ago_and_ses_is_silent_since(tmp_path: Path) -> None:
    greeting = send(LEA, "greeting", NOW - DAY, "sent")
    entries = [
        greeting,
        send(LEA, "favourites", NOW - DAY, "sent").told("delayed", NOW),
        send(LEA, "last_call", NOW - DAY + 1, "sent"),
        send(THEO, "greeting", NOW - DAY, "sent").told("delivered", NOW),
        send(THEO, "favourites", NOW - DAY, "unknown", "no_answer"),
        send(THEO, "last_call", NOW - DAY, "skipped", "ordered"),
    ]
    folder = written(tmp_path, entries)
    assert sorted(listed("--from", folder, "--unsettled")) == [(LEA, "favourites"), (LEA, "greeting")]
    both = sorted(listed("--from", folder, "--unsettled", "--unknown"))
    assert both == sorted([(LEA, "favourites"), (LEA, "greeting"), (THEO, "favourites")])


def test_where_no_mail_is_of_the_kind_asked_for_it_is_said(folder: Path) -> None:
    told = run("--from", folder, "--profile", "lea", "--unsettled").stdout.splitlines()
    assert told[1:] == ["none is of the kind that was asked for"]


@pytest.mark.parametrize("name", ["lea", LEA, "leas-browser"])
def test_a_shoppers_mails_are_found_by_each_name_also_those_to_the_browser_of_before(folder: Path, name: str) -> None:
    found = listed("--from", folder, "--profile", name)
    assert found == [(LEA, "favourites"), (LEA, "greeting"), (BROWSER, "greeting")]


def test_one_shoppers_unknown_mails(folder: Path) -> None:
    assert listed("--from", folder, "--profile", "theo", "--unknown") == [(THEO, "greeting")]


def test_programs_are_told_all_that_leads_on_and_neither_address_nor_subject(folder: Path) -> None:
    told = json.loads(run("--from", folder, "--profile", "theo", "--json").stdout)
    assert told == {
        "from": str(folder),
        "as_of": "2026-05-05T00:00:00Z",
        "sends": [
            {
                "at": format_moment(NOW - HOUR),
                "journey": "welcome",
                "step": "greeting",
                "outcome": "unknown",
                "reason": "no_answer",
                "delivery": None,
                "profile_id": THEO,
                "send_id": SENDS[1].send_id,
                "run_id": f"welcome-{THEO}-once",
                "template": "welcome-greeting",
                "message_id": None,
            }
        ],
    }


def test_people_read_a_line_for_each_mail_and_how_many_became_what(folder: Path) -> None:
    result = run("--from", folder)
    assert result.exit_code == 0
    head, *rows = [line for line in result.stdout.splitlines() if line.strip()]
    assert head == f"{folder} as of 2026-05-05 00:00 UTC; mails: 2 unknown, 1 failed, 1 sent"
    assert rows[0].split() == ["at", "journey", "step", "outcome", "delivery", "profile", "mail", "reason"]
    mails = {(sent.profile_id, sent.step): sent.send_id for sent in SENDS}
    assert [row.split()[4:] for row in rows[1:]] == [
        ["greeting", "unknown", THEO, mails[THEO, "greeting"], "no_answer"],
        ["favourites", "failed", LEA, mails[LEA, "favourites"], "render:", "[bold]", "is", "no", "field"],
        ["greeting", "sent", "delivered", LEA, mails[LEA, "greeting"]],
        ["greeting", "unknown", BROWSER, mails[BROWSER, "greeting"], "interrupted"],
    ]
    assert {row.index(name) for row, name in zip(rows[1:], (THEO, LEA, LEA, BROWSER), strict=True)} == {
        rows[0].index("profile")
    }
    assert "post.example" not in result.stdout
    assert "Tea & Clay" not in result.stdout


def test_a_table_without_mails_is_no_fault(tmp_path: Path) -> None:
    file = ExportedTable().write(tmp_path / "table.jsonl.gz")
    result = run("--from", file, "--unknown")
    assert result.exit_code == 0
    assert result.stdout.rstrip().endswith("mails: none")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--from", "no-such-place"], "homing: no-such-place: there is no such folder or file"),
        (["--from", "table:"], "names no table"),
    ],
)
def test_a_place_that_cannot_be_read_says_what_to_do(arguments: list[str], message: str) -> None:
    assert message in refusal(*arguments)


def test_a_shopper_whom_nobody_knows_is_said_so(folder: Path) -> None:
    assert "nobody is known as 'nobody'" in refusal("--from", folder, "--profile", "nobody")
