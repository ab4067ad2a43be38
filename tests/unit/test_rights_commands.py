"""`homing export` off a run's folder, and what the commands say where something is wrong."""

import json
import stat
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from homing.adapters.profiles import ADDRESS_PREFIX
from homing.adapters.table import number, text
from homing.domain.events import Event
from homing.domain.generation import Generation
from homing.domain.ids import alias_id, contact_id, due_shard
from homing.domain.moments import format_moment, parse_moment
from homing.domain.profile import Profile
from homing.domain.record import ProfileRecord
from homing.domain.sends import Run
from local.cli import app
from local.simulation.snapshot import SNAPSHOT
from tests.fakes.tables import ExportedTable

NOW = parse_moment("2026-05-05T00:00:00Z")
LEA, THEO = alias_id("user", "lea"), alias_id("user", "theo")
BROWSER = alias_id("anonymous", "leas-browser")
OLD, NEW = "lea.old@post.example", "lea@post.example"
RULES: dict[str, Any] = {"segments": {"buyers": {"orders.count": {"at_least": 1}}}}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a run that has left Lea, with a browser, a former address and all kinds of items; and Theo."""
    table, generation = ExportedTable(), Generation(number=0, rules=RULES)
    for user, email in (("lea", OLD), ("lea", NEW), ("theo", "theo@post.example")):
        told = {"email": email, "first_name": user.title()}
        event = Event(message_id=email, type="identify", user_id=user, at=NOW, traits=told)
        table.events.put(event, NOW)
        facts = Profile().after(event, NOW)
        facts = facts.with_anonymous(BROWSER) if user == "lea" else facts
        table.profiles.save(ProfileRecord(profile_id=event.alias).with_facts(facts, generation, NOW))
        table.put(
            {"pk": text(f"C#{contact_id(email)}"), "sk": text("CONTACT"), "profile_id": text(event.alias)}
            | {"consent": {"BOOL": True}, "consent_at": number(NOW), "suppressed": text("bounced")}
        )
        run = Run(journey="welcome", profile_id=event.alias, entry="once", contact_id=contact_id(email))
        table.runs.begin(run.model_copy(update={"started_at": NOW}))
        entry = run.ledger_entry("greeting", "welcome-greeting", outcome="sent", reason=None, at=NOW)
        table.sends.record(entry.model_copy(update={"subject": f"{user.title()}, welcome"}))
        shard = due_shard(event.alias)
        table.put({"pk": text(f"DUE#{shard}"), "sk": text(f"2026-06-01T00:00:00.000Z#{event.alias}")})
        open_mail = {"pk": text(f"OPEN#{shard}"), "sk": text(f"2026-06-01T00:00:00.000Z#{entry.send_id}")}
        table.put(open_mail | {"profile_id": text(event.alias), "subject": text(f"{user.title()}, welcome")})
        table.put({"pk": text("REQUEST"), "sk": text(f"data#{event.alias}"), "at": number(NOW)})
    table.put({"pk": text(f"P#{LEA}"), "sk": text(ADDRESS_PREFIX + "of-long-ago")})
    table.put({"pk": text(f"P#{LEA}"), "sk": text("FUTURE#kind"), "note": text("of a later version")})
    table.profiles.save(ProfileRecord(profile_id=BROWSER, joined_to=LEA))
    browsed = Event(message_id="v", type="page", anonymous_id="leas-browser", at=NOW)
    table.events.put(browsed, NOW)
    folder = tmp_path_factory.mktemp("run")
    table.write(folder / SNAPSHOT)
    (folder / "summary.json").write_text(json.dumps({"ended_at": format_moment(NOW)}), encoding="utf-8")
    return folder


def run(*arguments: str | Path) -> Result:
    return CliRunner().invoke(app, list(map(str, arguments)), env={"COLUMNS": "200"})


def told(folder: Path, name: str) -> dict[str, Any]:
    result = run("export", name, "--from", folder)
    assert result.exit_code == 0, result.output
    export: dict[str, Any] = json.loads(result.stdout)
    return export


@pytest.mark.parametrize("name", ["lea", "leas-browser", LEA, BROWSER, NEW, OLD.upper()])
def test_an_export_holds_every_kind_of_item_whatever_name_it_is_asked_by(folder: Path, name: str) -> None:
    export = told(folder, name)
    entries = {part: len(within["entries"]) for part, within in export["parts"].items()}
    assert entries == {
        "profiles": 2,
        "events": 3,
        "journeys": 1,
        "mails": 1,
        "address_history": 1,
        "contacts": 2,
        "due_looks": 1,
        "mails_in_the_balance": 1,
        "requests": 1,
        "other": 1,
    }
    assert sorted(filter(None, export["addresses"].values())) == sorted([OLD, NEW])


def test_an_export_tells_of_nobody_else(folder: Path) -> None:
    text = json.dumps(told(folder, "lea")).lower()
    assert "theo" not in text
    assert THEO not in text


def test_an_export_is_for_people_with_a_word_about_each_part_and_dates(folder: Path) -> None:
    export = told(folder, "lea")
    assert all(part["explanation"] for part in export["parts"].values())
    (mail,) = export["parts"]["mails"]["entries"]
    assert (mail["at"], mail["subject"]) == ("2026-05-05T00:00:00Z", "Lea, welcome")
    facts = next(entry for entry in export["parts"]["profiles"]["entries"] if "facts" in entry)["facts"]
    assert facts["traits"]["email"] == ["2026-05-05T00:00:00Z", NEW]


def test_a_file_of_an_export_can_be_read_by_its_owner_alone(folder: Path, tmp_path: Path) -> None:
    file = tmp_path / "lea.json"
    file.write_text("of somebody else")
    file.chmod(0o644)
    result = run("export", "lea", "--from", folder, "--out", file)
    assert result.exit_code == 0, result.output
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert json.loads(file.read_text("utf-8"))["profile_id"] == LEA
    assert NEW not in result.output


def test_a_file_that_cannot_be_written_is_told_of(folder: Path, tmp_path: Path) -> None:
    result = run("export", "lea", "--from", folder, "--out", tmp_path / "no folder" / "lea.json")
    assert result.exit_code == 2
    assert "no folder" in result.stderr


def test_nobody_by_that_name_is_told_of(folder: Path) -> None:
    result = run("export", "nobody", "--from", folder)
    assert result.exit_code == 2
    assert "nobody is known as 'nobody'" in result.stderr


@pytest.mark.parametrize(
    "command", [("erase", "lea"), ("readmit", "lea"), ("requests",), ("brake",), ("resend", "id", "--function", "f")]
)
def test_without_a_region_it_is_told_how_to_set_one(command: tuple[str, ...], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AWS_DEFAULT_REGION", raising=False)
    monkeypatch.setenv("AWS_CONFIG_FILE", "/dev/null")
    result = run(*command, "--from", "table:homing")
    assert (result.exit_code, "no AWS region: set AWS_REGION" in result.stderr) == (2, True)


@pytest.mark.parametrize("command", [("erase", "lea"), ("requests",)])
@pytest.mark.parametrize("place", ["demo", "table:"])
def test_only_a_live_table_can_be_written_to(command: tuple[str, ...], place: str) -> None:
    result = run(*command, "--from", place)
    assert result.exit_code == 2
    assert "table:NAME" in result.stderr
