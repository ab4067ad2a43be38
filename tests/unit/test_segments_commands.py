"""`homing segments`: what it says of a small shop of four shoppers, and what it says where something is wrong."""

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal

import pytest
from typer.testing import CliRunner, Result

from homing.domain.events import Event, Product
from homing.domain.facts import ProfileFacts
from homing.domain.generation import Generation
from homing.domain.ids import alias_id, contact_id
from homing.domain.moments import DAY, HOUR, Moment, format_moment, parse_moment
from homing.domain.profile import Profile
from homing.domain.record import ProfileRecord
from homing.domain.sends import Run
from homing.usecases.project import StoredEvent
from local.cli import app
from local.simulation.snapshot import SNAPSHOT
from tests.fakes.stories import SHOP_DIR
from tests.fakes.tables import ExportedTable

NOW = parse_moment("2026-05-05T00:00:00Z")
RULES = """
segments:
  leads:
    description: Have never bought
    all:
      - consent.marketing: yes
      - orders.count: 0
  recent:
    description: Bought lately
    orders.last_at: {within: 30 days}
  lapsed:
    orders.last_at: {longer_ago_than: 30 days}
"""
JOURNEYS = """
journeys:
  winback:
    description: Wins back
    enter: {segment: lapsed}
    once_per: lapse
    ends_on: [order]
    steps:
      offer: {template: winback-offer}
"""
RULES_DATA: dict[str, Any] = {
    "segments": {
        "leads": {"description": "Have never bought", "all": [{"consent.marketing": True}, {"orders.count": 0}]},
        "recent": {"description": "Bought lately", "orders.last_at": {"within": "30 days"}},
        "lapsed": {"orders.last_at": {"longer_ago_than": "30 days"}},
    }
}


def events_of(user: str, *orders: Moment, signed_up: Moment, browser: str | None = None) -> list[StoredEvent]:
    """What a shopper's client has told: the sign-up with consent and address, and orders."""
    consent = {"marketing": True}
    told = [
        Event(
            message_id=f"{user}-sign-up",
            type="identify",
            user_id=user,
            anonymous_id=browser,
            at=signed_up,
            traits={"email": f"{user}@post.example"},
            consent=consent,
        ),
        *(
            Event(
                message_id=f"{user}-{at}",
                type="track",
                name="Order Completed",
                user_id=user,
                at=at,
                order_id=f"{user}-{at}",
                total=4_200,
                products=(Product(product_id="TP-01"),),
            )
            for at in orders
        ),
    ]
    return [StoredEvent(event, event.at) for event in told]


class TeaShop:
    """The table of a small shop, evaluated with generation 1 as the deployed functions would have."""

    def __init__(self, generation: Generation | None) -> None:
        self.table = ExportedTable()
        self.generation = generation or Generation(number=0, rules=RULES_DATA)
        if generation is not None:
            self.table.generations.switch(generation)

    def add(self, stored: list[StoredEvent], looked_at: Moment = NOW, aliases: tuple[str, ...] = ()) -> str:
        """Keep a shopper's events and profile; the profile's id."""
        facts = Profile()
        for event, received_at in stored:
            facts = facts.after(event, received_at)
            self.table.events.put(event, received_at)
        for alias in aliases:
            facts = facts.with_anonymous(alias)
        profile_id = stored[0].event.alias
        record = ProfileRecord(profile_id=profile_id).with_facts(facts, self.generation, looked_at)
        self.table.profiles.save(record)
        return profile_id


def tea_shop(generation: Generation | None = None) -> TeaShop:
    """Four shoppers: lea has never bought, rita bought yesterday, lars lapsed, theo lapses in half an hour."""
    shop = TeaShop(generation)
    shop.add(events_of("lea", signed_up=NOW - 20 * DAY))
    shop.add(events_of("rita", NOW - 70 * DAY, NOW - DAY, signed_up=NOW - 80 * DAY))
    shop.add(events_of("lars", NOW - 45 * DAY, signed_up=NOW - 50 * DAY))
    shop.add(events_of("theo", NOW - 30 * DAY + HOUR // 2, signed_up=NOW - 40 * DAY))
    return shop


def active() -> Generation:
    return Generation(number=1, rules=RULES_DATA, switched_at=NOW - 100 * DAY)


def leave(table: ExportedTable, folder: Path) -> Path:
    """Leave a table as a run does that ended at NOW; the folder."""
    table.write(folder / SNAPSHOT)
    (folder / "summary.json").write_text(json.dumps({"ended_at": format_moment(NOW)}), encoding="utf-8")
    return folder


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a run that has left this table."""
    return leave(tea_shop(active()).table, tmp_path_factory.mktemp("run"))


@pytest.fixture
def shop_dir(tmp_path: Path) -> Path:
    """A shop's files, to change."""
    shop_dir = tmp_path / "shop"
    shop_dir.mkdir()
    for name in ("settings", "offers"):
        shutil.copy(SHOP_DIR / f"{name}.yaml", shop_dir)
    (shop_dir / "segments.yaml").write_text(RULES, encoding="utf-8")
    (shop_dir / "journeys.yaml").write_text(JOURNEYS, encoding="utf-8")
    return shop_dir


def change(shop_dir: Path, right: str, other: str, file: str = "segments") -> None:
    path = shop_dir / f"{file}.yaml"
    text = path.read_text(encoding="utf-8")
    assert text.count(right) == 1
    path.write_text(text.replace(right, other), encoding="utf-8")


def run(*arguments: str | Path) -> Result:
    return CliRunner(env={"COLUMNS": "200", "NO_COLOR": "1"}).invoke(app, ["segments", *map(str, arguments)])


def answer(*arguments: str | Path) -> dict[str, Any]:
    result = run(*arguments, "--json")
    assert result.exit_code == 0, result.stderr
    told: dict[str, Any] = json.loads(result.stdout)
    return told


def refusal(*arguments: str | Path) -> str:
    result = run(*arguments)
    assert result.exit_code == 2
    assert result.stdout == ""
    return result.stderr


def segment(told: dict[str, Any], name: str) -> dict[str, Any]:
    found: dict[str, Any] = next(segment for segment in told["segments"] if segment["name"] == name)
    return found


# list


def test_list_counts_members_and_who_enters_and_leaves_within_the_hour(folder: Path) -> None:
    told = answer("list", "--from", folder)
    assert told["segments"] == {
        "leads": {"members": 1, "entering": 0, "leaving": 0},
        "recent": {"members": 2, "entering": 0, "leaving": 1},
        "lapsed": {"members": 1, "entering": 1, "leaving": 0},
    }
    assert (told["profiles"], told["changing"], told["generation"]) == (4, 1, 1)


@pytest.mark.parametrize(("within", "leaving"), [("29m", 0), ("30m", 1), ("28d", 1), ("29 days", 2), ("5w", 2)])
def test_list_looks_ahead_exactly_as_far_as_asked(folder: Path, within: str, leaving: int) -> None:
    assert answer("list", "--from", folder, "--within", within)["segments"]["recent"]["leaving"] == leaving


def test_list_tells_people_who_is_meant_and_the_totals(folder: Path) -> None:
    result = run("list", "--from", folder)
    assert result.exit_code == 0
    assert "as of 2026-05-05 00:00 UTC; generation 1, active since 2026-01-25 00:00 UTC" in result.stdout
    assert [line.split() for line in result.stdout.splitlines() if " leads " in line] == [
        ["leads", "1", "Have", "never", "bought"]
    ]
    assert (
        "4 profiles, 4 of them in at least one of 3 segments; 1 will enter or leave one within 1 hour" in result.stdout
    )


def test_list_evaluates_anew_whoever_is_overdue_or_of_an_older_generation(tmp_path: Path) -> None:
    shop = TeaShop(active())
    shop.add(events_of("lars", NOW - 45 * DAY, signed_up=NOW - 50 * DAY), looked_at=NOW - 40 * DAY)
    leave(shop.table, tmp_path)
    sizes = answer("list", "--from", tmp_path)["segments"]
    assert {name: size["members"] for name, size in sizes.items()} == {"leads": 0, "recent": 0, "lapsed": 1}


def test_without_a_generation_the_files_of_the_shop_count(
    shop_dir: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    leave(tea_shop(None).table, tmp_path)
    monkeypatch.chdir(shop_dir.parent)
    result = run("list", "--from", tmp_path)
    assert "no generation is active yet: the rules of the shop's own files count" in result.stdout
    change(shop_dir, "consent.marketing: yes", "consent.marketing: perhaps")
    assert "shop/segments.yaml:6: " in refusal("list", "--from", tmp_path)


def test_rules_that_this_version_cannot_read_are_told_as_such(tmp_path: Path) -> None:
    shop = ExportedTable()
    shop.generations.switch(Generation(number=1, rules={"segments": {"leads": {"aura": "bright"}}}))
    leave(shop, tmp_path)
    told = refusal("list", "--from", tmp_path)
    assert "this version of Homing cannot read the rules of generation 1" in told
    assert "'aura' is no fact" in told


def test_figures_of_the_whole_shop_are_told_with_their_generation(tmp_path: Path) -> None:
    figures: dict[str, Any] = {"computed_at": NOW - DAY, "tops": {"orders.revenue top 10": 42.5}}
    figures |= {"launches": {"TP-09": NOW}, "hours": [int(hour == 20) for hour in range(24)]}
    shop = ExportedTable()
    shop.generations.switch(Generation.model_validate({"number": 1, "rules": RULES_DATA, "figures": figures}))
    leave(shop, tmp_path)
    told = run("list", "--from", tmp_path).stdout
    assert "figures of 2026-05-04 00:00 UTC: orders.revenue top 10 % from 42.5 on; 1 launch known; most" in told
    assert "most shoppers are about at 20:00" in told


# explain


def test_explain_tells_membership_since_when_and_until_when(folder: Path) -> None:
    told = answer("explain", "theo", "--from", folder)
    assert told["profile_id"] == alias_id("user", "theo")
    recent = segment(told, "recent")
    assert (recent["member"], recent["changes_at"]) == (True, "2026-05-05T00:30:00Z")
    lapsed = segment(told, "lapsed")
    assert (lapsed["member"], lapsed["since"], lapsed["changes_at"]) == (False, None, "2026-05-05T00:30:00Z")


def test_explain_tells_the_conditions_with_what_is_known(folder: Path) -> None:
    leads = segment(answer("explain", "rita", "--from", folder), "leads")
    assert leads["conditions"]["words"] == "all of these"
    assert [(part["holds"], part["value"]) for part in leads["conditions"]["parts"]] == [(True, "yes"), (False, "2")]


def test_explain_of_a_moment_to_come_tells_what_time_alone_will_have_brought(folder: Path) -> None:
    told = answer("explain", "theo", "--from", folder, "--at", "2026-06-01T00:00:00Z")
    assert segment(told, "recent")["member"] is False
    lapsed = segment(told, "lapsed")
    assert (lapsed["member"], lapsed["since"]) == (True, "2026-05-05T00:30:00Z")


def test_explain_of_a_past_moment_goes_by_the_events_received_up_to_then(folder: Path) -> None:
    told = answer("explain", "rita", "--from", folder, "--at", format_moment(NOW - 75 * DAY))
    leads = segment(told, "leads")
    assert (leads["member"], leads["since"]) == (True, format_moment(NOW - 80 * DAY))
    told = answer("explain", "rita", "--from", folder, "--at", format_moment(NOW - 2 * DAY))
    lapsed = segment(told, "lapsed")
    assert (lapsed["member"], lapsed["since"]) == (True, format_moment(NOW - 40 * DAY))
    assert segment(told, "leads")["member"] is False
    result = run("explain", "rita", "--from", folder, "--at", format_moment(NOW - 2 * DAY))
    assert "from the 2 events received up to then" in result.stdout


def test_explain_of_a_time_before_the_first_event_knows_nothing(folder: Path) -> None:
    told = answer("explain", "rita", "--from", folder, "--at", "2020-01-01T00:00:00Z")
    assert [segment["member"] for segment in told["segments"]] == [False, False, False]


def test_explain_of_the_past_warns_where_events_have_expired(tmp_path: Path) -> None:
    shop = TeaShop(active())
    shop.add(events_of("olga", NOW - 10 * DAY, signed_up=NOW - 500 * DAY))
    leave(shop.table, tmp_path)
    result = run("explain", "olga", "--from", tmp_path, "--at", format_moment(NOW - 5 * DAY))
    assert "events are kept for 400 days: what was told before is not in the answer" in result.stdout


@pytest.mark.parametrize("name", ["lea", "browser-1", alias_id("user", "lea")])
def test_a_shopper_is_found_by_user_id_anonymous_id_or_profile_id(tmp_path: Path, name: str) -> None:
    shop = TeaShop(active())
    browser = alias_id("anonymous", "browser-1")
    profile_id = shop.add(events_of("lea", signed_up=NOW - DAY, browser="browser-1"), aliases=(browser,))
    shop.table.profiles.save(ProfileRecord(profile_id=browser, joined_to=profile_id))
    leave(shop.table, tmp_path)
    assert answer("explain", name, "--from", tmp_path)["profile_id"] == profile_id


def test_a_shopper_is_found_by_the_address_that_a_contact_has(tmp_path: Path) -> None:
    shop = TeaShop(active())
    profile_id = shop.add(events_of("lea", signed_up=NOW - DAY))
    pk = f"C#{contact_id('Lea@post.example')}"
    shop.table.put({"pk": {"S": pk}, "sk": {"S": "CONTACT"}, "profile_id": {"S": profile_id}})
    leave(shop.table, tmp_path)
    assert answer("explain", "lea@post.example", "--from", tmp_path)["profile_id"] == profile_id
    assert "nobody is known as 'nobody@post.example'" in refusal("explain", "nobody@post.example", "--from", tmp_path)


def test_a_shopper_is_found_by_an_address_as_it_is_written_where_mail_servers_know_another_form(tmp_path: Path) -> None:
    shop = TeaShop(active())
    profile_id = shop.add(events_of("lea", signed_up=NOW - DAY))
    pk = f"C#{contact_id('lea@xn--bcher-kva.example')}"
    shop.table.put({"pk": {"S": pk}, "sk": {"S": "CONTACT"}, "profile_id": {"S": profile_id}})
    leave(shop.table, tmp_path)
    assert answer("explain", "lea@b\u00fccher.example", "--from", tmp_path)["profile_id"] == profile_id


def test_explain_prints_no_address_and_no_name_of_the_shops(folder: Path) -> None:
    told = run("explain", alias_id("user", "lea"), "--from", folder).stdout
    assert "@" not in told
    assert "lea " not in told


def test_explain_tells_people_members_first_with_marks_that_need_no_colour(folder: Path) -> None:
    lines = run("explain", "rita", "--from", folder).stdout.splitlines()
    assert lines[1] == "in 1 of 3 segments; next, leaves recent on 2026-06-03 00:00 UTC, in 29 days"
    titles = [line.split("  ")[0] for line in lines if line.startswith(("✓", "✗"))]
    assert titles == ["✓ recent", "✗ leads", "✗ lapsed"]
    assert "    ├── ✓ consent to marketing mails: yes — yes" in lines


def test_explain_can_be_asked_of_some_segments_only(folder: Path) -> None:
    told = answer("explain", "rita", "--from", folder, "--segment", "lapsed", "--segment", "leads")
    assert [segment["name"] for segment in told["segments"]] == ["leads", "lapsed"]


def test_a_rule_that_cannot_be_evaluated_is_told_as_parked(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    get = ProfileFacts.get

    def torn(facts: ProfileFacts, name: str) -> Any:
        if name == "orders.count":
            raise ValueError("torn")
        return get(facts, name)

    monkeypatch.setattr(ProfileFacts, "get", torn)
    told = answer("explain", "lea", "--from", folder)
    leads = segment(told, "leads")
    assert (leads["member"], leads["conditions"], leads["fault"]) == (True, None, "ValueError: torn")
    assert (
        "parked: the rule could not be evaluated (ValueError: torn)" in run("explain", "lea", "--from", folder).stdout
    )
    assert "parked, since their rules could not be evaluated" in run("list", "--from", folder, "--within", "9w").stdout


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["nobody"], "nobody is known as 'nobody'; give a userId or an anonymousId"),
        (["rita", "--at", "yesterday"], "homing: --at: Invalid isoformat string: 'yesterday'"),
        (["rita", "--at", "2026-01-01T00:00:00"], "has no time zone: end it with Z"),
        (["rita", "--segment", "lapst"], "homing: --segment: 'lapst' is no segment; did you mean 'lapsed'?"),
    ],
)
def test_explain_says_what_it_does_not_understand(folder: Path, arguments: list[str], message: str) -> None:
    assert message in refusal("explain", *arguments, "--from", folder)


def test_list_says_what_is_no_time_to_look_ahead(folder: Path) -> None:
    assert "homing: --within: 'soon' is no duration" in refusal("list", "--from", folder, "--within", "soon")


# diff


def test_the_same_rules_change_nothing(folder: Path, shop_dir: Path) -> None:
    told = run("diff", shop_dir, "--from", folder).stdout
    assert "the rules are the same" in told
    assert "no membership would change in any of the 3 segments" in told
    assert "no journey's run would start" in told


def test_diff_counts_who_would_enter_and_leave(folder: Path, shop_dir: Path) -> None:
    change(shop_dir, "{longer_ago_than: 30 days}", "{longer_ago_than: 10 days}")
    change(shop_dir, "{within: 30 days}", "{within: 12 hours}")
    told = answer("diff", shop_dir, "--from", folder)
    lapsed, recent, leads = (told["segments"][name] for name in ("lapsed", "recent", "leads"))
    assert (lapsed["before"], lapsed["after"], lapsed["entering"], lapsed["leaving"]) == (1, 2, 1, 0)
    assert (recent["before"], recent["after"], recent["entering"], recent["leaving"]) == (2, 0, 0, 2)
    assert (leads["before"], leads["after"]) == (1, 1)


def test_diff_tells_of_segments_that_are_new_or_left_out(folder: Path, shop_dir: Path) -> None:
    change(shop_dir, "  recent:", "  buyers:")
    told = answer("diff", shop_dir, "--from", folder)["segments"]
    assert (told["buyers"]["before"], told["buyers"]["after"], told["buyers"]["entering"]) == (None, 2, 2)
    assert (told["recent"]["before"], told["recent"]["after"], told["recent"]["leaving"]) == (2, None, 2)
    lines = [line.split() for line in run("diff", shop_dir, "--from", folder).stdout.splitlines()]
    assert ["buyers", "–", "2", "2", "new"] in lines
    assert ["recent", "2", "–", "2", "left", "out"] in lines


def test_diff_names_a_few_profiles_if_asked(folder: Path, shop_dir: Path) -> None:
    change(shop_dir, "{longer_ago_than: 30 days}", "{longer_ago_than: 10 days}")
    theo = alias_id("user", "theo")
    assert theo not in run("diff", shop_dir, "--from", folder).stdout
    assert f"lapsed: {theo} would enter" in run("diff", shop_dir, "--from", folder, "--examples").stdout


def test_diff_counts_the_runs_that_would_start(folder: Path, shop_dir: Path) -> None:
    change(shop_dir, "{longer_ago_than: 30 days}", "{longer_ago_than: 10 days}")
    assert answer("diff", shop_dir, "--from", folder)["runs"] == {"winback": 1}
    assert "1 run of journeys would start: winback 1" in run("diff", shop_dir, "--from", folder).stdout


def test_diff_counts_the_runs_of_a_journey_whose_segment_is_new(folder: Path, shop_dir: Path) -> None:
    change(shop_dir, "  recent:", "  buyers:")
    change(shop_dir, "{segment: lapsed}", "{segment: buyers}", file="journeys")
    assert answer("diff", shop_dir, "--from", folder)["runs"] == {"winback": 2}


def test_diff_counts_the_runs_of_a_journey_that_goes_by_how_long_things_last(folder: Path, shop_dir: Path) -> None:
    change(shop_dir, "{segment: lapsed}", "{supplies.end_at: {known: yes}}", file="journeys")
    assert answer("diff", shop_dir, "--from", folder)["runs"] == {}
    change(shop_dir, "segments:\n", "life_spans: {TP-01: 30 days}\nsegments:\n")
    assert answer("diff", shop_dir, "--from", folder)["runs"] == {"winback": 3}


@pytest.mark.parametrize(
    ("entry", "ended", "runs"),
    [
        (NOW - 30 * DAY + HOUR // 2, "completed", {}),
        (NOW - 90 * DAY, "completed", {"winback": 1}),
        (NOW - 90 * DAY, None, {}),
    ],
)
def test_a_run_starts_once_for_each_entry_and_not_beside_another(
    shop_dir: Path, tmp_path: Path, entry: Moment, ended: Literal["completed"] | None, runs: dict[str, int]
) -> None:
    shop = tea_shop(active())
    run_before = Run(journey="winback", profile_id=alias_id("user", "theo"), entry=str(entry), ended=ended)
    shop.table.runs.begin(run_before)
    leave(shop.table, tmp_path)
    change(shop_dir, "{longer_ago_than: 30 days}", "{longer_ago_than: 10 days}")
    assert answer("diff", shop_dir, "--from", tmp_path)["runs"] == runs


def test_diff_counts_the_figures_of_the_candidate_anew(folder: Path, shop_dir: Path) -> None:
    change(shop_dir, "segments:\n", "segments:\n  best:\n    orders.revenue: {top: 30 %}\n")
    assert answer("diff", shop_dir, "--from", folder)["segments"]["best"]["entering"] == 1


def test_diff_writes_nothing(folder: Path, shop_dir: Path) -> None:
    before = {path: path.read_bytes() for place in (folder, shop_dir) for path in place.iterdir()}
    run("diff", shop_dir, "--from", folder)
    assert {path: path.read_bytes() for place in (folder, shop_dir) for path in place.iterdir()} == before


# check


def test_check_says_that_all_is_sound(shop_dir: Path) -> None:
    result = run("check", shop_dir)
    assert result.exit_code == 0
    assert result.stdout == f"{shop_dir}: 3 segments and 1 journeys, all sound\n"


@pytest.mark.parametrize("command", ["check", "diff"])
def test_every_fault_is_a_line_with_its_file_and_line(shop_dir: Path, command: str) -> None:
    change(shop_dir, "consent.marketing: yes", "consent.marketing: perhaps")
    change(shop_dir, "orders.last_at: {within: 30 days}", "order.last_at: {within: 30 days}")
    first, second = refusal(command, shop_dir).splitlines()
    assert first.startswith(f"{shop_dir}/segments.yaml:6: ")
    assert second.startswith(f"{shop_dir}/segments.yaml:10: ")
    assert "did you mean 'orders.last_at'?" in second


def test_a_shop_that_is_not_there_is_told_by_its_file(tmp_path: Path) -> None:
    assert refusal("check", tmp_path) == f"{tmp_path}/settings.yaml: No such file or directory\n"


# A terminal that waits


def test_what_takes_long_tells_how_far_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    from rich.console import Console

    from local.segments import show

    monkeypatch.setattr(show, "QUIET_SECONDS", 0)
    console = Console(record=True, force_terminal=True, width=80)
    assert list(show.watched(range(1_200), console, "reading")) == list(range(1_200))
    assert "reading: 1,000 profiles" in console.export_text()


@pytest.fixture(autouse=True)
def no_wrapping() -> Iterator[None]:
    """Lines as long as they are."""
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("COLUMNS", "200")
        yield
